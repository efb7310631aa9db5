//! The containers of a task that has several, one by one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The name of the main container of a task (product page, "Side containers").
pub const MAIN_CONTAINER: &str = "service-container";

/// One container of a task, and what it was last seen doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerStatus {
    /// Its name.
    pub name: String,
    /// What it was last seen doing.
    #[serde(flatten)]
    pub state: ContainerState,
}

/// What a container was last seen doing. It never goes back up this list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "lastStatus",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum ContainerState {
    /// It waits for others, or is being made.
    Pending,
    /// Its process runs.
    Running {
        /// Since when.
        started: Timestamp,
        /// Process id of its PID 1 as this machine sees it.
        pid: u32,
    },
    /// It was asked to end.
    Stopping {
        /// When its process had started, if it had.
        started: Option<Timestamp>,
    },
    /// No process of it is left.
    Stopped {
        /// When its process had started, if it had.
        started: Option<Timestamp>,
        /// When it ended.
        stopped: Timestamp,
        /// Exit code of its PID 1; none when it never ran.
        exit_code: Option<i32>,
        /// What kept it from running, or ended it; none when it ended by itself.
        reason: Option<String>,
    },
}

impl fmt::Display for ContainerState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Pending => "PENDING",
            Self::Running { .. } => "RUNNING",
            Self::Stopping { .. } => "STOPPING",
            Self::Stopped { .. } => "STOPPED",
        })
    }
}
