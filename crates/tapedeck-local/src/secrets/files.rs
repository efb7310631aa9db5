//! Writing that survives a crash, in a folder for its owner alone. Knows nothing of secrets.

use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

/// What is being written, until it gets its name. Only who holds the lock writes, so one name is enough; whatever a
/// killed process left under it is overwritten.
const UNFINISHED: &str = "new";

/// Name of the lock file.
const LOCK: &str = "lock";

/// Makes a folder, and those above it, for their owner alone, unless they are there.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|above| !above.as_os_str().is_empty() && !above.is_dir())
        .collect();
    for folder in missing.into_iter().rev() {
        match std::fs::DirBuilder::new().mode(0o700).create(folder) {
            // Another process was quicker.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
            Err(error) => {
                let text = format!("make the folder {}: {error}", folder.display());
                return Err(io::Error::new(error.kind(), text));
            }
            Ok(()) => {
                if let Some(above) = folder.parent() {
                    sync(above)?;
                }
            }
        }
    }
    Ok(())
}

/// Held while something in a folder is written; the kernel lets go of it when the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: fs::File,
}

impl Lock {
    /// Waits for the lock of a folder. Whoever holds it writes one small file.
    pub(super) fn take(folder: &Path) -> io::Result<Self> {
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(LOCK))?;
        loop {
            match flock(file.file(), FlockOperation::LockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Writes a file, in the place of an earlier one: after a crash it is the old one or the new one.
    pub(super) fn replace(&self, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
        prepare(folder, bytes)?;
        fs::rename(folder.join(UNFINISHED), folder.join(name))?;
        sync(folder)
    }

    /// Writes a file that is not there yet; fails when it is.
    pub(super) fn create(&self, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
        prepare(folder, bytes)?;
        let (from, to) = (folder.join(UNFINISHED), folder.join(name));
        renameat_with(CWD, &from, CWD, &to, RenameFlags::NOREPLACE).map_err(|errno| {
            let error = io::Error::from(errno);
            io::Error::new(error.kind(), format!("make the file {}: {error}", to.display()))
        })?;
        sync(folder)
    }

    /// Removes a file; says whether there was one.
    pub(super) fn remove(&self, folder: &Path, name: &str) -> io::Result<bool> {
        match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
            Ok(()) => sync(folder).map(|()| true),
        }
    }
}

/// Puts the bytes onto the disk, under no name of their own yet.
fn prepare(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(UNFINISHED);
    // What was left there may have any mode.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes what happened to the names in a folder last.
fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// A file as bytes; none when it is not there.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
