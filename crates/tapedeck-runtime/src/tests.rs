//! Tests of the values that are written to files and sockets.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use tapedeck_model::{Cpu, MemoryMb, TaskId, Timestamp};

use crate::definition::{TaskDirectory, write_json};
use crate::network::TaskNetwork;
use crate::protocol::{ShimCommand, ShimState};
use crate::*;

pub(crate) fn definition() -> TaskDefinition {
    let id = TaskId::from_bytes([7; 16]);
    TaskDefinition {
        hostname: "ip-10-0-0-7".to_owned(),
        layers: vec!["/layers/top".into(), "/layers/base".into()],
        process: TaskProcess {
            args: vec!["node".to_owned(), "main.js".to_owned()],
            environment: vec![("PASSWORD".to_owned(), "hunter2".to_owned())],
            working_directory: "/app".into(),
            uid: 0,
            gid: 0,
            additional_gids: vec![],
        },
        cpu: Cpu::from_vcpu(0.25).unwrap(),
        shares_cpu: false,
        memory: MemoryMb::new(512).unwrap(),
        pids_limit: DEFAULT_PIDS_LIMIT,
        stop_signal: DEFAULT_STOP_SIGNAL,
        network: TaskNetwork {
            bridge: "td-1".to_owned(),
            address: [10, 200, 0, 2].into(),
            gateway: [10, 200, 0, 1].into(),
        },
        resolv_conf: String::new(),
        hosts: BTreeMap::new(),
        log_directory: "/logs/x".into(),
        discards_output: false,
        cgroup: format!("/tapedeck-1/{id}"),
        clock: None,
        disk: None,
        mounts: Vec::new(),
        sides: None,
        health_check: None,
        errand: None,
        id,
    }
}

#[test]
fn a_definition_survives_being_written() {
    let text = serde_json::to_string(&definition()).unwrap();
    assert_eq!(
        serde_json::from_str::<TaskDefinition>(&text).unwrap(),
        definition()
    );
}

#[test]
fn a_definition_without_limits_gets_the_defaults() {
    let mut value = serde_json::to_value(definition()).unwrap();
    let fields = value.as_object_mut().unwrap();
    fields.remove("pidsLimit").unwrap();
    fields.remove("stopSignal").unwrap();
    let read: TaskDefinition = serde_json::from_value(value).unwrap();
    assert_eq!((read.pids_limit, read.stop_signal), (4096, 15));
}

#[test]
fn states_and_commands_have_a_fixed_form() {
    let started = Some(Timestamp::from_millis(5));
    let exit = TaskExit {
        started,
        stopped: Timestamp::from_millis(9),
        exit_code: Some(0),
        oom_killed: false,
        failure: None,
        containers: Vec::new(),
        unheard: Vec::new(),
    };
    let states = [
        (ShimState::Starting, r#"{"state":"starting"}"#),
        (
            ShimState::Running {
                pid: 7,
                started: Timestamp::from_millis(5),
                health: None,
            },
            r#"{"state":"running","pid":7,"started":5}"#,
        ),
        (
            ShimState::Stopping {
                pid: Some(7),
                started,
            },
            r#"{"state":"stopping","pid":7,"started":5}"#,
        ),
        (
            ShimState::Exited { exit },
            r#"{"state":"exited","exit":{"started":5,"stopped":9,"exitCode":0,"oomKilled":false,"failure":null}}"#,
        ),
    ];
    for (state, text) in states {
        assert_eq!(state.to_line(), format!("{text}\n"));
        assert_eq!(serde_json::from_str::<ShimState>(text).unwrap(), state);
    }
    assert_eq!(
        ShimCommand::Stop { timeout_ms: 2000 }.to_line(),
        "{\"command\":\"stop\",\"timeoutMs\":2000}\n"
    );
}

#[test]
fn files_of_a_task_that_is_not_there_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    for directory in [folder.path(), &missing] {
        assert_eq!(read_exit(directory).unwrap(), None);
        assert_eq!(read_definition(directory).unwrap(), None);
        assert!(matches!(connect(directory), Err(ConnectError::Gone { .. })));
    }
}

#[test]
fn a_socket_without_a_shim_is_no_shim() {
    let folder = tempfile::tempdir().unwrap();
    drop(std::os::unix::net::UnixListener::bind(folder.path().join("shim.sock")).unwrap());
    assert!(matches!(connect(folder.path()), Err(ConnectError::Gone { .. })));
}

#[test]
fn a_file_that_makes_no_sense_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("exit.json"), "{").unwrap();
    let error = read_exit(folder.path()).unwrap_err();
    assert!(error.to_string().contains("exit.json"), "{error}");
}

#[test]
fn what_is_written_is_for_its_owner_alone_and_replaces_what_was_there() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = TaskDirectory(folder.path()).definition();
    for durable in [true, false] {
        write_json(&path, &definition(), durable).unwrap();
        assert_eq!(
            fs_err::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(read_definition(folder.path()).unwrap(), Some(definition()));
    }
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_program_that_cannot_be_started_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = spawn(
        Path::new("/no/such/program"),
        &folder.path().join("task"),
        &definition(),
    )
    .unwrap_err();
    assert!(matches!(error, StartError::Process { .. }), "{error}");
}

#[test]
fn a_companion_ends_with_the_thread_that_started_it() {
    let mut command = Command::new("sleep");
    command.arg("600");
    end_with_caller(&mut command);
    let started = std::thread::spawn(move || command.spawn().unwrap()).join();
    let status = started.unwrap().wait().unwrap();
    assert_eq!(status.signal(), Some(9));
}
