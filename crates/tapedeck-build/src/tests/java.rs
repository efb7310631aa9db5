//! Decisions about Java: versions, names, messages of compilers, what build tools say.

use std::path::{Path, PathBuf};

use crate::java::pure::{
    Wish, arguments, choose, effective, is_named, java_of, main_class, major_of, options, parse_class,
    parse_messages, read_report, unsupported_release, version_of_jdk, wish_of_file,
};

#[test]
fn the_major_version_is_read_however_it_is_written() {
    for (text, major) in [
        ("17", Some(17)),
        ("1.8", Some(8)),
        ("1.8.0_292", Some(8)),
        ("8u382", Some(8)),
        ("17.0.9-tem", Some(17)),
        ("21-open", Some(21)),
        ("temurin-21.0.2+13", Some(21)),
        ("corretto-11.0.22.7.1", Some(11)),
        ("graalvm-ce-java17-22.3.0", Some(17)),
        ("oracle64-1.8.0.202", Some(8)),
        ("jdk-17.0.8+7", Some(17)),
        ("jdk8u382-b05", Some(8)),
        ("VERSION_11", Some(11)),
        ("latest", None),
        ("", None),
    ] {
        assert_eq!(major_of(text), major, "{text}");
    }
}

#[test]
fn the_files_of_version_tools_are_read() {
    let wish = |name, text| wish_of_file(name, text).map(|wish| wish.text);
    assert_eq!(wish(".java-version", "\n17\n").as_deref(), Some("17"));
    assert_eq!(
        wish(".sdkmanrc", "# sdk\ngradle=8.5\njava=21.0.1-tem\n").as_deref(),
        Some("21.0.1-tem")
    );
    assert_eq!(
        wish(
            ".tool-versions",
            "nodejs 24\njava temurin-17.0.2+8 # as in production\n"
        )
        .as_deref(),
        Some("temurin-17.0.2+8")
    );
    assert_eq!(wish(".tool-versions", "nodejs 24\n"), None);
    assert_eq!(wish(".sdkmanrc", "javac=17\n"), None);
}

#[test]
fn the_first_wish_counts_and_the_host_when_there_is_none() {
    let config = Wish::exact("languageSpecificConfig.javaVersion", "21");
    let pom = Wish::at_least("maven.compiler.release of pom.xml", "11");
    let chosen = choose(&[config, pom.clone()], 17).unwrap();
    assert_eq!(
        (chosen.major, chosen.is_exact, chosen.asked_by.as_str()),
        (21, true, "languageSpecificConfig.javaVersion")
    );
    let chosen = choose(&[pom], 17).unwrap();
    assert_eq!((chosen.major, chosen.is_exact), (11, false));
    let chosen = choose(&[], 17).unwrap();
    assert_eq!(
        (chosen.major, chosen.asked_by.as_str()),
        (17, "the JDK of this machine")
    );
    // Compiled for something older than any base: it runs on all of them.
    assert_eq!(choose(&[Wish::at_least("pom", "1.7")], 17).unwrap().major, 8);
    let error = choose(&[Wish::exact(".java-version", "system")], 17).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot use `system`, which .java-version gives as the version of Java: write a major version from 8 on, or set \
         languageSpecificConfig.javaVersion"
    );
}

#[test]
fn a_jdk_says_its_version_in_a_file() {
    let text = "IMPLEMENTOR=\"Debian\"\nJAVA_VERSION=\"17.0.15\"\nJAVA_VERSION_DATE=\"2025-04-15\"\n";
    assert_eq!(version_of_jdk(text).as_deref(), Some("17.0.15"));
    assert_eq!(version_of_jdk(""), None);
}

#[test]
fn the_main_class_is_told_by_the_package_line() {
    let name = |text| main_class(Path::new("/p/src/Worker.java"), text);
    assert_eq!(name("package com.acme;\nclass Worker {}"), "com.acme.Worker");
    assert_eq!(
        name("/* package no; */ // package neither;\n\n  package  com . acme ;"),
        "com.acme.Worker"
    );
    assert_eq!(name("\u{feff}@Deprecated\npackage com.acme;"), "com.acme.Worker");
    assert_eq!(name("import a.b;\nclass Worker { int packages; }"), "Worker");
    assert_eq!(name("packages com;"), "Worker");
}

