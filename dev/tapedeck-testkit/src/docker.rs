//! A daemon of Docker of a test's own, in which an emulator runs tasks: with its own folders, without networks, until it is dropped.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fs_err as fs;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::needs::find;
use crate::processes::kill;
use crate::wait::{DEADLINE, within};

/// How long it may take to stop its containers.
const GRACE: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug)]
pub struct Docker {
    process: Child,
    folder: TempDir,
}

impl Docker {
    /// Starts one; none, loudly, where there is none or it does not start: not every machine lets it.
    ///
    /// # Panics
    /// When its folder cannot be made.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "skipping must be seen")]
    pub fn start() -> Option<Self> {
        let Some(daemon) = find("dockerd") else {
            eprintln!("SKIPPED: no `dockerd` (package docker.io)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let output = fs::File::create(folder.path().join("output")).expect("our own folder can be written");
        let output = output.into_file();
        let at = |name: &str| folder.path().join(name);
        let mut process = Command::new(daemon)
            .args(["--bridge=none", "--iptables=false", "--ip-masq=false"])
            .arg("--data-root")
            .arg(at("data"))
            .arg("--exec-root")
            .arg(at("exec"))
            .arg("--pidfile")
            .arg(at("pid"))
            .arg("--host")
            .arg(format!("unix://{}", at("socket").display()))
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file can be opened twice"))
            .stderr(output)
            .spawn()
            .expect("dockerd can be started");
        let ready = within(DEADLINE, || match process.try_wait() {
            Ok(None) => fs::read_to_string(at("output"))
                .is_ok_and(|said| said.contains("API listen on"))
                .then_some(true),
            _ => Some(false),
        });
        if ready != Some(true) {
            let said = fs::read_to_string(at("output")).unwrap_or_default();
            let _ = process.kill();
            let _ = process.wait();
            let why = said.lines().last().unwrap_or("it says nothing");
            eprintln!("SKIPPED: `dockerd` does not start: {why}");
            return None;
        }
        Some(Self { process, folder })
    }

    /// Where it listens.
    #[must_use]
    pub fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("socket").display())
    }

    /// Where it keeps what it has.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Removes all containers at once. Where there is no client, the daemon stops them when it ends, one after the other.
    fn clear(&self) {
        let Some(client) = find("docker") else { return };
        let docker = |arguments: &[&str]| {
            Command::new(&client)
                .arg("--host")
                .arg(self.host())
                .args(arguments)
                .stderr(Stdio::null())
                .output()
        };
        let Ok(listed) = docker(&["ps", "--all", "--quiet"]) else {
            return;
        };
        let ids = String::from_utf8_lossy(&listed.stdout).into_owned();
        let ids: Vec<&str> = ids.split_whitespace().collect();
        if !ids.is_empty() {
            let _ = docker(&[&["rm", "--force"], ids.as_slice()].concat());
        }
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        self.clear();
        kill(self.process.id(), Signal::TERM);
        let ended = within(GRACE, || self.process.try_wait().ok().flatten());
        if ended.is_none() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}
