//! From the template to a file system that only its holder sees.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::path::Path;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_flag, fsconfig_set_string,
    fsmount, fsopen,
};

use super::template::Template;
use super::{StorageError, TaskDisk};

/// Whoever asks for a loop device is told a number, which another may be quicker to take.
const TRIES: usize = 64;

/// `LOOP_CTL_GET_FREE` of `linux/loop.h`.
const GET_FREE: libc::Ioctl = 0x4C82;

/// `LOOP_CONFIGURE`.
const CONFIGURE: libc::Ioctl = 0x4C0A;

/// `LO_FLAGS_AUTOCLEAR`: the device lets go of its file when nobody uses it any more.
const AUTOCLEAR: u32 = 4;

/// `struct loop_config`, whose second half is zeros for us.
#[repr(C)]
struct LoopConfig {
    file: u32,
    block_size: u32,
    /// Device, inode, device, offset, size limit.
    places: [u64; 5],
    number: u32,
    encryption: [u32; 2],
    flags: u32,
    /// Names, keys, and what is reserved.
    rest: [u64; 30],
}

/// A disk for several containers, each of which needs a mount of its own.
pub(crate) struct SharedDisk {
    device: String,
    /// Keeps the disk.
    first: OwnedFd,
}

impl SharedDisk {
    /// A new, empty disk, which is gone when the last mount of it and this are. `file` is for a moment only.
    pub(crate) fn attach(disk: &TaskDisk, file: &Path) -> Result<Self, StorageError> {
        let (first, device) = attach_named(disk, file)?;
        Ok(Self { device, first })
    }

    /// Another mount of it.
    pub(crate) fn mount(&self) -> Result<OwnedFd, StorageError> {
        mount(&self.device).map_err(|error| StorageError::Mount(error.into()))
    }

    /// The first mount of it.
    pub(crate) fn into_first(self) -> OwnedFd {
        self.first
    }
}

/// A new, empty disk. It is gone when the last mount of it and what this returns are. `file` is for a moment only.
pub(crate) fn attach(disk: &TaskDisk, file: &Path) -> Result<OwnedFd, StorageError> {
    attach_named(disk, file).map(|(mounted, _)| mounted)
}

/// The same, with the path of its device.
fn attach_named(disk: &TaskDisk, file: &Path) -> Result<(OwnedFd, String), StorageError> {
    let copied = copy(&disk.template, file);
    // The kernel keeps what is open.
    let removed = fs::remove_file(file);
    let copied = copied.map_err(StorageError::File)?;
    removed.map_err(StorageError::File)?;
    let (device, name) = loop_device(&copied)?;
    let mounted = mount(&name).map_err(|error| StorageError::Mount(error.into()));
    drop(device);
    Ok((mounted?, name))
}

/// A file with what the template has.
fn copy(template: &Path, file: &Path) -> io::Result<fs::File> {
    let template = Template::read(template)?;
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    template.write_to(&file)?;
    Ok(file)
}

/// The loop device of a file, and its path.
fn loop_device(file: &fs::File) -> Result<(fs::File, String), StorageError> {
    let failed = |what| move |source| StorageError::Loop { what, source };
    let control = open("/dev/loop-control").map_err(failed("ask for a loop device"))?;
    let descriptor = u32::try_from(file.as_raw_fd()).expect("open files have no negative numbers");
    let config = LoopConfig {
        file: descriptor,
        block_size: 0,
        places: [0; 5],
        number: 0,
        encryption: [0; 2],
        flags: AUTOCLEAR,
        rest: [0; 30],
    };
    for _ in 0..TRIES {
        // SAFETY: this call takes no argument.
        let number = unsafe { libc::ioctl(control.as_raw_fd(), GET_FREE) };
        if number < 0 {
            return Err(failed("ask for a loop device")(io::Error::last_os_error()));
        }
        let name = format!("/dev/loop{number}");
        let device = open(&name).map_err(failed("open a loop device"))?;
        // SAFETY: the kernel reads a `struct loop_config`, which this is, and keeps no pointer to it.
        let configured = unsafe { libc::ioctl(device.as_raw_fd(), CONFIGURE, &raw const config) };
        if configured == 0 {
            return Ok((device, name));
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EBUSY) {
            return Err(failed("set a loop device up")(error));
        }
    }
    Err(failed("set a loop device up")(Errno::BUSY.into()))
}

fn open(path: &str) -> io::Result<fs::File> {
    fs::OpenOptions::new().read(true).write(true).open(path)
}

/// Mounts it where no namespace sees it.
fn mount(device: &str) -> Result<OwnedFd, Errno> {
    let context = fsopen("ext4", FsOpenFlags::FSOPEN_CLOEXEC)?;
    let context = context.as_fd();
    fsconfig_set_string(context, "source", device)?;
    // Unused inodes are zeros already. Nothing waits for the disk. What is deleted gives its room back.
    fsconfig_set_flag(context, "noinit_itable")?;
    fsconfig_set_string(context, "barrier", "0")?;
    fsconfig_set_flag(context, "discard")?;
    fsconfig_create(context)?;
    fsmount(
        context,
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::MOUNT_ATTR_NODEV,
    )
}