/// A compiled class: constants, a parent, and one method with these flags, this name and this descriptor.
fn class(java: u16, parent: &str, flags: u16, name: &str, descriptor: &str) -> Vec<u8> {
    let mut bytes = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0];
    let mut put = |number: u16| bytes.extend(number.to_be_bytes());
    put(java + 44);
    put(5);
    let text = |text: &str| {
        let length = u16::try_from(text.len()).unwrap();
        [&[1], &length.to_be_bytes()[..], text.as_bytes()].concat()
    };
    bytes.extend([text(parent), vec![7, 0, 1], text(name), text(descriptor)].concat());
    for number in [0x0021, 2, 2, 0, 0, 1, flags, 3, 4, 0] {
        bytes.extend(u16::to_be_bytes(number));
    }
    bytes
}

#[test]
fn a_class_file_tells_its_java_and_whether_it_starts() {
    const OBJECT: &str = "java/lang/Object";
    const ARGUMENTS: &str = "([Ljava/lang/String;)V";
    let starts = |java, parent, flags, name, descriptor| {
        parse_class(&class(java, parent, flags, name, descriptor)).map(|class| class.is_startable)
    };
    assert_eq!(java_of(&class(17, OBJECT, 9, "main", ARGUMENTS)), Some(17));
    assert_eq!(starts(17, OBJECT, 9, "main", ARGUMENTS), Some(true));
    assert_eq!(
        starts(17, OBJECT, 1, "main", ARGUMENTS),
        Some(false),
        "not static"
    );
    assert_eq!(starts(17, OBJECT, 9, "main", "()V"), Some(false));
    assert_eq!(starts(17, OBJECT, 9, "start", ARGUMENTS), Some(false));
    assert_eq!(
        starts(17, "com/acme/Base", 1, "other", "()V"),
        Some(true),
        "it may inherit"
    );
    assert_eq!(starts(25, OBJECT, 0, "main", "()V"), Some(true));
    assert_eq!(parse_class(b"no class"), None);
    let whole = class(17, OBJECT, 9, "main", ARGUMENTS);
    assert!((0..whole.len()).all(|length| parse_class(&whole[..length]).is_none()));
}

const MAVEN_SAID: &str = "[ERROR] COMPILATION ERROR : \n\
    [ERROR] /p/src/main/java/App.java:[5,9] cannot find symbol\n\
    [ERROR]   symbol:   variable nowhere\n\
    [ERROR]   location: class App\n\
    [ERROR] /p/src/main/java/Other.java:[2,13] ';' expected\n\
    [ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.13.0:compile: Compilation failure: \n\
    [ERROR] /p/src/main/java/App.java:[5,9] cannot find symbol\n\
    [ERROR]   symbol:   variable nowhere\n\
    [ERROR] -> [Help 1]\n";

const JAVAC_SAID: &str = "/p/App.java:5: error: cannot find symbol\n        nowhere();\n        ^\n\
    \x20 symbol:   method nowhere()\n  location: class App\n/p/Other.java:2: error: ';' expected\n    int a\n         ^\n\
    2 errors\n\nFAILURE: Build failed with an exception.\n";

#[test]
fn errors_are_read_once_with_their_places() {
    let maven = parse_messages(MAVEN_SAID);
    let places: Vec<(usize, usize, &str)> = maven
        .iter()
        .map(|said| (said.line, said.column, said.message.as_str()))
        .collect();
    assert_eq!(places, [(5, 9, "cannot find symbol"), (2, 13, "';' expected")]);
    assert_eq!(
        maven[0].details,
        ["symbol:   variable nowhere", "location: class App"]
    );
    let javac = parse_messages(JAVAC_SAID);
    let places: Vec<(usize, usize)> = javac.iter().map(|said| (said.line, said.column)).collect();
    assert_eq!(places, [(5, 9), (2, 10)]);
    assert_eq!(
        javac[0].details,
        ["symbol:   method nowhere()", "location: class App"]
    );
    assert_eq!(javac[1].details, [""; 0]);
    let shown = javac[1].to_source_error(|path| path.strip_prefix("/p").unwrap().to_owned());
    assert_eq!(shown.place.as_deref(), Some("Other.java:2:10"));
}

#[test]
fn a_compiler_that_is_too_old_says_so() {
    assert_eq!(
        unsupported_release(
            "[ERROR] Fatal error compiling: error: release version 25 not supported -> [Help 1]"
        ),
        Some(25)
    );
    assert_eq!(unsupported_release("error: invalid target release: 1.9"), Some(9));
    assert_eq!(unsupported_release("';' expected"), None);
}

