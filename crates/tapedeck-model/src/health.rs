//! What a health check has said of a container.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// `healthStatus` of ECS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HealthStatus {
    /// It has neither passed nor failed often enough; or there is no health check.
    #[default]
    Unknown,
    /// It passed the last time, or has not failed often enough since.
    Healthy,
    /// It failed as often in a row as makes it unhealthy.
    Unhealthy,
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Unknown => "UNKNOWN",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
        })
    }
}

/// What the health check of a task has said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskHealth {
    /// What it comes to.
    pub status: HealthStatus,
    /// Since when; none as long as nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it was healthy for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_healthy: Option<Timestamp>,
    /// Failures in a row that count.
    #[serde(default)]
    pub failing_streak: u32,
    /// The last results, oldest first, at most [`TaskHealth::RESULTS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ProbeResult>,
}

impl TaskHealth {
    /// How many results are kept, as in Docker.
    pub const RESULTS: usize = 5;
    /// How many bytes of the output of one are kept, as in Docker.
    pub const OUTPUT: usize = 4096;
}

/// One run of a health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeResult {
    /// When it began.
    pub started: Timestamp,
    /// When it had ended.
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: ProbeOutcome,
    /// What it wrote, or why it could not be run; at most [`TaskHealth::OUTPUT`] bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
}

/// How one run of a health check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProbeOutcome {
    /// Its program exited with this code; 128 + n after signal n. It passes with 0.
    Exited(i32),
    /// It took too long and was killed.
    TimedOut,
    /// It could not be run at all.
    NotRun,
}

impl ProbeOutcome {
    /// Whether it says that the container is healthy.
    #[must_use]
    pub fn passed(self) -> bool {
        self == Self::Exited(0)
    }
}

impl fmt::Display for ProbeOutcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(0) => out.write_str("passed"),
            Self::Exited(code) => write!(out, "failed with code {code}"),
            Self::TimedOut => out.write_str("took too long and was killed"),
            Self::NotRun => out.write_str("could not be run"),
        }
    }
}
