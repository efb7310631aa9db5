//! The shim: the process that owns one task.
//!
//! ```text
//!  Creating ──reports end──▶ Running ──PID 1 exits──▶ Exited ──▶ everything given back, process ends
//!      └────────failed, or told to stop and killed──────▲
//! ```
//!
//! One thread, one loop around `poll`, no runtime, little memory: there is one such process for each task. It survives
//! its engine, and ends only when its task has. Signals that ask it to end are ignored; SIGKILL takes the task along,
//! because PID 1 asks the kernel for that before it executes its program.

mod connections;
mod contained;
mod heed;
mod output;
mod probe;
mod process;
mod supervisor;
mod verdict;
mod visits;

use std::path::Path;
use std::process::ExitCode;

use crate::container::note;

/// Runs one task to its end. For the hidden command of the program that [`crate::spawn`] was given; only of use in a
/// process started by that.
///
/// The code says whether the shim did its work, not how the task ended.
#[must_use]
pub fn main(task_directory: &Path) -> ExitCode {
    let run = process::inherit().and_then(|inheritance| {
        process::settle()?;
        supervisor::run(task_directory, inheritance)
    });
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(format_args!("shim: {error}"));
            ExitCode::FAILURE
        }
    }
}
