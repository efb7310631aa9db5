//! Programs that work for this process and are of no use without it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

/// Lets the program be killed when the thread that starts it ends, in whatever way: nothing that this process waits for
/// goes on after it was killed.
///
/// The thread has to live until the program has ended. What the program starts itself is not covered.
pub fn end_with_caller(command: &mut Command) {
    let caller = getpid();
    let bind = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The caller may have died before.
        if getppid() == Some(caller) {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    };
    // SAFETY: the closure runs between fork and exec of a possibly multi-threaded process, so it may only make
    // async-signal-safe calls and must not allocate: prctl and getppid are, and the error is a plain value.
    unsafe { command.pre_exec(bind) };
}
