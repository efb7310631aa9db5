//! What a task is to be, what became of it, and where its files lie. Values only; the files are read and written here,
//! but nothing is started or stopped.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tapedeck_model::{ContainerStatus, Cpu, HealthCheck, MemoryMb, TaskId, Timestamp};

use crate::clock::TaskClock;
use crate::network::{HostNetwork, TaskNetwork};
use crate::sides::Sides;
use crate::storage::TaskDisk;

/// Processes and threads a task may have unless its definition says otherwise.
pub const DEFAULT_PIDS_LIMIT: u32 = 4096;

/// SIGTERM, the signal that asks a task to end unless its image names another.
pub const DEFAULT_STOP_SIGNAL: i32 = libc::SIGTERM;

/// Everything a shim needs to know to run one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// The task's id.
    pub id: TaskId,
    /// Its host name, also in its `/etc/hosts`.
    pub hostname: String,
    /// The unpacked layers of its image, top first, at least one; never written to.
    pub layers: Vec<PathBuf>,
    /// Its process.
    pub process: TaskProcess,
    /// Hard limit of CPU time.
    pub cpu: Cpu,
    /// Whether it has none, and shares the CPU of the group around its own with others there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shares_cpu: bool,
    /// Hard limit of memory, without any swap.
    pub memory: MemoryMb,
    /// Hard limit of processes and threads, 16 or more.
    #[serde(default = "default_pids_limit")]
    pub pids_limit: u32,
    /// Number of the signal that asks its process to end, 1 to 64.
    #[serde(default = "default_stop_signal")]
    pub stop_signal: i32,
    /// Where it is connected.
    pub network: TaskNetwork,
    /// Text of its `/etc/resolv.conf`.
    pub resolv_conf: String,
    /// Further names in the `/etc/hosts` of all its containers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: BTreeMap<String, Ipv4Addr>,
    /// Where its log is kept; outlives the task.
    pub log_directory: PathBuf,
    /// Whether its output is thrown away instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discards_output: bool,
    /// Its cgroup below the mount point of each hierarchy, such as `/tapedeck-1a2b/<task id>`.
    pub cgroup: String,
    /// The clock of whoever runs the task, by which times are told. So a task grows neither older nor younger when somebody sets
    /// the clock of the machine. Without it, that one as it stands when the shim starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<TaskClock>,
    /// Where what it writes goes; without one it can fill this machine's own disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<TaskDisk>,
    /// Folders of this machine that its main container sees. They outlive it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<FolderMount>,
    /// What it runs beside its main container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<Sides>,
    /// How to tell whether it is healthy, if that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// What makes it an errand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errand: Option<Errand>,
}

/// What is different where somebody waits for the end of a task and for what it has changed: it ends when nobody waits
/// any more, and what it has changed outlives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Errand {
    /// Folders of this machine that it sees.
    pub mounts: Vec<FolderMount>,
    /// A network for it alone, made before it starts and removed with it.
    pub network: HostNetwork,
    /// A folder around its own, removed once nobody waits any more.
    pub folder: PathBuf,
}

/// A folder of this machine inside a container, where it can be written to unless that is ruled out. No program in it gives rights, no device file
/// in it works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderMount {
    /// The folder on this machine.
    pub source: PathBuf,
    /// Where it is inside, absolute; made if it does not exist.
    pub target: PathBuf,
    /// Whether nothing in it can be changed from inside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// The process that is PID 1 of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskProcess {
    /// Program and arguments, at least one. Without a slash the program is looked up in `PATH`.
    pub args: Vec<String>,
    /// The whole environment, in order. May hold secrets: it is handed to the shim in memory and never reaches a disk.
    #[serde(default)]
    pub environment: Vec<(String, String)>,
    /// Where it starts; made if it does not exist.
    pub working_directory: PathBuf,
    /// User id it runs as.
    pub uid: u32,
    /// Group id it runs as.
    pub gid: u32,
    /// Further groups it belongs to.
    #[serde(default)]
    pub additional_gids: Vec<u32>,
}

fn default_pids_limit() -> u32 {
    DEFAULT_PIDS_LIMIT
}

fn default_stop_signal() -> i32 {
    DEFAULT_STOP_SIGNAL
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskExit {
    /// When its process started, if it did.
    pub started: Option<Timestamp>,
    /// When its process ended, or when starting it failed.
    pub stopped: Timestamp,
    /// Exit code of PID 1, 128 + n after signal n; none when it never ran. Of several containers, of the one whose end was
    /// that of the task.
    pub exit_code: Option<i32>,
    /// Whether the kernel killed a process of it for want of memory.
    pub oom_killed: bool,
    /// What ECS would give as `reason` of the container: `CannotStartContainerError: …`,
    /// `CannotCreateContainerError: …` or `ResourceInitializationError: …` when it never ran, `OutOfMemoryError: …`
    /// when that is why PID 1 was killed.
    pub failure: Option<String>,
    /// How each container ended, the main one first; none when there is no other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerStatus>,
    /// Containers that were asked to stop and then killed, whose PID 1 had no handler for the signal, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unheard: Vec<String>,
}

/// The folder of one task, and the names in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TaskDirectory<'a>(pub(crate) &'a Path);

impl TaskDirectory<'_> {
    /// The definition, without its environment.
    pub(crate) fn definition(self) -> PathBuf {
        self.0.join("task.json")
    }

    /// How the task ended, once it has.
    pub(crate) fn exit(self) -> PathBuf {
        self.0.join("exit.json")
    }

    /// What the shim has to say when something goes wrong.
    pub(crate) fn shim_log(self) -> PathBuf {
        self.0.join("shim.log")
    }

    /// What the task changes in its file system.
    pub(crate) fn upper(self) -> PathBuf {
        self.0.join("upper")
    }

    /// The file of its disk, before the kernel has it.
    pub(crate) fn disk(self) -> PathBuf {
        self.0.join("disk")
    }

    /// Scratch space of overlayfs.
    pub(crate) fn work(self) -> PathBuf {
        self.0.join("work")
    }

    /// Mount point that is only in use in the mount namespace of the process that creates the container.
    pub(crate) fn bundle(self) -> PathBuf {
        self.0.join("bundle")
    }
}

/// Name of the socket in a task's folder.
pub(crate) const SOCKET_NAME: &str = "shim.sock";

/// How the task in this folder ended; none if it has not, or if its shim was killed before it could say.
///
/// # Errors
/// When the file is there but cannot be read.
pub fn read_exit(task_directory: &Path) -> io::Result<Option<TaskExit>> {
    read_json(&TaskDirectory(task_directory).exit())
}

/// The definition of the task in this folder, without its environment; none if it was never written.
///
/// # Errors
/// When the file is there but cannot be read.
pub fn read_definition(task_directory: &Path) -> io::Result<Option<TaskDefinition>> {
    read_json(&TaskDirectory(task_directory).definition())
}

fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("parse {}: {error}", path.display()),
            )
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file, readable by its owner alone, so that after a crash at any moment it is there in full or not at all; after a
/// loss of power too, if it is to be `durable`.
///
/// # Errors
/// When it cannot be written; what was there before still is, then.
pub fn write_json(path: &Path, value: &impl Serialize, durable: bool) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    if durable {
        file.sync_all()?;
    }
    fs::rename(&temporary, path)?;
    if durable && let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}
