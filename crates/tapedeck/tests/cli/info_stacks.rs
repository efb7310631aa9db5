//! `tapedeck info:stacks` without an engine.

use expect_test::expect;

use crate::environment::Environment;

#[test]
fn without_an_engine_there_are_none_to_list() {
    let environment = Environment::new();
    environment.check(
        &["info:stacks"],
        expect![[r#"
        exit code 0
        --- stdout ---
        no stacks
        --- stderr ---
        the engine does not run; `tapedeck engine start` brings back what was deployed
    "#]],
    );
    environment.check(
        &["info:stacks", "--json"],
        expect![[r#"
        exit code 0
        --- stdout ---
        []
    "#]],
    );
    assert!(!environment.home().exists(), "looking made something");
}

#[test]
fn a_region_at_which_nobody_answers_is_told() {
    let environment = Environment::new();
    environment.check_command(
        &mut environment.command_to_nobody(&["info:stacks"]),
        expect![[r#"
            exit code 1
            --- stderr ---
            error: could not list the stacks in eu-west-1 at http://127.0.0.1:1
              because cloudformation:DescribeStacks: nobody answers: Connection refused (os error 111)
            help: see that the address is right and can be reached from here, then try again
        "#]],
    );
}
