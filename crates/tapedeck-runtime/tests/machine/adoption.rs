//! A task and its shim survive their engine, and nothing survives its shim.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tapedeck_runtime::protocol::ShimState;
use tapedeck_runtime::{ConnectError, cleanup, connect, read_definition, read_exit};

use crate::leaks::assert_no_traces;
use crate::stage::{DEADLINE, SHIM, Stage, Task, is_alive, wait_until};

fn kill(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

#[test]
fn t60_a_task_survives_its_engine() {
    let Some(stage) = Stage::ready() else { return };
    let definition = stage.definition(&[
        "sh",
        "-c",
        "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done",
    ]);
    let directory = stage.directory_of(&definition);
    let mut engine = Command::new(SHIM)
        .arg("engine")
        .arg(&directory)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    engine
        .stdin
        .take()
        .unwrap()
        .write_all(&serde_json::to_vec(&definition).unwrap())
        .unwrap();
    let mut connection = None;
    wait_until("the shim", || {
        connection = connect(&directory).ok();
        connection.is_some()
    });
    let mut task = Task::new(directory.clone(), definition, connection.unwrap());
    let pid = task.running();

    engine.kill().unwrap();
    engine.wait().unwrap();
    let mut adopted = connect(&directory)
        .map(|connection| Task::new(directory, task.definition.clone(), connection))
        .unwrap();
    let Some(ShimState::Running {
        pid: seen, started, ..
    }) = adopted.next()
    else {
        panic!("not running")
    };
    assert_eq!(seen, pid);
    assert!(is_alive(pid));
    // Before that PID 1 has no handler, and would not even notice.
    adopted.wait_for_line("ready");
    adopted.stop(DEADLINE);
    let exit = adopted.exit();
    assert_eq!((exit.exit_code, exit.started), (Some(5), Some(started)));
    assert_eq!(task.exit(), exit, "everybody who is connected is told");
}

#[test]
fn t62_an_exit_that_nobody_saw_is_on_disk() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("read line < /dev/zero & sleep 0.2; exit 6");
    task.running();
    let directory = task.directory.clone();
    let other = connect(&directory).unwrap();
    drop(other);
    task.connection
        .get_ref()
        .shutdown(std::net::Shutdown::Both)
        .unwrap();
    wait_until("the end of the shim", || {
        matches!(connect(&directory), Err(ConnectError::Gone { .. }))
    });
    let exit = read_exit(&directory).unwrap().unwrap();
    assert_eq!(exit.exit_code, Some(6));
}

#[test]
fn a_shim_ignores_everything_but_sigkill() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("exec sleep 1000");
    let pid = task.running();
    let shim = task.shim_pid();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::PIPE] {
        kill(shim, signal);
    }
    let mut second = Task::new(
        task.directory.clone(),
        task.definition.clone(),
        connect(&task.directory).unwrap(),
    );
    assert_eq!(second.running(), pid);
    task.stop(Duration::ZERO);
    assert_eq!(task.exit().exit_code, Some(137));
}

#[test]
fn t63_nothing_survives_a_killed_shim() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("(setsid sleep 1000 &); echo ready; exec sleep 1000");
    let pid = task.running();
    task.wait_for_line("ready");
    kill(task.shim_pid(), Signal::KILL);
    assert_eq!(task.next(), None);
    wait_until("the death of PID 1", || !is_alive(pid));
    assert!(matches!(connect(&task.directory), Err(ConnectError::Gone { .. })));
    assert_eq!(read_exit(&task.directory).unwrap(), None);
    let definition = read_definition(&task.directory).unwrap().unwrap();
    cleanup(&task.directory, &definition).unwrap();
    assert_no_traces(&stage);
    cleanup(&task.directory, &definition).unwrap();
}

#[test]
fn a_shim_killed_at_any_moment_of_the_start_leaves_nothing() {
    let Some(stage) = Stage::ready() else { return };
    for step in 0..25 {
        let task = stage.script("exec sleep 1000");
        // Not to wait for something, but to hit another moment each time.
        std::thread::sleep(Duration::from_millis(step * 2));
        kill(task.shim_pid(), Signal::KILL);
        wait_until("the end of the shim", || {
            matches!(connect(&task.directory), Err(ConnectError::Gone { .. }))
        });
        cleanup(&task.directory, &task.definition).unwrap();
        assert_no_traces(&stage);
    }
}

#[test]
fn the_environment_is_in_no_file() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["sleep", "1000"]);
    definition
        .process
        .environment
        .push(("SECRET".to_owned(), "pa55word-of-the-test".to_owned()));
    let mut task = stage.start(definition);
    task.running();
    let found = Command::new("grep")
        .args(["-r", "pa55word-of-the-test"])
        .arg(stage.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    assert!(!crate::stage::processes().any(|(_, line)| line.windows(8).any(|part| part == b"pa55word")));
    let kept = read_definition(&task.directory).unwrap().unwrap();
    assert!(kept.process.environment.is_empty());
    task.stop(Duration::ZERO);
    task.exit();
}
