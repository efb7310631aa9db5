//! `tapedeck engine` without an engine.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread::JoinHandle;

use expect_test::expect;

use crate::environment::{Environment, is_installed};

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
        error: the engine (version 99.0.0, pid 1234) speaks protocol 999, this command speaks 7: run `tapedeck engine stop`, then the command again; tasks keep running meanwhile
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

#[test]
fn the_unit_of_the_engine_is_shown_without_changing_anything() {
    let environment = Environment::new();
    let program = env!("CARGO_BIN_EXE_tapedeck");
    let mut command = environment.command(&["engine", "install", "--print", "--pace", "ecs"]);
    let shown = environment.outcome(&mut command).replace(program, "[TAPEDECK]");
    expect![[r#"
        exit code 0
        --- stdout ---
        # Made by `tapedeck engine install`; `tapedeck engine uninstall` removes it.
        [Unit]
        Description=tapedeck engine
        After=network-online.target
        Wants=network-online.target
        StartLimitIntervalSec=0

        [Service]
        Type=notify
        ExecStart=[TAPEDECK] engine run --pace ecs
        Environment=TAPEDECK_HOME=[TEMP]/home
        Restart=always
        RestartSec=1
        # `tapedeck engine stop` ends it for good.
        RestartPreventExitStatus=0
        # Tasks live on when the engine is stopped, restarted or replaced.
        KillMode=process
        # The engine says once a second that it is alive.
        WatchdogSec=60
        OOMScoreAdjust=-900
        LimitNOFILE=1048576
        LimitNPROC=infinity
        TasksMax=infinity
        UMask=0077
        NoNewPrivileges=yes
        CapabilityBoundingSet=~CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_SYS_BOOT CAP_SYS_MODULE CAP_SYS_PACCT CAP_SYS_RAWIO CAP_SYS_TIME CAP_SYSLOG CAP_WAKE_ALARM

        [Install]
        WantedBy=multi-user.target
    "#]]
    .assert_eq(&shown);
    assert!(!environment.home().exists());
}

#[test]
fn systemd_understands_the_unit() {
    if !is_installed("systemd-analyze") {
        eprintln!("SKIPPED: this test needs `systemd-analyze` (package systemd)");
        return;
    }
    let environment = Environment::new();
    let mut command = environment.command(&["engine", "install", "--print"]);
    let text = command.output().expect("it starts").stdout;
    let text = String::from_utf8(text).expect("units are UTF-8");
    environment.write("tapedeck-test.service", &text);
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(environment.path("tapedeck-test.service"))
        .output()
        .expect("it is installed");
    let told = String::from_utf8_lossy(&verified.stderr);
    let about_it: Vec<&str> = told.lines().filter(|line| line.contains("tapedeck")).collect();
    assert!(about_it.is_empty() && verified.status.success(), "{told}");
}

#[test]
fn without_systemd_or_root_nothing_is_installed() {
    let environment = Environment::new();
    let outcome = environment.outcome(&mut environment.command(&["engine", "install"]));
    let expected = if rustix::process::geteuid().is_root() {
        "systemd does not run this machine"
    } else {
        "run the same command with sudo"
    };
    if !std::path::Path::new("/run/systemd/system").exists() {
        assert!(
            outcome.starts_with("exit code 3") && outcome.contains(expected),
            "{outcome}"
        );
    }
}
