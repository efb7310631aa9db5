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
fn a_region_of_aws_is_refused() {
    Environment::with_config(GOOD).check(
        &["delete", "--yes", "-r", "eu-west-1"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: region `eu-west-1` is not supported yet: this version runs services on this machine only
        help: leave --region out, or give `--region local`
    "#]],
    );
}
