//! Jobs: containers that run to their end, once for each time that somebody submits one. In the words of AWS Batch.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Container, Cpu, MemoryMb, ResourceName, SecretName, StopCode, Task, TaskId, TaskState, Timestamp,
};

/// A resource of type `batch-job`.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchJob {
    /// Its key under `resources`.
    pub name: ResourceName,
    /// Its container.
    pub container: Container,
    /// CPU of each run.
    pub cpu: Cpu,
    /// Memory of each run.
    pub memory: MemoryMb,
}

/// What makes a service a definition of jobs: none of its tasks runs unless a job was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSpec {
    /// The ARN of the definition, without a revision.
    pub definition_arn: String,
    /// The ARNs of the queues that jobs may be submitted to.
    pub queue_arns: Vec<String>,
    /// Seconds after which an attempt is ended, unless a job brings its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// Where state machines leave what is to be submitted, if there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<JobInbox>,
}

impl JobSpec {
    /// The name of the definition.
    #[must_use]
    pub fn definition_name(&self) -> &str {
        name_in(&self.definition_arn)
    }
}

/// What follows the last slash of an ARN; of what is none, all of it.
#[must_use]
pub fn name_in(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, name)| name)
}

/// A queue of messages, each of which asks for a job, and who may read it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobInbox {
    /// The URL of the queue.
    pub queue_url: String,
    /// The address of what stands in for AWS.
    pub endpoint_url: String,
    /// The region that is asked.
    pub region: String,
    /// A secret with the `accessKeyId` and `secretAccessKey` of who may read it.
    pub read_by: SecretName,
}

/// What a role lets its tasks do with jobs, or keeps them from: a statement of its policies. `*` and `?` stand for any text
/// and any character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobGrant {
    /// Whether it allows; else it denies.
    pub allows: bool,
    /// The actions, such as `batch:SubmitJob`.
    pub actions: Vec<String>,
    /// The ARNs of what they are done with.
    pub resources: Vec<String>,
}

/// Whether statements allow an action with all of these resources: one that denies outweighs all that allow.
#[must_use]
pub fn is_granted(grants: &[JobGrant], action: &str, resources: &[&str]) -> bool {
    let action = action.to_ascii_lowercase();
    let is_about = |grant: &JobGrant, resource: &str| {
        let mut actions = grant.actions.iter();
        let is_action = actions.any(|known| matches(&known.to_ascii_lowercase(), &action));
        is_action && grant.resources.iter().any(|known| matches(known, resource))
    };
    resources.iter().all(|resource| {
        let mut about = grants.iter().filter(|grant| is_about(grant, resource)).peekable();
        about.peek().is_some() && about.all(|grant| grant.allows)
    })
}

/// Whether a text has the form of a pattern, in time that grows with the product of their lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, seen));
                at += 1;
            }
            (Some(wanted), _) if *wanted == b'?' || *wanted == text[seen] => {
                at += 1;
                seen += 1;
            }
            (_, Some((place, taken))) => {
                star = Some((place, taken + 1));
                at = place + 1;
                seen = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[at..].iter().all(|rest| *rest == b'*')
}

/// A text that is not the id of a job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of a job: it has 32 lower-case hexadecimal digits in five groups")]
pub struct InvalidJobId(pub String);

/// The id of a job: a UUID, as in AWS Batch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    /// Checks and wraps an id.
    ///
    /// # Errors
    /// [`InvalidJobId`] for anything but a UUID in lower case.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidJobId> {
        let text = text.into();
        let is_dash = |place: usize| matches!(place, 8 | 13 | 18 | 23);
        let is_right = |(place, byte): (usize, u8)| match is_dash(place) {
            true => byte == b'-',
            false => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        };
        match text.len() == 36 && text.bytes().enumerate().all(is_right) {
            true => Ok(Self(text)),
            false => Err(InvalidJobId(text)),
        }
    }

    /// An id from sixteen (random) bytes: a UUID of version 4.
    #[must_use]
    pub fn from_bytes(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (place, byte) in bytes.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&format!("{byte:02x}"));
        }
        Self(text)
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

