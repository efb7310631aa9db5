//! `tapedeck init`: what it writes, says and prints.

mod refused;
mod terminal;

use expect_test::expect;
use fs_err as fs;

use crate::environment::Environment;

/// A project in TypeScript.
fn typescript() -> Environment {
    let environment = Environment::new();
    environment.write(
        "project/package.json",
        r#"{ "name": "@acme/mail-worker", "scripts": { "start": "node dist/main.js" } }"#,
    );
    environment.write("project/src/main.ts", "");
    environment
}

/// What is in a file of the project.
fn read(environment: &Environment, name: &str) -> String {
    let path = environment.home().with_file_name("project").join(name);
    fs::read_to_string(path).expect("it was written")
}

/// The names in the project's folder.
fn files(environment: &Environment) -> Vec<String> {
    let entries = fs::read_dir(environment.home().with_file_name("project")).expect("it is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("it can be read")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_project_in_typescript_gets_a_config_that_is_valid() {
    let environment = typescript();
    environment.check(&["init"], expect![[r#"
        exit code 0
        --- stderr ---
        wrote stacktape.yml: service mailWorker runs src/main.ts (TypeScript, named by `scripts.start` of package.json): 1 instance of 0.25 vCPU with 512 MiB
        next:
          tapedeck validate  say everything that is wrong with the config
          tapedeck deploy    package the service and make it run
    "#]]);
    assert_eq!(files(&environment), ["package.json", "src", "stacktape.yml"]);
    expect![[r#"
        # What runs, and how. `tapedeck validate` checks this file, `tapedeck deploy` makes it so.

        # The project has the name of this folder, unless it is given here:
        # projectName: project

        resources:
          mailWorker:
            # Runs continuously; nothing reaches it from outside.
            type: worker-service
            properties:
              # The image is made of the entry file and what it needs.
              packaging:
                type: stacktape-image-buildpack
                properties:
                  entryfilePath: src/main.ts

              # What each instance gets: virtual CPUs, and memory in MiB.
              resources:
                cpu: 0.25
                memory: 512

              # One instance runs. To have more:
              # scaling:
              #   minInstances: 2
              #   maxInstances: 2

              # Variables that the program finds in its environment:
              # environment:
              #   - name: LOG_LEVEL
              #     value: info
    "#]]
    .assert_eq(&read(&environment, "stacktape.yml"));
    environment.check(
        &["validate"],
        expect![[r#"
        exit code 0
        --- stderr ---
        stacktape.yml is valid: stack project-dev with 1 worker service
    "#]],
    );
    assert!(!environment.home().exists(), "an engine was started");
}

#[test]
fn a_dry_run_prints_what_would_be_written() {
    let environment = Environment::new();
    environment.write("project/index.js", "");
    environment.check(&["init", "--dryRun"], expect![[r#"
        exit code 0
        --- stdout ---
        # What runs, and how. `tapedeck validate` checks this file, `tapedeck deploy` makes it so.

        # The project has the name of this folder, unless it is given here:
        # projectName: project

        resources:
          project:
            # Runs continuously; nothing reaches it from outside.
            type: worker-service
            properties:
              # The image is made of the entry file and what it needs.
              packaging:
                type: stacktape-image-buildpack
                properties:
                  entryfilePath: index.js

              # What each instance gets: virtual CPUs, and memory in MiB.
              resources:
                cpu: 0.25
                memory: 512

              # One instance runs. To have more:
              # scaling:
              #   minInstances: 2
              #   maxInstances: 2

              # Variables that the program finds in its environment:
              # environment:
              #   - name: LOG_LEVEL
              #     value: info
        --- stderr ---
        would write stacktape.yml: service project runs index.js (JavaScript, by its usual name): 1 instance of 0.25 vCPU with 512 MiB
    "#]]);
    assert_eq!(files(&environment), ["index.js"]);
}

#[test]
fn every_flag_has_its_place_in_the_config() {
    let environment = typescript();
    environment.write("project/src/worker.mjs", "");
    environment.check(
        &[
            "init",
            "--yes",
            "--serviceName",
            "poster",
            "--projectName",
            "post-office",
            "--entryfilePath",
            "./src/worker.mjs",
            "--cpu",
            "0.5",
            "--memory",
            "2048",
            "--minInstances",
            "3",
            "--configFormat",
            "yaml",
        ],
        expect![[r#"
            exit code 0
            --- stderr ---
            wrote stacktape.yml: service poster runs src/worker.mjs (JavaScript, by its usual name): 3 instances of 0.5 vCPU with 2048 MiB
            also found: src/main.ts (--entryfilePath takes another one; each service has an entry of its own under `resources`)
            next:
              tapedeck validate  say everything that is wrong with the config
              tapedeck deploy    package the service and make it run
        "#]],
    );
    let text = read(&environment, "stacktape.yml");
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    expect![[r#"
        projectName: post-office
        resources:
        poster:
        type: worker-service
        properties:
        packaging:
        type: stacktape-image-buildpack
        properties:
        entryfilePath: src/worker.mjs
        resources:
        cpu: 0.5
        memory: 2048
        scaling:
        minInstances: 3
        maxInstances: 3"#]]
    .assert_eq(&lines.join("\n"));
    environment.check(
        &["validate"],
        expect![[r#"
        exit code 0
        --- stderr ---
        stacktape.yml is valid: stack post-office-dev with 1 worker service
    "#]],
    );
}

#[test]
fn a_config_can_be_written_in_typescript() {
    let environment = typescript();
    environment.check(&["init", "--configFormat", "typescript"], expect![[r#"
        exit code 0
        --- stderr ---
        wrote stacktape.ts: service mailWorker runs src/main.ts (TypeScript, named by `scripts.start` of package.json): 1 instance of 0.25 vCPU with 512 MiB
        `npm install --save-dev stacktape` gives the editor the types of the config
        next:
          tapedeck validate  say everything that is wrong with the config
          tapedeck deploy    package the service and make it run
    "#]]);
    let text = read(&environment, "stacktape.ts");
    assert!(
        text.contains("import { defineConfig } from 'stacktape';"),
        "{text}"
    );
    assert!(text.contains("entryfilePath: 'src/main.ts',"), "{text}");
}

#[test]
fn what_was_decided_is_data_with_json() {
    let environment = typescript();
    environment.write("project/worker.py", "");
    environment.write("project/Dockerfile", "");
    environment.check(&["init", "--json"], expect![[r#"
        exit code 0
        --- stdout ---
        {"path":"stacktape.yml","language":"typescript","entryfilePath":"src/main.ts","packaging":"stacktape-image-buildpack","otherCandidates":[{"language":"python","entryfilePath":"worker.py","packaging":"stacktape-image-buildpack"},{"language":null,"entryfilePath":"Dockerfile","packaging":"custom-dockerfile"}]}
    "#]]);
    let output = environment
        .command(&["init", "--json", "--dryRun", "--entryfilePath", "Dockerfile"])
        .output()
        .expect("it starts");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(report["language"], serde_json::Value::Null);
    assert_eq!(report["entryfilePath"], "Dockerfile");
    assert_eq!(report["packaging"], "custom-dockerfile");
    assert!(
        report["config"]
            .as_str()
            .is_some_and(|text| text.contains("buildContextPath: ."))
    );
}

#[test]
fn another_folder_is_one_flag_away() {
    let environment = typescript();
    environment.write("services/my mailer/index.ts", "");
    environment.check(
        &["init", "--projectDirectory", "../services/my mailer"],
        expect![[r#"
            exit code 0
            --- stderr ---
            wrote ../services/my mailer/stacktape.yml: service myMailer runs index.ts (TypeScript, by its usual name): 1 instance of 0.25 vCPU with 512 MiB
            next:
              tapedeck validate --currentWorkingDirectory '../services/my mailer'  say everything that is wrong with the config
              tapedeck deploy --currentWorkingDirectory '../services/my mailer'    package the service and make it run
        "#]],
    );
    environment.check(
        &["validate", "--currentWorkingDirectory", "../services/my mailer"],
        expect![[r#"
            exit code 0
            --- stderr ---
            ../services/my mailer/stacktape.yml is valid: stack my-mailer-dev with 1 worker service
        "#]],
    );
    environment.check(
        &["init", "--projectDirectory", "nowhere"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: there is no folder [TEMP]/project/nowhere
        help: --projectDirectory is relative to the working directory
    "#]],
    );
    assert_eq!(files(&environment), ["package.json", "src"]);
}

#[test]
fn a_config_is_replaced_only_by_force() {
    let environment = typescript();
    environment.write("project/stacktape.yml", "mine");
    environment.write("project/stacktape.yaml", "mine too");
    environment.check(&["init", "--force"], expect![[r#"
        exit code 0
        --- stderr ---
        wrote stacktape.yml: service mailWorker runs src/main.ts (TypeScript, named by `scripts.start` of package.json): 1 instance of 0.25 vCPU with 512 MiB
        warning: stacktape.yaml is there too: --configPath says which one counts
        next:
          tapedeck validate  say everything that is wrong with the config
          tapedeck deploy    package the service and make it run
    "#]]);
    assert!(read(&environment, "stacktape.yml").contains("entryfilePath: src/main.ts"));
    assert_eq!(read(&environment, "stacktape.yaml"), "mine too");
    assert_eq!(
        files(&environment),
        ["package.json", "src", "stacktape.yaml", "stacktape.yml"]
    );
}

#[test]
fn without_a_terminal_the_best_is_taken_and_the_others_are_named() {
    let environment = typescript();
    environment.write("project/src/worker.ts", "");
    environment.write("project/main.py", "");
    environment.check(&["init", "--dryRun", "--json"], expect![[r##"
        exit code 0
        --- stdout ---
        {"path":"stacktape.yml","language":"typescript","entryfilePath":"src/main.ts","packaging":"stacktape-image-buildpack","otherCandidates":[{"language":"python","entryfilePath":"main.py","packaging":"stacktape-image-buildpack"},{"language":"typescript","entryfilePath":"src/worker.ts","packaging":"stacktape-image-buildpack"}],"config":"# What runs, and how. `tapedeck validate` checks this file, `tapedeck deploy` makes it so.\n\n# The project has the name of this folder, unless it is given here:\n# projectName: project\n\nresources:\n  mailWorker:\n    # Runs continuously; nothing reaches it from outside.\n    type: worker-service\n    properties:\n      # The image is made of the entry file and what it needs.\n      packaging:\n        type: stacktape-image-buildpack\n        properties:\n          entryfilePath: src/main.ts\n\n      # What each instance gets: virtual CPUs, and memory in MiB.\n      resources:\n        cpu: 0.25\n        memory: 512\n\n      # One instance runs. To have more:\n      # scaling:\n      #   minInstances: 2\n      #   maxInstances: 2\n\n      # Variables that the program finds in its environment:\n      # environment:\n      #   - name: LOG_LEVEL\n      #     value: info\n"}
    "##]]);
    environment.check(&["init"], expect![[r#"
        exit code 0
        --- stderr ---
        wrote stacktape.yml: service mailWorker runs src/main.ts (TypeScript, named by `scripts.start` of package.json): 1 instance of 0.25 vCPU with 512 MiB
        also found: main.py, src/worker.ts (--entryfilePath takes another one; each service has an entry of its own under `resources`)
        next:
          tapedeck validate  say everything that is wrong with the config
          tapedeck deploy    package the service and make it run
    "#]]);
}

#[test]
fn languages_that_are_not_packaged_yet_get_their_config_and_a_word() {
    for (path, text, language, entry) in [
        ("main.py", "print('hello')", "Python", "main.py"),
        ("main.py", "app = FastAPI()", "Python", "main.py:app"),
        (
            "cmd/mailer/main.go",
            "package main\n\nfunc main() {}\n",
            "Go",
            "cmd/mailer/main.go",
        ),
        (
            "src/main/java/Main.java",
            "public static void main(",
            "Java",
            "src/main/java/Main.java",
        ),
        (
            "Dockerfile",
            "FROM scratch",
            "a Dockerfile",
            "dockerfilePath: Dockerfile",
        ),
    ] {
        let environment = Environment::new();
        environment.write(&format!("project/{path}"), text);
        environment.write("project/pom.xml", "");
        let output = environment.command(&["init"]).output().expect("it starts");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(
            read(&environment, "stacktape.yml").contains(entry),
            "{path}: {told}"
        );
        let findings = environment
            .command(&["validate", "--json"])
            .output()
            .expect("it starts");
        let findings: serde_json::Value = serde_json::from_slice(&findings.stdout).expect("it is JSON");
        let findings = findings.as_array().expect("it is a list");
        // What init says is what validate finds, whatever this version packages.
        let waits = format!("does not package {language} yet");
        assert_eq!(told.contains(&waits), !findings.is_empty(), "{told}");
        assert!(
            findings
                .iter()
                .all(|finding| finding["rule"] == "not-run-here-yet"),
            "{findings:?}"
        );
    }
}

#[test]
fn a_size_that_fargate_does_not_offer_is_warned_of() {
    typescript().check(&["init", "--cpu", "1", "--memory", "512"], expect![[r#"
        exit code 0
        --- stderr ---
        wrote stacktape.yml: service mailWorker runs src/main.ts (TypeScript, named by `scripts.start` of package.json): 1 instance of 1 vCPU with 512 MiB
        warning: Fargate offers no task of 1 vCPU with 512 MiB: it runs here, but AWS would refuse it; near it, Fargate offers 1 vCPU with 2048 MiB and 0.25 vCPU with 512 MiB
        next:
          tapedeck validate  say everything that is wrong with the config
          tapedeck deploy    package the service and make it run
    "#]]);
}

#[test]
fn a_folder_whose_name_is_no_project_name_needs_one() {
    let environment = Environment::new();
    environment.write("x/index.ts", "");
    environment.check(&["init", "--projectDirectory", "../x"], expect![[r#"
        exit code 0
        --- stderr ---
        wrote ../x/stacktape.yml: service x runs index.ts (TypeScript, by its usual name): 1 instance of 0.25 vCPU with 512 MiB
        next:
          tapedeck validate --currentWorkingDirectory ../x  say everything that is wrong with the config
          tapedeck deploy --currentWorkingDirectory ../x    package the service and make it run
    "#]]);
    environment.check(
        &["validate", "-cwd", "../x"],
        expect![[r#"
        exit code 0
        --- stderr ---
        ../x/stacktape.yml is valid: stack my-project-dev with 1 worker service
    "#]],
    );
}
