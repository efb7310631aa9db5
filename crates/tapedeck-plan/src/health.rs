//! The state machine of a health check: when to probe, and what the results come to. Rules of Docker, which ECS follows.
//!
//! ```text
//!  UNKNOWN ──a probe passes──▶ HEALTHY ──`retries` failures in a row──▶ UNHEALTHY ──a probe passes──▶ HEALTHY
//!     └──── `retries` failures in a row, of those that began after the start period ───▲
//! ```
//!
//! The first probe begins one interval after the start, each further one an interval after the one before has *ended*, so
//! that they never overlap. Once a probe has passed the start period is over for good.
//!
//! It counts time from the start of the container, by a clock that nobody sets, and is told the time of day only to write it
//! down.

use std::time::Duration;

use tapedeck_model::{HealthCheck, HealthStatus, ProbeOutcome, ProbeResult, TaskHealth, Timestamp};

/// The health of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    check: HealthCheck,
    /// When the last probe ended; the start of the container before there was one.
    ended: Duration,
    told: TaskHealth,
}

/// A probe that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// When it began, from the start of the container.
    pub began: Duration,
    /// When it ended, likewise.
    pub ended: Duration,
    /// The time of day at its end.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: ProbeOutcome,
    /// What it wrote.
    pub output: String,
}

impl Health {
    /// That of a container that has just started.
    #[must_use]
    pub fn new(check: HealthCheck) -> Self {
        Self {
            check,
            ended: Duration::ZERO,
            told: TaskHealth::default(),
        }
    }

    /// What is known so far.
    #[must_use]
    pub fn told(&self) -> &TaskHealth {
        &self.told
    }

    /// When the next probe is due, from the start of the container; while one is running this says nothing.
    #[must_use]
    pub fn due(&self) -> Duration {
        self.ended + Duration::from_secs(u64::from(self.check.interval_seconds))
    }

    /// How long a probe may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.check.timeout_seconds))
    }

    /// Takes the result of a probe.
    pub fn take(&mut self, probed: Probed) {
        self.ended = probed.ended;
        let status = self.judge(&probed);
        if status != self.told.status {
            self.told.status = status;
            self.told.since = Some(probed.at);
        }
        if status == HealthStatus::Healthy {
            self.told.first_healthy.get_or_insert(probed.at);
        }
        let took = probed.ended.saturating_sub(probed.began);
        self.told.results.push(ProbeResult {
            started: probed.at - took,
            ended: probed.at,
            outcome: probed.outcome,
            output: shortened(probed.output),
        });
        let surplus = self.told.results.len().saturating_sub(TaskHealth::RESULTS);
        self.told.results.drain(..surplus);
    }

    fn judge(&mut self, probed: &Probed) -> HealthStatus {
        if probed.outcome.passed() {
            self.told.failing_streak = 0;
            return HealthStatus::Healthy;
        }
        let start_period = Duration::from_secs(u64::from(self.check.start_period_seconds));
        let is_starting = self.told.status == HealthStatus::Unknown;
        if is_starting && probed.began < start_period {
            return HealthStatus::Unknown;
        }
        self.told.failing_streak = self.told.failing_streak.saturating_add(1);
        match self.told.failing_streak >= u32::from(self.check.retries) {
            true => HealthStatus::Unhealthy,
            false => self.told.status,
        }
    }
}

/// The beginning of a text, at most [`TaskHealth::OUTPUT`] bytes of it.
fn shortened(mut text: String) -> String {
    if text.len() > TaskHealth::OUTPUT {
        text.truncate(text.floor_char_boundary(TaskHealth::OUTPUT));
    }
    text
}
