//! `tapedeck engine status` and `tapedeck engine stop` without an engine.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread::JoinHandle;

use expect_test::expect;

use crate::environment::Environment;

#[test]
fn status_says_that_none_runs_and_fails() {
    let environment = Environment::new();
    environment.check(
        &["engine", "status"],
        expect![[r#"
        exit code 1
        --- stderr ---
        the engine does not run; `tapedeck engine start` starts it
    "#]],
    );
    environment.check(
        &["engine", "status", "--json"],
        expect![[r#"
        exit code 1
        --- stdout ---
        null
    "#]],
    );
}

#[test]
fn stopping_what_does_not_run_is_done() {
    let environment = Environment::new();
    environment.check(
        &["engine", "stop"],
        expect![[r#"
        exit code 0
        --- stderr ---
        the engine does not run
    "#]],
    );
    environment.check(
        &["engine", "stop", "--tasks", "--json"],
        expect![[r#"
        exit code 0
        --- stdout ---
        {"tasksLeft":null,"wasRunning":false}
    "#]],
    );
    assert!(!environment.home().exists(), "stopping made something");
}

#[test]
fn a_socket_that_nobody_listens_on_is_no_engine() {
    let environment = Environment::new();
    environment.write("home/run/.keep", "");
    // Bound and closed at once: what an engine that was killed leaves behind.
    drop(UnixListener::bind(environment.home().join("run/engine.sock")));
    environment.check(
        &["engine", "status"],
        expect![[r#"
        exit code 1
        --- stderr ---
        the engine does not run; `tapedeck engine start` starts it
    "#]],
    );
}

#[test]
fn a_file_in_place_of_the_socket_is_no_engine() {
    let environment = Environment::new();
    environment.write("home/run/engine.sock", "not a socket");
    environment.check(
        &["engine", "status"],
        expect![[r#"
        exit code 1
        --- stderr ---
        the engine does not run; `tapedeck engine start` starts it
    "#]],
    );
}

#[test]
fn a_program_that_is_no_engine_is_told() {
    let environment = Environment::new();
    environment.write("home/run/.keep", "");
    let listener = UnixListener::bind(environment.home().join("run/engine.sock")).expect("the path is short");
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the program connects");
        stream
            .write_all(b"220 mail.example.org ready\n")
            .expect("it reads");
    });
    environment.check(
        &["engine", "status"],
        expect![[r#"
            exit code 3
            --- stderr ---
            error: the engine's answer could not be read
              because invalid type: integer `220`, expected struct Greeting at line 1 column 3
            help: see what listens on [TEMP]/home/run/engine.sock: an engine that is ending, or another program
        "#]],
    );
    other.join().expect("it did as told");
}

/// Answers one command as an engine of a later version would, in the name of another process.
fn engine_of_another_version(environment: &Environment, pid: u32) -> JoinHandle<()> {
    environment.write("home/run/.keep", "");
    let listener = UnixListener::bind(environment.home().join("run/engine.sock")).expect("the path is short");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the program connects");
        let greeting = format!("{{\"protocol\":999,\"version\":\"99.0.0\",\"pid\":{pid}}}\n");
        stream.write_all(greeting.as_bytes()).expect("it reads");
    })
}

#[test]
fn an_engine_of_another_version_is_told() {
    let environment = Environment::new();
    let other = engine_of_another_version(&environment, 1234);
    environment.check(&["engine", "status"], expect![[r#"
        exit code 3
        --- stderr ---
        error: the engine (version 99.0.0, pid 1234) speaks protocol 999, this command speaks 5: run `tapedeck engine stop`, then the command again; tasks keep running meanwhile
    "#]]);
    other.join().expect("it did as told");
}

#[test]
fn an_engine_of_another_version_can_be_stopped() {
    let environment = Environment::new();
    let mut process = Command::new("sleep").arg("60").spawn().expect("it is everywhere");
    let other = engine_of_another_version(&environment, process.id());
    environment.check(&["engine", "stop"], expect![[r#"
        exit code 0
        --- stderr ---
        the engine, which was of another version, is stopped; its tasks keep running and are adopted by `tapedeck engine start`
    "#]]);
    other.join().expect("it did as told");
    let status = process.wait().expect("it is our child");
    assert_eq!(status.signal(), Some(15), "SIGTERM");
}

#[test]
fn tasks_of_an_engine_of_another_version_are_left_alone() {
    let environment = Environment::new();
    let other = engine_of_another_version(&environment, 1234);
    environment.check(
        &["engine", "stop", "--tasks"],
        expect![[r#"
        exit code 3
        --- stderr ---
        error: could not stop the tasks: the engine (pid 1234) is of another version
        help: `tapedeck engine stop`, `tapedeck engine start`, then this command again
    "#]],
    );
    other.join().expect("it did as told");
}
