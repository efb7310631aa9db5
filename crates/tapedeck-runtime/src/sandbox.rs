//! Having something done in a container and waiting for it: what an image is made with, as opposed to a task that serves.
//!
//! It is confined as a task is, by the same shim, and has a bridge, a subnet and a firewall table for it alone, because no
//! engine need run while an image is made. Everything lies in one folder. The shim ends when the connection of whoever
//! waits does, in whatever way, and then removes that folder, too: so nothing goes on after its caller was killed, and
//! nothing of it is left.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use tapedeck_model::{Cpu, MemoryMb, TaskId};

use crate::cgroup::{MissingControllers, check_controllers};
use crate::definition::{
    DEFAULT_PIDS_LIMIT, DEFAULT_STOP_SIGNAL, Errand, FolderMount, TaskDefinition, TaskDirectory, TaskExit,
    TaskProcess,
};
use crate::log::{ReadError, Reader};
use crate::network::{self, HostNetwork, NetworkError, resolv_conf};
use crate::protocol::ShimState;
use crate::{CleanupErrors, StartError, cleanup, spawn};

/// How long new output waits until it is told.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// Where the resolver of systemd keeps the name servers that it asks itself.
const RESOLVED_CONF: &str = "/run/systemd/resolve/resolv.conf";

/// Memory when the machine does not tell how much it has.
const SOME_MEMORY_MB: u32 = 4096;

/// Something to be done.
#[derive(Debug)]
pub struct Work<'a> {
    /// The program that is a shim when it is called as one.
    pub shim: &'a Path,
    /// A folder for this alone, of the caller's. It is the caller's to remove, and is removed by others only when the
    /// caller is no more. What runs later in it sees what an earlier one has changed.
    pub folder: &'a Path,
    /// Unpacked layers, top first, at least one; never written to.
    pub layers: Vec<PathBuf>,
    /// What is run.
    pub process: TaskProcess,
    /// Folders of this machine that it sees.
    pub mounts: Vec<FolderMount>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code, 128 + n after signal n.
    pub code: i32,
    /// Whether the kernel killed a process of it for want of memory.
    pub lacked_memory: bool,
}

