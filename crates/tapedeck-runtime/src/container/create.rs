//! What the creator does, in order.

use std::error::Error;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

use fs_err as fs;
use libcontainer::container::builder::ContainerBuilder;
use libcontainer::syscall::syscall::SyscallType;
use rustix::fs::{Gid, Uid};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::executor::TaskExecutor;
use super::{Ends, Report, rootfs, specification};
use crate::cgroup::{CgroupError, CgroupLayout, Limits};
use crate::definition::{TaskDefinition, TaskDirectory};
use crate::network::{self, NetworkError};

/// Why a container could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum CreateError {
    #[error("prepare the file system")]
    FileSystem(#[source] io::Error),
    #[error("limit the resources")]
    Cgroup(#[from] CgroupError),
    #[error("connect the network")]
    Network(#[from] NetworkError),
    #[error("set the groups of the process")]
    Groups(#[source] io::Error),
    #[error("set up the container")]
    Container(#[source] Box<dyn Error + Send + Sync>),
}

impl CreateError {
    /// As ECS gives it: the kind of failure, then the whole chain of causes.
    fn reason(&self) -> String {
        let kind = match self {
            Self::Network(_) | Self::Cgroup(_) => "ResourceInitializationError",
            Self::FileSystem(_) | Self::Groups(_) | Self::Container(_) => "CannotCreateContainerError",
        };
        let mut text = format!("{kind}: {self}");
        let mut cause = self.source();
        while let Some(error) = cause {
            let part = error.to_string();
            // Errors of other crates often repeat their cause in their own text.
            if !text.ends_with(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            cause = error.source();
        }
        text
    }
}

/// Creates the container, tells how that went, and ends the process.
pub(super) fn run(
    definition: &TaskDefinition,
    directory: TaskDirectory<'_>,
    layout: &CgroupLayout,
    ends: Ends,
) -> ! {
    let Ends { reports, stdout, stderr } = ends;
    let code = match create(definition, directory, layout, &reports, (stdout, stderr)) {
        Ok(pid) => {
            Report::Created(pid).send(&reports);
            0
        }
        Err(error) => {
            Report::Failed(error.reason()).send(&reports);
            1
        }
    };
    // SAFETY: ends this process without running what the shim has registered to run at its own exit.
    unsafe { libc::_exit(code) }
}

fn create(
    definition: &TaskDefinition,
    directory: TaskDirectory<'_>,
    layout: &CgroupLayout,
    reports: &OwnedFd,
    (stdout, stderr): (OwnedFd, OwnedFd),
) -> Result<i32, CreateError> {
    let clock = super::Phases::start();
    leave_mount_namespace().map_err(CreateError::FileSystem)?;
    rootfs::prepare(definition, directory).map_err(CreateError::FileSystem)?;
    clock.reached("file system");
    let namespace = network::create(&definition.network, definition.id.as_str())?;
    clock.reached("network");
    set_groups(&definition.process.additional_gids).map_err(CreateError::Groups)?;
    let cgroup = layout.task(&definition.cgroup)?;
    let limits = Limits { cpu: definition.cpu, memory: definition.memory, pids: definition.pids_limit };
    cgroup.create(&limits)?;
    clock.reached("cgroup");
    cgroup.join()?;
    clock.reached("cgroup joined");

    let bundle = directory.bundle();
    let text = specification::text(definition, namespace.as_raw_fd());
    fs::write(bundle.join("config.json"), text).map_err(CreateError::FileSystem)?;
    // A program that opens /dev/stdout opens the pipe anew, as whoever it runs as.
    for end in [&stdout, &stderr] {
        let (user, group) = (definition.process.uid, definition.process.gid);
        rustix::fs::fchown(end, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))
            .map_err(|error| CreateError::FileSystem(error.into()))?;
    }
    let executor = TaskExecutor::new(&definition.process, reports.as_fd().as_raw_fd())
        .map_err(|error| CreateError::Container(error.into()))?;
    clock.reached("prepared");
    let stdin = fs::File::open("/dev/null").map_err(CreateError::FileSystem)?.into_parts().0;
    let mut container = ContainerBuilder::new(definition.id.to_string(), SyscallType::default())
        .with_executor(executor)
        .with_stdin(stdin)
        .with_stdout(stdout)
        .with_stderr(stderr)
        .with_root_path(bundle.join("state"))
        .map(|builder| builder.as_init(&bundle).with_systemd(false).as_sibling(true))
        .and_then(|builder| builder.build())
        .map_err(|error| CreateError::Container(Box::new(error)))?;
    clock.reached("container built");
    container.start().map_err(|error| CreateError::Container(Box::new(error)))?;
    clock.reached("container started");
    container.pid().map(|pid| pid.as_raw()).ok_or_else(|| CreateError::Container("it has no process".into()))
}

/// From here on, what is mounted and unmounted on the host is seen here, but not the other way round.
fn leave_mount_namespace() -> io::Result<()> {
    // SAFETY: a mount namespace of its own breaks no assumption of other code in this process; the table of file
    // descriptors stays shared.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }?;
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)?;
    Ok(())
}

/// Replaces the groups inherited from whoever started the engine; libcontainer only ever adds some.
fn set_groups(groups: &[u32]) -> io::Result<()> {
    // SAFETY: pointer and length are those of a live slice of gid_t, which is u32.
    match unsafe { libc::setgroups(groups.len(), groups.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Mounts a small memory file system for what only the creation of the container needs.
pub(super) fn mount_scratch(target: &std::path::Path) -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("tapedeck", target, "tmpfs", flags, Some(c"mode=0700,size=4m"))?;
    Ok(())
}
