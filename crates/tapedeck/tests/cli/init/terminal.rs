//! `tapedeck init` on a terminal, where it asks.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{files, read, typescript};
use crate::environment::{Environment, is_installed};

/// Runs `tapedeck init` on a terminal where somebody types this. None where there is no `script`, which makes one.
fn typed(environment: &Environment, arguments: &str, answers: &str) -> Option<String> {
    if !is_installed("script") {
        return None;
    }
    let program = environment.command(&[]);
    let line = format!("{} init {arguments}", program.get_program().to_string_lossy());
    let mut terminal = Command::new("script");
    terminal
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(environment.home().with_file_name("project"))
        .env("TAPEDECK_HOME", environment.home())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut running = terminal.spawn().expect("script can be started");
    let mut keyboard = running.stdin.take().expect("it is piped");
    keyboard.write_all(answers.as_bytes()).expect("somebody reads");
    drop(keyboard);
    let output = running.wait_with_output().expect("it is our child");
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{screen}");
    Some(screen)
}

#[test]
fn on_a_terminal_it_asks() {
    let environment = typescript();
    environment.write("project/src/worker.ts", "");
    let Some(screen) = typed(&environment, "", "2\nposter\n\n1024\n2\n") else {
        println!("SKIPPED: there is no `script`, which gives the program a terminal");
        return;
    };
    for question in [
        "1  src/main.ts (TypeScript, named by `scripts.start` of package.json)",
        "2  src/worker.ts (TypeScript, by its usual name)",
        "Entry file of the service: a number or a path [1]",
        "Name of the service [mailWorker]",
        "Virtual CPUs of each instance [0.25]",
        "Memory of each instance, in MiB [512]",
        "Instances [1]",
    ] {
        assert!(screen.contains(question), "{screen}");
    }
    let text = read(&environment, "stacktape.yml");
    for line in [
        "  poster:\n",
        "entryfilePath: src/worker.ts\n",
        "cpu: 0.25\n",
        "memory: 1024\n",
        "        minInstances: 2\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn on_a_terminal_that_is_closed_nothing_is_written() {
    let environment = typescript();
    let Some(screen) = typed(&environment, "", "1\n") else {
        println!("SKIPPED: there is no `script`, which gives the program a terminal");
        return;
    };
    assert!(
        screen.contains("there was no answer; nothing was written"),
        "{screen}"
    );
    assert_eq!(files(&environment), ["package.json", "src"]);
}

#[test]
fn on_a_terminal_yes_answers_everything() {
    let environment = typescript();
    let Some(screen) = typed(&environment, "--yes", "") else {
        println!("SKIPPED: there is no `script`, which gives the program a terminal");
        return;
    };
    assert!(!screen.contains("Name of the service"), "{screen}");
    assert!(read(&environment, "stacktape.yml").contains("\n  mailWorker:\n"));
}
