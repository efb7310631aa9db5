//! Hooks around commands, up to where containers are needed. A hook of `deploy` runs where a deployment could begin: as root.

use expect_test::expect;

use crate::environment::{Environment, GOOD};

/// Whether this is root; else a word on standard error.
#[expect(clippy::print_stderr, reason = "skipping must be seen")]
fn may_deploy() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("SKIPPED: this test needs root, as deployments do");
    }
    is_root
}

fn project(scripts: &[(&str, &str)], hooks: &str) -> Environment {
    let mut config = format!("{GOOD}scripts:\n");
    for (name, line) in scripts {
        config.push_str(&format!(
            "  {name}: {{ type: local-script, properties: {{ executeCommand: '{line}' }} }}\n"
        ));
    }
    Environment::with_config(&format!("{config}hooks:\n{hooks}"))
}

const SCRIPTS: [(&str, &str); 3] = [
    (
        "first",
        "echo $STP_HOOK_TYPE $STP_HOOK_TRIGGER $STP_COMMAND >> trace; echo data",
    ),
    ("second", "echo second >> trace; exit 9"),
    ("third", "echo third >> trace"),
];

/// What is told, without how long anything took.
fn without_times(told: &str) -> String {
    let time = regex::Regex::new(r"\d+(\.\d)? m?s\b").expect("it is an expression");
    time.replace_all(told, "[TIME]").into_owned()
}

#[test]
fn one_that_fails_before_a_deployment_keeps_everything_as_it_is() {
    if !may_deploy() {
        return;
    }
    let hooks = "  beforeDeploy: [{ scriptName: first }, { scriptName: second }, { scriptName: third }, { scriptName: third, skipOnCI: true }]\n";
    let environment = project(&SCRIPTS, hooks);
    let told = environment.outcome(environment.command(&["deploy"]).env("CI", "true"));
    expect![[r#"
        exit code 1
        --- stderr ---
        beforeDeploy: script first
        data
        beforeDeploy: script first is done ([TIME])
        beforeDeploy: script second
        beforeDeploy: 1 script after it was not run
        error: hook beforeDeploy failed
          because script second ended with exit code 9 after [TIME]
        help: what it wrote says why; `deploy` goes no further and has changed nothing
    "#]]
    .assert_eq(&without_times(&told));
    let trace = fs_err::read_to_string(environment.path("project/trace")).unwrap();
    assert_eq!(trace, "beforeDeploy deploy deploy\nsecond\n");
    assert!(
        !environment.home().exists(),
        "something was made in the state folder"
    );
}

#[test]
fn with_json_standard_output_stays_data() {
    if !may_deploy() {
        return;
    }
    let environment = project(
        &SCRIPTS,
        "  beforeDev: [{ scriptName: first }, { scriptName: second }]\n",
    );
    let told = environment.outcome(&mut environment.command(&["dev", "--json"]));
    expect![[r#"
        exit code 1
        --- stderr ---
        data
        error: hook beforeDev failed
          because script second ended with exit code 9 after [TIME]
        help: what it wrote says why; `dev` goes no further and has changed nothing
    "#]]
    .assert_eq(&without_times(&told));
}

#[test]
fn those_that_are_left_out_are_told() {
    let environment = project(
        &SCRIPTS,
        "  beforeDev: [{ scriptName: first, skipOnLocal: true }, { scriptName: second, skipOnLocal: true }]\n",
    );
    // Nothing of them keeps it from going on to where it finds that there is no such service.
    environment.check(
        &["dev", "printer"],
        expect![[r#"
        exit code 2
        --- stderr ---
        beforeDev: script first is left out: skipOnLocal, and CI is not set
        beforeDev: script second is left out: skipOnLocal, and CI is not set
        error: there is no service named `printer`
        help: the config has mailer
    "#]],
    );
    assert!(!environment.path("project/trace").exists());
}

#[test]
fn what_a_hook_makes_need_not_be_there_before() {
    if !may_deploy() {
        return;
    }
    let scripts = [("generate", "test ! -e src/main.ts && touch src/made.ts")];
    let environment = project(&scripts, "  beforeDeploy: [{ scriptName: generate }]\n");
    fs_err::remove_file(environment.path("project/src/main.ts")).unwrap();
    // It made another file than the one that is missed.
    let told = environment.outcome(&mut environment.command(&["deploy"]));
    expect![[r#"
        exit code 2
        --- stderr ---
        beforeDeploy: script generate
        beforeDeploy: script generate is done ([TIME])
        error[missing-file]: `entryfilePath`: there is no file `src/main.ts`
         --> stacktape.yml:8:38
          |
        8 |         properties: { entryfilePath: src/main.ts }
          |                                      ^^^^^^^^^^^
        help: paths are relative to the folder of the config file, or to --currentWorkingDirectory

        error: stacktape.yml has 1 mistake; nothing was changed
    "#]]
    .assert_eq(&without_times(&told));
    assert!(environment.path("project/src/made.ts").exists());
}

#[test]
fn a_config_that_is_wrong_runs_no_hook() {
    let environment = project(
        &SCRIPTS,
        "  beforeDeploy: [{ scriptName: first }, { scriptName: frist }]\n",
    );
    environment.check(
        &["deploy"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error[unknown-script]: there is no script `frist`
         --> stacktape.yml:15:55
           |
        15 |   beforeDeploy: [{ scriptName: first }, { scriptName: frist }]
           |                                                       ^^^^^
        help: did you mean `first`?

        error: stacktape.yml has 1 mistake; nothing was changed
    "#]],
    );
    assert!(!environment.path("project/trace").exists());
}
