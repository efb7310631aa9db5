//! Folders below `tmp/` for work in progress. Held by a lock while their process lives.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use tempfile::TempDir;

use super::Store;

/// Work that nobody holds and that is older than this was interrupted. The age matters only for the moment
/// between creating a folder and locking it.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A folder of its own for one piece of work, removed at the end whatever is still in it.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: TempDir,
    _lock: OwnedFd,
}

impl Workspace {
    /// A path inside the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Store {
    /// A new empty folder below `tmp/`.
    pub(crate) fn workspace(&self) -> io::Result<Workspace> {
        let folder = TempDir::new_in(self.path("tmp"))?;
        let lock = open_folder(folder.path())?;
        flock(lock.as_fd(), FlockOperation::NonBlockingLockShared)?;
        Ok(Workspace { folder, _lock: lock })
    }

    /// Removes what interrupted processes left in `tmp/`.
    pub(super) fn clean_workspaces(&self) -> io::Result<()> {
        for entry in fs_err::read_dir(self.path("tmp"))? {
            let path = entry?.path();
            // Whatever vanishes meanwhile was cleaned up by its owner.
            let Ok(metadata) = fs_err::symlink_metadata(&path) else {
                continue;
            };
            let age = metadata
                .modified()
                .ok()
                .and_then(|at| SystemTime::now().duration_since(at).ok());
            if age.is_none_or(|age| age < ABANDONED) {
                continue;
            }
            if metadata.is_dir() {
                remove_if_unlocked(&path)?;
            } else {
                ignore_missing(fs_err::remove_file(&path))?;
            }
        }
        Ok(())
    }
}

fn remove_if_unlocked(path: &Path) -> io::Result<()> {
    let Ok(lock) = open_folder(path) else {
        return Ok(());
    };
    match flock(lock.as_fd(), FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => ignore_missing(fs_err::remove_dir_all(path)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Success when the file was gone already.
pub(crate) fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
