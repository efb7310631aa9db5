//! `tapedeck secret:get`

use expect_test::expect;
use fs_err as fs;

use crate::environment::Environment;
use crate::secret_set::{set, value};

const DATABASE: &str = r#"{"user": "ada", "password": "hush", "hosts": ["a", "b"], "port": 5432}"#;

#[test]
fn the_value_alone_is_data() {
    let environment = Environment::new();
    set(&environment, "token", "hush");
    environment.check(
        &["secret:get", "token"],
        expect![[r#"
            exit code 0
            --- stdout ---
            hush
        "#]],
    );
    environment.check(
        &["secret:get", "-secn", "token"],
        expect![[r#"
            exit code 0
            --- stdout ---
            hush
        "#]],
    );
}

#[test]
fn a_value_is_printed_as_it_stands() {
    let environment = Environment::new();
    let lines = "-----BEGIN KEY-----\n\x1b[1mhush\n-----END KEY-----\n";
    environment.write("project/key.pem", lines);
    let arguments = ["secret:set", "key", "--secretFile", "key.pem"];
    let output = environment.command(&arguments).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(value(&environment, "key"), lines);
}

#[test]
fn a_key_is_found_at_any_depth() {
    let environment = Environment::new();
    set(&environment, "db", DATABASE);
    let get = |key: &str| {
        let output = environment.command(&["secret:get", "db", "--key", key]).output();
        String::from_utf8(output.expect("it starts").stdout).expect("it is text")
    };
    assert_eq!(get("password"), "hush\n");
    assert_eq!(get("hosts.1"), "b\n");
    assert_eq!(get("hosts"), "[\"a\", \"b\"]\n");
    assert_eq!(get("port"), "5432\n");
    let output = environment
        .command(&["secret:get", "db", "--key", "hosts.0", "--json"])
        .output()
        .expect("it starts");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&shown["name"], &shown["key"]), (&"db".into(), &"hosts.0".into()));
    assert_eq!(shown["value"], "a");
    environment.check(
        &["secret:get", "db", "--key", "pasword"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: `db` has no key `pasword`: it has `hosts`, `password`, `port`, `user`
            help: name a key that it has, or set a value that has it with `tapedeck secret:set --secretName db --forceUpdate`
        "#]],
    );
    environment.check(&["secret:get", "db", "--key", "a..b"], expect![[r#"
        exit code 2
        --- stderr ---
        error: `db.a..b` is not a valid reference to a secret: it is the name of a secret (1 to 256 letters, digits and / _ + = @ -), and for a value within it a dot and its key, as in `database.password`
    "#]]);
}

#[test]
fn a_secret_that_is_not_there_is_told() {
    let environment = Environment::new();
    environment.check(
        &["secret:get", "token", "--json"],
        expect![[r#"
            exit code 1
            --- stderr ---
            error: there is no secret `token`
            help: set it with `tapedeck secret:set --secretName token`
        "#]],
    );
    assert!(!environment.home().exists(), "looking made something");
}

#[test]
fn a_lost_key_and_a_damaged_file_are_told_and_left_alone() {
    let environment = Environment::new();
    set(&environment, "token", "hush");
    let folder = environment.home().join("secrets");
    let key = fs::read(folder.join("key")).expect("there is a key");
    fs::remove_file(folder.join("key")).expect("it can be removed");
    environment.check(
        &["secret:get", "token"],
        expect![[r#"
            exit code 3
            --- stderr ---
            error: the key of the secrets is gone: there is no [TEMP]/home/secrets/key
            help: put it back from a backup; if there is none, no value can be read any more: delete each secret that `tapedeck secret:list` names, then set it again
        "#]],
    );
    fs::write(folder.join("key"), key).expect("it can be written");
    let entry = fs::read_dir(&folder)
        .expect("it is a folder")
        .map(|entry| entry.expect("it can be read").path())
        .find(|path| path.extension().is_some())
        .expect("there is a secret");
    let changed = fs::read_to_string(&entry)
        .expect("it is text")
        .replace("\"value\":\"", "\"value\":\"AAAA");
    fs::write(&entry, &changed).expect("it can be written");
    let shown = environment.outcome(&mut environment.command(&["secret:get", "token"]));
    expect![[r#"
        exit code 1
        --- stderr ---
        error: secret `token` is damaged: [ENTRY] is not as it was written
        help: put the file back from a backup, or delete the secret (`tapedeck secret:delete`) and set it again
    "#]]
    .assert_eq(&shown.replace(&entry_name(&entry), "[ENTRY]"));
    let mut again = environment.command_with_input(&["secret:set", "token", "--forceUpdate"], "new");
    assert!(environment.outcome(&mut again).starts_with("exit code 1\n"));
    assert_eq!(fs::read_to_string(&entry).expect("it is text"), changed);
}

fn entry_name(entry: &std::path::Path) -> String {
    let name = entry.file_name().expect("it has a name").to_string_lossy();
    format!("[TEMP]/home/secrets/{name}")
}
