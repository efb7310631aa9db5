//! All that can happen while somebody develops. Each comes from a thread of its own, which only waits.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use tapedeck_api::StackStatus;
use tapedeck_image::SharedLock;
use tapedeck_model::StackSpec;

use crate::dev::scope::Scope;
use crate::exit::Failure;

/// Something to act on.
#[derive(Debug)]
pub(crate) enum Happening {
    /// Files changed that count. `config` when the config has to be read again.
    Changed { paths: BTreeSet<PathBuf>, config: bool },
    /// Files cannot be watched any more as they were.
    WatchLost(std::io::Error),
    /// A key was pressed.
    Key(Key),
    /// A signal came.
    Signal(Signal),
    /// Packaging takes the next step.
    Step(String),
    /// Packaging has something to tell.
    Notice(String),
    /// Packaging is done.
    Packaged(Box<Result<Packaged, Failed>>),
    /// What counts from now on.
    Scope(Scope),
    /// The stack is like this now.
    Stack(StackStatus),
    /// There is no such stack any more.
    StackGone,
    /// The connection with this number to the engine is broken.
    EngineLost(u64),
    /// There may be new lines in the logs.
    Logs,
}

/// Keys that mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Restart,
    Quit,
    Help,
    Enter,
}

/// Signals that mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// To end: SIGINT, SIGTERM or SIGHUP.
    End,
    /// The process goes on after it was stopped.
    Continued,
}

/// Images that were made.
#[derive(Debug)]
pub(crate) struct Packaged {
    /// What the engine is to run.
    pub(crate) spec: StackSpec,
    /// Files that differ from the build before.
    pub(crate) because: BTreeSet<PathBuf>,
    /// How long it took.
    pub(crate) took: Duration,
    /// Held until the engine knows the images, so that none is taken for garbage.
    pub(crate) share: SharedLock,
}

/// Nothing could be made.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    /// It is the config that is wrong.
    pub(crate) is_config: bool,
    /// What is wrong in it, place by place. Empty when that is all in the failure.
    pub(crate) findings: String,
    pub(crate) took: Duration,
}

impl Key {
    /// The key of a byte of the terminal.
    pub(crate) fn of(byte: u8) -> Option<Self> {
        const CTRL_D: u8 = 4;
        match byte {
            b'r' | b'R' => Some(Self::Restart),
            b'q' | b'Q' | CTRL_D => Some(Self::Quit),
            b'h' | b'H' | b'?' => Some(Self::Help),
            b'\r' | b'\n' => Some(Self::Enter),
            _ => None,
        }
    }
}

/// Milliseconds between two moments, for JSON.
pub(crate) fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
