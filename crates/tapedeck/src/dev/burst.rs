//! Changes that belong together: an editor that saves makes several, a checkout makes hundreds. Pure.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A burst is over when nothing happened for so long. Editors that write beside the file and rename need less.
const QUIET: Duration = Duration::from_millis(2);

/// A burst that does not end is acted on after so long; what comes then is another one.
const LONGEST: Duration = Duration::from_millis(50);

/// What is to be done about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// What changed, as far as it is known.
    pub(crate) paths: BTreeSet<PathBuf>,
    /// The config has to be read again.
    pub(crate) config: bool,
    /// A person wants all tasks replaced.
    pub(crate) restart: bool,
}

/// Changes that came shortly after each other.
#[derive(Debug)]
pub(crate) struct Burst {
    first: Instant,
    last: Instant,
    changes: Changes,
}

impl Burst {
    /// Adds changes to what there is.
    pub(crate) fn add(burst: Option<Self>, changes: Changes, now: Instant) -> Self {
        let Some(mut burst) = burst else {
            return Self {
                first: now,
                last: now,
                changes,
            };
        };
        burst.last = now;
        burst.changes.paths.extend(changes.paths);
        burst.changes.config |= changes.config;
        burst.changes.restart |= changes.restart;
        burst
    }

    /// When it is to be acted on unless more comes before. At once when a person asks.
    pub(crate) fn due(&self) -> Instant {
        match self.changes.restart {
            true => self.first,
            false => (self.last + QUIET).min(self.first + LONGEST),
        }
    }

    /// Whether a person asked for something.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.changes.restart
    }

    /// What is in it, and when it began.
    pub(crate) fn into_changes(self) -> (Changes, Instant) {
        (self.changes, self.first)
    }
}

#[cfg(test)]
mod tests;
