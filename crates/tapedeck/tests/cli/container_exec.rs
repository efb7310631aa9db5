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
fn another_region_is_not_entered_yet_and_how_it_is_is_told() {
    let environment = Environment::with_config(GOOD);
    let region = ["container:exec", "--region", "eu-west-1"];
    let named = [
        &region[..],
        &["-rn", "mailer", "-ta", "3f2a", "--command", "ls | wc -l"],
    ]
    .concat();
    environment.check(&named, expect![[r#"
        exit code 2
        --- stderr ---
        error: containers in region `eu-west-1` cannot be entered yet: this version reaches those of this machine only
        help: where the service has `enableRemoteSessions: true`, AWS's own tool does it: aws ecs execute-command --region eu-west-1 --cluster shop-dev-mailer-cluster --task 3f2a --container service-container --interactive --command 'sh -c '\''ls | wc -l'\'''
    "#]]);
    environment.check(&[&region[..], &["--", "ls"]].concat(), expect![[r#"
        exit code 2
        --- stderr ---
        error: containers in region `eu-west-1` cannot be entered yet: this version reaches those of this machine only
        help: `aws ecs execute-command` does it; leave --region out for this machine
    "#]]);
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
