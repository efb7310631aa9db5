//! The engine as a service of a real systemd, which is process 1 of namespaces of its own and knows nothing of the units of
//! this machine.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use fs_err as fs;
use tapedeck_testkit::{DEADLINE, Finished, Home, Leaks, eventually};

use crate::stage::{Stage, WAIT, all_pids, home_with};

const SYSTEMD: &str = "/lib/systemd/systemd";

/// What there is before systemd: no unit but targets that a service needs.
const BOOT: &str = r"
mount --make-rprivate /
mount -t tmpfs none /run
mount -t tmpfs none /etc/systemd
mkdir /etc/systemd/system
for target in basic idle multi-user network-online shutdown sysinit; do
    printf '[Unit]\nDefaultDependencies=no\n' > /etc/systemd/system/$target.target
done
export container=test SYSTEMD_UNIT_PATH=/etc/systemd/system
exec /lib/systemd/systemd --system --unit=idle.target --log-target=null --show-status=no
";

/// A machine that systemd runs: it ends with this value.
struct Machine {
    outer: Child,
    /// Process 1 of its namespaces, as it is called outside.
    init: String,
}

impl Machine {
    /// None, and a word on standard error, where there can be none.
    fn boot() -> Option<Self> {
        let lacking = [
            (!Path::new(SYSTEMD).exists(), "systemd is not installed"),
            (
                Path::new("/run/systemd/system").exists(),
                "another systemd runs this machine",
            ),
            (
                !Path::new("/sys/fs/cgroup/memory").exists(),
                "it would take the one hierarchy of version 2 for its own",
            ),
        ];
        if let Some((_, why)) = lacking.iter().find(|(lacks, _)| *lacks) {
            eprintln!("SKIPPED: this test needs a systemd of its own: {why}");
            return None;
        }
        let unshare = [
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ];
        let outer = Command::new("unshare")
            .args(unshare)
            .args(["sh", "-ec", BOOT])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let children = format!("/proc/{0}/task/{0}/children", outer.id());
        let init = eventually("the namespaces of systemd", DEADLINE, || {
            let children = fs::read_to_string(&children).ok()?;
            Some(children.trim().to_owned()).filter(|child| !child.is_empty())
        });
        let machine = Self { outer, init };
        eventually("systemd to run", DEADLINE, || {
            (machine.ask(&["is-system-running"]) == "running").then_some(())
        });
        Some(machine)
    }

    fn enter(&self) -> [&str; 6] {
        ["nsenter", "--mount", "--uts", "--pid", "--target", &self.init]
    }

    /// A command of tapedeck there.
    fn run(&self, home: &Home, arguments: &[&str]) -> Finished {
        Finished::of(home.command_under(&self.enter(), arguments))
    }

    /// What `systemctl` says there.
    fn ask(&self, arguments: &[&str]) -> String {
        let [program, own @ ..] = self.enter();
        let output = Command::new(program)
            .args(own)
            .arg("systemctl")
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // All that is in its namespaces goes with it.
        let _ = self.outer.kill();
        let _ = self.outer.wait();
        let hierarchies = fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten();
        for hierarchy in hierarchies {
            for group in ["init.scope", "system.slice"] {
                remove(&hierarchy.path().join(group));
            }
        }
    }
}

/// Removes a cgroup and those in it, once nothing is left in them.
fn remove(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove(&entry.path());
        }
    }
    if group.exists() {
        eventually("a cgroup to be empty", DEADLINE, || fs::remove_dir(group).ok());
    }
}

#[test]
fn systemd_starts_the_engine_and_again_after_a_crash_and_leaves_it_stopped() {
    let Some(home) = home_with(&["unshare", "nsenter", "mount", "systemctl"]) else {
        return;
    };
    let nothing = Leaks::before(&home);
    let Some(machine) = Machine::boot() else { return };
    let installed = machine.run(&home, &["engine", "install"]);
    assert_eq!(installed.code, Some(0), "{installed:?}");
    let unit = machine.ask(&["list-units", "--plain", "--no-legend", "tapedeck*"]);
    let unit = unit.split(' ').next().unwrap();
    assert_eq!(
        machine.ask(&["is-active", unit]),
        "active",
        "it said that it is ready"
    );
    assert_eq!(machine.ask(&["is-enabled", unit]), "enabled");

    let stage = Stage::of(home);
    let before = all_pids(&stage.deploy(&[stage.worker(WAIT).count(2)]));
    let main_pid = || machine.ask(&["show", "--property=MainPID", "--value", unit]);
    let first = main_pid();
    machine.ask(&["kill", "--signal=KILL", "--kill-whom=main", unit]);
    eventually("systemd to start the engine again", DEADLINE, || {
        let pid = main_pid();
        (pid != first && pid != "0" && stage.home.engine().is_some()).then_some(())
    });
    assert_eq!(
        all_pids(&stage.steady()),
        before,
        "tasks outlive a crash of the engine"
    );

    machine.ask(&["restart", unit]);
    assert_eq!(
        all_pids(&stage.steady()),
        before,
        "tasks outlive a restart of the unit"
    );

    let stopped = machine.run(&stage.home, &["engine", "stop"]);
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    eventually("systemd to leave it stopped", DEADLINE, || {
        (machine.ask(&["is-active", unit]) == "inactive").then_some(())
    });
    let started = machine.run(&stage.home, &["engine", "start"]);
    assert_eq!(started.code, Some(0), "{started:?}");
    assert_eq!(machine.ask(&["is-active", unit]), "active");
    assert_eq!(
        all_pids(&stage.steady()),
        before,
        "tasks outlive the stop of the engine"
    );

    let emptied = machine.run(&stage.home, &["engine", "stop", "--tasks"]);
    assert_eq!(emptied.code, Some(0), "{emptied:?}");
    let removed = machine.run(&stage.home, &["engine", "uninstall"]);
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert_eq!(
        machine.ask(&["list-units", "--plain", "--no-legend", "tapedeck*"]),
        ""
    );
    drop(machine);
    nothing.check();
}
