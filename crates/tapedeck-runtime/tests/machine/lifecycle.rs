//! Start, output, exit codes, stop.

use std::time::Duration;

use tapedeck_model::Timestamp;
use tapedeck_runtime::log::Stream;
use tapedeck_runtime::protocol::ShimState;
use tapedeck_runtime::{TaskClock, read_exit};

use crate::stage::{Stage, is_alive, processes};

#[test]
fn t09_a_task_runs_and_its_exit_code_is_kept() {
    let Some(stage) = Stage::ready() else { return };
    for code in [0, 1, 139, 143] {
        let mut task = stage.script(&format!("echo out; echo err >&2; exit {code}"));
        let exit = task.exit();
        assert_eq!(exit.exit_code, Some(code), "{exit:?} {}", task.complaints());
        assert_eq!(exit.failure, None);
        assert!(!exit.oom_killed);
        assert!(exit.started.unwrap() <= exit.stopped);
        assert_eq!(task.lines(Stream::Stdout), ["out"]);
        assert_eq!(task.lines(Stream::Stderr), ["err"]);
        assert_eq!(read_exit(&task.directory).unwrap(), Some(exit));
    }
}

#[test]
fn t69_times_go_on_from_what_the_definition_says() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["sh", "-c", "exit 0"]);
    // Later than the machine has been up for, which clocks count from.
    let told = Timestamp::from_millis(1_000_000_000_000);
    definition.clock = Some(TaskClock::showing(told));
    let exit = stage.start(definition).exit();
    let started = exit.started.unwrap();
    assert!(told <= started && started <= exit.stopped, "{exit:?}");
    assert!(exit.stopped.since(told) < Duration::from_secs(3600), "{exit:?}");
}

#[test]
fn t01_states_are_told_in_order() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("exec sleep 1000");
    assert_eq!(task.next(), Some(ShimState::Starting));
    let Some(ShimState::Running { pid, started, .. }) = task.next() else {
        panic!("not running")
    };
    assert!(is_alive(pid));
    task.stop(Duration::ZERO);
    assert_eq!(
        task.next(),
        Some(ShimState::Stopping {
            pid: Some(pid),
            started: Some(started)
        })
    );
    let Some(ShimState::Exited { exit }) = task.next() else {
        panic!("not exited")
    };
    assert_eq!((exit.started, exit.exit_code), (Some(started), Some(137)));
    assert_eq!(task.next(), None);
}

#[test]
fn the_last_line_of_a_signal_handler_is_in_the_log() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.01; done");
    task.running();
    task.wait_for_line("ready");
    task.stop(Duration::from_secs(60));
    assert_eq!(task.exit().exit_code, Some(3));
    assert_eq!(task.lines(Stream::Stdout), ["ready", "bye"]);
}

#[test]
fn another_stop_signal_is_respected() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&[
        "sh",
        "-c",
        "trap 'exit 4' INT; trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done",
    ]);
    definition.stop_signal = libc::SIGINT;
    let mut task = stage.start(definition);
    task.running();
    task.wait_for_line("ready");
    task.stop(Duration::from_secs(60));
    assert_eq!(task.exit().exit_code, Some(4));
}

#[test]
fn a_task_that_ignores_the_signal_is_killed() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("trap 'echo ignored' TERM; echo ready; while :; do sleep 0.01; done");
    task.running();
    task.wait_for_line("ready");
    task.stop(Duration::from_millis(300));
    let exit = task.exit();
    assert_eq!((exit.exit_code, exit.failure), (Some(137), None));
    assert_eq!(task.lines(Stream::Stdout), ["ready", "ignored"]);
}

#[test]
fn no_child_outlives_pid_1() {
    let Some(stage) = Stage::ready() else { return };
    let child = "trap '' TERM; exec sleep 98765";
    let script = format!(
        "trap 'exit 0' TERM; for i in $(seq 50); do (setsid sh -c \"{child}\" &) ; done; echo ready; while :; do sleep 0.01; done"
    );
    let mut task = stage.script(&script);
    task.running();
    task.wait_for_line("ready");
    let children = || {
        processes()
            .filter(|(_, line)| line.starts_with(b"sleep\098765"))
            .count()
    };
    crate::stage::wait_until("the children", || children() == 50);
    task.stop(Duration::from_secs(60));
    assert_eq!(task.exit().exit_code, Some(0));
    assert_eq!(children(), 0);
}

#[test]
fn a_task_can_be_stopped_while_it_starts() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("exec sleep 1000");
    task.stop(Duration::ZERO);
    let exit = task.exit();
    match exit.started {
        Some(_) => assert_eq!(exit.exit_code, Some(137)),
        None => assert!(exit.failure.unwrap().starts_with("CannotStartContainerError: ")),
    }
}

#[test]
fn t08_a_missing_program_is_a_failure_to_start() {
    let Some(stage) = Stage::ready() else { return };
    let cases = [
        ("nonsense", "executable file not found in $PATH"),
        ("/opt/nonsense", "stat /opt/nonsense: no such file or directory"),
        ("/etc/passwd", "permission denied"),
        ("/tmp", "is a directory"),
    ];
    for (program, reason) in cases {
        let mut task = stage.start(stage.definition(&[program, "-x"]));
        let exit = task.exit();
        assert_eq!(
            exit.failure.unwrap(),
            format!("CannotStartContainerError: exec: \"{program}\": {reason}")
        );
        assert_eq!((exit.started, exit.exit_code), (None, None));
    }
}

#[test]
fn a_program_the_kernel_refuses_is_a_failure_to_start() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["/srv/text"]);
    let layer = stage.path().join("refused");
    fs_err::create_dir_all(layer.join("srv")).unwrap();
    fs_err::write(layer.join("srv/text"), "not a program").unwrap();
    std::process::Command::new("chmod")
        .arg("755")
        .arg(layer.join("srv/text"))
        .status()
        .unwrap();
    definition.layers.insert(0, layer);
    let exit = stage.start(definition).exit();
    assert_eq!(
        exit.failure.unwrap(),
        "CannotStartContainerError: exec: \"/srv/text\": exec format error"
    );
    assert_eq!((exit.started, exit.exit_code), (None, None));
}

#[test]
fn a_missing_layer_is_a_failure_to_create() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["true"]);
    definition.layers.push(stage.path().join("no-such-layer"));
    let failure = stage.start(definition).exit().failure.unwrap();
    assert!(failure.starts_with("CannotCreateContainerError: "), "{failure}");
}

#[test]
fn a_missing_bridge_is_a_failure_of_a_resource() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["true"]);
    definition.network.bridge = "td-nonsense".to_owned();
    let failure = stage.start(definition).exit().failure.unwrap();
    assert!(
        failure.starts_with("ResourceInitializationError: ") && failure.contains("td-nonsense"),
        "{failure}"
    );
}

#[test]
fn a_lot_of_output_is_kept_in_full() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("seq 200000");
    assert_eq!(task.exit().exit_code, Some(0));
    let lines = task.lines(Stream::Stdout);
    assert_eq!(lines.len(), 200_000);
    assert!(
        lines
            .iter()
            .enumerate()
            .all(|(index, line)| *line == (index + 1).to_string())
    );
}
