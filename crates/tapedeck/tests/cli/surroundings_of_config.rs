//! What a config asks of its surroundings, answered by real files, programs and secrets.

use std::path::Path;
use std::process::Command;

use expect_test::expect;
use fs_err as fs;

use crate::environment::{Environment, GOOD, is_installed};

/// [`GOOD`] with one variable of this value.
fn with_value(value: &str) -> String {
    format!("{GOOD}      environment:\n        X: {value}\n")
}

/// A config in which the value of a variable decides how much memory there is: what is no size is quoted by the
/// finding about it, which shows what a directive gave.
fn showing(value: &str) -> String {
    GOOD.replace("memory: 512", &format!("memory: \"{value}\""))
}

/// The words of the first finding.
fn first_finding(environment: &Environment, arguments: &[&str]) -> String {
    let output = environment.command(arguments).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = told.lines().find(|line| line.starts_with("error["));
    line.unwrap_or_else(|| panic!("no finding: {told}")).to_string()
}

#[test]
fn files_are_read_below_the_root_of_the_project() {
    let environment = Environment::with_config(&showing("$File('sizes.yml').memory"));
    environment.write("project/sizes.yml", "memory: from the file\n");
    assert!(first_finding(&environment, &["validate"]).ends_with("it is the text `from the file`"));
    let above = Environment::with_config(&showing("$File('../sizes.yml').memory"));
    above.write("sizes.yml", "memory: from above\n");
    let told = first_finding(&above, &["validate"]);
    assert!(
        told.contains("../sizes.yml lies outside of the project"),
        "{told}"
    );
    // A repository around both makes them one project.
    fs::create_dir(above.path("").join(".git")).expect("a folder can be made");
    assert!(first_finding(&above, &["validate"]).ends_with("it is the text `from above`"));
}

#[test]
fn links_do_not_lead_out_of_the_project() {
    let environment = Environment::with_config(&showing("$FileRaw('link.txt')"));
    environment.write("elsewhere.txt", "secret");
    std::os::unix::fs::symlink(
        environment.path("elsewhere.txt"),
        environment.path("project/link.txt"),
    )
    .expect("a link can be made");
    let told = first_finding(&environment, &["validate"]);
    assert!(told.contains("lies outside of the project"), "{told}");
    let absolute = Environment::with_config(&showing("$FileRaw('/etc/hostname')"));
    let told = first_finding(&absolute, &["validate"]);
    assert!(told.contains("lies outside of the project"), "{told}");
}

#[test]
fn a_mistake_in_another_file_is_shown_there() {
    let environment =
        Environment::with_config(&GOOD.replace("{ cpu: 0.25, memory: 512 }", "$File('sizes.yml')"));
    environment.write("project/sizes.yml", "cpu: 0.25\n\nmemory: [512]\n");
    environment.check(
        &["validate"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error[wrong-type]: `memory` must be a whole number, but it is a list
         --> sizes.yml:3:9
          |
        3 | memory: [512]
          |         ^^^^^
        note: it is used here: stacktape.yml:9:18

        error: stacktape.yml has 1 mistake; nothing was changed
    "#]],
    );
}

#[test]
fn variables_of_the_environment_are_there_and_not_read_for_calls() {
    let environment = Environment::with_config(&showing("$Env('SIZE')"));
    let mut command = environment.command(&["validate"]);
    command.env("SIZE", "$Stage()");
    let output = command.output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("it is the text `$Stage()`"), "{told}");
    let told = first_finding(&environment, &["validate"]);
    assert!(told.contains("the environment has no variable `SIZE`"), "{told}");
}

