//! One deployment of a service: what became of making a revision the desired one.

use serde::{Deserialize, Serialize};

use crate::{Revision, Timestamp};

/// `rolloutState` of ECS (API reference of ECS, data type `Deployment`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RolloutState {
    /// Tasks of an earlier revision still run, or not enough of this one.
    InProgress,
    /// The service was steady on this revision once.
    Completed,
    /// Its tasks failed too often, or it was given up for another. No task of it is started any more.
    Failed,
}

/// What is remembered of a deployment. It is named by its revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// How far it is.
    #[serde(rename = "rolloutState")]
    pub state: RolloutState,
    /// The same in words, as `rolloutStateReason` on ECS.
    #[serde(rename = "rolloutStateReason")]
    pub reason: String,
    /// Tasks of it that had failed when it did.
    pub failed_tasks: u32,
    /// The revision that is desired in its place since it failed.
    pub rolled_back_to: Option<Revision>,
    /// Whether it is under way, or was, because another one failed. It is not counted then.
    pub is_rollback: bool,
    /// When it began.
    pub created: Timestamp,
    /// When it completed or failed.
    pub ended: Option<Timestamp>,
    /// When it last completed, as long as it can be gone back to.
    pub completed: Option<Timestamp>,
}

impl Deployment {
    /// One that begins.
    #[must_use]
    pub fn new(created: Timestamp, reason: String) -> Self {
        Self {
            state: RolloutState::InProgress,
            reason,
            failed_tasks: 0,
            rolled_back_to: None,
            is_rollback: false,
            created,
            ended: None,
            completed: None,
        }
    }
}
