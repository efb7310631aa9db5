//! The shim as a process: what it inherits, its signals, its memory, its children.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixListener;

use fs_err as fs;
use rustix::fs::Mode;
use rustix::process::{WaitOptions, WaitStatus, wait};

use crate::definition::TaskDefinition;

/// What a shim gets from [`crate::spawn`].
pub(super) struct Inheritance {
    pub(super) listener: UnixListener,
    pub(super) definition: TaskDefinition,
}

/// Takes the file descriptors 0 and 1 over, and puts `/dev/null` in their places.
pub(super) fn inherit() -> io::Result<Inheritance> {
    // SAFETY: nobody else in this process owns them: a shim uses neither standard input nor standard output.
    let (first, second) = unsafe { (OwnedFd::from_raw_fd(0), OwnedFd::from_raw_fd(1)) };
    let listener = UnixListener::from(rustix::io::fcntl_dupfd_cloexec(&first, 3)?);
    listener.set_nonblocking(true)?;
    let mut text = Vec::new();
    File::from(rustix::io::fcntl_dupfd_cloexec(&second, 3)?).read_to_end(&mut text)?;
    let definition = serde_json::from_slice(&text)?;

    let nothing = fs::File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    // They are standard input and output again, which nobody closes.
    std::mem::forget((first, second));
    Ok(Inheritance { listener, definition })
}

/// Keeps this process small, alive, and deaf to everything but SIGKILL.
pub(super) fn settle() -> io::Result<()> {
    // SAFETY: plain settings of the allocator, from the only thread.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 16 * 1024);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 * 1024);
    }
    for signal in [
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGTERM,
        libc::SIGPIPE,
    ] {
        // SAFETY: ignoring is no function of ours.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    rustix::thread::set_name(c"tapedeck-shim")?;
    // Inherited by the task, for which it should not depend on who started the engine.
    rustix::process::umask(Mode::from_raw_mode(0o022));
    // Out of memory, the machine should kill tasks, whose ends are noticed, rather than those who notice. Not
    // everybody may ask for that.
    let _ = fs::write("/proc/self/oom_score_adj", "-998");
    Ok(())
}

/// A file descriptor that can be read when a child has ended.
pub(super) fn child_events() -> io::Result<OwnedFd> {
    // SAFETY: the set is made by sigemptyset before anything reads it, all pointers are valid, and a file descriptor
    // that signalfd returns is new and belongs to us.
    unsafe {
        let mut signals: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut signals);
        libc::sigaddset(&raw mut signals, libc::SIGCHLD);
        if libc::sigprocmask(libc::SIG_BLOCK, &raw const signals, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        match libc::signalfd(-1, &raw const signals, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
            -1 => Err(io::Error::last_os_error()),
            descriptor => Ok(OwnedFd::from_raw_fd(descriptor)),
        }
    }
}

/// A child that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) pid: i32,
    /// Its exit code, or 128 + n after signal n.
    pub(super) code: i32,
}

/// The children that have ended since the last time.
pub(super) fn reap() -> Vec<Ended> {
    let mut ended = Vec::new();
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if let Some(code) = code(status) {
            ended.push(Ended {
                pid: pid.as_raw_nonzero().get(),
                code,
            });
        }
    }
    ended
}

fn code(status: WaitStatus) -> Option<i32> {
    status
        .exit_status()
        .or_else(|| status.terminating_signal().map(|signal| 128 + signal))
}

/// Gives freed memory back.
pub(super) fn trim_memory() {
    // SAFETY: it may be called at any time.
    unsafe { libc::malloc_trim(0) };
}
