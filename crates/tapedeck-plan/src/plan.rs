//! What a decision consists of: steps, what is waited for, when to look again, and how far it is.

use std::fmt;

use tapedeck_model::{Revision, StopCode, TaskId, Timestamp};

/// What to do now, what is waited for, and when to look again if nothing happens before.
#[must_use = "a plan does nothing until it is executed"]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What to do, in this order: stops (by task id), starts (by revision), records to forget (oldest first).
    pub steps: Vec<Step>,
    /// What is waited for, besides what the steps are about.
    pub waiting: Vec<Waiting>,
    /// When to decide again even if nothing was heard of any task. Later than the `now` of the decision.
    pub wake_at: Option<Timestamp>,
    /// How far the service is.
    pub progress: Progress,
    /// How many of the starts make up for unhealthy tasks.
    pub replacing: u32,
}

impl Plan {
    /// Whether it starts or stops a task.
    #[must_use]
    pub fn acts(&self) -> bool {
        let acts = |step: &Step| !matches!(step, Step::Forget { .. });
        self.steps.iter().any(acts)
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Start one task. A plan with the same step three times starts three. Its record has to exist, as `Pending` and
    /// with `created` not before the `now` of the decision, before the next decision is made.
    Start {
        /// What it runs: the desired revision, or during a rollout the one being replaced.
        revision: Revision,
    },
    /// Tell a task to stop. Its record has to say `Stopping` before the next decision is made.
    Stop {
        /// Which one.
        task: TaskId,
        /// Why.
        code: StopCode,
        /// The same in words, for `stoppedReason`.
        reason: String,
    },
    /// Drop the record of a stopped task.
    Forget {
        /// Which one.
        task: TaskId,
    },
}

/// Something that is waited for. Each variant names what ends the wait; [`Waiting::until`] tells when, if time does.
/// Its `Display` is a sentence for people, without full stop and without the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// Tasks are being started; ends when they run or fail.
    ForStart {
        /// Which ones.
        tasks: Vec<TaskId>,
    },
    /// Tasks run, but not yet long enough to count as healthy; ends with time, or when they exit.
    ForSettling {
        /// Which ones.
        tasks: Vec<TaskId>,
        /// When the first of them will have run long enough.
        until: Timestamp,
    },
    /// The health check of tasks has neither passed nor failed often enough; ends when it has, or when they exit.
    ForHealth {
        /// Which ones.
        tasks: Vec<TaskId>,
    },
    /// Unhealthy tasks run on until others stand in for them; ends when those are healthy, or when they recover.
    ForHealthyReplacement {
        /// Which ones.
        tasks: Vec<TaskId>,
    },
    /// Tasks are unhealthy while somebody watches; ends when they recover, or with another revision.
    ForRecovery {
        /// Which ones.
        tasks: Vec<TaskId>,
    },
    /// Tasks were told to stop; ends when they have.
    ForStop {
        /// Which ones.
        tasks: Vec<TaskId>,
    },
    /// Starts are held back because the last ones failed; ends with time, or with another revision.
    ForBackOff {
        /// The revision that failed.
        revision: Revision,
        /// How many starts are held back.
        starts: u32,
        /// How often it failed in a row.
        failures: u32,
        /// The time of the next attempt.
        until: Timestamp,
    },
    /// Starts are held back because after failures one attempt at a time is made; ends when that one has held or failed.
    ForAttempt {
        /// The revision that failed.
        revision: Revision,
        /// How many starts are held back.
        starts: u32,
        /// How often it failed in a row.
        failures: u32,
    },
    /// Tasks of older revisions go on running; ends as tasks of the desired revision settle in their place.
    ForReplacement {
        /// The older tasks.
        tasks: Vec<TaskId>,
        /// The desired revision.
        revision: Revision,
    },
    /// Tasks that are protected go on running although they are of an older revision or too many; ends with time, or when
    /// they ask for it.
    ForProtection {
        /// Which ones.
        tasks: Vec<TaskId>,
        /// When the first of them loses its protection.
        until: Timestamp,
    },
    /// Tasks ended by themselves while somebody watches; ends with another revision.
    ForRevision {
        /// The revision that was tried.
        after: Revision,
        /// How many of its tasks ended.
        ended: u32,
    },
    /// The deployment failed, and there was none to go back to; ends with another revision.
    ForDeployment {
        /// The revision that was given up.
        after: Revision,
        /// How many starts are held back.
        starts: u32,
    },
    /// The bounds of the deployment leave room neither for a start nor for a stop; ends with other bounds, another count,
    /// or when a task ends by itself.
    ForRoom {
        /// How many starts are held back.
        starts: u32,
    },
}

