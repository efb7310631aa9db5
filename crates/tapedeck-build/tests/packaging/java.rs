//! Programs in Java, built by the real Maven, the real Gradle and the real compiler.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use fs_err as fs;
use tapedeck_build::{Built, LayerName, Outcome, find_executable};
use tapedeck_image::{Image, Platform};
use tapedeck_model::{JavaConfig, LanguageConfig};

use crate::project::{Project, components, find, image, no_programs, rebuilt, text};

/// Whether this machine has these programs. Says so loudly when one is missing.
#[expect(clippy::print_stderr, reason = "a skip has to be seen")]
pub(crate) fn has(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = programs
        .iter()
        .find(|program| find_executable(program, &path).is_none());
    if let Some(program) = missing {
        eprintln!("SKIPPED: this machine has no `{program}`");
    }
    missing.is_none()
}

/// Whether this machine has Maven, and Maven what the example needs or a repository to get it from.
#[expect(clippy::print_stderr, reason = "a skip has to be seen")]
pub(crate) fn has_maven() -> bool {
    static HAS_REPOSITORY: OnceLock<bool> = OnceLock::new();
    if !has(&["java", "javac", "mvn"]) {
        return false;
    }
    *HAS_REPOSITORY.get_or_init(|| {
        let output = Command::new("mvn")
            .args([
                "-B",
                "-q",
                "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:resolve",
            ])
            .current_dir(example())
            .output()
            .unwrap();
        if !output.status.success() {
            eprintln!(
                "SKIPPED: Maven reaches no repository: {}",
                String::from_utf8_lossy(&output.stdout)
            );
        }
        output.status.success()
    })
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/java-worker")
}

/// A project in Java with this entry file.
fn java(entry: &str, files: &[(&str, &str)]) -> Project {
    let mut project = Project::with(files);
    project.packaging.entryfile_path = entry.to_owned();
    project.packaging.language = LanguageConfig::Java(JavaConfig::default());
    project
}

/// The example worker in a folder of its own.
pub(crate) fn worker() -> Project {
    let names = [
        "pom.xml",
        "src/main/java/com/acme/Worker.java",
        "src/main/java/com/acme/Settings.java",
        "src/main/resources/simplelogger.properties",
    ];
    let texts = names.map(|name| (name, fs::read_to_string(example().join(name)).unwrap()));
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    java(names[1], &files)
}

/// The Java of this machine with the class path and the main class of an image.
pub(crate) fn command(image: &Image) -> (tempfile::TempDir, Command) {
    let root = tempfile::tempdir().unwrap();
    for layer in image
        .layers
        .iter()
        .rev()
        .filter(|layer| layer.join("app").is_dir())
    {
        let copied = Command::new("cp")
            .arg("-a")
            .arg(layer.join("app"))
            .arg(root.path())
            .status();
        assert!(copied.unwrap().success());
    }
    let arguments = text(image, "app/class-path");
    let class_path = arguments.lines().nth(1).unwrap().trim_matches('"');
    let here = class_path.replace("/app/", &format!("{}/app/", root.path().display()));
    let mut command = Command::new("java");
    command
        .arg("-cp")
        .arg(here)
        .arg(image.config.entrypoint.last().unwrap());
    (root, command)
}

