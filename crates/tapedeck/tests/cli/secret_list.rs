//! `tapedeck secret:list`

use expect_test::expect;
use fs_err as fs;

use crate::environment::Environment;
use crate::secret_set::{masked, set};

#[test]
fn on_a_new_machine_there_are_none() {
    let environment = Environment::new();
    environment.check(
        &["secret:list"],
        expect![[r#"
            exit code 0
            --- stdout ---
            no secrets
        "#]],
    );
    environment.check(
        &["secret:list", "--json"],
        expect![[r#"
            exit code 0
            --- stdout ---
            []
        "#]],
    );
    assert!(!environment.home().exists(), "looking made something");
}

#[test]
fn names_and_keys_are_listed_and_no_values() {
    let environment = Environment::new();
    set(&environment, "token", "hush");
    set(&environment, "shop/db", r#"{"user": "ada", "password": "hush"}"#);
    let many: Vec<String> = (0..12).map(|number| format!("\"k{number:02}\": 1")).collect();
    set(&environment, "many", &format!("{{{}}}", many.join(",")));
    let shown = environment.outcome(&mut environment.command(&["secret:list"]));
    expect![[r#"
        exit code 0
        --- stdout ---
        many     updated [CHANCE]  version [CHANCE]  keys k00, k01, k02, k03, k04, k05, k06, k07 and 4 more
        shop/db  updated [CHANCE]  version [CHANCE]  keys password, user
        token    updated [CHANCE]  version [CHANCE]
    "#]]
    .assert_eq(&masked(&shown));
    let output = environment.command(&["secret:list", "--json"]).output();
    let text = String::from_utf8(output.expect("it starts").stdout).expect("it is text");
    assert!(!text.contains("hush"), "{text}");
    let listed: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(listed[1]["name"], "shop/db");
    assert_eq!(listed[1]["keys"], serde_json::json!(["password", "user"]));
    assert_eq!(listed[1]["version"].as_str().map(str::len), Some(32));
}

#[test]
fn what_cannot_be_read_is_told_beside_the_rest() {
    let environment = Environment::new();
    set(&environment, "token", "hush");
    fs::write(environment.home().join("secrets/odd.json"), "{}").expect("files can be written");
    let shown = environment.outcome(&mut environment.command(&["secret:list"]));
    expect![[r#"
        exit code 1
        --- stdout ---
        token  updated [CHANCE]  version [CHANCE]
        --- stderr ---
        warning: [TEMP]/home/secrets/odd.json is damaged: it does not read as a secret: missing field `format` at line 1 column 2; put the right file back from a backup, or remove it and set the secret again
        error: not every secret can be read: 1 problem
    "#]].assert_eq(&masked(&shown));
}

#[test]
fn a_region_at_which_nobody_answers_is_told() {
    let environment = Environment::new();
    environment.check_command(
        &mut environment.command_to_nobody(&["secret:list"]),
        expect![[r#"
            exit code 1
            --- stderr ---
            error: could not list secrets in eu-west-1 at http://127.0.0.1:1
              because secretsmanager:ListSecrets: nobody answers: Connection refused (os error 111)
            help: see that the address is right and can be reached from here, then try again
        "#]],
    );
}
