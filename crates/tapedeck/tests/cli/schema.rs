//! `tapedeck schema`

use expect_test::expect;
use fs_err as fs;
use serde_json::Value;

use crate::environment::Environment;

/// What the repository has for those without the program.
const CHECKED_IN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/reference/stacktape.schema.json"
);

#[test]
fn the_schema_is_data_and_that_of_the_reference() {
    let environment = Environment::new();
    let output = environment.command(&["schema"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let printed: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let text = fs::read_to_string(CHECKED_IN).expect("it is checked in");
    let checked_in: Value = serde_json::from_str(&text).expect("it is JSON");
    assert!(printed == checked_in, "`cargo xtask generate` writes it anew");
}

#[test]
fn the_schema_goes_into_a_file() {
    let environment = Environment::new();
    environment.check(
        &["schema", "--outFile", "s.json"],
        expect![[r#"
            exit code 0
            --- stderr ---
            wrote s.json; begin a config with `# yaml-language-server: $schema=s.json` to use it
        "#]],
    );
    let text = fs::read_to_string(environment.home().with_file_name("project").join("s.json"));
    let written: Value = serde_json::from_str(&text.expect("it is there")).expect("it is JSON");
    assert_eq!(written["$schema"], "http://json-schema.org/draft-07/schema#");
    environment.check(
        &["schema", "--outFile", "no/s.json"],
        expect![[r#"
        exit code 3
        --- stderr ---
        error: failed to create file `[TEMP]/project/no/s.json`: No such file or directory (os error 2)
        help: name a file in a folder that is there and can be written to
    "#]],
    );
}
