//! What the creator does, in order.

use std::error::Error;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use fs_err as fs;
use libcontainer::container::builder::ContainerBuilder;
use libcontainer::syscall::syscall::SyscallType;
use rustix::fs::{Gid, Uid};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change, unmount,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::executor::TaskExecutor;
use super::specification::{self, OPEN_FILES, Surroundings};
use super::{Ends, Report, rootfs, share};
use crate::cgroup::{CgroupError, MOUNT_ROOT, TaskCgroup};
use crate::definition::{TaskDefinition, TaskDirectory};
use crate::descriptor;
use crate::network::NetworkError;

/// Why a container could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum CreateError {
    #[error("prepare the file system")]
    FileSystem(#[source] io::Error),
    #[error("limit the resources")]
    Cgroup(#[from] CgroupError),
    #[error("connect the network")]
    Network(#[from] NetworkError),
    #[error("hand over the socket of the task's endpoint")]
    Endpoint(#[source] io::Error),
    #[error("set the groups of the process")]
    Groups(#[source] io::Error),
    #[error("set up the container")]
    Container(#[source] Box<dyn Error + Send + Sync>),
}

impl CreateError {
    /// As ECS gives it.
    fn reason(&self) -> String {
        let kind = match self {
            Self::Network(_) | Self::Cgroup(_) | Self::Endpoint(_) => "ResourceInitializationError",
            Self::FileSystem(_) | Self::Groups(_) | Self::Container(_) => "CannotCreateContainerError",
        };
        reason(kind, self)
    }
}

/// A kind of failure, then the whole chain of causes.
pub(super) fn reason(kind: &str, error: &dyn Error) -> String {
    let mut text = format!("{kind}: {error}");
    let mut cause = error.source();
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

/// What the creator is given.
pub(super) struct Task<'a> {
    pub(super) definition: &'a TaskDefinition,
    pub(super) directory: TaskDirectory<'a>,
    pub(super) cgroup: &'a TaskCgroup<'a>,
    /// The group that the container sees: the one with the limits.
    pub(super) shown: &'a TaskCgroup<'a>,
    /// The network of the task; one is made where there is none yet.
    pub(super) network: Option<&'a OwnedFd>,
    pub(super) disk: Option<&'a OwnedFd>,
    pub(super) born_in_unified: bool,
}

/// Creates the container, tells how that went, and ends the process.
pub(super) fn run(task: &Task<'_>, ends: Ends) -> ! {
    let Ends {
        reports,
        stdout,
        stderr,
        endpoint,
    } = ends;
    let code = match create(task, &reports, (stdout, stderr), &endpoint) {
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
    task: &Task<'_>,
    reports: &OwnedFd,
    (stdout, stderr): (OwnedFd, OwnedFd),
    handover: &OwnedFd,
) -> Result<i32, CreateError> {
    let Task {
        definition,
        directory,
        cgroup,
        shown,
        network,
        disk,
        born_in_unified,
    } = *task;
    // The shim keeps little and gives back at once; here nothing lives long enough for that.
    // SAFETY: plain settings of the allocator, from the only thread.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, 16 << 20);
        libc::mallopt(libc::M_TOP_PAD, 1 << 20);
    }
    cgroup.join(born_in_unified)?;
    leave_mount_namespace().map_err(CreateError::FileSystem)?;
    rootfs::prepare(definition, directory, disk).map_err(CreateError::FileSystem)?;
    let cgroups = show_cgroup(shown, &directory.bundle()).map_err(CreateError::FileSystem)?;
    let made = network.is_none().then(|| make_network(definition, handover));
    let made = made.transpose()?;
    set_groups(&definition.process.additional_gids).map_err(CreateError::Groups)?;

    let bundle = directory.bundle();
    let surroundings = Surroundings {
        network: network
            .or(made.as_ref())
            .map_or(-1, |namespace| namespace.as_raw_fd()),
        cgroups,
        open_files: open_files(),
    };
    let text = specification::text(definition, &surroundings);
    fs::write(bundle.join("config.json"), text).map_err(CreateError::FileSystem)?;
    // A program that opens /dev/stdout opens the pipe anew, as whoever it runs as.
    for end in [&stdout, &stderr] {
        let (user, group) = (definition.process.uid, definition.process.gid);
        rustix::fs::fchown(end, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))
            .map_err(|error| CreateError::FileSystem(error.into()))?;
    }
    let executor = TaskExecutor::new(&definition.process, reports.as_fd().as_raw_fd())
        .map_err(|error| CreateError::Container(error.into()))?;
    let stdin = fs::File::open("/dev/null")
        .map_err(CreateError::FileSystem)?
        .into_parts()
        .0;
    let mut container = ContainerBuilder::new(definition.id.to_string(), SyscallType::default())
        .with_executor(executor)
        .with_stdin(stdin)
        .with_stdout(stdout)
        .with_stderr(stderr)
        .with_root_path(bundle.join("state"))
        .map(|builder| builder.as_init(&bundle).with_systemd(false).as_sibling(true))
        .and_then(|builder| builder.build())
        .map_err(|error| CreateError::Container(Box::new(error)))?;
    container
        .start()
        .map_err(|error| CreateError::Container(Box::new(error)))?;
    container
        .pid()
        .map(|pid| pid.as_raw())
        .ok_or_else(|| CreateError::Container("it has no process".into()))
}

/// The namespace of a task with one container. The socket of its endpoint is for the shim.
fn make_network(definition: &TaskDefinition, handover: &OwnedFd) -> Result<OwnedFd, CreateError> {
    let (namespace, endpoint) = share::connect(definition)?;
    descriptor::send(handover, b"\n", endpoint.as_fd()).map_err(CreateError::Endpoint)?;
    Ok(namespace)
}

/// Prepares what the container will see of cgroups, and takes all cgroups out of the sight of libcontainer: it would
/// move each process into the groups once more, into those of every controller, and when it fails it would kill
/// whatever is in them, this process included. Returns names below `/sys/fs/cgroup`, and what to mount there.
fn show_cgroup(cgroup: &TaskCgroup<'_>, bundle: &Path) -> io::Result<Vec<(&'static str, PathBuf)>> {
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let view = bundle.join("view");
    let mut shown = vec![("", view.clone())];
    for (name, folder) in cgroup.visible() {
        fs::create_dir_all(view.join(name))?;
        // Not called like the controller, by which libcontainer would recognise it.
        let source = bundle.join(format!("cgroup-{name}"));
        fs::create_dir(&source)?;
        mount_bind(&folder, &source)?;
        shown.push((name, source));
    }
    unmount(MOUNT_ROOT, UnmountFlags::DETACH)?;
    mount("tapedeck", MOUNT_ROOT, "tmpfs", flags, None)?;
    Ok(shown)
}

/// From here on, what is mounted and unmounted on the host is seen here, but not the other way round.
fn leave_mount_namespace() -> io::Result<()> {
    // SAFETY: a mount namespace of its own breaks no assumption of other code in this process; the table of file
    // descriptors stays shared.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }?;
    mount_change(
        "/",
        MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC,
    )?;
    Ok(())
}

/// How many files a process of the task may open: without the capability to raise limits, what we may open ourselves.
pub(super) fn open_files() -> u64 {
    let wanted = Rlimit {
        current: Some(OPEN_FILES),
        maximum: Some(OPEN_FILES),
    };
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => OPEN_FILES,
        Err(_) => getrlimit(Resource::Nofile).maximum.unwrap_or(OPEN_FILES),
    }
}

/// Replaces the groups inherited from whoever started the engine; libcontainer only ever adds some.
pub(super) fn set_groups(groups: &[u32]) -> io::Result<()> {
    // SAFETY: pointer and length are those of a live slice of gid_t, which is u32.
    match unsafe { libc::setgroups(groups.len(), groups.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Mounts a small memory file system for what only the creation of the container needs.
pub(super) fn mount_scratch(target: &Path) -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("tapedeck", target, "tmpfs", flags, Some(c"mode=0700,size=4m"))?;
    Ok(())
}
