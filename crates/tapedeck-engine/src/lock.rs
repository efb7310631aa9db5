//! One engine per state folder.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::fs::{FlockOperation, flock};

/// How long a lock that is held is tried again: an engine may be just ending, and whoever only wants to know whether
/// there is one holds the lock for a moment, too.
const PATIENCE: Duration = Duration::from_millis(200);

/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Why the state folder could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another engine has it.
    #[error("another engine (pid {pid}) already uses {}", state.display())]
    Taken {
        /// The state folder.
        state: PathBuf,
        /// Process id of that engine, as far as it is known.
        pid: String,
    },
    /// The lock file could not be opened, read or written.
    #[error("could not lock the state folder {}", state.display())]
    Io {
        /// The state folder.
        state: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Held as long as the engine lives; the kernel lets go of it when the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct EngineLock {
    _file: fs_err::File,
}

impl EngineLock {
    /// Takes the lock and writes the process id into it.
    pub(crate) fn take(path: &Path, state: &Path) -> Result<Self, LockError> {
        let io = |source: std::io::Error| LockError::Io {
            state: state.to_path_buf(),
            source,
        };
        let mut file = fs_err::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(io)?;
        if !try_lock(&file).map_err(io)? {
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(io)?;
            return Err(LockError::Taken {
                state: state.to_path_buf(),
                pid: pid.trim().to_string(),
            });
        }
        file.set_len(0).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(Self { _file: file })
    }
}

/// Takes the lock; says whether nobody else had it.
fn try_lock(file: &fs_err::File) -> std::io::Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match flock(file.file(), FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() >= deadline => return Ok(false),
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
            Err(errno) => return Err(errno.into()),
        }
    }
}
