//! `tapedeck secret:set`

use expect_test::expect;
use fs_err as fs;

use crate::environment::Environment;
use crate::terminal::talk;

/// Sets a secret, and checks that it worked.
pub(crate) fn set(environment: &Environment, name: &str, value: &str) {
    let mut command = environment.command_with_input(&["secret:set", name, "--forceUpdate"], value);
    let output = command.output().expect("the program can be started");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// The value of a secret, as `secret:get` prints it.
pub(crate) fn value(environment: &Environment, name: &str) -> String {
    let output = environment.command(&["secret:get", name]).output();
    let output = output.expect("the program can be started");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).expect("it is text")
}

/// A text without what chance and time have a part in: versions and times.
pub(crate) fn masked(text: &str) -> String {
    let is_chance = |word: &&str| {
        let word = word.trim_end_matches([')', ':', ',', ';']);
        let digits = word.bytes().all(|byte| byte.is_ascii_hexdigit()) && word.len() == 8;
        digits || word.ends_with('Z') && word.starts_with("20")
    };
    let mut masked = text.to_owned();
    for word in text.split_whitespace().filter(is_chance) {
        masked = masked.replace(word.trim_end_matches([')', ':', ',', ';']), "[CHANCE]");
    }
    masked
}

#[test]
fn a_value_comes_from_standard_input_without_its_last_newline() {
    let environment = Environment::new();
    let mut command = environment.command_with_input(&["secret:set", "token"], "hush\n\n");
    expect![[r#"
        exit code 0
        --- stderr ---
        secret token is set (version [CHANCE])
    "#]]
    .assert_eq(&masked(&environment.outcome(&mut command)));
    assert_eq!(json_value(&environment, "token"), "hush\n");
    set(&environment, "windows", "hush\r\n");
    assert_eq!(json_value(&environment, "windows"), "hush");
    set(&environment, "none", "hush");
    assert_eq!(json_value(&environment, "none"), "hush");
}

fn json_value(environment: &Environment, name: &str) -> String {
    let output = environment.command(&["secret:get", name, "--json"]).output();
    let output = output.expect("the program can be started");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    shown["value"].as_str().expect("a value is text").to_owned()
}

#[test]
fn what_is_there_is_not_overwritten_by_accident() {
    let environment = Environment::new();
    set(&environment, "token", "one");
    environment.check_command(
        &mut environment.command_with_input(&["secret:set", "token"], "two"),
        expect![[r#"
            exit code 2
            --- stderr ---
            error: there is a secret `token` already
            help: add --forceUpdate to give it another value
        "#]],
    );
    assert_eq!(value(&environment, "token"), "one\n");
    let mut command =
        environment.command_with_input(&["secret:set", "--secretName", "token", "--forceUpdate"], "two");
    expect![[r#"
        exit code 0
        --- stderr ---
        secret token has a new value (version [CHANCE]): tasks that start from now on get it, running ones keep theirs
    "#]]
    .assert_eq(&masked(&environment.outcome(&mut command)));
    assert_eq!(value(&environment, "token"), "two\n");
}

#[test]
fn with_json_all_is_told_but_the_value() {
    let environment = Environment::new();
    let mut command = environment.command_with_input(&["secret:set", "token", "--json"], "hush");
    let output = command.output().expect("the program can be started");
    assert!(output.stderr.is_empty());
    let text = String::from_utf8(output.stdout).expect("it is text");
    assert!(!text.contains("hush"), "{text}");
    let shown: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(shown["name"], "token");
    assert_eq!(shown["version"].as_str().map(str::len), Some(32));
    assert_eq!(shown["created"], shown["updated"]);
}

#[test]
fn a_file_is_taken_byte_for_byte() {
    let environment = Environment::new();
    environment.write("project/db.json", "{\"password\": \"hush\"}\n");
    let arguments = ["secret:set", "db", "-secf", "db.json"];
    let output = environment.command(&arguments).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(json_value(&environment, "db"), "{\"password\": \"hush\"}\n");
    environment.check(
        &["secret:set", "other", "--secretFile", "nowhere.json"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: could not read [TEMP]/project/nowhere.json
              because failed to open file `[TEMP]/project/nowhere.json`: No such file or directory (os error 2)
            help: paths are relative to the working directory; nothing was changed
        "#]],
    );
}

#[test]
fn the_lines_of_an_env_file_become_keys() {
    let environment = Environment::new();
    environment.write("project/.env", "# of the mailer\nUSER=ada\nPASSWORD='hu sh'\n");
    let arguments = ["secret:set", "mailer/env", "--fromEnvFile", ".env"];
    let output = environment.command(&arguments).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        json_value(&environment, "mailer/env"),
        r#"{"PASSWORD":"hu sh","USER":"ada"}"#
    );
    let long = format!("# {}\nUSER=ada\n", "-".repeat(70_000));
    environment.write("project/.env", &long);
    let arguments = ["secret:set", "long", "--fromEnvFile", ".env"];
    let output = environment.command(&arguments).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(json_value(&environment, "long"), r#"{"USER":"ada"}"#);
    environment.write("project/.env", "USER=ada\nhush\n");
    environment.check(
        &["secret:set", "other", "--fromEnvFile", ".env"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: [TEMP]/project/.env: line 2 is not KEY=VALUE
        "#]],
    );
    environment.write("project/.env", "# nothing\n");
    environment.check(
        &["secret:set", "other", "--fromEnvFile", ".env"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: [TEMP]/project/.env has no line KEY=VALUE
        "#]],
    );
}

#[test]
fn a_value_on_the_command_line_is_taken_with_a_warning() {
    let environment = Environment::new();
    let mut command = environment.command(&["secret:set", "-secn", "token", "-secv=-hush"]);
    expect![[r#"
        exit code 0
        --- stderr ---
        warning: the value of --secretValue stands in the history of the shell and, while this runs, in the list of processes; standard input and --secretFile leave no such trace
        secret token is set (version [CHANCE])
    "#]]
    .assert_eq(&masked(&environment.outcome(&mut command)));
    assert_eq!(value(&environment, "token"), "-hush\n");
}

#[test]
fn what_cannot_be_a_value_is_refused() {
    let environment = Environment::new();
    environment.check(
        &["secret:set", "token"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: the value is empty: a secret has 1 to 65536 bytes
            help: give it on standard input, with --secretFile, or on a terminal; nothing was changed
        "#]],
    );
    for long in ["x".repeat(65_537), "é".repeat(40_000), "x".repeat(1_000_000)] {
        environment.check_command(
            &mut environment.command_with_input(&["secret:set", "token"], &long),
            expect![[r#"
                exit code 2
                --- stderr ---
                error: the value is too long: a secret has 1 to 65536 bytes
                help: take it apart into several secrets, or keep it in a file of its own; nothing was changed
            "#]],
        );
    }
    set(&environment, "token", &format!("{}\n", "x".repeat(65_536)));
    fs::write(environment.home().with_file_name("input"), b"\xff\xfe").expect("files can be written");
    let file = fs::File::open(environment.home().with_file_name("input")).expect("it is there");
    environment.check_command(
        environment
            .command(&["secret:set", "binary"])
            .stdin(file.into_file()),
        expect![[r#"
            exit code 2
            --- stderr ---
            error: standard input is not text in UTF-8
            help: encode it, for example with `base64`, and let the service decode it
        "#]],
    );
}

#[test]
fn the_name_and_the_region_are_checked() {
    let environment = Environment::new();
    environment.check(
        &["secret:set", "db.password"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: `db.password` is not a valid name of a secret: use 1 to 256 letters, digits and / _ + = @ -
            help: the dot separates keys: `tapedeck secret:get NAME --key KEY` gets one, `$Secret('NAME.KEY')` uses it
        "#]],
    );
    environment.check(
        &["secret:set"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: the following required arguments were not provided:
          <NAME>

        Usage: tapedeck secret:set <NAME>

        For more information, try '--help'.
    "#]],
    );
    environment.check(
        &["secret:set", "a", "--secretValue", "x", "--secretFile", "y"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: the argument '--secretValue <VALUE>' cannot be used with '--secretFile <FILE>'

            Usage: tapedeck secret:set --secretValue <VALUE> <NAME>

            For more information, try '--help'.
        "#]],
    );
    assert!(!environment.home().exists(), "something was made");
}

#[test]
fn on_a_terminal_the_value_is_asked_for_and_not_shown() {
    let environment = Environment::new();
    let answers = [
        ("Value of token, which is not shown:\n", "hush\r"),
        ("Once more:\n", "hax\x7f\x7fush\r"),
    ];
    let dialogue = talk(&mut environment.command(&["secret:set", "token"]), &answers);
    assert_eq!(dialogue.code, Some(0), "{dialogue:?}");
    assert_eq!(dialogue.echo, "");
    assert!(dialogue.echoes, "the terminal stays silent");
    assert_eq!(value(&environment, "token"), "hush\n");
}

#[test]
fn a_mistyped_or_broken_off_value_changes_nothing() {
    let environment = Environment::new();
    let (value, again) = ("Value of token, which is not shown:\n", "Once more:\n");
    let mut command = environment.command(&["secret:set", "token"]);
    let dialogue = talk(&mut command, &[(value, "one\r"), (again, "two\r")]);
    assert_eq!(dialogue.code, Some(2));
    assert!(
        dialogue
            .stderr
            .ends_with("error: the two values differ; nothing was changed\n")
    );
    let mut command = environment.command(&["secret:set", "token"]);
    let dialogue = talk(&mut command, &[(value, "hus\x03")]);
    assert_eq!(dialogue.code, Some(2));
    assert!(
        dialogue
            .stderr
            .ends_with("error: no value was given; nothing was changed\n")
    );
    assert!(dialogue.echoes, "the terminal stays silent");
    assert!(!environment.home().exists(), "something was made");
}

#[test]
fn on_a_terminal_overwriting_is_asked_about() {
    let environment = Environment::new();
    set(&environment, "token", "one");
    environment.write("project/two", "two");
    let question = "There is a secret token already. Replace its value? [y/N]\n";
    let arguments = ["secret:set", "token", "--secretFile", "two"];
    let dialogue = talk(&mut environment.command(&arguments), &[(question, "n\r")]);
    assert_eq!(dialogue.code, Some(0));
    assert!(dialogue.stderr.ends_with("nothing was changed\n"), "{dialogue:?}");
    assert_eq!(value(&environment, "token"), "one\n");
    let dialogue = talk(&mut environment.command(&arguments), &[(question, "y\r")]);
    assert_eq!(dialogue.code, Some(0), "{dialogue:?}");
    assert_eq!(value(&environment, "token"), "two\n");
}
