//! `tapedeck delete` without an engine.

use expect_test::expect;

use crate::environment::{Environment, GOOD};

#[test]
fn on_a_new_machine_there_is_nothing_to_delete() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["delete", "--yes"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: there is no stack shop-dev: nothing was ever deployed on this machine (looked in [TEMP]/home)
            help: `tapedeck deploy` makes shop-dev
        "#]],
    );
    environment.check(
        &["delete", "-aco", "--json"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: there is no stack shop-dev: nothing was ever deployed on this machine (looked in [TEMP]/home)
            help: `tapedeck deploy` makes shop-dev
        "#]],
    );
    assert!(!environment.home().exists(), "an engine was started");
}

#[test]
fn a_region_at_which_nobody_answers_is_told() {
    let environment = Environment::with_config(GOOD);
    environment.check_command(
        &mut environment.command_to_nobody(&["delete", "--yes"]),
        expect![[r#"
            exit code 1
            --- stderr ---
            error: could not look at stack shop-dev in eu-west-1 at http://127.0.0.1:1
              because cloudformation:DescribeStacks: nobody answers: Connection refused (os error 111)
            help: see that the address is right and can be reached from here, then try again
        "#]],
    );
}
