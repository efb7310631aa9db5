//! `tapedeck info:stack` without an engine.

use expect_test::expect;

use crate::environment::{BAD, Environment, GOOD};

#[test]
fn on_a_new_machine_there_is_no_stack() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["info:stack"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: there is no stack shop-dev: nothing was ever deployed on this machine (looked in [TEMP]/home)
            help: `tapedeck deploy` makes shop-dev
        "#]],
    );
    environment.check(
        &["info:stack", "--json"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: there is no stack shop-dev: nothing was ever deployed on this machine (looked in [TEMP]/home)
            help: `tapedeck deploy` makes shop-dev
        "#]],
    );
    assert!(!environment.home().exists(), "looking made something");
}

#[test]
fn without_its_engine_a_stack_cannot_be_reached() {
    let environment = Environment::with_config(GOOD);
    environment.write("home/engine.db", "");
    environment.check(
        &["info:stack", "--stage", "production"],
        expect![[r#"
        exit code 1
        --- stderr ---
        error: stack shop-production cannot be reached: no engine answers on [TEMP]/home/run/engine.sock
        help: `tapedeck engine start` brings back what was deployed; `tapedeck deploy` deploys
    "#]],
    );
}

#[test]
fn a_stack_has_a_name_without_a_config() {
    let environment = Environment::new();
    environment.check(
        &["info:stack"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: there is no stack project-dev: nothing was ever deployed on this machine (looked in [TEMP]/home)
            help: `tapedeck deploy` makes project-dev
        "#]],
    );
    environment.check(
        &["info:stack", "--stackName", "shop-production"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: there is no stack shop-production: nothing was ever deployed on this machine (looked in [TEMP]/home)
            help: `tapedeck deploy` makes shop-production
        "#]],
    );
    environment.check(
        &["info:stack", "-prj", "store", "-s", "staging"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: there is no stack store-staging: nothing was ever deployed on this machine (looked in [TEMP]/home)
            help: `tapedeck deploy` makes store-staging
        "#]],
    );
}

#[test]
fn the_name_of_a_folder_that_does_not_exist_is_none() {
    Environment::new().check(
        &["info:stack", "--currentWorkingDirectory", "nowhere"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: there is no folder [TEMP]/project/nowhere
            help: --currentWorkingDirectory is relative to the working directory
        "#]],
    );
}

#[test]
fn a_config_with_mistakes_still_tells_the_project() {
    Environment::with_config(BAD).check(
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
fn a_config_without_a_usable_name_is_told() {
    Environment::with_config("projectName: [shop]\n").check(
        &["info:stack"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: stacktape.yml does not tell the name of the project
        help: give --projectName, or run `tapedeck validate` to see what is wrong with the config
    "#]],
    );
}

#[test]
fn names_are_checked() {
    let environment = Environment::new();
    environment.check(&["info:stack", "--stackName", "a stack"], expect![[r#"
        exit code 2
        --- stderr ---
        error: `a stack` is not a valid stack name: it is <project>-<stage>, in lower-case letters, digits and hyphens
    "#]]);
    environment.check(
        &["info:stack", "--stackName", "shop-dev", "--projectName", "shop"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: the argument '--stackName <NAME>' cannot be used with '--projectName <NAME>'

            Usage: tapedeck info:stack --stackName <NAME>

            For more information, try '--help'.
        "#]],
    );
}
