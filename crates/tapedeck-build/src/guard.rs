//! A lock between processes, so that two deploys do not install or download the same thing at once.

use std::io;
use std::path::Path;

use fs_err::File;
use rustix::fs::{FlockOperation, flock};

/// Held until dropped, or until the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Guard {
    _file: File,
}

impl Guard {
    /// Waits for the lock that the file at `path` stands for. The file is made when missing and stays behind
    /// empty.
    pub(crate) fn acquire(path: &Path, mut while_waiting: impl FnMut()) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        let file = fs_err::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path)?;
        if flock(file.file(), FlockOperation::NonBlockingLockExclusive).is_err() {
            while_waiting();
            flock(file.file(), FlockOperation::LockExclusive)?;
        }
        Ok(Self { _file: file })
    }
}
