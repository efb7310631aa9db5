//! The one clock of the engine: wall time at its start plus monotonic time since.
//!
//! So a jump of the machine's clock moves no timer, and times never run backwards while the engine lives.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tapedeck_model::Timestamp;

/// Tells the time. Copies agree with each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    wall: Timestamp,
}

/// What the clock of the machine says. It may jump: only for what is about the calendar, and for comparing with what others have
/// written by it.
pub(crate) fn wall() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

impl Clock {
    /// A clock that is not behind `latest`, the latest time that an earlier engine wrote down.
    pub(crate) fn start(latest: Timestamp) -> Self {
        Self {
            started: Instant::now(),
            wall: wall().max(latest),
        }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.wall + self.started.elapsed()
    }

    /// How long until `then`; zero when it is over.
    pub(crate) fn until(&self, then: Timestamp) -> Duration {
        then.since(self.now())
    }
}
