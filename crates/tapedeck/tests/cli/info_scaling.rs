//! `tapedeck info:scaling` without an engine.

use expect_test::expect;

use crate::environment::Environment;

#[test]
fn without_anything_deployed_there_is_nothing_to_tell() {
    Environment::new().check(
        &["info:scaling", "--stackName", "app-dev"],
        expect![[r#"
        exit code 1
        --- stderr ---
        error: there is no stack app-dev: nothing was ever deployed on this machine (looked in [TEMP]/home)
        help: `tapedeck deploy` makes app-dev
    "#]],
    );
}
