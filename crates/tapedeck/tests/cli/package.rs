//! `tapedeck package`, up to where it needs root. The rest is in the tests of real containers.

use expect_test::expect;

use crate::environment::{BAD, Environment, GOOD};

#[test]
fn a_service_that_is_not_there_is_told_with_those_that_are() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["package", "--resourceName", "mailer", "--resourceName", "printer"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: there is no service named `printer`
            help: the config has mailer
        "#]],
    );
    assert!(
        !environment.home().exists(),
        "something was made in the state folder"
    );
}

#[test]
fn a_wrong_config_is_told_before_anything_is_made() {
    let environment = Environment::with_config(BAD);
    let told = environment.outcome(&mut environment.command(&["package"]));
    assert!(told.starts_with("exit code 2"), "{told}");
    assert!(told.contains("stacktape.yml has 3 mistakes"), "{told}");
    assert!(
        !environment.home().exists(),
        "something was made in the state folder"
    );
}

#[test]
fn only_processors_that_images_can_be_for_are_taken() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["package", "--platform", "s390x"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: invalid value 's390x' for '--platform <PROCESSOR>'
          [possible values: amd64, arm64]

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn for_a_region_the_config_says_the_processor() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["package", "--region", "eu-west-1", "--platform", "arm64"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: --platform is for this machine: what runs in eu-west-1 says in the config which processor it is for
            help: leave it out, or set the architecture in the config; nothing was packaged
        "#]],
    );
    environment.check(
        &["package", "--region", "eu-west-1", "--resourceName", "printer"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: there is nothing named `printer` that is packaged
            help: the config has mailer
        "#]],
    );
    assert!(
        !environment.home().exists(),
        "something was made in the state folder"
    );
}
