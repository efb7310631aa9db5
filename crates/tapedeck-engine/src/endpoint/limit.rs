//! How often a task may ask, as on ECS.

use std::time::{Duration, Instant};

/// Requests a second that are answered for ever.
const STEADY: f64 = 40.0;

/// Requests that are answered at once after a rest.
const BURST: f64 = 60.0;

/// What is left of a task's share.
#[derive(Debug)]
pub(super) struct Limit {
    left: f64,
    at: Instant,
}

impl Limit {
    /// A full share.
    pub(super) fn full(now: Instant) -> Self {
        Self { left: BURST, at: now }
    }

    /// Takes one request out of it; says whether there was one left.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let passed: Duration = now.saturating_duration_since(self.at);
        self.left = (self.left + passed.as_secs_f64() * STEADY).min(BURST);
        self.at = now;
        let is_left = self.left >= 1.0;
        if is_left {
            self.left -= 1.0;
        }
        is_left
    }
}
