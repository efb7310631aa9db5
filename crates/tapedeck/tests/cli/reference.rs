//! The page of commands is what the binary says. `cargo xtask generate` rewrites it.

use std::fmt::Write;

use expect_test::expect_file;

use crate::environment::Environment;

const INTRODUCTION: &str = "\
<!-- Made by `cargo xtask generate`. Do not edit. -->

# Commands

What `--help` says of each command. Completions for shells come from `tapedeck completions`.
";

#[test]
fn the_page_of_commands_is_what_the_binary_says() {
    let environment = Environment::new();
    let mut page = INTRODUCTION.to_string();
    add(&environment, &[], &mut page);
    expect_file!["../../../../docs/reference/commands.md"].assert_eq(&page);
}

/// Adds a command and those below it.
fn add(environment: &Environment, command: &[&str], page: &mut String) {
    let output = environment
        .command(command)
        .arg("--help")
        .output()
        .expect("the program can be started");
    assert_eq!(output.status.code(), Some(0), "{command:?}");
    assert!(
        output.stderr.is_empty(),
        "help that was asked for is data: {command:?}"
    );
    let help = String::from_utf8(output.stdout).expect("help is UTF-8");
    assert!(
        help.contains("\nExamples:\n  tapedeck"),
        "{command:?} has no examples"
    );
    let title = [&["tapedeck"], command].concat().join(" ");
    write!(page, "\n## `{title}`\n\n```text\n{}\n```\n", help.trim_end()).expect("texts can be written to");
    for below in commands_of(&help) {
        add(environment, &[command, &[below]].concat(), page);
    }
}

/// The commands that a help text lists.
fn commands_of(help: &str) -> impl Iterator<Item = &str> {
    let list = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest);
    let list = list.lines().take_while(|line| line.starts_with("  "));
    // A description may go on in the next line, further right.
    let list = list.filter(|line| !line.starts_with("   "));
    list.filter_map(|line| line.split_whitespace().next())
}
