//! A terminal of a container: one of its own, as its processes see it in `/dev/pts`.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;

use fs_err as fs;
use rustix::fs::{Mode, OFlags, ResolveFlags, fstat, fstatfs, major, minor, openat2};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// `DEVPTS_SUPER_MAGIC` of `linux/magic.h`.
const DEVPTS: u64 = 0x1cd1;

/// The device number of `ptmx`.
const PTMX: (u32, u32) = (5, 2);

/// Opens a terminal of the container of a process, of that size: the end that shows it, and the one for programs.
///
/// Whatever the container did to its files: only the kernel's own file is taken for it, no link is followed, and the other
/// end is not looked for by a name.
///
/// # Errors
/// When the container has none, or no more.
pub(crate) fn open(pid: i32, rows: u16, columns: u16) -> io::Result<(OwnedFd, OwnedFd)> {
    let root = fs::File::open(format!("/proc/{pid}/root"))?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let master = openat2(root.file(), "dev/pts/ptmx", flags, Mode::empty(), within)?;
    let device = fstat(&master)?.st_rdev;
    let is_devpts = u64::try_from(fstatfs(&master)?.f_type).is_ok_and(|kind| kind == DEVPTS);
    if (major(device), minor(device)) != PTMX || !is_devpts {
        return Err(io::Error::new(
            ErrorKind::Unsupported,
            "the container has no terminals",
        ));
    }
    unlockpt(&master)?;
    let peer = ioctl_tiocgptpeer(
        &master,
        OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC,
    )?;
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size)?;
    Ok((master, peer))
}
