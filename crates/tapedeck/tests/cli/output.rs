//! Where output goes: data on stdout, talk on stderr, colour on terminals only.

use std::process::Stdio;

use expect_test::expect;
use fs_err as fs;

use crate::environment::{BAD, Environment};

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let environment = Environment::new();
    let mut program = environment
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    drop(program.stdout.take());
    let output = program.wait_with_output().expect("it is our child");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn data_that_cannot_be_written_is_a_failure() {
    let environment = Environment::new();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("every Linux has it");
    let mut command = environment.command(&["info:stacks", "--json"]);
    environment.check_command(
        command.stdout(full.into_file()),
        expect![[r#"
            exit code 3
            --- stderr ---
            error: could not write all data to stdout: No space left on device (os error 28)
            help: run it again with stdout on a disk that has room; the operation itself was done
        "#]],
    );
}

#[test]
fn a_closed_stderr_is_no_failure() {
    let environment = Environment::new();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("every Linux has it");
    let output = environment
        .command(&["info:stacks"])
        .stderr(full.into_file())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "no stacks\n");
}

/// Every other test makes sure that there is no colour without a terminal.
#[test]
fn colour_can_be_forced_on_talk() {
    let environment = Environment::with_config(BAD);
    let output = environment
        .command(&["validate"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("\x1b[1;31merror\x1b[0m: stacktape.yml has"),
        "{stderr}"
    );
}
