//! The pure parts of the command line.

use std::ffi::OsString;
use std::time::Duration;

use clap::{CommandFactory, Parser};
use tapedeck_model::Timestamp;

use crate::args::{Arguments, Command, with_long_names};
use crate::env_file;
use crate::prompt::{Line, Typed};
use crate::text::{count, instant, point_in_time, span};

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn stacktape_short_names_are_understood() {
    let words = [
        "tapedeck",
        "logs",
        "-prj",
        "demo",
        "-rn=worker",
        "-st",
        "2h",
        "-s",
        "prod",
        "--filter",
        "-x",
    ];
    let arguments = Arguments::parse_from(with_long_names(words.iter().map(OsString::from)));
    let Command::Logs(logs) = arguments.command else {
        panic!("another command: {arguments:?}")
    };
    assert_eq!(logs.stack.stack.project_name.as_deref(), Some("demo"));
    assert_eq!(logs.resource_names, ["worker"]);
    assert_eq!(logs.since, "2h");
    assert_eq!(logs.stack.stack.stage, "prod");
    assert_eq!(logs.filter.as_deref(), Some("-x"));
}

#[test]
fn what_a_program_is_given_is_left_as_it_is() {
    let words = [
        "tapedeck",
        "container:exec",
        "-rn",
        "worker",
        "-ta=3f",
        "--",
        "grep",
        "-rn",
        "--",
        "-st",
    ];
    let arguments = Arguments::parse_from(with_long_names(words.iter().map(OsString::from)));
    let Command::ContainerExec(exec) = arguments.command else {
        panic!("another command: {arguments:?}")
    };
    assert_eq!(exec.place.resource_name.as_deref(), Some("worker"));
    assert_eq!(exec.place.task.as_deref(), Some("3f"));
    assert_eq!(exec.arguments, ["grep", "-rn", "--", "-st"]);
}

#[test]
fn short_names_of_secrets_are_understood() {
    let words = ["tapedeck", "secret:set", "-secn=db", "-secv", "-x"];
    let arguments = Arguments::parse_from(with_long_names(words.iter().map(OsString::from)));
    let Command::SecretSet(set) = arguments.command else {
        panic!("another command: {arguments:?}")
    };
    assert_eq!(set.secret.secret_name.as_deref(), Some("db"));
    assert_eq!(set.source.secret_value.as_deref(), Some("-x"));
}

#[test]
fn every_command_has_an_example() {
    let mut left = vec![Arguments::command()];
    while let Some(command) = left.pop() {
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(
            help.starts_with("Examples:\n  tapedeck "),
            "{} has no example",
            command.get_name()
        );
        left.extend(
            command
                .get_subcommands()
                .filter(|inner| !inner.is_hide_set())
                .cloned(),
        );
    }
}

#[test]
fn points_in_time_are_read_in_every_form() {
    let now: jiff::Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let check = |text: &str, expected: &str| {
        let at = point_in_time(text, now).unwrap();
        assert_eq!(instant(at), expected, "{text}");
    };
    check("30s", "2026-11-23T11:59:30.000Z");
    check("2h", "2026-11-23T10:00:00.000Z");
    check("1w", "2026-11-16T12:00:00.000Z");
    check("2026-11-22T08:00:00Z", "2026-11-22T08:00:00.000Z");
    check("2026-11-22", "2026-11-22T00:00:00.000Z");
    check("1700000000", "2023-11-14T22:13:20.000Z");
    check("1700000000123", "2023-11-14T22:13:20.123Z");
    for wrong in [
        "",
        "h",
        "-1h",
        "yesterday",
        "5 parsecs",
        "99999999999999999999d",
        "10é",
    ] {
        let message = point_in_time(wrong, now).unwrap_err();
        assert!(message.contains(&format!("`{wrong}`")), "{message}");
    }
}

#[test]
fn spans_and_counts_read_well() {
    assert_eq!(span(Duration::from_millis(340)), "340 ms");
    assert_eq!(span(Duration::from_millis(4200)), "4.2 s");
    assert_eq!(span(Duration::from_secs(185)), "3 min 5 s");
    assert_eq!(span(Duration::from_secs(2 * 86_400)), "2 d 0 h");
    assert_eq!(count(1, "task"), "1 task");
    assert_eq!(count(0, "task"), "0 tasks");
    assert_eq!(instant(Timestamp::from_millis(0)), "1970-01-01T00:00:00.000Z");
}

#[test]
fn env_files_are_read_line_by_line() {
    let text = "\u{feff}# of the mailer\r\nUSER=ada\r\n\nexport TOKEN = a=b #c $d \n\
                QUOTED='a \\n \"b\"'\nDOUBLE=\"two\\nlines \\\"q\\\" \\$x \\d\"\nEMPTY=\n_9=\"\"";
    let read = env_file::parse(text).unwrap();
    let pairs: Vec<(&str, &str)> = read.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(
        pairs,
        [
            ("DOUBLE", "two\nlines \"q\" $x \\d"),
            ("EMPTY", ""),
            ("QUOTED", "a \\n \"b\""),
            ("TOKEN", "a=b #c $d"),
            ("USER", "ada"),
            ("_9", ""),
        ]
    );
    assert!(env_file::parse("# nothing\n").unwrap().is_empty());
}

#[test]
fn a_line_of_an_env_file_that_makes_no_sense_is_told_but_not_shown() {
    let check = |text: &str, expected: &str| {
        assert_eq!(env_file::parse(text).unwrap_err().to_string(), expected);
    };
    check("A=1\nhush", "line 2 is not KEY=VALUE");
    let no_key = "has no key in front of its `=`: use letters, digits and underscores, no digit first";
    check("=hush", &format!("line 1 {no_key}"));
    check("\n1A=hush", &format!("line 2 {no_key}"));
    check("A.B=hush", &format!("line 1 {no_key}"));
    check("A=1\nB=2\nA=hush", "line 3 gives A another value than line 1");
    for open in [
        "A='hush",
        "A=\"hush",
        "A=\"hush\\\"",
        "A='hu'sh'",
        "A=\"hu\" sh",
        "A='",
        "A=\"",
    ] {
        check(open, "line 1 has a quote that does not end");
    }
}

#[test]
fn a_hidden_line_can_be_corrected() {
    let typed = |bytes: &[u8]| {
        let mut line = Line::default();
        let last = bytes.iter().map(|byte| line.take(*byte)).last();
        (String::from_utf8(line.bytes).unwrap(), last)
    };
    assert_eq!(typed(b"hush\n"), ("hush".to_string(), Some(Typed::Done)));
    assert_eq!(typed(b"hus\x7fsh\r").0, "hush");
    assert_eq!(typed("hé\u{8}".as_bytes()).0, "h", "a letter of two bytes");
    assert_eq!(typed(b"\x7f\x7fa").0, "a");
    assert_eq!(
        typed(b"wrong\x15right\x04"),
        ("right".to_string(), Some(Typed::Done))
    );
    assert_eq!(typed(b"hus\x03").1, Some(Typed::BrokenOff));
    assert_eq!(typed(b"\x04").1, Some(Typed::BrokenOff));
}
