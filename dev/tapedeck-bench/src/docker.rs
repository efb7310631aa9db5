//! The docker daemon that takes part, through its own command line.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail};
use fs_err as fs;
use serde_json::Value;

/// The client that belongs to Debian's daemon. Another in the search path may be of another version.
pub(crate) const CLIENT: &str = "/usr/bin/docker";

/// A daemon that nobody else uses.
#[derive(Debug)]
pub(crate) struct Docker {
    socket: PathBuf,
    data: PathBuf,
    /// The pid of `dockerd`.
    pub(crate) daemon: u32,
    /// What the processes of the daemon have in common: its namespace of process ids.
    processes: PathBuf,
}

impl Docker {
    pub(crate) fn new(socket: &Path, data: &Path) -> anyhow::Result<Self> {
        let daemon = crate::process::find("dockerd", |line| line.contains(&*socket.to_string_lossy()))?;
        let processes = fs::read_link(format!("/proc/{daemon}/ns/pid"))?;
        Ok(Self {
            socket: socket.to_owned(),
            data: data.to_owned(),
            daemon,
            processes,
        })
    }

    /// A command of docker.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(CLIENT);
        command
            .env("DOCKER_HOST", format!("unix://{}", self.socket.display()))
            .env("DOCKER_BUILDKIT", "1");
        command.stdin(Stdio::null()).args(arguments);
        command
    }

    /// Runs a command of docker and returns what it printed.
    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> anyhow::Result<String> {
        let mut command = self.command(arguments);
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().context("start docker")?;
        if !status.success() {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&stderr));
        }
        Ok(String::from_utf8(stdout)?.trim().to_owned())
    }

    /// Makes an image of a folder, with changes as in a Dockerfile.
    pub(crate) fn import(&self, folder: &Path, name: &str, changes: &[String]) -> anyhow::Result<()> {
        let mut tar = Command::new("tar")
            .arg("-C")
            .arg(folder)
            .args(["-cf", "-", "."])
            .stdout(Stdio::piped())
            .spawn()?;
        let archive = tar.stdout.take().context("read the output of tar")?;
        let changes = changes.iter().flat_map(|change| ["--change", change]);
        let mut command = self.command(["import"].into_iter().chain(changes).chain(["-", name]));
        let output = command.stdin(archive).output().context("start docker import")?;
        if !output.status.success() || !tar.wait()?.success() {
            bail!(
                "docker import of {name} failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }

    /// Lines that a container wrote to one of its streams, from the file of the json-file driver.
    pub(crate) fn lines(&self, container: &str, stream: &str) -> anyhow::Result<Vec<String>> {
        let path = self
            .data
            .join("containers")
            .join(container)
            .join(format!("{container}-json.log"));
        let mut lines = Vec::new();
        for line in BufReader::new(fs::File::open(path)?).lines() {
            // The last one may not be complete yet.
            let Ok(record) = serde_json::from_str::<Value>(&line?) else {
                break;
            };
            if record["stream"] == stream {
                lines.push(record["log"].as_str().unwrap_or_default().trim_end().to_owned());
            }
        }
        Ok(lines)
    }

    /// Processes of the daemon and of its shims: those of its namespace with these names.
    pub(crate) fn processes(&self, name: &str) -> anyhow::Result<Vec<u32>> {
        crate::process::all(name, |pid, _| {
            fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok_and(|namespace| namespace == self.processes)
        })
    }
}
