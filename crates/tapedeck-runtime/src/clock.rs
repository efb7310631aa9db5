//! The time, as whoever runs a task counts it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tapedeck_model::Timestamp;

/// A clock that goes on from what it was set to, whatever becomes of the machine's own. Copies agree, also in other processes,
/// until the machine is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskClock {
    /// What it showed when the kernel's monotonic clock stood at zero.
    origin: Timestamp,
}

impl TaskClock {
    /// A clock that shows this now.
    #[must_use]
    pub fn showing(now: Timestamp) -> Self {
        Self {
            origin: now - monotonic(),
        }
    }

    /// A clock that shows what that of the machine shows now.
    #[must_use]
    pub fn of_machine() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::showing(Timestamp::default() + since)
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.origin + monotonic()
    }
}

fn monotonic() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
}
