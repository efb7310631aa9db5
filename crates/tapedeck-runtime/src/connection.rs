//! Starting a shim, and finding it again. The engine's side of [`crate::protocol`].

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;

use crate::definition::{SOCKET_NAME, TaskDefinition, TaskDirectory, write_json};
use crate::executable::Executable;
use crate::failpoint;

/// Why a shim could not be started. Nothing of the task runs then; [`crate::cleanup`] removes what is left of it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its folder could not be filled.
    #[error("could not prepare the folder {} of a task", directory.display())]
    Directory {
        /// The folder.
        directory: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// The process could not be started.
    #[error("could not start the shim {} of a task", executable.display())]
    Process {
        /// The program.
        executable: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// It could not be reached.
    #[error("could not connect to the shim that was just started; see shim.log in its folder")]
    Connect(#[source] ConnectError),
}

/// Why there is no connection to a shim.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no shim: it ended, was killed, or was never started. See [`crate::read_exit`], then [`crate::cleanup`].
    #[error("no shim is running for the task in {}", directory.display())]
    Gone {
        /// The task's folder.
        directory: PathBuf,
    },
    /// There may be a shim, but it cannot be reached.
    #[error("could not connect to the shim of the task in {}", directory.display())]
    Failed {
        /// The task's folder.
        directory: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
}

/// A connection to the shim of a task; see [`crate::protocol`] for what is said on it.
#[derive(Debug)]
pub struct ShimConnection {
    stream: UnixStream,
}

impl ShimConnection {
    /// The connection itself, in blocking mode.
    #[must_use]
    pub fn into_stream(self) -> UnixStream {
        self.stream
    }
}

/// Starts a shim, which at once starts the task.
///
/// The folder is made if needed (0700). The shim is in a session of its own and no child of the caller: it survives
/// the caller, and nobody has to wait for it. It gets the listening socket as file descriptor 0 (so a connection can
/// be made before it has come to life), the definition in memory as 1, and `shim.log` as 2.
///
/// # Errors
/// [`StartError`]; that the task itself fails to start is told on the connection instead.
pub fn spawn(
    executable: &Path,
    task_directory: &Path,
    definition: &TaskDefinition,
) -> Result<ShimConnection, StartError> {
    let prepared = prepare(task_directory, definition);
    let Inheritance {
        listener,
        definition,
        log,
    } = prepared.map_err(|source| StartError::Directory {
        directory: task_directory.to_owned(),
        source,
    })?;

    failpoint::reach("launch.prepared");
    let program = Executable::open(executable);
    let mut command = Command::new(program.path());
    command
        .arg0(executable)
        .arg("shim")
        .arg(task_directory)
        .env_clear()
        .current_dir("/");
    command
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .stdout(Stdio::from(definition))
        .stderr(Stdio::from(log));
    // Before the shim lives: one that runs an errand ends it when nobody is connected.
    let connection = connect(task_directory).map_err(StartError::Connect)?;
    failpoint::reach("launch.connected");
    // SAFETY: the closure runs between fork and exec of a possibly multi-threaded process, so it may only make
    // async-signal-safe calls: setsid, fork and _exit are.
    unsafe { command.pre_exec(detach) };
    let started = command.spawn().and_then(|mut parent| parent.wait());
    started.map_err(|source| StartError::Process {
        executable: executable.to_owned(),
        source,
    })?;
    failpoint::reach("launch.spawned");
    // Its copies of the socket and the definition would keep both alive after the shim's end.
    drop(command);
    Ok(connection)
}

/// Connects to the shim of a task that was started earlier, perhaps by another process.
///
/// # Errors
/// [`ConnectError::Gone`] when there is no such shim (any more), [`ConnectError::Failed`] when that is not known.
pub fn connect(task_directory: &Path) -> Result<ShimConnection, ConnectError> {
    let gone = || ConnectError::Gone {
        directory: task_directory.to_owned(),
    };
    let connected =
        fs::File::open(task_directory).and_then(|folder| UnixStream::connect(socket_in(folder.file())));
    match connected {
        Ok(stream) => Ok(ShimConnection { stream }),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Err(gone())
        }
        Err(source) => Err(ConnectError::Failed {
            directory: task_directory.to_owned(),
            source,
        }),
    }
}

/// What a shim inherits.
struct Inheritance {
    listener: UnixListener,
    definition: File,
    log: File,
}

fn prepare(task_directory: &Path, definition: &TaskDefinition) -> io::Result<Inheritance> {
    let directory = TaskDirectory(task_directory);
    fs::create_dir_all(task_directory)?;
    fs::set_permissions(task_directory, std::fs::Permissions::from_mode(0o700))?;

    write_json(&directory.definition(), &definition.without_environments(), false)?;
    let mut memory = File::from(rustix::fs::memfd_create("task", rustix::fs::MemfdFlags::CLOEXEC)?);
    memory.write_all(&serde_json::to_vec(definition)?)?;
    memory.rewind()?;

    let folder = fs::File::open(task_directory)?;
    let socket = socket_in(folder.file());
    match fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&socket)?;
    let log = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(directory.shim_log())?;
    Ok(Inheritance {
        listener,
        definition: memory,
        log: log.into_parts().0,
    })
}

/// A short path of the socket: the address of a socket has room for 107 bytes only.
fn socket_in(folder: &File) -> PathBuf {
    format!("/proc/self/fd/{}/{SOCKET_NAME}", folder.as_raw_fd()).into()
}

/// Runs in the forked child: only its own child goes on, in a new session, as an orphan that init waits for.
fn detach() -> io::Result<()> {
    rustix::process::setsid()?;
    // SAFETY: fork and _exit are async-signal-safe; the parent half does nothing else.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(()),
        // SAFETY: as above; no destructor and no exit function of the caller's program may run here.
        _ => unsafe { libc::_exit(0) },
    }
}
