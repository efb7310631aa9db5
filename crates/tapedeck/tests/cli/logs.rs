//! `tapedeck logs`: read from their files, so no engine is needed.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use expect_test::expect;
use tapedeck_runtime::log::{Options, Stream, Writer};

use crate::environment::{Environment, GOOD};

/// 2026-01-01T00:00:00Z, in nanoseconds since 1970.
const NEW_YEAR: u64 = 1_767_225_600_000_000_000;
const SECOND: u64 = 1_000_000_000;

const FIRST_TASK: &str = "11111111111111111111111111111111";
const SECOND_TASK: &str = "22222222222222222222222222222222";

/// A deployed stack with two tasks of one service and one of another.
fn with_logs() -> Environment {
    let environment = Environment::with_config(GOOD);
    let mut first = writer(&environment, "mailer", FIRST_TASK);
    first.append(Stream::Stdout, b"ready\n", NEW_YEAR);
    first.append(Stream::Stderr, b"error: no letter\n", NEW_YEAR + 3 * SECOND);
    first.close(NEW_YEAR + 4 * SECOND);
    let mut second = writer(&environment, "mailer", SECOND_TASK);
    second.append(Stream::Stdout, b"sent 2 letters\n", NEW_YEAR + 2 * SECOND);
    second.close(NEW_YEAR + 4 * SECOND);
    let mut other = writer(&environment, "printer", SECOND_TASK);
    other.append(Stream::Stdout, b"{\"level\":\"error\"}\n", NEW_YEAR + SECOND);
    other.close(NEW_YEAR + 4 * SECOND);
    environment
}

fn writer(environment: &Environment, service: &str, task: &str) -> Writer {
    let folder = environment.home().join("logs/shop-dev").join(service).join(task);
    Writer::open(&folder, Options::default()).expect("a log can be made")
}

