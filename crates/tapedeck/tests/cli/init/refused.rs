//! What `tapedeck init` refuses, and that it changes nothing then.

use expect_test::expect;

use super::{files, read, typescript};
use crate::environment::Environment;

#[test]
fn a_config_that_is_there_is_kept() {
    for name in [
        "stacktape.yml",
        "stacktape.yaml",
        "stacktape.ts",
        "stacktape.js",
        "stacktape.json",
    ] {
        let environment = typescript();
        environment.write(&format!("project/{name}"), "mine");
        let output = environment
            .command(&["init", "--yes"])
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{name}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            told.starts_with(&format!("error: there is a {name} in ")),
            "{told}"
        );
        assert_eq!(read(&environment, name), "mine");
        assert_eq!(files(&environment).len(), 3, "{name}");
    }
    let environment = typescript();
    environment.write("project/stacktape.yml", "mine");
    environment.check(
        &["init"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: there is a stacktape.yml in [TEMP]/project already
        help: edit it; --dryRun prints what would be written, --force writes all the same
    "#]],
    );
    let output = environment
        .command(&["init", "--dryRun"])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0), "a dry run changes nothing");
    assert_eq!(read(&environment, "stacktape.yml"), "mine");
}

#[test]
fn a_config_that_cannot_be_written_is_told() {
    let environment = typescript();
    environment.write("project/stacktape.yml/in/the/way", "");
    let output = environment
        .command(&["init", "--force"])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.starts_with("error: could not write stacktape.yml in "),
        "{told}"
    );
    assert_eq!(
        files(&environment),
        ["package.json", "src", "stacktape.yml"],
        "nothing is left beside it"
    );
}

#[test]
fn where_there_is_nothing_to_run_it_says_what_it_looked_for() {
    let environment = Environment::new();
    environment.write("project/README.md", "");
    environment.check(&["init"], expect![[r#"
        exit code 2
        --- stderr ---
        error: could not tell what to run in [TEMP]/project; looked for
          TypeScript, JavaScript  `scripts.start`, `main`, `module` and `bin` of package.json; main, index, worker, server or
                                  app in the project's folder or src
          Python                  scripts of pyproject.toml; main.py, app.py or worker.py in the project's folder, src or app;
                                  __main__.py of a package; an app of FastAPI, Starlette, Flask or Django
          Go                      a file of `package main` with `func main`, such as main.go or cmd/worker/main.go
          Java                    beside pom.xml or build.gradle, a class with `public static void main`
          Dockerfile              in the project's folder or a folder in it
        help: name it with --entryfilePath, such as `--entryfilePath src/worker.ts`, or another folder with --projectDirectory
    "#]]);
    assert_eq!(files(&environment), ["README.md"]);
}

#[test]
fn wrong_flags_change_nothing() {
    let environment = typescript();
    environment.check(
        &["init", "--serviceName", "my mailer"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: `my mailer` is not a valid resource name: use 1 to 64 letters and digits
    "#]],
    );
    environment.check(
        &["init", "--projectName", "X"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: `X` is not a valid project name: use 2 to 48 lower-case letters, digits and hyphens
    "#]],
    );
    environment.check(
        &["init", "--cpu", "3"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: 3 is not a valid cpu: use 0.25, 0.5, 1, 2, 4, 8 or 16
    "#]],
    );
    environment.check(
        &["init", "--memory", "1"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: 1 is not a valid memory: use 4 to 33554432 MiB
        "#]],
    );
    environment.check(
        &["init", "--minInstances", "0"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: invalid value '0' for '--minInstances <N>': 0 is not in 1..=5000

        For more information, try '--help'.
    "#]],
    );
    environment.check(
        &["init", "--configFormat", "toml"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: invalid value 'toml' for '--configFormat <FORMAT>'
          [possible values: yaml, typescript]

        For more information, try '--help'.
    "#]],
    );
    assert_eq!(files(&environment), ["package.json", "src"]);
}

#[test]
fn an_entry_file_that_is_none_is_refused() {
    let environment = typescript();
    environment.write("project/main.rs", "");
    environment.write("project/main.py", "app = make()");
    environment.check(
        &["init", "--entryfilePath", "src/none.ts"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: there is no file src/none.ts in [TEMP]/project
        help: an entry file is relative to the folder of the project
    "#]],
    );
    environment.check(
        &["init", "--entryfilePath", "main.rs"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: `main.rs` is in no language that Stacktape packages
        help: name a file in TypeScript, JavaScript, Python, Go, Java, Ruby, PHP or C#, or a Dockerfile
    "#]],
    );
    environment.check(
        &["init", "--entryfilePath", "src/main.ts:app"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: `src/main.ts:app` names an app in TypeScript, and only Python has those
        help: name the file alone
    "#]],
    );
    environment.check(&["init", "--entryfilePath", "main.py:app"], expect![[r#"
        exit code 2
        --- stderr ---
        error: could not tell whether `app` of main.py is an ASGI or a WSGI app
        help: name the file alone; in the config, put the app behind it and add `languageSpecificConfig: { runAppAs: ASGI }` or `WSGI`
    "#]]);
    environment.check(
        &["init", "--entryfilePath", "/etc/main.ts"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: /etc/main.ts is not in the project's folder [TEMP]/project
        help: name a file in it, or give --projectDirectory
    "#]],
    );
    environment.check(
        &["init", "--entryfilePath", "src"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: there is no file src in [TEMP]/project
        help: an entry file is relative to the folder of the project
    "#]],
    );
    assert_eq!(files(&environment), ["main.py", "main.rs", "package.json", "src"]);
}
