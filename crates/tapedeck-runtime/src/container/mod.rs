//! Making the container of a task, up to the moment its process is executed.
//!
//! All of it happens in a *creator*, a short-lived child of the shim:
//!
//! ```text
//! shim ─fork─▶ creator ─▶ intermediate (libcontainer) ─▶ PID 1 of the task
//!                 │              both are born as children of the shim, not of the creator
//!                 └─ own mount namespace: overlay, bundle
//! ```
//!
//! So the shim stays small (everything libcontainer allocates goes away with the creator), no mount is ever made in a
//! namespace that outlives the container, and no path of the bundle reaches a disk. What became of it is told on a
//! pipe that closes when the last process holding it has exited or has executed something else: the end of the
//! pipe is the moment the task's own program has taken over.

mod create;
mod executor;
pub(crate) mod join;
mod program;
mod rootfs;
mod seccomp;
mod share;
mod specification;
mod syscalls;
pub(crate) mod terminal;
#[cfg(test)]
mod tests;

use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

use fs_err as fs;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use serde::{Deserialize, Serialize};

pub(crate) use share::Share;

use crate::cgroup::{CgroupError, CgroupLayout, Limits};
use crate::definition::{TaskDefinition, TaskDirectory};
use crate::storage::{self, StorageError};

/// `CLONE_INTO_CGROUP` of `linux/sched.h`, which does not fit the type the `libc` crate gives it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Bytes of output the kernel keeps while the shim is busy: the most an unprivileged process may ask for by default.
const OUTPUT_PIPE_SIZE: usize = 1 << 20;

/// What is told about the creation of a container, one JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Report {
    /// PID 1 exists, and will execute the program now.
    Created(i32),
    /// It has failed, with the reason as ECS words it. The first such report counts: others follow from it.
    Failed(String),
}

impl Report {
    /// Sends it. Nobody is left to be told when that fails.
    fn send(&self, pipe: impl std::os::fd::AsFd) {
        if let Ok(mut line) = serde_json::to_vec(self) {
            line.push(b'\n');
            let _ = rustix::io::write(pipe, &line);
        }
    }
}

/// A container being made, as the shim sees it.
pub(crate) struct Creation {
    /// The creator.
    pub(crate) creator: i32,
    /// Where [`Report`]s arrive; never blocks.
    pub(crate) reports: OwnedFd,
    /// What the task writes to its standard output; never blocks.
    pub(crate) stdout: OwnedFd,
    /// The same for its standard error.
    pub(crate) stderr: OwnedFd,
    /// Keeps the disk of the task, so that its end does not wait for the disk's.
    pub(crate) disk: Option<OwnedFd>,
    /// Where the socket arrives that listens at the endpoint of the task, before the report that PID 1 exists.
    pub(crate) endpoint: OwnedFd,
}

/// What the creator holds of the pipes.
struct Ends {
    reports: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
    endpoint: OwnedFd,
}

/// Why there is not even a creator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    /// Its resources cannot be limited.
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    /// It cannot be given a disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no room for another process, file or pipe.
    #[error("start the process that creates the container")]
    Process(#[from] io::Error),
}

impl BeginError {
    /// As ECS gives it.
    pub(crate) fn reason(&self) -> String {
        reason(self)
    }
}

/// What kept a container from being made, as ECS gives it.
pub(crate) fn reason(error: &dyn std::error::Error) -> String {
    create::reason("ResourceInitializationError", error)
}

/// Makes the cgroup of a container and starts a creator in it, which tells on `reports` how it went. Without a share the
/// container is the whole task, and is given what the task has.
///
/// # Errors
/// [`BeginError`], when nothing has been told and nothing will be.
pub(crate) fn begin(
    definition: &TaskDefinition,
    directory: TaskDirectory<'_>,
    layout: &CgroupLayout,
    share: Option<&Share>,
) -> Result<Creation, BeginError> {
    let cgroup = layout.task(&definition.cgroup)?;
    let (disk, shown) = match share {
        Some(share) => {
            cgroup.create_unlimited()?;
            let disk = share.disk.as_ref().map(storage::SharedDisk::mount);
            (disk.transpose()?, layout.task(&share.cgroup)?)
        }
        None => {
            cgroup.create(&Limits::of(definition))?;
            let disk = definition.disk.as_ref();
            let disk = disk.map(|disk| storage::attach(disk, &directory.disk()));
            (disk.transpose()?, cgroup.clone())
        }
    };
    let (stdout, stdout_end) = output_pipe()?;
    let (stderr, stderr_end) = output_pipe()?;
    let (reports, reports_end) = pipe_with(PipeFlags::CLOEXEC).map_err(io::Error::from)?;
    rustix::io::ioctl_fionbio(&reports, true).map_err(io::Error::from)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (endpoint, endpoint_end) =
        socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(io::Error::from)?;
    let unified = cgroup.unified().map(fs::File::open).transpose()?;
    match fork_into(unified.as_ref().map(fs::File::file))? {
        Fork::Child { born_in_unified } => {
            drop((stdout, stderr, reports, endpoint));
            let ends = Ends {
                reports: reports_end,
                stdout: stdout_end,
                stderr: stderr_end,
                endpoint: endpoint_end,
            };
            create::run(
                &create::Task {
                    definition,
                    directory,
                    cgroup: &cgroup,
                    shown: &shown,
                    network: share.map(|share| &share.network),
                    disk: disk.as_ref(),
                    born_in_unified,
                },
                ends,
            )
        }
        Fork::Parent { child } => Ok(Creation {
            creator: child,
            reports,
            stdout,
            stderr,
            disk,
            endpoint,
        }),
    }
}

/// The two returns of a fork.
enum Fork {
    Parent { child: i32 },
    Child { born_in_unified: bool },
}

/// Forks; the child is born in the version 2 group that is open as `group`, where the kernel can do that (5.7). To be
/// moved later costs ten times as long.
fn fork_into(group: Option<&std::fs::File>) -> io::Result<Fork> {
    if let Some(group) = group {
        // SAFETY: all zeros is what the kernel takes for "not used", in every field.
        let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
        arguments.flags = CLONE_INTO_CGROUP;
        arguments.exit_signal = libc::SIGCHLD as u64;
        arguments.cgroup = group.as_raw_fd() as u64;
        // SAFETY: the arguments are as long as said. Without a stack and without CLONE_VM this is a fork, and the shim
        // has one thread, so the child may do whatever the parent may.
        match unsafe {
            libc::syscall(
                libc::SYS_clone3,
                &raw const arguments,
                size_of::<libc::clone_args>(),
            )
        } {
            -1 => {}
            0 => {
                return Ok(Fork::Child {
                    born_in_unified: true,
                });
            }
            child => return Ok(Fork::Parent { child: child as i32 }),
        }
    }
    // SAFETY: as above.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child {
            born_in_unified: false,
        }),
        child => Ok(Fork::Parent { child }),
    }
}

/// A pipe whose reading end never blocks.
fn output_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&read, true)?;
    // Smaller is slower, but works: a user may have used up what all pipes together may take.
    let _ = fcntl_setpipe_size(write.as_fd(), OUTPUT_PIPE_SIZE);
    Ok((read, write))
}

/// Says something in `shim.log`, which is standard error here.
pub(crate) fn note(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}