#[test]
fn lines_of_all_tasks_are_merged_by_time() {
    with_logs().check(
        &["logs", "--since", "2026-01-01"],
        expect![[r#"
        exit code 0
        --- stdout ---
        2026-01-01T00:00:00.000Z mailer/11111111 ready
        2026-01-01T00:00:01.000Z printer/22222222 {"level":"error"}
        2026-01-01T00:00:02.000Z mailer/22222222 sent 2 letters
        2026-01-01T00:00:03.000Z mailer/11111111 error: no letter
    "#]],
    );
}

#[test]
fn lines_are_data_with_json() {
    with_logs().check(
        &["logs", "--since", "2026-01-01", "--limit", "1", "--json"],
        expect![[r#"
            exit code 0
            --- stdout ---
            {"message":"error: no letter","service":"mailer","stream":"stderr","task":"11111111111111111111111111111111","time":"2026-01-01T00:00:03.000Z"}
        "#]],
    );
}

#[test]
fn raw_lines_are_what_the_task_wrote() {
    with_logs().check(
        &["logs", "-rn", "printer", "-st=2026-01-01", "-rw"],
        expect![[r#"
            exit code 0
            --- stdout ---
            {"level":"error"}
        "#]],
    );
}

#[test]
fn lines_are_chosen_by_service_task_time_and_words() {
    let environment = with_logs();
    let check = |more: &[&str], expected| {
        let mut arguments = vec!["logs", "--raw"];
        arguments.extend(more);
        environment.check(&arguments, expected);
    };
    check(
        &["--since", "2026-01-01", "--resourceName", "mailer"],
        expect![[r#"
            exit code 0
            --- stdout ---
            ready
            sent 2 letters
            error: no letter
        "#]],
    );
    check(
        &["--since", "2026-01-01", "--task", "2222"],
        expect![[r#"
        exit code 0
        --- stdout ---
        {"level":"error"}
        sent 2 letters
    "#]],
    );
    check(
        &["--since", "2026-01-01T00:00:02Z"],
        expect![[r#"
        exit code 0
        --- stdout ---
        sent 2 letters
        error: no letter
    "#]],
    );
    check(
        &["--since", "2026-01-01", "--filter", "error -level"],
        expect![[r#"
            exit code 0
            --- stdout ---
            error: no letter
        "#]],
    );
    check(
        &["--since", "2026-01-01", "-lim", "2"],
        expect![[r#"
        exit code 0
        --- stdout ---
        sent 2 letters
        error: no letter
    "#]],
    );
}

#[test]
fn lines_are_chosen_by_json_fields_and_expressions() {
    let environment = with_logs();
    let check = |filter: &str, expected| {
        environment.check(
            &["logs", "--raw", "--since", "2026-01-01", "--filter", filter],
            expected,
        );
    };
    check(
        r#"{ $.level = "err*" && $.n NOT EXISTS }"#,
        expect![[r#"
            exit code 0
            --- stdout ---
            {"level":"error"}
        "#]],
    );
    check(
        "[what=sent, count>1, ...]",
        expect![[r#"
            exit code 0
            --- stdout ---
            sent 2 letters
        "#]],
    );
    check(
        "-%^sent [0-9]% ?letter ?ready",
        expect![[r#"
            exit code 0
            --- stdout ---
            ready
            error: no letter
        "#]],
    );
    check(
        "{ $.level = }",
        expect![[r#"
            exit code 2
            --- stderr ---
            error: `{ $.level = }` is not a filter: a value is missing, at column 13
            help: a text with special characters goes into double quotes of its own, as in --filter '"{ [ %"'
        "#]],
    );
}

#[test]
fn several_services_are_asked_for_by_name() {
    let environment = with_logs();
    let mut third = writer(&environment, "cutter", FIRST_TASK);
    third.append(Stream::Stdout, b"cut\n", NEW_YEAR + SECOND);
    third.close(NEW_YEAR + SECOND);
    environment.check(
        &[
            "logs",
            "--since",
            "2026-01-01",
            "--resourceName",
            "cutter",
            "--resourceName",
            "printer",
        ],
        expect![[r#"
            exit code 0
            --- stdout ---
            2026-01-01T00:00:01.000Z cutter/11111111 cut
            2026-01-01T00:00:01.000Z printer/22222222 {"level":"error"}
        "#]],
    );
}

#[test]
fn each_task_has_a_colour_of_its_own_where_there_are_colours() {
    let environment = with_logs();
    let arguments = ["logs", "--since", "2026-01-01", "--resourceName", "mailer"];
    let output = environment
        .command(&arguments)
        .env("CLICOLOR_FORCE", "1")
        .output()
        .expect("the program can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    let colours: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("mailer/")?.0.rsplit('\x1b').next())
        .collect();
    assert_eq!(colours, ["[36m", "[35m", "[36m"], "{text}");
}

#[test]
fn nothing_that_matches_is_said() {
    with_logs().check(
        &["logs", "--since", "2026-01-01", "--filter", "parcel"],
        expect![[r#"
            exit code 0
            --- stderr ---
            no lines since 2026-01-01 that match
        "#]],
    );
}

#[test]
fn a_stack_without_logs_is_told() {
    Environment::with_config(GOOD).check(
        &["logs"],
        expect![[r#"
        exit code 1
        --- stderr ---
        error: stack shop-dev has no logs on this machine
        help: `tapedeck info:stacks` lists the stacks; logs of a deleted stack are deleted with it
    "#]],
    );
}

#[test]
fn unreadable_arguments_are_told() {
    let environment = with_logs();
    environment.check(&["logs", "--since", "yesterday"], expect![[r#"
        exit code 2
        --- stderr ---
        error: `yesterday` is not a point in time: use `30s`, `15m`, `2h`, `1d`, `1w`, a time such as 2026-11-23T08:00:00Z, a date, or seconds since the Unix epoch
    "#]]);
    environment.check(
        &["logs", "--resourceName", "a-b"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: `a-b` is not a valid resource name: use 1 to 64 letters and digits
    "#]],
    );
    environment.check(
        &["logs", "--limit", "all"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: invalid value 'all' for '--limit <N>': invalid digit found in string

        For more information, try '--help'.
    "#]],
    );
    environment.check(
        &["logs", "--raw", "--json"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: the argument '--raw' cannot be used with '--json'

        Usage: tapedeck logs --raw

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn following_ends_when_nobody_reads_any_more() {
    let environment = with_logs();
    let mut follower = environment
        .command(&[
            "logs",
            "--since",
            "2026-01-01",
            "--raw",
            "--follow",
            "--task",
            "2222",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let mut reader = BufReader::new(follower.stdout.take().expect("it is piped"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("the past is printed");
    assert_eq!(line, "{\"level\":\"error\"}\n");
    drop(reader);
    // The follower may still be about to print the past; the line that it cannot print ends it in any case.
    let mut log = writer(&environment, "mailer", SECOND_TASK);
    log.append(Stream::Stdout, b"nobody reads this\n", NEW_YEAR + 5 * SECOND);
    log.close(NEW_YEAR + 5 * SECOND);
    let deadline = Instant::now() + Duration::from_secs(60);
    let status = loop {
        if let Some(status) = follower.try_wait().expect("it is our child") {
            break status;
        }
        if Instant::now() > deadline {
            follower.kill().expect("it is our child");
            panic!("the follower goes on for nobody");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.code(), Some(0));
}
