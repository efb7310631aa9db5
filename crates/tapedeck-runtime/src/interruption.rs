//! Signals that would end this process, noted instead for a while, so that what it started can be ended first.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::event::{EventfdFlags, eventfd};

/// The signals that ask a command to end.
const SIGNALS: [i32; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// No signal, and no file.
const NONE: i32 = -1;

/// The signal that came last, until it is asked for.
static CAME: AtomicI32 = AtomicI32::new(NONE);

/// The file that whoever waits is woken by.
static WAKE: AtomicI32 = AtomicI32::new(NONE);

/// While it lives, a signal that asks this process to end is noted. There is one at a time. What was before is again when it is
/// dropped.
#[derive(Debug)]
pub struct Interruption {
    wake: OwnedFd,
    before: Vec<(i32, Action)>,
}

/// What happened at a signal before.
struct Action(libc::sigaction);

impl std::fmt::Debug for Action {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Action")
    }
}

impl Interruption {
    /// From now on signals are noted. Those that are ignored stay so.
    ///
    /// # Errors
    /// When there is one already, or the system refuses.
    pub fn begin() -> io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let number = wake.as_raw_fd();
        if WAKE
            .compare_exchange(NONE, number, Ordering::SeqCst, Ordering::SeqCst)
            .is_err()
        {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        CAME.store(NONE, Ordering::SeqCst);
        let mut interruption = Self {
            wake,
            before: Vec::new(),
        };
        for signal in SIGNALS {
            let before = action_of(signal)?;
            if before.0.sa_sigaction == libc::SIG_IGN {
                continue;
            }
            set(signal, &noting())?;
            interruption.before.push((signal, before));
        }
        Ok(interruption)
    }

    /// The signal that has come since this was asked last.
    #[must_use]
    pub fn taken(&self) -> Option<i32> {
        let mut count = [0; 8];
        // There is nothing to read when none came.
        let _ = rustix::io::read(&self.wake, &mut count);
        let came = CAME.swap(NONE, Ordering::SeqCst);
        (came != NONE).then_some(came)
    }
}

/// It can be read when a signal has come.
impl AsFd for Interruption {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl Drop for Interruption {
    fn drop(&mut self) {
        for (signal, before) in &self.before {
            // What could be set a moment ago can be set back.
            let _ = set(*signal, &before.0);
        }
        WAKE.store(NONE, Ordering::SeqCst);
    }
}

/// Notes a signal and wakes whoever waits.
extern "C" fn note(signal: libc::c_int) {
    CAME.store(signal, Ordering::SeqCst);
    let wake = WAKE.load(Ordering::SeqCst);
    if wake != NONE {
        let one = 1_u64;
        // SAFETY: write may be called in a handler of a signal, and gets a pointer to 8 bytes that live; the place of `errno` is
        // that of this thread, which must find in it what it left there.
        unsafe {
            let errno = libc::__errno_location();
            let kept = *errno;
            libc::write(wake, (&raw const one).cast(), 8);
            *errno = kept;
        }
    }
}

fn noting() -> libc::sigaction {
    // SAFETY: all zeros are a valid value: no handler, no flags; the set of signals is made by sigemptyset.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = note as extern "C" fn(libc::c_int) as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the pointer is to a set that lives.
    unsafe { libc::sigemptyset(&raw mut action.sa_mask) };
    action
}

fn action_of(signal: i32) -> io::Result<Action> {
    // SAFETY: all zeros are a valid value, which the call overwrites.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: without a new action nothing is changed; the pointer is to a value that lives.
    match unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) } {
        0 => Ok(Action(action)),
        _ => Err(io::Error::last_os_error()),
    }
}

fn set(signal: i32, action: &libc::sigaction) -> io::Result<()> {
    // SAFETY: the action is one that was there before, or `noting`, whose handler makes async-signal-safe calls only.
    match unsafe { libc::sigaction(signal, &raw const *action, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests;