impl Waiting {
    /// When the wait is over (or its first part is), if nothing ends it before. None when only an event ends it.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::ForSettling { until, .. }
            | Self::ForBackOff { until, .. }
            | Self::ForProtection { until, .. } => Some(*until),
            Self::ForStart { .. }
            | Self::ForHealth { .. }
            | Self::ForHealthyReplacement { .. }
            | Self::ForRecovery { .. }
            | Self::ForStop { .. }
            | Self::ForAttempt { .. }
            | Self::ForReplacement { .. }
            | Self::ForRevision { .. }
            | Self::ForDeployment { .. }
            | Self::ForRoom { .. } => None,
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForStart { tasks } => write!(out, "waiting for {} to start", TaskList(tasks)),
            Self::ForSettling { tasks, .. } => {
                write!(
                    out,
                    "waiting for {} to run long enough to count as healthy",
                    TaskList(tasks)
                )
            }
            Self::ForHealth { tasks } => {
                write!(out, "waiting for the health check of {} to pass", TaskList(tasks))
            }
            Self::ForHealthyReplacement { tasks } => {
                let verb = if tasks.len() == 1 {
                    "is unhealthy and runs"
                } else {
                    "are unhealthy and run"
                };
                write!(out, "{} {verb} until replaced by healthy tasks", TaskList(tasks))
            }
            Self::ForRecovery { tasks } => {
                let verb = if tasks.len() == 1 { "is" } else { "are" };
                write!(
                    out,
                    "{} {verb} unhealthy until the health check passes or there is another revision",
                    TaskList(tasks)
                )
            }
            Self::ForStop { tasks } => write!(out, "waiting for {} to stop", TaskList(tasks)),
            Self::ForBackOff {
                revision,
                starts,
                failures,
                ..
            } => write!(
                out,
                "revision {revision} failed {} in a row: {} until the delay is over or another revision is deployed",
                Times(*failures),
                HeldBack(*starts)
            ),
            Self::ForAttempt {
                revision,
                starts,
                failures,
            } => write!(
                out,
                "revision {revision} failed {} in a row: {} until the present attempt holds",
                Times(*failures),
                HeldBack(*starts)
            ),
            Self::ForReplacement { tasks, revision } => {
                let verb = if tasks.len() == 1 { "runs" } else { "run" };
                write!(
                    out,
                    "{} of an older revision {verb} until replaced by healthy tasks of revision {revision}",
                    TaskList(tasks)
                )
            }
            Self::ForProtection { tasks, .. } => {
                let (verb, they) = if tasks.len() == 1 {
                    ("is", "it ends its protection")
                } else {
                    ("are", "they end their protection")
                };
                write!(
                    out,
                    "{} {verb} protected from being stopped until {they} or it expires",
                    TaskList(tasks)
                )
            }
            Self::ForRevision { after, ended } => {
                let (tasks, verb) = if *ended == 1 {
                    ("task", "is")
                } else {
                    ("tasks", "are")
                };
                write!(
                    out,
                    "{ended} {tasks} of revision {after} ended and {verb} not started again before there is another revision"
                )
            }
            Self::ForDeployment { after, starts } => write!(
                out,
                "the deployment of revision {after} failed: {} until another revision is deployed",
                HeldBack(*starts)
            ),
            Self::ForRoom { starts } => write!(
                out,
                "minimumHealthyPercent and maximumPercent leave no room to start or stop a task: {} until they do",
                HeldBack(*starts)
            ),
        }
    }
}

/// `task 0a1b2c3d` or `2 tasks (0a1b2c3d, 4e5f6a7b)`; after three, dots.
pub(crate) struct TaskList<'a>(pub(crate) &'a [TaskId]);

impl fmt::Display for TaskList<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0 {
            return write!(out, "task {}", only.short());
        }
        write!(out, "{} tasks (", self.0.len())?;
        for (index, task) in self.0.iter().take(3).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(out, "{comma}{}", task.short())?;
        }
        out.write_str(if self.0.len() > 3 { ", …)" } else { ")" })
    }
}

struct Times(u32);

impl fmt::Display for Times {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => out.write_str("once"),
            2 => out.write_str("twice"),
            times => write!(out, "{times} times"),
        }
    }
}

struct HeldBack(u32);

impl fmt::Display for HeldBack {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => out.write_str("1 start is held back"),
            starts => write!(out, "{starts} starts are held back"),
        }
    }
}

/// How far a service is, before the steps of the plan are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The desired revision.
    pub revision: Revision,
    /// How many tasks are to run.
    pub desired: u32,
    /// Tasks that run and were not told to stop, of every revision.
    pub running: u32,
    /// Tasks being started, of every revision.
    pub pending: u32,
    /// Tasks of the desired revision that count as healthy: their health check passes; without one, running long enough, and
    /// after failures in a row as long as the delay they cause.
    pub healthy: u32,
    /// Tasks of other revisions that run or are being started.
    pub outdated: u32,
    /// Tasks that run although their health check has failed, of every revision.
    pub unhealthy: u32,
    /// Tasks told to stop that have not yet.
    pub stopping: u32,
    /// How often in a row the desired revision was tried and failed, as far as the records reach back.
    pub consecutive_failures: u32,
    /// How many tasks of the desired revision the circuit breaker counts as failed.
    pub failed_tasks: u32,
    /// Whether that ends the deployment: whoever executes the plan goes back to another revision then, if there is one.
    pub failed: bool,
    /// Whether the bounds of the deployment allow neither a start nor a stop.
    pub blocked: bool,
    /// Whether more tasks are protected than there are to run.
    pub overprotected: bool,
    /// Whether the service is as desired: all tasks of the desired revision healthy, and no other left. With a desired
    /// count of zero: nothing is left.
    pub steady: bool,
}

impl Progress {
    /// Failures in a row from which on a service counts as impaired. ECS publishes no number; this is the least
    /// threshold of its circuit breaker.
    pub const IMPAIRED_FROM: u32 = 3;

    /// Whether ECS would say that the service is unable to consistently start tasks.
    #[must_use]
    pub fn is_impaired(&self) -> bool {
        self.consecutive_failures >= Self::IMPAIRED_FROM
    }
}
