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
mod rootfs;
mod seccomp;
mod specification;
mod syscalls;
#[cfg(test)]
mod tests;

use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use serde::{Deserialize, Serialize};

use crate::cgroup::CgroupLayout;
use crate::definition::{TaskDefinition, TaskDirectory};

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
}

/// What the creator holds of the pipes.
struct Ends {
    reports: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

/// Starts a creator.
///
/// # Errors
/// When there is no room for another process or pipe.
pub(crate) fn begin(
    definition: &TaskDefinition,
    directory: TaskDirectory<'_>,
    layout: &CgroupLayout,
) -> io::Result<Creation> {
    let (stdout, stdout_end) = output_pipe()?;
    let (stderr, stderr_end) = output_pipe()?;
    let (reports, reports_end) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&reports, true)?;
    // SAFETY: the shim has one thread, so the child may do whatever the parent may.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            drop((stdout, stderr, reports));
            let ends = Ends { reports: reports_end, stdout: stdout_end, stderr: stderr_end };
            create::run(definition, directory, layout, ends)
        }
        creator => Ok(Creation { creator, reports, stdout, stderr }),
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

/// Temporary measuring.
pub(crate) struct Phases(std::time::Instant);
impl Phases {
    pub(crate) fn start() -> Self { Phases(std::time::Instant::now()) }
    pub(crate) fn reached(&self, what: &str) { note(format_args!("{:>7} us {what}", self.0.elapsed().as_micros())); }
}
