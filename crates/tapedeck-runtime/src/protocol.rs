//! What a shim and its engine say to each other: one JSON object a line, in both directions.

use serde::{Deserialize, Serialize};
use tapedeck_model::{ContainerStatus, TaskHealth, Timestamp};

use crate::definition::TaskExit;

/// What a shim tells: its state when somebody connects, and each change after that. The connection ends after
/// [`ShimState::Exited`], when everything the task used has been given back.
///
/// Once the process runs, the socket that listens at the endpoint of the task comes along with a line: take lines with
/// [`crate::receive`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum ShimState {
    /// The container is being made.
    Starting,
    /// Its process runs.
    Running {
        /// Process id of PID 1, as this machine sees it.
        pid: u32,
        /// Since when.
        started: Timestamp,
        /// What its health check has said; none when it has none. Each result is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        health: Option<TaskHealth>,
    },
    /// The task was told to stop, and has not ended yet.
    Stopping {
        /// Process id of PID 1, if it had started.
        pid: Option<u32>,
        /// Since when it had been running, if it had.
        started: Option<Timestamp>,
    },
    /// What each container does, the main one first. Told beside the others of these, by tasks with several containers.
    Containers {
        /// All of them.
        containers: Vec<ContainerStatus>,
    },
    /// No process of the task is left, all its output is in its log, and `exit.json` is on disk.
    Exited {
        /// How it ended.
        exit: TaskExit,
    },
}

/// What a shim can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ShimCommand {
    /// Ask PID 1 to end, and kill everything after the timeout. Told again, the earlier deadline holds.
    Stop {
        /// Milliseconds until the kill; with zero nothing is asked.
        timeout_ms: u64,
    },
    /// Somebody visits a container: their connection, on which [`crate::visit`] says what is said, comes along with the
    /// line. Send it with [`crate::send`].
    Visit {
        /// The name of the container.
        container: String,
    },
}

impl ShimState {
    /// The line to send, with its end.
    ///
    /// # Panics
    /// Never: a state has only fields that JSON can hold.
    #[must_use]
    pub fn to_line(&self) -> String {
        line(self)
    }
}

impl ShimCommand {
    /// The line to send, with its end.
    ///
    /// # Panics
    /// Never: a command has only fields that JSON can hold.
    #[must_use]
    pub fn to_line(&self) -> String {
        line(self)
    }
}

fn line(message: &impl Serialize) -> String {
    let mut line = serde_json::to_string(message).expect("numbers, texts and nothing else");
    line.push('\n');
    line
}