const POM: &str = "<!-- Generated --><projects><project><artifactId>lib</artifactId><properties>\
    <maven.compiler.source>11</maven.compiler.source></properties><build><directory>/p/lib/target</directory>\
    <sourceDirectory>/p/lib/src/main/java</sourceDirectory><outputDirectory>/p/lib/target/classes</outputDirectory>\
    <plugins><plugin><artifactId>antlr4-maven-plugin</artifactId></plugin></plugins></build></project>\
    <project><build><directory>/p/app/target</directory><sourceDirectory>/p/app/src/main/java</sourceDirectory>\
    <outputDirectory>/p/app/target/classes</outputDirectory><resources><resource><directory>/p/app/files</directory>\
    </resource></resources><plugins><plugin><artifactId>maven-compiler-plugin</artifactId><configuration>\
    <release>17</release></configuration></plugin><plugin><artifactId>maven-toolchains-plugin</artifactId><configuration>\
    <toolchains><jdk><version>[17,)</version></jdk></toolchains></configuration></plugin></plugins></build></project>\
    </projects>";

#[test]
fn what_maven_makes_of_a_pom_is_read() {
    let modules = effective(Path::new("pom.xml"), POM).unwrap();
    let [lib, app] = modules.as_slice() else {
        panic!("{modules:?}")
    };
    assert!(lib.reads_anything && !app.reads_anything);
    assert_eq!(
        app.sources,
        [
            PathBuf::from("/p/app/src/main/java"),
            PathBuf::from("/p/app/files")
        ]
    );
    let wishes = |module: &crate::java::pure::Module| -> Vec<String> {
        let say = |wish: &Wish| format!("{} {} {}", wish.asked_by, wish.text, wish.is_exact);
        module.wishes().iter().map(say).collect()
    };
    assert_eq!(wishes(lib), ["maven.compiler.source of pom.xml 11 false"]);
    assert_eq!(
        wishes(app),
        [
            "the toolchain of pom.xml 17 true",
            "maven.compiler.release of pom.xml 17 false"
        ]
    );
    let error = effective(Path::new("pom.xml"), "<project><build></project>").unwrap_err();
    assert_eq!(error.to_string(), "cannot read pom.xml as XML: correct it");
}

#[test]
fn what_gradle_reports_is_read() {
    let report = "output\t/p/build/classes/java/main\nneeds\t/cache/a.jar\nrelease\t17\ntarget\t17\ntoolchain\t21\n\
                  input\t/p/src/main/java/A.java\nfolder\t/p/lib\nbuild\t/p/build.gradle\nsource\t/p/src/main/java\n";
    let compiled = read_report(report);
    assert_eq!(compiled.outputs, [PathBuf::from("/p/build/classes/java/main")]);
    assert_eq!(compiled.class_path, [PathBuf::from("/cache/a.jar")]);
    let wishes: Vec<(&str, bool)> = compiled
        .wishes
        .iter()
        .map(|wish| (wish.text.as_str(), wish.is_exact))
        .collect();
    assert_eq!(wishes, [("21", true), ("17", false)]);
    assert_eq!(
        compiled.inputs.own,
        [PathBuf::from("/p/src/main/java/A.java")].into()
    );
    assert_eq!(compiled.inputs.all.len(), 3);
}

#[test]
fn the_class_path_is_quoted_for_java() {
    assert_eq!(
        arguments("/app/classes:/app/libs/a \"b\\.jar"),
        "-cp\n\"/app/classes:/app/libs/a \\\"b\\\\.jar\"\n"
    );
}

#[test]
fn how_maven_calls_the_compiler_is_read() {
    let run = |output: &str| {
        format!(
            "[INFO] compiling\n[DEBUG] Command line options:\n[DEBUG] -d {output} -classpath a.jar: --release 17\n[DEBUG] more\n"
        )
    };
    let said = run("/p/lib/target/classes") + &run("/p/app/target/classes");
    assert_eq!(
        options(&said, Path::new("/p/app/target/classes")).unwrap(),
        ["-classpath", "a.jar:", "--release", "17"]
    );
    assert_eq!(options(&said, Path::new("/p/target/classes")), None);
    let twice = run("/p/target/classes").repeat(2);
    assert_eq!(options(&twice, Path::new("/p/target/classes")), None);
}

#[test]
fn a_package_is_told_by_its_jar() {
    let maven = Path::new("/repository/org/slf4j/slf4j-api/2.0.16/slf4j-api-2.0.16.jar");
    let gradle =
        Path::new("/caches/modules-2/files-2.1/org.slf4j/slf4j-api/2.0.16/0172/slf4j-api-2.0.16.jar");
    for jar in [maven, gradle] {
        assert!(is_named(jar, "slf4j-api") && is_named(jar, "org.slf4j:slf4j-api"));
        assert!(!is_named(jar, "slf4j") && !is_named(jar, "com.acme:slf4j-api"));
    }
}
