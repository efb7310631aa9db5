//! One process of a script: what it gets, and how it ends.
//!
//! It has no time limit: what a script does takes as long as it takes, and whoever waits can end it. Asked to end, this process asks
//! that one, and kills it when it does not.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};
use tapedeck_runtime::Interruption;

use super::run::Output;

/// How long a script that is asked to end may take for it.
const GRACE: Duration = Duration::from_secs(10);

/// The most of hidden output that is kept, in bytes: its end.
const KEPT: usize = 64 << 10;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// With this code.
    Code(i32),
    /// By a signal that nobody here asked for.
    Signal(i32),
    /// Because this process was asked to end.
    Interrupted,
}

/// A process that has ended, and what it wrote if that was not shown.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) output: Vec<u8>,
}

/// Runs a program to its end.
///
/// # Errors
/// When it cannot be started or watched.
pub(super) fn run(mut command: Command, output: Output) -> io::Result<Ended> {
    let interruption = Interruption::begin()?;
    // What reads from a terminal has to be in the group that the terminal belongs to, where Ctrl-C reaches it by itself.
    let has_own_group = output == Output::Hidden || !io::stdin().is_terminal();
    if has_own_group {
        command.process_group(0);
    }
    let hidden = connect(&mut command, output)?;
    tapedeck_runtime::end_with_caller(&mut command);
    let child = command.spawn()?;
    // It holds the other end of the pipe.
    drop(command);
    let mut watched = Watched {
        pid: Pid::from_child(&child),
        child,
        has_own_group,
        hidden,
        kept: VecDeque::new(),
    };
    watched.wait(&interruption)
}

/// Connects standard input and output. Tells where hidden output can be read.
fn connect(command: &mut Command, output: Output) -> io::Result<Option<OwnedFd>> {
    let stderr = io::stderr().as_fd().try_clone_to_owned()?;
    match output {
        Output::Inherited => {}
        Output::Stderr => drop(command.stdout(stderr)),
        Output::Hidden => {
            let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
            rustix::io::ioctl_fionbio(&read, true)?;
            command
                .stdin(Stdio::null())
                .stdout(write.try_clone()?)
                .stderr(write);
            return Ok(Some(read));
        }
    }
    Ok(None)
}

struct Watched {
    child: Child,
    pid: Pid,
    has_own_group: bool,
    hidden: Option<OwnedFd>,
    kept: VecDeque<u8>,
}

impl Watched {
    fn wait(&mut self, interruption: &Interruption) -> io::Result<Ended> {
        let pidfd = pidfd_open(self.pid, PidfdFlags::empty())?;
        let mut kill_at = None;
        let mut was_interrupted = false;
        loop {
            let pipe = self.hidden.as_ref().map(OwnedFd::as_fd);
            let has_ended = await_any(pidfd.as_fd(), interruption.as_fd(), pipe, kill_at)?;
            self.read_hidden()?;
            if let Some(signal) = interruption.taken().and_then(Signal::from_named_raw) {
                was_interrupted = true;
                kill_at = self.ask_to_end(signal, kill_at);
            }
            if kill_at.is_some_and(|at| at <= Instant::now()) {
                self.signal(Signal::KILL);
                kill_at = Some(Instant::now() + GRACE);
            }
            if has_ended {
                break;
            }
        }
        if kill_at.is_some() {
            // Before it is waited for: until then nobody else can get its number.
            self.signal(Signal::KILL);
        }
        let status = self.child.wait()?;
        Ok(Ended {
            exit: match exit_of(status) {
                // What Ctrl-C means on a terminal is the script's business.
                Exit::Code(0) if kill_at.is_none() => Exit::Code(0),
                _ if was_interrupted => Exit::Interrupted,
                exit => exit,
            },
            output: std::mem::take(&mut self.kept).into(),
        })
    }

    /// Hands on a signal. Tells when what does not end is killed: at once, when it was asked before.
    fn ask_to_end(&self, signal: Signal, before: Option<Instant>) -> Option<Instant> {
        if signal == Signal::INT && !self.has_own_group {
            // Ctrl-C has reached it already, and it may mean something else than the end.
            return before;
        }
        self.signal(signal);
        Some(match before {
            Some(_) => Instant::now(),
            None => Instant::now() + GRACE,
        })
    }

    /// Tells all of the process, as far as it can be told from this one.
    fn signal(&self, signal: Signal) {
        // It may have ended just now.
        let _ = match self.has_own_group {
            true => kill_process_group(self.pid, signal),
            false => kill_process(self.pid, signal),
        };
    }

    /// Takes what was written and is not shown; of much, the end.
    fn read_hidden(&mut self) -> io::Result<()> {
        let Some(pipe) = &self.hidden else { return Ok(()) };
        let mut pipe = std::fs::File::from(pipe.try_clone()?);
        let mut buffer = [0; 16 << 10];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => {
                    self.hidden = None;
                    return Ok(());
                }
                Ok(count) => self.kept.extend(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            let surplus = self.kept.len().saturating_sub(KEPT);
            self.kept.drain(..surplus);
        }
        Ok(())
    }
}

/// Waits until something happens. Tells whether the process has ended.
fn await_any(
    process: BorrowedFd<'_>,
    interruption: BorrowedFd<'_>,
    pipe: Option<BorrowedFd<'_>>,
    until: Option<Instant>,
) -> io::Result<bool> {
    let mut watched = vec![
        PollFd::from_borrowed_fd(process, PollFlags::IN),
        PollFd::from_borrowed_fd(interruption, PollFlags::IN),
    ];
    watched.extend(pipe.map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::IN)));
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let left = left
        .map(Timespec::try_from)
        .transpose()
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    match poll(&mut watched, left.as_ref()) {
        Ok(_) => Ok(!watched[0].revents().is_empty()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}
