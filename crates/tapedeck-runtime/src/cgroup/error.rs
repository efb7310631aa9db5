//! What can go wrong with cgroups.

use std::io;
use std::path::PathBuf;

/// Why tasks cannot be limited on this machine.
#[derive(Debug, thiserror::Error)]
pub enum MissingControllers {
    /// Nothing is mounted where cgroups are expected.
    #[error("no cgroup file system is mounted at {}: mount it, as every usual init system does", root.display())]
    NotMounted {
        /// Where it was looked for.
        root: PathBuf,
    },
    /// Some controllers are not there.
    #[error(
        "the cgroup controllers {} are not available at {}: enable them in the kernel, or in the cgroup this runs in",
        names.join(", "), root.display()
    )]
    Missing {
        /// Their names.
        names: Vec<&'static str>,
        /// Where they were looked for.
        root: PathBuf,
    },
    /// They are there, but cannot be enabled for groups below.
    #[error("could not enable the cgroup controllers cpu, memory and pids at {}", root.display())]
    Enable {
        /// The group whose children were to have them.
        root: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
}

/// A failed operation on the cgroup of a task.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// A file of the cgroup file system could not be read, written, made or removed.
    #[error("could not {action} the cgroup {}", path.display())]
    File {
        /// What was tried, such as `create`.
        action: &'static str,
        /// The group, or the file in it.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// Processes are left although they were killed again and again.
    #[error("processes of the cgroup {} are still there after {seconds} s of killing them", path.display())]
    Undead {
        /// The group.
        path: PathBuf,
        /// How long it was tried.
        seconds: u64,
    },
    /// A name that leads out of the hierarchy, or is its root.
    #[error("`{name}` is not the name of a task's cgroup")]
    Name {
        /// The name.
        name: String,
    },
}
