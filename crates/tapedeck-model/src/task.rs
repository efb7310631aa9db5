//! One task: its id and what it was last seen doing.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::{
    ContainerStatus, HealthStatus, InstanceId, JobRun, Placement, ProbeResult, Revision, TaskHealth,
    Timestamp,
};

/// A text that is not 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a task id: it has 32 lower-case hexadecimal digits")]
pub struct InvalidTaskId(pub String);

/// The id of a task: 32 hexadecimal digits, as on ECS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId(String);

impl TaskId {
    /// Checks and wraps an id.
    ///
    /// # Errors
    /// [`InvalidTaskId`] for anything but 32 lower-case hexadecimal digits.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidTaskId> {
        let text = text.into();
        if text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text))
        } else {
            Err(InvalidTaskId(text))
        }
    }

    /// An id from sixteen (random) bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight digits, enough for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl TryFrom<String> for TaskId {
    type Error = InvalidTaskId;
    fn try_from(text: String) -> Result<Self, InvalidTaskId> {
        Self::new(text)
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.0
    }
}

/// A task of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The revision it runs.
    pub revision: Revision,
    /// Its own address.
    pub address: Ipv4Addr,
    /// When it was decided to start it.
    pub created: Timestamp,
    /// Where it is; none while there is no room for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// What it was last seen doing.
    pub state: TaskState,
    /// Until when it is kept from being stopped for want of fewer tasks or for another revision, as it asked for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected_until: Option<Timestamp>,
    /// The attempt of a job that it is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobRun>,
    /// Its containers, the main one first; none when it has no other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerStatus>,
    /// What its health check says; none when it has none, which ECS calls `UNKNOWN` too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<TaskHealth>,
}

impl Task {
    /// Whether it is protected at that time.
    #[must_use]
    pub fn is_protected(&self, now: Timestamp) -> bool {
        self.state.is_live() && self.protected_until.is_some_and(|until| until > now)
    }

    /// The latest time that is known of it.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        let of_state = match &self.state {
            TaskState::Pending => None,
            TaskState::Running { started, .. } => Some(*started),
            TaskState::Stopping { stopping, .. } => Some(*stopping),
            TaskState::Stopped { stopped, .. } => Some(*stopped),
        };
        of_state.unwrap_or_default().max(self.created)
    }

    /// Whether it waits for room: nothing of it is on this machine then. ECS calls it `PROVISIONING`.
    #[must_use]
    pub fn is_unplaced(&self) -> bool {
        self.placement.is_none() && matches!(self.state, TaskState::Pending)
    }

    /// The instance that it is on, if it is on one.
    #[must_use]
    pub fn instance(&self) -> Option<&InstanceId> {
        self.placement.as_ref()?.instance.as_ref()
    }

    /// Whether its health check has failed as often as makes it unhealthy, and not passed since.
    #[must_use]
    pub fn is_unhealthy(&self) -> bool {
        let health = self.health.as_ref();
        health.is_some_and(|health| health.status == HealthStatus::Unhealthy)
    }

    /// The last time its health check was tried, if it has one and it was.
    #[must_use]
    pub fn last_probe(&self) -> Option<&ProbeResult> {
        self.health.as_ref()?.results.last()
    }
}

/// What a task was last seen doing. It never goes back up this list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lastStatus", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskState {
    /// Being prepared and started. It either comes to `Running` or to `Stopped`.
    Pending,
    /// Its process runs.
    Running {
        /// Since when.
        started: Timestamp,
        /// Process id of its PID 1 as this machine sees it.
        pid: u32,
    },
    /// It was told to stop: SIGTERM was sent, SIGKILL follows after the stop timeout.
    Stopping {
        /// When its process had started, if it had.
        started: Option<Timestamp>,
        /// When it was told.
        stopping: Timestamp,
        /// Why it was told.
        code: StopCode,
        /// The same in words.
        reason: String,
    },
    /// No process is left, and nothing else of it but its log.
    Stopped {
        /// When its process had started, if it had.
        started: Option<Timestamp>,
        /// When it ended.
        stopped: Timestamp,
        /// Why it ended.
        code: StopCode,
        /// The same in words, as `stoppedReason` on ECS.
        reason: String,
        /// Exit code of its PID 1; 128 + n after signal n; none when it never ran.
        exit_code: Option<i32>,
    },
}

impl TaskState {
    /// When its process had started, if it had.
    #[must_use]
    pub fn started(&self) -> Option<Timestamp> {
        match self {
            Self::Pending => None,
            Self::Running { started, .. } => Some(*started),
            Self::Stopping { started, .. } | Self::Stopped { started, .. } => *started,
        }
    }

    /// Whether it holds or may come to hold a process that nobody has told to stop.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Pending | Self::Running { .. })
    }

    /// Whether nothing of it is left.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped { .. })
    }
}

/// `stopCode` of ECS (API reference of ECS, data type `Task`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopCode {
    /// It ended before its process ran.
    TaskFailedToStart,
    /// Its process ended by itself, with whatever code.
    EssentialContainerExited,
    /// A person asked for it.
    UserInitiated,
    /// The scheduler decided it: fewer tasks wanted, or another revision.
    ServiceSchedulerInitiated,
    /// The machine or its shim went away under it.
    TerminationNotice,
}

impl StopCode {
    /// Whether the task itself failed, as opposed to being stopped by somebody or losing its machine.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::TaskFailedToStart | Self::EssentialContainerExited)
    }
}

impl fmt::Display for StopCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::TaskFailedToStart => "TaskFailedToStart",
            Self::EssentialContainerExited => "EssentialContainerExited",
            Self::UserInitiated => "UserInitiated",
            Self::ServiceSchedulerInitiated => "ServiceSchedulerInitiated",
            Self::TerminationNotice => "TerminationNotice",
        })
    }
}
