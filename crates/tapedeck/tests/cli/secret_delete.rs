//! `tapedeck secret:delete`

use expect_test::expect;

use crate::environment::Environment;
use crate::secret_set::{set, value};
use crate::terminal::talk;

#[test]
fn deleting_needs_a_yes() {
    let environment = Environment::new();
    set(&environment, "token", "hush");
    environment.check(
        &["secret:delete", "token"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: deleting secret token needs a yes, and there is no terminal to ask on
            help: add --yes
        "#]],
    );
    assert_eq!(value(&environment, "token"), "hush\n");
    environment.check(
        &["secret:delete", "token", "--yes"],
        expect![[r#"
            exit code 0
            --- stderr ---
            secret token is deleted
        "#]],
    );
    environment.check(
        &["secret:delete", "token", "--yes"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: there is no secret `token`
            help: `tapedeck secret:list` lists those that are there
        "#]],
    );
}

#[test]
fn with_json_the_name_is_told() {
    let environment = Environment::new();
    set(&environment, "token", "hush");
    environment.check(
        &["secret:delete", "-secn", "token", "-aco", "--json"],
        expect![[r#"
            exit code 0
            --- stdout ---
            {"deleted":"token"}
        "#]],
    );
}

#[test]
fn on_a_terminal_it_is_asked_about() {
    let environment = Environment::new();
    set(&environment, "token", "hush");
    let question = "Delete secret token, so that no task that uses it can start? [y/N]\n";
    let mut command = environment.command(&["secret:delete", "token"]);
    let dialogue = talk(&mut command, &[(question, "\r")]);
    assert_eq!(dialogue.code, Some(0));
    assert!(dialogue.stderr.ends_with("nothing was changed\n"), "{dialogue:?}");
    assert_eq!(value(&environment, "token"), "hush\n");
    let mut command = environment.command(&["secret:delete", "token"]);
    let dialogue = talk(&mut command, &[(question, "yes\r")]);
    assert!(
        dialogue.stderr.ends_with("secret token is deleted\n"),
        "{dialogue:?}"
    );
}
