//! `tapedeck container:exec` and `container:session`, as far as they come without an engine.

use expect_test::expect;

use crate::environment::{Environment, GOOD};

#[test]
fn a_stack_that_was_never_deployed_is_told() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["container:exec", "--", "true"],
        expect![[r#"
        exit code 1
        --- stderr ---
        error: there is no stack shop-dev: nothing was ever deployed on this machine (looked in [TEMP]/home)
        help: `tapedeck deploy` makes shop-dev
    "#]],
    );
}

#[test]
fn something_has_to_be_run() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["container:exec", "-rn", "mailer"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: the following required arguments were not provided:
          <PROGRAM>...

        Usage: tapedeck container:exec --resourceName <NAME> -- <PROGRAM>...

        For more information, try '--help'.
    "#]],
    );
    environment.check(
        &["container:exec", "-cmd", "ls", "--", "ls"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: the argument '--command <LINE>' cannot be used with '[PROGRAM]...'

        Usage: tapedeck container:exec --command <LINE> [-- <PROGRAM>...]

        For more information, try '--help'.
    "#]],
    );
    environment.check(
        &["container:exec", "ls"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: unexpected argument 'ls' found

        Usage: tapedeck container:exec [OPTIONS] [-- <PROGRAM>...]

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_session_needs_a_terminal() {
    let environment = Environment::with_config(GOOD);
    environment.check(&["container:session"], expect![[r#"
        exit code 2
        --- stderr ---
        error: standard input is no terminal
        help: start it on a terminal; `tapedeck container:exec -- …`, without --tty, runs a program without one
    "#]]);
    environment.check(&["container:exec", "--tty", "--", "top"], expect![[r#"
        exit code 2
        --- stderr ---
        error: standard input is no terminal
        help: start it on a terminal; `tapedeck container:exec -- …`, without --tty, runs a program without one
    "#]]);
}

#[test]
fn a_region_at_which_nobody_answers_is_told() {
    let environment = Environment::with_config(GOOD);
    environment.check_command(
        &mut environment.command_to_nobody(&["container:exec", "--stackName", "shop-dev", "--command", "ls"]),
        expect![[r#"
            exit code 1
            --- stderr ---
            error: could not get the template of stack shop-dev in eu-west-1 at http://127.0.0.1:1
              because cloudformation:GetTemplate: nobody answers: Connection refused (os error 111)
            help: see that the address is right and can be reached from here, then try again
        "#]],
    );
    environment.check(
        &["container:exec", "--region", "locla", "--", "ls"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: there is no region `locla`
            help: did you mean `local`?
        "#]],
    );
}
