//! The processes of this machine, and whose they are.

use std::collections::BTreeSet;

use rustix::process::{Pid, Signal};

/// A process, as far as tests are interested in it.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its command line, arguments separated by spaces.
    pub command: String,
    /// Its environment at its start, `NAME=value` each.
    pub environment: Vec<String>,
    /// Paths of its cgroups, one for each hierarchy.
    pub cgroups: BTreeSet<String>,
}

/// All processes that can be looked at. Those that end meanwhile are left out.
#[must_use]
pub fn processes() -> Vec<Process> {
    let entries = fs_err::read_dir("/proc").expect("there is a /proc");
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(process)
        .collect()
}

fn process(pid: u32) -> Option<Process> {
    let read = |name: &str| fs_err::read(format!("/proc/{pid}/{name}")).ok();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let environment = text(read("environ")?);
    Some(Process {
        pid,
        command: text(read("cmdline")?).replace('\0', " ").trim_end().to_owned(),
        environment: environment.split_terminator('\0').map(str::to_owned).collect(),
        cgroups: text(read("cgroup")?)
            .lines()
            .filter_map(|line| line.splitn(3, ':').nth(2))
            .map(str::to_owned)
            .collect(),
    })
}

/// Sends a signal. A process that is gone by now is none the worse for it.
///
/// # Panics
/// When the number is no process id.
pub fn kill(pid: u32, signal: Signal) {
    let raw = i32::try_from(pid).expect("process ids are small");
    let pid = Pid::from_raw(raw).expect("process ids are not zero");
    let _ = rustix::process::kill_process(pid, signal);
}
