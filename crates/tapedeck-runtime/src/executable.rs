//! The program that shims are, where nobody can write to it.
//!
//! Until a container's own program runs, its PID 1 is a copy of the shim, and an image may name `/proc/self/exe` as that
//! program. Root inside is root outside: through such a link it could replace the program of this machine (as in
//! CVE-2019-5736). So shims are executed from a mount of their own, which is read-only and in no namespace.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::CWD;
use rustix::mount::{OpenTreeFlags, open_tree};

/// A program, held open.
pub(crate) struct Executable {
    /// The mount; none where the kernel makes none (before Linux 5.12).
    mount: Option<OwnedFd>,
    path: PathBuf,
}

impl Executable {
    pub(crate) fn open(path: &Path) -> Self {
        Self {
            mount: read_only(path).ok(),
            path: path.to_owned(),
        }
    }

    /// By what name to execute it, as long as this lives.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.mount {
            Some(mount) => format!("/proc/self/fd/{}", mount.as_raw_fd()).into(),
            None => self.path.clone(),
        }
    }
}

fn read_only(path: &Path) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let mount = open_tree(CWD, path, flags)?;
    let attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_RDONLY,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    // SAFETY: the path is an empty string, the attributes are of the size that is said, and both live until it returns.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            &raw const attributes,
            size_of_val(&attributes),
        )
    };
    match result {
        0 => Ok(mount),
        _ => Err(io::Error::last_os_error()),
    }
}
