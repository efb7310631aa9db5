//! The engine as a service of systemd, which need not be there: a script stands in for `systemctl`, and does with the unit
//! what matters here. Under a real one it is in [`crate::systemd`].

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Stdio;

use fs_err as fs;
use rustix::process::Signal;
use tapedeck_testkit::{DEADLINE, Finished, Leaks, eventually, kill};

use crate::stage::{Stage, WAIT, all_pids, home, home_with, wait_for_end};

/// Notes what it is asked, and starts or ends what the unit says.
const SYSTEMCTL: &str = r#"#!/bin/sh
folder=$(dirname "$0")
echo "$*" >> "$folder/asked"
for unit; do :; done
unit=/etc/systemd/system/$unit
stop() { kill "$(cat "$TAPEDECK_HOME/engine.lock")" 2>/dev/null; }
case $1 in
    start | restart)
        stop
        env -i "PATH=$PATH" "$(sed -n 's/^Environment=//p' "$unit")" \
            $(sed -n 's/^ExecStart=//p' "$unit") > /dev/null 2>&1 < /dev/null &
        ;;
    disable) stop ;;
esac
exit 0
"#;

/// A machine that systemd seems to run.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("units")).unwrap();
        let program = folder.path().join("systemctl");
        fs::write(&program, SYSTEMCTL).unwrap();
        fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// Runs a command there.
    fn run(&self, stage: &Stage, arguments: &[&str]) -> Finished {
        let folder = self.folder.path().display();
        let set_up = format!(
            "mount --bind {folder}/units /etc/systemd/system && mount -t tmpfs none /run && mkdir -p /run/systemd/system \
             && PATH={folder}:$PATH && exec \"$0\" \"$@\""
        );
        let outer = ["unshare", "-m", "sh", "-c", &set_up];
        Finished::of(stage.home.command_under(&outer, arguments))
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default()
    }

    fn units(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("units")).unwrap().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

#[test]
fn an_installed_engine_takes_the_place_of_the_one_that_runs() {
    let Some(home) = home_with(&["unshare", "mount", "sed"]) else {
        return;
    };
    if !Path::new("/etc/systemd/system").exists() {
        eprintln!("SKIPPED: this test needs a folder /etc/systemd/system");
        return;
    }
    let nothing = Leaks::before(&home);
    let stage = Stage::of(home);
    let machine = Machine::new();
    let before = all_pids(&stage.deploy(&[stage.worker(WAIT).count(2)]));
    let first = stage.home.engine().unwrap();

    let installed = machine.run(&stage, &["engine", "install"]);
    assert_eq!(installed.code, Some(0), "{installed:?}");
    for told in [
        "in place of the one that ran",
        "`tapedeck engine uninstall` undoes this",
        "starts it at each boot",
    ] {
        assert!(installed.stderr.contains(told), "{installed:?}");
    }
    let second = stage.home.engine().unwrap();
    assert_ne!(second, first);
    assert_eq!(all_pids(&stage.steady()), before, "tasks ran on");
    let [unit] = machine.units().try_into().unwrap();
    assert_eq!(
        machine.asked(),
        format!("daemon-reload\nenable {unit}\nrestart {unit}\n")
    );

    // Where it is installed, systemd is asked to start it.
    stage.home.must(&["engine", "stop"]);
    let started = machine.run(&stage, &["engine", "start"]);
    assert_eq!(started.code, Some(0), "{started:?}");
    assert!(
        machine.asked().ends_with(&format!("start {unit}\n")),
        "{}",
        machine.asked()
    );

    let again = machine.run(&stage, &["engine", "install", "--pace", "ecs"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(stage.client().engine_status().unwrap().pace, "ecs");

    let removed = machine.run(&stage, &["engine", "uninstall"]);
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert!(removed.stderr.contains("tasks keep running"), "{removed:?}");
    assert_eq!(machine.units(), Vec::<String>::new());
    assert_eq!(stage.home.engine(), None);
    assert!(
        machine
            .asked()
            .ends_with(&format!("disable --now {unit}\ndaemon-reload\n"))
    );
    let once_more = machine.run(&stage, &["engine", "uninstall"]);
    assert!(once_more.stderr.contains("is not installed"), "{once_more:?}");

    stage.home.must(&["engine", "start"]);
    assert_eq!(all_pids(&stage.steady()), before);
    stage.home.must(&["engine", "stop", "--tasks"]);
    nothing.check();
}

#[test]
fn a_service_manager_is_told_that_the_engine_answers_lives_and_ends() {
    let Some(home) = home() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let next = || {
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let mut engine = home
        .command(&["engine", "run"])
        .env("NOTIFY_SOCKET", &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(next(), "READY=1");
    assert!(home.engine().is_some(), "it answers");
    for _ in 0..3 {
        assert_eq!(next(), "WATCHDOG=1");
    }
    kill(engine.id(), Signal::TERM);
    eventually("the engine to say that it ends", DEADLINE, || {
        (next() == "STOPPING=1").then_some(())
    });
    assert_eq!(
        engine.wait().unwrap().code(),
        Some(0),
        "systemd leaves it stopped then"
    );
}

#[test]
fn an_engine_without_what_its_unit_forbids_runs_tasks() {
    let Some(home) = home_with(&["setpriv"]) else {
        return;
    };
    let unit = home.must(&["engine", "install", "--print"]);
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("CapabilityBoundingSet=~"));
    let forbidden: Vec<String> = line
        .unwrap()
        .split(' ')
        .map(|name| format!("-{}", name.trim_start_matches("CAP_").to_lowercase()))
        .collect();
    let bounding = format!("--bounding-set={}", forbidden.join(","));
    let outer = ["setpriv", "--no-new-privs", &bounding];
    let started = Finished::of(home.command_under(&outer, &["engine", "start"]));
    assert_eq!(started.code, Some(0), "{started:?}");
    let stage = Stage::of(home);
    let stack = stage.deploy(&[stage.worker(&format!("echo written > /file && echo ready; {WAIT}"))]);
    stage.wait_for_lines("ready", 1);
    let (_, pid) = all_pids(&stack).pop_first().unwrap();
    kill(pid, Signal::KILL);
    wait_for_end(pid);
    stage.wait_for_lines("ready", 2);
}