fn printed(built: &Built) -> String {
    let (_root, mut command) = command(&image(built));
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn because(built: &Built) -> Vec<String> {
    match &built.outcome {
        Outcome::Unchanged => Vec::new(),
        Outcome::Rebuilt { layers } => layers.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_maven_project_has_a_layer_for_each_kind_of_its_files() {
    if !has_maven() {
        return;
    }
    let mut project = worker();
    let first = project.build().unwrap();
    assert_eq!(
        rebuilt(&first),
        [
            LayerName::Dependencies,
            LayerName::Resources,
            LayerName::Application
        ]
    );
    let found = components(&first);
    assert!(
        found.contains(&"pkg:maven/org.slf4j/slf4j-api@2.0.16".to_owned()),
        "{found:?}"
    );
    let image = image(&first);
    assert_eq!(
        image.config.entrypoint,
        [
            "/usr/bin/tini",
            "--",
            "java",
            "-XX:MaxRAMPercentage=75",
            "@/app/class-path",
            "com.acme.Worker"
        ]
    );
    assert_eq!(
        (image.config.user.as_str(), image.config.working_dir.as_path()),
        ("65532:65532", Path::new("/app"))
    );
    assert_eq!(
        text(&image, "app/class-path"),
        "-cp\n\"/app/resources:/app/classes:/app/libs/slf4j-simple-2.0.16.jar:/app/libs/slf4j-api-2.0.16.jar\"\n"
    );
    assert!(find(&image, "app/resources/simplelogger.properties").is_some());
    let runtime = first.runtime.clone().unwrap();
    assert_eq!(
        (runtime.name.as_str(), runtime.asked_by.as_str()),
        ("java", "maven.compiler.release of pom.xml")
    );
    assert!(runtime.version.starts_with("17."), "{runtime}");

    let maven = std::mem::replace(&mut project.search_path, no_programs());
    let again = project.build().unwrap();
    assert_eq!(
        (&again.image, &again.outcome),
        (&first.image, &Outcome::Unchanged)
    );
    assert_eq!(project.told.0, [""; 0]);

    project.search_path = maven;
    let source = fs::read_to_string(project.path("src/main/java/com/acme/Worker.java")).unwrap();
    project.write(
        "src/main/java/com/acme/Worker.java",
        &source.replace("beat", "pulse"),
    );
    let quick = project.build().unwrap();
    assert_eq!(
        because(&quick),
        ["application: checksum changed because src/main/java/com/acme/Worker.java"]
    );
    assert_eq!(
        project.told.0,
        ["compiling src/main/java/com/acme/Worker.java as Maven does"]
    );
    project.no_cache = true;
    assert_eq!(
        project.build().unwrap().image,
        quick.image,
        "Maven would have made something else"
    );
    project.no_cache = false;
    project.write("src/main/resources/added.txt", "new");
    assert_eq!(
        because(&project.build().unwrap()),
        ["resources: checksum changed because src/main/resources/added.txt"]
    );
    let all = std::mem::replace(
        &mut project.packaging.exclude_dependencies,
        vec!["org.slf4j:slf4j-simple".to_owned()],
    );
    assert_eq!(
        rebuilt(&project.build().unwrap()),
        [LayerName::Dependencies, LayerName::Application]
    );
    project.packaging.exclude_dependencies = all;
    // What is gone is gone, although Maven leaves it where it was.
    fs::remove_file(project.path("src/main/resources/added.txt")).unwrap();
    project.write("src/main/java/com/acme/Worker.java", &source);
    assert_eq!(project.build().unwrap().image, first.image);
}

#[test]
fn equal_projects_give_equal_images_wherever_they_lie() {
    if !has_maven() {
        return;
    }
    let (mut one, mut other) = (worker(), worker());
    other.no_cache = true;
    let first = one.build().unwrap();
    assert_eq!(other.build().unwrap().image, first.image);
    // Nothing of an image for another processor has to run here.
    one.platform = match Platform::host() {
        Platform::Amd64 => Platform::Arm64,
        Platform::Arm64 => Platform::Amd64,
    };
    let unlike = one.build();
    match unlike {
        Ok(built) => assert_ne!(built.image, first.image),
        // Package sources of this machine need not serve it.
        Err(error) => assert!(error.is_of_surroundings(), "{error}"),
    }
}

const PARENT: &str = "<project><modelVersion>4.0.0</modelVersion><groupId>com.acme</groupId><artifactId>root</artifactId>\
    <version>1</version><packaging>pom</packaging><modules><module>lib</module><module>services/app</module>\
    <module>broken</module></modules><properties><maven.compiler.release>17</maven.compiler.release>\
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties><build><pluginManagement><plugins>\
    <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>\
    <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin>\
    </plugins></pluginManagement></build></project>";
const LIB: &str = "package com.acme.lib;\n\npublic class Lib {\n    public static String name() {\n        return \"lib\";\n    }\n}\n";
const APP: &str = "package com.acme.app;\n\nimport com.acme.lib.Lib;\n\nclass App {\n    public static void main(String[] arguments) {\n        \
    System.out.println(Lib.name());\n    }\n}\n";

fn module(name: &str, parent: &str, needs: &str) -> String {
    format!(
        "<project><modelVersion>4.0.0</modelVersion><parent><groupId>com.acme</groupId><artifactId>root</artifactId>\
         <version>1</version><relativePath>{parent}</relativePath></parent><artifactId>{name}</artifactId>\
         <dependencies>{needs}</dependencies></project>"
    )
}

#[test]
fn a_module_is_built_with_those_it_needs_and_no_others() {
    if !has_maven() {
        return;
    }
    let need = "<dependency><groupId>com.acme</groupId><artifactId>lib</artifactId><version>1</version></dependency>";
    let mut project = java(
        "services/app/src/main/java/com/acme/app/App.java",
        &[
            ("pom.xml", PARENT),
            ("lib/pom.xml", &module("lib", "../pom.xml", "")),
            ("lib/src/main/java/com/acme/lib/Lib.java", LIB),
            ("services/app/pom.xml", &module("app", "../../pom.xml", need)),
            ("services/app/src/main/java/com/acme/app/App.java", APP),
            ("broken/pom.xml", &module("broken", "../pom.xml", "")),
            ("broken/src/main/java/Broken.java", "class Broken {"),
        ],
    );
    let first = project.build().unwrap();
    assert_eq!(rebuilt(&first), [LayerName::Modules, LayerName::Application]);
    assert_eq!(printed(&first), "lib\n");
    project.write(
        "lib/src/main/java/com/acme/lib/Lib.java",
        &LIB.replace("\"lib\"", "\"other\""),
    );
    let second = project.build().unwrap();
    assert_eq!(rebuilt(&second), [LayerName::Modules]);
    assert_eq!(printed(&second), "other\n");

    project.write(
        "lib/src/main/java/com/acme/lib/Lib.java",
        &LIB.replace("\"lib\"", "nowhere"),
    );
    assert_eq!(
        project.error(),
        "cannot compile services/app/src/main/java/com/acme/app/App.java: 1 error in the source\n\
         lib/src/main/java/com/acme/lib/Lib.java:5:16: cannot find symbol\n    5 │         return nowhere;\n      \
         ╵                ^\n    symbol:   variable nowhere\n    location: class com.acme.lib.Lib"
    );
    project.write("lib/src/main/java/com/acme/lib/Lib.java", LIB);
    // A class of somebody else's, for a Java of the future.
    let class = [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 80];
    fs::create_dir_all(project.path("lib/src/main/resources/com")).unwrap();
    fs::write(project.path("lib/src/main/resources/com/Later.class"), class).unwrap();
    project.settle();
    let error = project.error();
    assert!(
        error.starts_with("cannot run `worker` on Java 17, which maven.compiler.release of pom.xml asks for: com.Later is compiled for Java 36"),
        "{error}"
    );
    fs::remove_dir_all(project.path("lib/src/main/resources")).unwrap();
    project.write("lib/pom.xml", "<project><nonsense></project>");
    let error = project.error();
    assert!(error.contains("lib/pom.xml as XML: correct it: "), "{error}");
    project.write(
        "lib/pom.xml",
        &module("lib", "../pom.xml", &need.replace(">lib<", ">nobody<")),
    );
    let error = project.error();
    assert!(
        error.contains("ended with exit status: 1") && error.contains("com.acme:nobody:jar:1"),
        "{error}"
    );
    assert!(!error.contains("re-run Maven"), "{error}");
}

const ALONE: (&str, &str) = (
    "com/acme/Alone.java",
    "package com.acme;\n\npublic class Alone {\n    public static void main(String[] arguments) {\n        \
     System.out.println(Part.text());\n    }\n}\n",
);
const PART: (&str, &str) = (
    "com/acme/Part.java",
    "package com.acme;\n\nclass Part {\n    static String text() {\n        return \"größer\";\n    }\n}\n",
);

/// Two files and nobody to build them.
fn alone() -> Option<Project> {
    has(&["java", "javac"]).then(|| java(ALONE.0, &[ALONE, PART]))
}

#[test]
fn files_without_a_build_file_are_compiled_with_what_they_need() {
    let (Some(mut project), Some(mut elsewhere)) = (alone(), alone()) else {
        return;
    };
    let first = project.build().unwrap();
    assert_eq!(rebuilt(&first), [LayerName::Application]);
    assert_eq!(printed(&first), "größer\n");
    assert_eq!(first.source_files, [project.path(ALONE.0), project.path(PART.0)]);
    elsewhere.no_cache = true;
    assert_eq!(elsewhere.build().unwrap().image, first.image);
    let path = std::mem::replace(&mut project.search_path, no_programs());
    assert_eq!(project.build().unwrap().outcome, Outcome::Unchanged);
    project.search_path = path;
    project.write(PART.0, &PART.1.replace("größer", "kleiner"));
    let second = project.build().unwrap();
    assert_eq!(
        because(&second),
        ["application: checksum changed because com/acme/Part.java"]
    );
    assert_eq!(printed(&second), "kleiner\n");
}

#[test]
fn mistakes_in_a_program_are_told_with_their_place() {
    let Some(mut project) = alone() else { return };
    project.write(PART.0, &PART.1.replace("\"größer\";", "\"a\";\n\tint c"));
    let error = project.error();
    assert!(
        error.starts_with(
            "cannot compile com/acme/Alone.java: 1 error in the source\ncom/acme/Part.java:6:7: ';' expected\n"
        ),
        "{error}"
    );
    project.write(PART.0, PART.1);
    project.packaging.entryfile_path = PART.0.to_owned();
    assert_eq!(
        project.error(),
        "cannot package com/acme/Part.java: the class com.acme.Part has no `public static void main(String[] args)`: name \
         the file of a class that has one as entryfilePath"
    );
    project.write(PART.0, &PART.1.replace("class Part", "class Other"));
    let error = project.error();
    assert!(
        error.contains("the build made no class com.acme.Part of it"),
        "{error}"
    );
}

#[test]
fn a_version_that_cannot_be_had_names_who_asks_for_it() {
    let Some(mut project) = alone() else { return };
    project.write(".java-version", "99\n");
    let error = project.build().unwrap_err();
    assert!(error.is_of_surroundings());
    let said = error.to_string();
    assert!(
        said.starts_with("cannot compile with the JDK of this machine, ")
            && said.contains(": .java-version asks for Java 99: install a JDK"),
        "{said}"
    );
    project.write(".java-version", "newest\n");
    assert!(
        project
            .error()
            .starts_with("cannot use `newest`, which .java-version gives")
    );
    fs::remove_file(project.path(".java-version")).unwrap();
    // An old version is compiled for, but what runs it has to be named.
    project.packaging.language = LanguageConfig::Java(JavaConfig {
        java_version: Some(8),
        ..JavaConfig::default()
    });
    let error = project.error();
    assert!(error.contains("TAPEDECK_JAVA_BASE"), "{error}");
    project.packaging.language = LanguageConfig::Java(JavaConfig {
        use_maven: Some(true),
        ..JavaConfig::default()
    });
    assert!(
        project
            .error()
            .starts_with("languageSpecificConfig.useMaven is true, but there is no pom.xml in ")
    );
    project.packaging.language = LanguageConfig::Java(JavaConfig::default());
    project.write("pom.xml", "<project/>");
    project.write("build.gradle", "");
    assert!(project.error().starts_with("cannot tell who builds `worker`: "));
    project.search_path = no_programs();
    if std::env::var_os("JAVA_HOME").is_none() {
        fs::remove_file(project.path("build.gradle")).unwrap();
        assert_eq!(
            project.error(),
            "`javac` is needed to compile Java but is not in PATH: install it, on Debian with `apt install \
             default-jdk-headless`"
        );
    }
}

#[test]
fn a_gradle_build_of_several_modules_is_packaged() {
    if !has(&["java", "javac", "gradle"]) {
        return;
    }
    let mut project = java(
        "app/src/main/java/com/acme/app/App.java",
        &[
            ("settings.gradle", "include 'lib', 'app', 'broken'\n"),
            ("lib/build.gradle", "apply plugin: 'java'\n"),
            ("lib/src/main/java/com/acme/lib/Lib.java", LIB),
            (
                "app/build.gradle",
                "apply plugin: 'java'\nsourceCompatibility = 17\ndependencies { compile project(':lib') }\n",
            ),
            ("app/src/main/java/com/acme/app/App.java", APP),
            ("app/src/main/resources/some.txt", "text"),
            ("broken/build.gradle", "apply plugin: 'java'\n"),
            ("broken/src/main/java/Broken.java", "class Broken {"),
        ],
    );
    let first = project.build().unwrap();
    assert_eq!(
        rebuilt(&first),
        [LayerName::Modules, LayerName::Resources, LayerName::Application]
    );
    assert_eq!(printed(&first), "lib\n");
    assert_eq!(
        first.runtime.as_ref().unwrap().asked_by,
        "targetCompatibility of the Gradle build"
    );
    let gradle = std::mem::replace(&mut project.search_path, no_programs());
    assert_eq!(project.build().unwrap().outcome, Outcome::Unchanged);
    project.search_path = gradle;
    project.write(
        "app/src/main/java/com/acme/app/App.java",
        &APP.replace("Lib.name()", "Lib.name() + 1"),
    );
    let second = project.build().unwrap();
    assert_eq!(
        because(&second),
        ["application: checksum changed because app/src/main/java/com/acme/app/App.java"]
    );
    assert_eq!(printed(&second), "lib1\n");
    project.write(
        "lib/src/main/java/com/acme/lib/Lib.java",
        &LIB.replace("\"lib\"", "nowhere"),
    );
    let error = project.error();
    assert!(
        error.contains("\nlib/src/main/java/com/acme/lib/Lib.java:5:16: cannot find symbol\n"),
        "{error}"
    );
}
