//! How far the deployments of a service have come. What becomes of them is decided in `tapedeck-plan`.

use serde::{Deserialize, Serialize};

use crate::{Revision, Timestamp};

/// `rolloutState` of ECS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RolloutState {
    /// Tasks of another revision still run, or not enough of this one.
    InProgress,
    /// The service was steady on this revision once.
    Completed,
    /// The circuit breaker has tripped: nothing of this revision is started any more.
    Failed,
}

/// A deployment that the circuit breaker has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedDeployment {
    /// The revision that was deployed.
    pub revision: Revision,
    /// When it was given up.
    pub at: Timestamp,
    /// Tasks of it that failed since one was healthy.
    pub failed_tasks: u32,
    /// `rolloutStateReason` of ECS.
    pub reason: String,
}

/// The deployments of a service, as far as they matter for the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployments {
    /// The revision that is desired.
    pub revision: Revision,
    /// How far that is.
    pub rollout: RolloutState,
    /// Revisions that were completed, the latest last; as many as there is a use for.
    #[serde(default)]
    pub completed: Vec<Revision>,
    /// The last one that failed, until a later one is completed.
    #[serde(default)]
    pub failed: Option<FailedDeployment>,
}

impl Deployments {
    /// How many completed revisions are kept: the one that runs, and the one before, for going back.
    pub const COMPLETED_KEPT: usize = 2;

    /// The first deployment.
    #[must_use]
    pub fn first(revision: Revision) -> Self {
        Self {
            revision,
            rollout: RolloutState::InProgress,
            completed: Vec::new(),
            failed: None,
        }
    }

    /// Begins a deployment of a revision, or goes on with that of the same.
    pub fn begin(&mut self, revision: Revision) {
        self.revision = revision;
        self.rollout = RolloutState::InProgress;
    }

    /// The latest completed revision other than the desired one.
    #[must_use]
    pub fn previous(&self) -> Option<Revision> {
        let mut others = self.completed.iter().rev();
        others.find(|revision| **revision != self.revision).copied()
    }

    /// The latest completed revision.
    #[must_use]
    pub fn last_completed(&self) -> Option<Revision> {
        self.completed.last().copied()
    }
}
