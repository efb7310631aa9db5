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
fn a_region_of_aws_is_refused() {
    Environment::new().check(
        &["info:stacks", "--region", "eu-west-1"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: region `eu-west-1` is not supported yet: this version runs services on this machine only
        help: leave --region out, or give `--region local`
    "#]],
    );
}