#[test]
fn options_after_two_hyphens_are_the_configs_own() {
    let environment = Environment::with_config(&showing("$CliArgs('size')"));
    for arguments in [
        ["--size", "large"].as_slice(),
        &["--size=large"],
        &["-size", "large"],
    ] {
        let arguments = [&["validate", "--"], arguments].concat();
        assert!(first_finding(&environment, &arguments).ends_with("it is the text `large`"));
    }
    environment.check(
        &["validate", "--", "large"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: `large` after `--` is no option
        help: write options there as --name value or --name=value; the config reads them by $CliArgs('name')
    "#]],
    );
}

#[test]
fn git_tells_of_the_repository() {
    assert!(is_installed("git"), "`git` (package git) is needed");
    let environment = Environment::with_config(&showing("$GitInfo().branch"));
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(arguments)
            .current_dir(environment.path("project"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .status();
        assert!(status.expect("git starts").success(), "{arguments:?}");
    };
    git(&["init", "--quiet", "--initial-branch", "topic"]);
    let told = first_finding(&environment, &["validate"]);
    assert!(told.contains("is in no git repository with a commit"), "{told}");
    git(&[
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "first",
    ]);
    assert!(first_finding(&environment, &["validate"]).ends_with("it is the text `topic`"));
}

#[test]
fn functions_of_the_project_give_values() {
    let directives = "directives:
  - { name: shout, filePath: 'directives.js:shout' }
  - { name: boom, filePath: directives.js }
  - { name: python, filePath: values.py }
";
    let config = |value: &str| format!("{}{directives}", showing(value));
    let environment = Environment::with_config(&config("$shout($Stage(), 2).text"));
    environment.write(
        "project/directives.js",
        "exports.shout = async (a, b) => ({ text: `$Format('{} {}', '${a.toUpperCase()}', ${b})` });
exports.default = () => { throw new Error('kaput'); };
",
    );
    environment.write(
        "project/values.py",
        "def main(a):\n    print('talk')\n    return {'got': [a, 1]}\n",
    );
    assert!(first_finding(&environment, &["validate"]).ends_with("it is the text `DEV 2`"));
    environment.write("project/stacktape.yml", &config("$python('hi').got.0"));
    assert!(first_finding(&environment, &["validate"]).ends_with("it is the text `hi`"));
    environment.write("project/stacktape.yml", &config("$boom()"));
    let told = first_finding(&environment, &["validate"]);
    assert!(
        told.contains("directives.js:2") && told.contains("kaput"),
        "{told}"
    );
}

#[test]
fn a_config_can_be_code() {
    let environment = Environment::new();
    environment.write("project/src/main.ts", "");
    environment.write(
        "project/stacktape.js",
        "module.exports = ({ stage, cliArgs }) => ({
  projectName: 'shop',
  resources: {
    mailer: {
      type: 'worker-service',
      properties: {
        packaging: { type: 'stacktape-image-buildpack', properties: { entryfilePath: 'src/main.ts' } },
        resources: { cpu: 0.25, memory: cliArgs.memory ? Number(cliArgs.memory) : 512 },
        environment: [{ name: 'STAGE', value: stage }],
      },
    },
  },
});
",
    );
    environment.check(
        &["validate"],
        expect![[r#"
            exit code 0
            --- stderr ---
            stacktape.js is valid: stack shop-dev with 1 worker service
        "#]],
    );
    environment.check(
        &["validate", "--", "--memory", "0"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error[out-of-range]: `memory` cannot be 0
             --> stacktape.js (as evaluated):15:21
               |
            15 |           "memory": 0
               |                     ^
            help: use a whole number of MiB from 4 on, such as 512

            error: stacktape.js has 1 mistake; nothing was changed
        "#]],
    );
    environment.check(
        &["info:stack"],
        expect![[r#"
        exit code 1
        --- stderr ---
        error: there is no stack shop-dev: nothing was ever deployed on this machine (looked in [TEMP]/home)
        help: `tapedeck deploy` makes shop-dev
    "#]],
    );
}

#[test]
fn code_that_throws_is_shown_where_it_does() {
    let environment = Environment::new();
    environment.write(
        "project/stacktape.js",
        "const size = undefined;\nmodule.exports = { resources: size.large };\n",
    );
    environment.check(&["validate"], expect![[r#"
        exit code 2
        --- stderr ---
        error[code-failed]: the code gives no config: TypeError: Cannot read properties of undefined (reading 'large')
         --> stacktape.js:2:36
          |
        2 | module.exports = { resources: size.large };
          |                                    ^^^^^^^^

        error: stacktape.js has 1 mistake; nothing was changed
    "#]]);
    let json = environment
        .command(&["validate", "--json"])
        .output()
        .expect("it starts");
    let findings: serde_json::Value = serde_json::from_slice(&json.stdout).expect("it is JSON");
    assert_eq!(findings[0]["rule"], "code-failed");
    assert_eq!(findings[0]["line"], 2);
}

#[test]
fn of_several_configs_the_first_counts() {
    let environment = Environment::with_config(GOOD);
    environment.write("project/stacktape.json", "{}");
    environment.check(&["validate"], expect![[r#"
        exit code 0
        --- stderr ---
        warning: there are stacktape.yml and stacktape.json: stacktape.yml is read; name the other with --configPath, or remove it
        stacktape.yml is valid: stack shop-dev with 1 worker service
    "#]]);
    environment.write("project/stacktape.yml", "");
    fs::remove_file(environment.path("project/stacktape.yml")).expect("it is there");
    environment.check(
        &["validate"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error[missing-key]: the file needs the key `resources`
         --> stacktape.json:1:1
          |
        1 | {}
          | ^^
        help: `resources`: the resources of the stack by their names

        error: stacktape.json has 1 mistake; nothing was changed
    "#]],
    );
}

#[test]
fn a_secret_that_is_missing_is_told_with_the_way_to_set_it() {
    let environment = Environment::with_config(&with_value("$Secret('dbSecret.password')"));
    environment.check(
        &["validate"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error[missing-secret]: there is no secret `dbSecret`
         --> stacktape.yml:11:12
           |
        11 |         X: $Secret('dbSecret.password')
           |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: create it: tapedeck secret:set --secretName dbSecret --region local

        error: stacktape.yml has 1 mistake; nothing was changed
    "#]],
    );
    let set = environment
        .command_with_input(&["secret:set", "dbSecret"], r#"{"pasword": "hunter2"}"#)
        .output()
        .expect("it starts");
    assert!(set.status.success());
    environment.check(
        &["validate"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error[missing-secret]: the secret `dbSecret` has no key `password`
         --> stacktape.yml:11:12
           |
        11 |         X: $Secret('dbSecret.password')
           |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: did you mean `pasword`?

        error: stacktape.yml has 1 mistake; nothing was changed
    "#]],
    );
    let set = environment
        .command_with_input(
            &["secret:set", "dbSecret", "--forceUpdate"],
            r#"{"password": "hunter2"}"#,
        )
        .output()
        .expect("it starts");
    assert!(set.status.success());
    environment.check(
        &["validate"],
        expect![[r#"
        exit code 0
        --- stderr ---
        stacktape.yml is valid: stack shop-dev with 1 worker service
    "#]],
    );
}

#[test]
fn what_cannot_be_run_here_is_refused_by_a_deployment_only() {
    let entry = "entryfilePath: src/main.ts";
    let decorated = format!("{entry}, languageSpecificConfig: {{ emitTsDecoratorMetadata: true }}");
    let environment = Environment::with_config(&GOOD.replace(entry, &decorated));
    environment.check(&["validate"], expect![[r#"
        exit code 0
        --- stderr ---
        warning[not-run-here-yet]: `emitTsDecoratorMetadata` cannot be run on this machine yet: types of decorated members are not emitted yet
         --> stacktape.yml:8:77
          |
        8 |         properties: { entryfilePath: src/main.ts, languageSpecificConfig: { emitTsDecoratorMetadata: true } }
          |                                                                             ^^^^^^^^^^^^^^^^^^^^^^^
        help: take it out to deploy to region `local`

        stacktape.yml is valid: stack shop-dev with 1 worker service
    "#]]);
    environment.check(&["deploy"], expect![[r#"
        exit code 2
        --- stderr ---
        error[not-run-here-yet]: `emitTsDecoratorMetadata` cannot be run on this machine yet: types of decorated members are not emitted yet
         --> stacktape.yml:8:77
          |
        8 |         properties: { entryfilePath: src/main.ts, languageSpecificConfig: { emitTsDecoratorMetadata: true } }
          |                                                                             ^^^^^^^^^^^^^^^^^^^^^^^
        help: take it out to deploy to region `local`

        error: stacktape.yml has 1 mistake; nothing was changed
    "#]]);
    assert!(!Path::new(&environment.home()).exists(), "nothing was made");
}