/// Why something could not be done in a container.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Only root may make containers.
    #[error("could not start a container: only root may make namespaces, mounts and cgroups")]
    NotRoot,
    /// Its resources cannot be limited.
    #[error(transparent)]
    Controllers(#[from] MissingControllers),
    /// It cannot be connected.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Its shim does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A file of it cannot be read or written.
    #[error("could not use the folder of a container")]
    Folder(#[source] io::Error),
    /// What it says cannot be read.
    #[error(transparent)]
    Output(#[from] ReadError),
    /// It never ran.
    #[error("could not run `{program}` in a container: {reason}")]
    NeverRan {
        /// What was to be run.
        program: String,
        /// What kept it from that.
        reason: String,
    },
    /// Its shim was killed.
    #[error("the container was killed by somebody else")]
    Killed,
    /// Something of it is left.
    #[error(transparent)]
    Cleanup(#[from] CleanupErrors),
}

/// Where in `folder` is what a [`Work`] has changed: the upper folder of an overlay.
#[must_use]
pub fn changes(folder: &Path) -> PathBuf {
    TaskDirectory(&task_directory(folder)).upper()
}

/// Runs it to its end, and gives every line that it says, without its end.
///
/// # Errors
/// [`SandboxError`]; nothing of it runs then.
pub fn run(work: Work<'_>, mut each_line: impl FnMut(&str)) -> Result<Ended, SandboxError> {
    if !rustix::process::geteuid().is_root() {
        return Err(SandboxError::NotRoot);
    }
    check_controllers()?;
    let shim = work.shim.to_owned();
    let definition = definition(work)?;
    let Some(errand) = &definition.errand else {
        return Err(SandboxError::Killed);
    };
    let directory = task_directory(&errand.folder);
    // What an earlier one in the same folder said.
    match fs::remove_dir_all(&definition.log_directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(SandboxError::Folder(error)),
        _ => {}
    }
    let mut reader = Reader::open(&definition.log_directory);
    let mut tell = || -> Result<(), SandboxError> {
        while let Some(line) = reader.next_line()? {
            each_line(&String::from_utf8_lossy(&line.text));
        }
        Ok(())
    };
    let waited = spawn(&shim, &directory, &definition)
        .map_err(SandboxError::from)
        .and_then(|connection| wait(connection.into_stream(), &mut tell));
    let exit = match waited {
        Ok(Some(exit)) => exit,
        other => {
            // The shim has given nothing back, or goes away now that nobody is connected.
            cleanup(&directory, &definition)?;
            return Err(other.err().unwrap_or(SandboxError::Killed));
        }
    };
    match exit.exit_code {
        Some(code) => Ok(Ended {
            code,
            lacked_memory: exit.oom_killed,
        }),
        None => Err(SandboxError::NeverRan {
            program: definition.process.args.join(" "),
            reason: exit.failure.unwrap_or_default(),
        }),
    }
}

/// Waits until the shim has given everything back. None when it did not come to that.
fn wait(
    stream: UnixStream,
    tell: &mut impl FnMut() -> Result<(), SandboxError>,
) -> Result<Option<TaskExit>, SandboxError> {
    stream
        .set_read_timeout(Some(TELL_EVERY))
        .map_err(SandboxError::Folder)?;
    let mut lines = BufReader::new(stream);
    let mut line = Vec::new();
    let mut exit = None;
    loop {
        match lines.read_until(b'\n', &mut line) {
            Ok(0) => {
                tell()?;
                return Ok(exit);
            }
            Ok(_) => {
                // A state that is not known is none that is waited for.
                if let Ok(ShimState::Exited { exit: found }) = serde_json::from_slice(&line) {
                    exit = Some(found);
                }
                line.clear();
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
                ) =>
            {
                tell()?;
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(exit),
            Err(error) => return Err(SandboxError::Folder(error)),
        }
    }
}

fn definition(work: Work<'_>) -> Result<TaskDefinition, SandboxError> {
    let id = new_id().map_err(SandboxError::Folder)?;
    let network = HostNetwork::choose(id.as_str().as_bytes(), &network::taken(None)?)?;
    let address = network
        .task_addresses()
        .next()
        .ok_or(NetworkError::NoFreeSubnet { tried: 1 })?;
    let text_of = |path: &str| fs::read_to_string(path).unwrap_or_default();
    Ok(TaskDefinition {
        hostname: "build".to_owned(),
        layers: work.layers,
        process: work.process,
        cpu: Cpu::from_vcpu(16.0).expect("the largest size that Fargate has"),
        shares_cpu: false,
        memory: memory(),
        pids_limit: DEFAULT_PIDS_LIMIT,
        stop_signal: DEFAULT_STOP_SIGNAL,
        network: network.task(address),
        resolv_conf: resolv_conf(&text_of("/etc/resolv.conf"), &text_of(RESOLVED_CONF)),
        hosts: BTreeMap::new(),
        log_directory: work.folder.join("output"),
        discards_output: false,
        cgroup: format!("/tapedeck-build-{id}"),
        clock: None,
        disk: None,
        mounts: Vec::new(),
        sides: None,
        health_check: None,
        errand: Some(Errand {
            mounts: work.mounts,
            network,
            folder: work.folder.to_owned(),
        }),
        id,
    })
}

fn task_directory(folder: &Path) -> PathBuf {
    folder.join("container")
}

/// An id that nothing else has.
fn new_id() -> io::Result<TaskId> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(TaskId::from_bytes(bytes))
}

/// All that the machine has.
fn memory() -> MemoryMb {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kibibytes: Option<u64> = text.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    });
    let mebibytes = kibibytes.and_then(|found| u32::try_from(found / 1024).ok());
    mebibytes
        .and_then(|found| MemoryMb::new(found).ok())
        .unwrap_or_else(|| MemoryMb::new(SOME_MEMORY_MB).expect("more than the least"))
}