impl fmt::Display for JobId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl TryFrom<String> for JobId {
    type Error = InvalidJobId;
    fn try_from(text: String) -> Result<Self, InvalidJobId> {
        Self::new(text)
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

/// The attempt of a job that a task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRun {
    /// The job.
    pub job: JobId,
    /// The number of the attempt: 1, 2, 3 …
    pub attempt: u32,
}

/// A job that was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The name that it was given.
    pub name: String,
    /// The ARN of its queue.
    pub queue_arn: String,
    /// The ARN of its definition, with the revision that it had then.
    pub definition_arn: String,
    /// When it was submitted.
    pub created: Timestamp,
    /// Variables of its own, instead of those of the definition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// What it runs in place of the command of its image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The most times that it is run.
    pub most_attempts: u32,
    /// Seconds after which an attempt is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// The attempts that are over, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<JobAttempt>,
    /// Why somebody wants it to end, if somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<String>,
    /// How it ended; none while it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<JobEnd>,
    /// Who waits for its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiter: Option<JobWaiter>,
}

/// An attempt of a job that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobAttempt {
    /// The task that it was.
    pub task: TaskId,
    /// When its process started, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    pub stopped: Timestamp,
    /// The exit code of its process, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it ended, as `statusReason` of AWS Batch.
    pub reason: String,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobEnd {
    /// Whether it came to its end as it should.
    pub succeeded: bool,
    /// When.
    pub stopped: Timestamp,
    /// Why, as `statusReason` of AWS Batch.
    pub reason: String,
}

/// A step of a state machine that waits for the end of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobWaiter {
    /// By what the step is known. Another try of it may have the same.
    pub token: String,
    /// By what its message is known, which each try has of its own.
    pub message: String,
    /// Where it waits.
    pub inbox: JobInbox,
    /// Whether it was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

/// How far a job is, as AWS Batch calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// It waits until there is room for it.
    Runnable,
    /// Its container is being started.
    Starting,
    /// Its process runs.
    Running,
    /// It came to its end as it should.
    Succeeded,
    /// It did not.
    Failed,
}

impl fmt::Display for JobStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Runnable => "RUNNABLE",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        })
    }
}

impl Job {
    /// How far it is, where `task` is its present attempt, if there is one.
    #[must_use]
    pub fn status(&self, task: Option<&Task>) -> JobStatus {
        match (&self.end, task.map(|task| &task.state)) {
            (Some(end), _) if end.succeeded => JobStatus::Succeeded,
            (Some(_), _) => JobStatus::Failed,
            (None, None) => JobStatus::Runnable,
            (None, Some(TaskState::Pending)) => match task.is_some_and(Task::is_unplaced) {
                true => JobStatus::Runnable,
                false => JobStatus::Starting,
            },
            (None, Some(_)) => JobStatus::Running,
        }
    }

    /// Whether a task is an attempt of it that is not over, or of which nobody has written down how it ended.
    #[must_use]
    pub fn is_tried_by(&self, task: &Task) -> bool {
        let is_of_it = task.job.as_ref().is_some_and(|run| run.job == self.id);
        is_of_it && !self.attempts.iter().any(|attempt| attempt.task == task.id) && !self.is_void(task)
    }

    /// Whether a task counts for nothing: the engine was stopped with all tasks, or the task was lost before it ran.
    #[must_use]
    pub fn is_void(&self, task: &Task) -> bool {
        matches!(
            &task.state,
            TaskState::Stopped {
                code: StopCode::UserInitiated,
                ..
            } if self.ending.is_none()
        ) || matches!(
            &task.state,
            TaskState::Stopped {
                code: StopCode::TerminationNotice,
                started: None,
                ..
            }
        )
    }

    /// The latest time that is known of it.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        let end = self.end.as_ref().map(|end| end.stopped);
        end.unwrap_or_default().max(self.created)
    }
}
