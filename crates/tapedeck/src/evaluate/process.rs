//! One process that runs code of the user's: what it gets, what it may take, and how it ends.
//!
//! Request and results are in memory, in files that have no name: nothing of them reaches a disk, and nothing is left of
//! them whatever happens. The process leads a group of its own, which is killed once it has ended or its time is up.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::protocol::{Line, Request};
use super::{LARGEST_RESULT, Surroundings};

/// Environment variables of the user's that change how a runtime works in ways that code of a config does not expect.
const REMOVED: [&str; 2] = ["NODE_OPTIONS", "NODE_CHANNEL_FD"];
/// Variables of tapedeck's own begin so.
const OWN_PREFIX: &[u8] = b"TAPEDECK_";

/// How a process ended.
#[derive(Debug)]
pub(super) enum Ending {
    Exited(ExitStatus),
    /// Its time was up, and it was killed.
    TimedOut,
}

/// A process that has ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ending: Ending,
    /// What it wrote, in its order.
    pub(super) lines: Vec<Line>,
}

/// Runs a program that gets the numbers of two open files as its last arguments, and waits for its end.
///
/// # Errors
/// When it cannot be started.
pub(super) fn run(
    program: &Path,
    arguments: &[String],
    request: &Request<'_>,
    surroundings: &Surroundings<'_>,
) -> io::Result<Ran> {
    let mut requested = file_in_memory("tapedeck-request")?;
    requested.write_all(&serde_json::to_vec(request)?)?;
    requested.rewind()?;
    let mut results = file_in_memory("tapedeck-results")?;

    let mut command = Command::new(program);
    command
        .args(arguments)
        .args([&requested, &results].map(|file| file.as_raw_fd().to_string()))
        .current_dir(surroundings.folder)
        .env_clear()
        .envs(environment(surroundings))
        .stdin(Stdio::null())
        .stdout(surroundings.output.try_clone_to_owned()?)
        .stderr(surroundings.output.try_clone_to_owned()?)
        .process_group(0);
    tapedeck_runtime::end_with_caller(&mut command);
    let ending = wait(command.spawn()?, surroundings.time_limit)?;

    results.rewind()?;
    let most = (request.calls.len() as u64 + 1) * 3 * LARGEST_RESULT;
    let mut text = Vec::new();
    results.take(most).read_to_end(&mut text)?;
    // A line that is cut off or otherwise no line of ours is none: its call has no result then.
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    Ok(Ran { ending, lines })
}

/// A file that processes started from here inherit, at the same number.
fn file_in_memory(name: &str) -> io::Result<File> {
    Ok(File::from(memfd_create(name, MemfdFlags::empty())?))
}

/// The user's own, but for what would mislead.
fn environment(surroundings: &Surroundings<'_>) -> Vec<(OsString, OsString)> {
    let own = surroundings.environment.iter().filter(|(name, _)| {
        !name.as_encoded_bytes().starts_with(OWN_PREFIX) && !REMOVED.iter().any(|removed| name == removed)
    });
    let set = [
        ("PATH".into(), surroundings.search_path.to_owned()),
        // Or a folder with compiled files appears beside the user's.
        ("PYTHONDONTWRITEBYTECODE".into(), "1".into()),
    ];
    own.cloned().chain(set).collect()
}

/// Waits for the end of a process, no longer than the limit, and kills what is left of its group.
fn wait(mut child: Child, limit: Duration) -> io::Result<Ending> {
    let pid = Pid::from_child(&child);
    let ended = pidfd_open(pid, PidfdFlags::empty())
        .map_err(io::Error::from)
        .and_then(|pidfd| is_readable_within(&pidfd, limit));
    // Before it is waited for: until then nobody else can get its number.
    kill_process_group(pid, Signal::KILL).ok();
    let status = child.wait()?;
    Ok(if ended? {
        Ending::Exited(status)
    } else {
        Ending::TimedOut
    })
}

fn is_readable_within(file: &impl AsFd, limit: Duration) -> io::Result<bool> {
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
        match poll(
            &mut [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)],
            Some(&timeout),
        ) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
