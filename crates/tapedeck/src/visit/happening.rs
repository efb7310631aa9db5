//! What happens while a command runs in a container: what is told of it, and signals to this process.

use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustix::termios::tcsetwinsize;
use tapedeck_runtime::visit::{Signals, Told, Visitor};
use tokio::signal::unix::{Signal as Watched, SignalKind, signal};

use super::choice::Place;
use super::terminal;
use crate::exit::{ExitKind, Failure, OrFail};

/// How long a command may take to end once it was hung up on: a little longer than its shim gives it.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// With that code.
    Ended { code: u8, lacked_memory: bool },
    /// It was killed when its container ended.
    ContainerEnded,
    /// It never ran; the code is what a shell gives for that.
    NotRun { reason: String, code: u8 },
}

/// Why the end of a command is not known.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The connection has ended before it ran.
    BeforeStart,
    /// It has ended while it ran.
    Meanwhile,
    /// This side has failed.
    Here(std::io::Error),
}

impl Lost {
    /// What people are told.
    pub(crate) fn of(self, place: &Place) -> Failure {
        let task = place.short_task();
        match self {
            Self::BeforeStart => Failure::operation(format!("task {task} took nobody in")).help(
                "it has ended just now, or was started by a version of tapedeck that did not know how: deploy it again",
            ),
            Self::Meanwhile => Failure::operation(format!(
                "the connection to task {task} is lost: whatever watched over it was killed, and the command with it"
            ))
            .help("`tapedeck info:stack` shows what became of the task"),
            Self::Here(error) => Failure::new(ExitKind::Environment, error),
        }
    }
}

/// Whatever wakes this process.
enum Happening {
    Told(std::io::Result<Option<(Told, Option<OwnedFd>)>>),
    /// For the command.
    Signal(i32),
    /// Nobody is there any more.
    HungUp,
    Resized,
    /// The shell may have changed the terminal meanwhile.
    Continued,
}

/// Both ends of what wakes this process.
pub(super) struct Happenings {
    sender: Sender<Happening>,
    inbox: Receiver<Happening>,
}

/// A command that was ordered.
pub(super) struct Visit {
    inbox: Receiver<Happening>,
    signals: Signals,
}

/// From now on signals that would end this process are for the command.
///
/// # Errors
/// When they cannot be watched for.
pub(super) fn watch() -> Result<Happenings, Failure> {
    let (sender, inbox) = channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .or_fail(ExitKind::Internal)?;
    let watched = {
        let _inside = runtime.enter();
        let one = |number: Signal| signal(SignalKind::from_raw(number.as_raw())).or_fail(ExitKind::Internal);
        [
            one(Signal::INT)?,
            one(Signal::TERM)?,
            one(Signal::QUIT)?,
            one(Signal::USR1)?,
            one(Signal::USR2)?,
            one(Signal::HUP)?,
            one(Signal::WINCH)?,
            one(Signal::CONT)?,
        ]
    };
    let to = sender.clone();
    std::thread::spawn(move || runtime.block_on(forward(watched, to)));
    Ok(Happenings { sender, inbox })
}

async fn forward(
    [
        mut interrupt,
        mut terminate,
        mut quit,
        mut first,
        mut second,
        mut hangup,
        mut resized,
        mut go_on,
    ]: [Watched; 8],
    sender: Sender<Happening>,
) {
    let passed = |signal: Signal| Happening::Signal(signal.as_raw());
    loop {
        let happening = tokio::select! {
            _ = interrupt.recv() => passed(Signal::INT),
            _ = terminate.recv() => passed(Signal::TERM),
            _ = quit.recv() => passed(Signal::QUIT),
            _ = first.recv() => passed(Signal::USR1),
            _ = second.recv() => passed(Signal::USR2),
            _ = hangup.recv() => Happening::HungUp,
            _ = resized.recv() => Happening::Resized,
            _ = go_on.recv() => Happening::Continued,
        };
        if sender.send(happening).is_err() {
            return;
        }
    }
}

impl Visit {
    /// Listens to what is told from now on.
    ///
    /// # Errors
    /// When there is no room for another open file.
    pub(super) fn new(mut visitor: Visitor, happenings: Happenings) -> std::io::Result<Self> {
        let signals = visitor.signals()?;
        let Happenings { sender, inbox } = happenings;
        std::thread::spawn(move || {
            loop {
                let told = visitor.next_told();
                let is_last = !matches!(told, Ok(Some((Told::Started, _))));
                if sender.send(Happening::Told(told)).is_err() || is_last {
                    return;
                }
            }
        });
        Ok(Self { inbox, signals })
    }

    /// Waits for its end. Its terminal, if it has one, is given away as soon as it runs; `continued` is called when this process
    /// goes on after it was stopped.
    pub(super) fn attend(
        self,
        started: impl FnOnce(&OwnedFd) -> std::io::Result<()>,
        continued: impl Fn(),
    ) -> Result<End, Lost> {
        let mut started = Some(started);
        let mut master = None;
        let mut deadline: Option<Instant> = None;
        loop {
            match self.next(deadline)? {
                Happening::Told(told) => match told.map_err(Lost::Here)? {
                    Some((Told::Started, terminal)) => {
                        if let (Some(terminal), Some(started)) = (&terminal, started.take()) {
                            started(terminal).map_err(Lost::Here)?;
                        }
                        started = None;
                        master = terminal;
                        resize(master.as_ref());
                    }
                    Some((Told::Ended { code, lacked_memory }, _)) => {
                        return Ok(End::Ended { code, lacked_memory });
                    }
                    Some((Told::NotRun { reason, code }, _)) => return Ok(End::NotRun { reason, code }),
                    Some((Told::ContainerEnded, _)) => return Ok(End::ContainerEnded),
                    None if started.is_some() => return Err(Lost::BeforeStart),
                    None => return Err(Lost::Meanwhile),
                },
                Happening::Signal(number) => self.signals.send(number),
                Happening::HungUp => {
                    self.signals.hang_up();
                    deadline = deadline.or_else(|| Instant::now().checked_add(PATIENCE));
                }
                Happening::Resized => resize(master.as_ref()),
                Happening::Continued => {
                    continued();
                    resize(master.as_ref());
                }
            }
        }
    }

    fn next(&self, deadline: Option<Instant>) -> Result<Happening, Lost> {
        let Some(deadline) = deadline else {
            return self.inbox.recv().map_err(|_| Lost::Meanwhile);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        self.inbox.recv_timeout(left).map_err(|error| match error {
            RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected => Lost::Meanwhile,
        })
    }
}

/// Gives the terminal of the command the size of this one.
fn resize(master: Option<&OwnedFd>) {
    if let Some(master) = master {
        // One that is gone has no size.
        let _ = tcsetwinsize(master, terminal::winsize());
    }
}
