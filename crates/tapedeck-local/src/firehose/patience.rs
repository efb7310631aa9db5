//! When a delivery that failed is tried again, and from when on there is no use in waiting. Pure.

use std::time::Duration;

use tapedeck_model::Timestamp;

/// The pause after the first failure.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);

/// A time in which the endpoint does not acknowledge anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    since: Timestamp,
    failures: u32,
    next_try: Timestamp,
}

impl Patience {
    /// After another failure, or after the first since a success: pauses double.
    #[must_use]
    pub fn another(before: Option<Self>, now: Timestamp) -> Self {
        let (since, failures) = before.map_or((now, 0), |before| (before.since, before.failures));
        let pause = FIRST.saturating_mul(1 << failures.min(16)).min(LONGEST);
        Self {
            since,
            failures: failures.saturating_add(1),
            next_try: now + pause,
        }
    }

    /// When to try again.
    #[must_use]
    pub fn next_try(&self) -> Timestamp {
        self.next_try
    }

    /// Whether what waits has been tried for long enough, and is to be spooled.
    #[must_use]
    pub fn is_over(&self, retry: Duration, now: Timestamp) -> bool {
        now.since(self.since) >= retry
    }
}
