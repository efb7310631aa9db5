//! `tapedeck dev`, up to where it needs root. The rest is in the tests of real containers.

use expect_test::expect;

use crate::environment::{BAD, Environment, GOOD};

#[test]
fn a_wrong_config_ends_it_before_it_begins() {
    let environment = Environment::with_config(BAD);
    let output = environment.command(&["dev"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("3 mistakes; nothing was changed"));
    assert!(!environment.home().exists());
}

#[test]
fn it_runs_on_this_machine_only() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["dev", "--region", "eu-west-1"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: this command works on this machine only, and `eu-west-1` is a region of AWS
            help: leave --region out, or give `--region local`; `tapedeck deploy --region eu-west-1` deploys there
        "#]],
    );
}

#[test]
fn a_service_that_is_not_there_is_told_with_those_that_are() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["dev", "printer"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: there is no service named `printer`
            help: the config has mailer
        "#]],
    );
}

#[test]
fn of_several_services_one_has_to_be_named_where_nobody_can_be_asked() {
    let second = GOOD.split_once("  mailer:").unwrap().1;
    let environment = Environment::with_config(&format!("{GOOD}  printer:{second}"));
    environment.check(
        &["dev"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: the config has several services: mailer, printer
            help: name one: `tapedeck dev NAME`; or several
        "#]],
    );
}
