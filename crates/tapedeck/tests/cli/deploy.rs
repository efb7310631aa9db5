//! `tapedeck deploy`, up to where it needs root. The rest is in the tests of real containers.

use expect_test::expect;

use crate::environment::{BAD, Environment, GOOD};

#[test]
fn a_wrong_config_changes_nothing() {
    let environment = Environment::with_config(BAD);
    environment.check(
        &["deploy", "-nc"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error[unknown-key]: `propertes` is not a key of a resource
             --> stacktape.yml:5:5
              |
            5 |     propertes: {}
              |     ^^^^^^^^^
            help: did you mean `properties`?

            error[wrong-type]: `entryfilePath` must be a text, but it is a list
             --> stacktape.yml:11:38
               |
            11 |         properties: { entryfilePath: [src/main.ts] }
               |                                      ^^^^^^^^^^^^^

            error[invalid-value]: `cpu` cannot be `3`
             --> stacktape.yml:12:25
               |
            12 |       resources: { cpu: 3, memory: 512 }
               |                         ^
            help: use one of 0.25, 0.5, 1, 2, 4, 8, 16; the nearest is 2

            error: stacktape.yml has 3 mistakes; nothing was changed
        "#]],
    );
    assert!(
        !environment.home().exists(),
        "something was made in the state folder"
    );
}

#[test]
fn a_missing_config_changes_nothing() {
    let environment = Environment::new();
    environment.check(
        &["deploy", "--json"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: there is no stacktape.yml in [TEMP]/project
        help: name the config with --configPath, or start in its folder
    "#]],
    );
    assert!(
        !environment.home().exists(),
        "something was made in the state folder"
    );
}

#[test]
fn a_region_at_which_nobody_answers_is_told() {
    let environment = Environment::with_config(GOOD);
    environment.check_command(
        &mut environment.command_to_nobody(&["deploy"]),
        expect![[r#"
        exit code 1
        --- stderr ---
        error: could not find out the account in eu-west-1 at http://127.0.0.1:1
          because sts:GetCallerIdentity: nobody answers: Connection refused (os error 111)
        help: see that the address is right and can be reached from here, then try again
    "#]],
    );
    assert!(
        !environment.home().exists(),
        "something was made in the state folder"
    );
}

#[test]
fn what_has_no_meaning_in_a_region_is_refused() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["deploy", "--hotSwap"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: --hotSwap goes past CloudFormation, of which there is none on this machine
        help: leave it out: code alone takes seconds here anyway; nothing was changed
    "#]],
    );
    environment.check_command(
        &mut environment.command_to_nobody(&["deploy", "--detach"]),
        expect![[r#"
            exit code 2
            --- stderr ---
            error: a deployment to AWS is waited for, so that what fails can be told and undone
            help: leave --detach out; whoever interrupts it can have it gone on with later; nothing was changed
        "#]],
    );
}
