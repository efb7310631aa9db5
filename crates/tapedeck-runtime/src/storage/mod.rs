//! The room that a task has for what it writes: a disk of its own, so that a full one is full for that task alone.
//!
//! ```text
//!  template (the few blocks of an empty ext4, made once) ──▶ sparse file without a name ──▶ loop device ──▶ ext4
//!                                                                                         upper and work of overlayfs
//! ```
//!
//! The file is unlinked as soon as the kernel has it, and the loop device goes away with its last user. The file system
//! is mounted by the shim where no namespace sees it, and the creator moves the mount below its bundle. So whatever is
//! killed when, nothing is left: no file, no device, no mount. Making it takes 2 ms, so that quotas of projects, which
//! few machines have switched on, would gain nothing.
//!
//! There is no journal and nothing is forced to the disk for its sake: nobody reads it again.

mod attach;
mod template;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, mkdirat};
use rustix::mount::{MoveMountFlags, move_mount};
use serde::{Deserialize, Serialize};

pub(crate) use attach::{SharedDisk, attach};

/// MiB that a task can write unless its engine was told otherwise: 20 GB.
pub const DEFAULT_STORAGE_MB: u32 = 20 * 1024;

/// A disk as tasks get it, each an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDisk {
    /// What it is a copy of.
    pub template: PathBuf,
    /// MiB that fit.
    pub megabytes: u32,
}

/// Why tasks cannot be given disks.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The program that makes file systems is missing.
    #[error("the program `mke2fs` is not installed; install Debian's package `e2fsprogs`")]
    ProgramMissing,
    /// It refused.
    #[error("`mke2fs` could not make {}: {message}", path.display())]
    ProgramRefused {
        /// The file.
        path: PathBuf,
        /// What it printed.
        message: String,
    },
    /// A file could not be read or written.
    #[error("could not make the file of a disk")]
    File(#[source] io::Error),
    /// There is no loop device, or it was refused.
    #[error("could not {what}")]
    Loop {
        /// What was tried.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The kernel does not mount it.
    #[error("could not mount the disk of a task")]
    Mount(#[source] io::Error),
}

/// What a task has written, and what it can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageUse {
    /// Bytes in use.
    pub used_bytes: u64,
    /// Bytes that fit.
    pub size_bytes: u64,
}

/// What the task whose PID 1 this is has written. For a task without a disk of its own it is what the machine has.
///
/// # Errors
/// When there is no such process any more.
pub fn storage_use(pid: u32) -> io::Result<StorageUse> {
    let found = rustix::fs::statvfs(format!("/proc/{pid}/root"))?;
    let used_bytes = (found.f_blocks - found.f_bfree) * found.f_frsize;
    Ok(StorageUse {
        used_bytes,
        // The file system keeps some room for itself.
        size_bytes: used_bytes + found.f_bavail * found.f_frsize,
    })
}

/// Puts a disk at this mount point of the calling process's mount namespace. Returns the folders in it for what is written
/// and for scratch space, below one of this name: several containers may have the disk.
pub(crate) fn place(disk: &OwnedFd, mount_point: &Path, name: &OsStr) -> io::Result<[PathBuf; 2]> {
    let whole = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    move_mount(disk.as_fd(), "", CWD, mount_point, whole)?;
    let own = mount_point.join(name);
    mkdirat(CWD, &own, Mode::from_raw_mode(0o755))?;
    let folders = ["upper", "work"].map(|name| own.join(name));
    for folder in &folders {
        mkdirat(CWD, folder, Mode::from_raw_mode(0o755))?;
    }
    Ok(folders)
}
