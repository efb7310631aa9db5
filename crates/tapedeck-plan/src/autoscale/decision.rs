//! A decision, with all that it was made of.

use std::fmt;

use serde::{Deserialize, Serialize};
use tapedeck_model::Timestamp;

/// What tasks use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Metric {
    /// CPU time of what is reserved.
    Cpu,
    /// Memory of the limit.
    Memory,
}

impl Metric {
    /// The key of the config that this is kept under.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Cpu => "keepAvgCpuUtilizationUnder",
            Self::Memory => "keepAvgMemoryUtilizationUnder",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Cpu => "CPU",
            Self::Memory => "memory",
        })
    }
}

/// Why the count was left as it is. Codes that Application Auto Scaling has are named as there (its API reference,
/// `NotScaledReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotScaled {
    /// Fewer tasks would need more again at once.
    AutoScalingAnticipatedFlapping,
    /// More are wanted than `maxInstances`.
    AlreadyAtMaxCapacity,
    /// Fewer would do, but `minInstances` are kept.
    AlreadyAtMinCapacity,
    /// What is wanted is desired already, though it does not run yet.
    AlreadyAtDesiredCapacity,
    /// Every metric is where it should be.
    WithinTargets,
    /// Fewer might do, but not for long enough yet.
    NotLowForLongEnough,
    /// It is too early after the last change.
    InCooldown,
    /// Tasks that were added are not ready yet.
    WaitingForCapacity,
    /// A rollout goes on: nothing is removed meanwhile.
    DeploymentInProgress,
    /// Tasks were not measured.
    InsufficientData,
    /// More tasks did not make a metric fall: it is of no use for scaling.
    MetricNotProportional,
}

impl NotScaled {
    /// Whether it says no more than that all is well, or that it is too early to say.
    #[must_use]
    pub fn is_quiet(self) -> bool {
        matches!(
            self,
            Self::WithinTargets
                | Self::NotLowForLongEnough
                | Self::InCooldown
                | Self::WaitingForCapacity
                | Self::InsufficientData
        )
    }
}

impl fmt::Display for NotScaled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}

/// A metric as it was seen, in per cent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// Which.
    pub metric: Metric,
    /// What is used of what is reserved, on average over a minute or as much of it as was seen: the number of CloudWatch.
    pub utilization: f64,
    /// What was decided by: in tempo `fast` the average of the last seconds, with an estimate of what tasks at their limit would use
    /// beyond it.
    pub demand: f64,
    /// Above this, tasks are added.
    pub target: u8,
    /// Below this, tasks are removed.
    pub low: f64,
    /// How many tasks this metric asks for, if it asks for more.
    pub wants: Option<u32>,
}

/// What was decided, when, on what grounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// Tasks wanted before.
    pub before: u32,
    /// Tasks wanted from now on.
    pub wanted: u32,
    /// Tasks that ran and had warmed up.
    pub ready: u32,
    /// Tasks that were being started.
    pub in_flight: u32,
    /// Why nothing was changed, if nothing was.
    pub not_scaled: Option<NotScaled>,
    /// The metrics.
    pub readings: Vec<Reading>,
    /// The reason in words.
    pub reason: String,
}

impl Decision {
    /// Whether another count is wanted from now on.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.before != self.wanted
    }
}

/// A share as per cent, rounded so that it reads well.
pub(crate) fn per_cent(share: f64) -> f64 {
    (share * 1000.0).round() / 10.0
}
