//! Jobs: which one is run next, which attempt has come to its end and what follows from that, what is ended and what is
//! forgotten. As AWS Batch does it.
//!
//! An attempt is a task that names its job. What the task came to is written into the record of the job ([`JobStep::Close`])
//! before it may be forgotten, so each attempt counts once, whenever somebody is killed in between.

use std::collections::BTreeMap;
use std::time::Duration;

use tapedeck_model::{
    Cpu, Job, JobAttempt, JobEnd, JobId, JobStatus, StopCode, Task, TaskId, TaskState, Timestamp,
};

/// `statusReason` of an attempt that was too long. Source: AWS Batch user guide, "Job timeouts".
pub const TIMED_OUT: &str = "Job attempt duration exceeded timeout";

/// `statusReason` of a job whose definition is deleted.
const DELETED: &str = "Job definition was deleted";

/// Why a task stops that is no attempt of a job.
const REPLACED: &str = "The service is a job now";

/// Jobs of a definition that are remembered after their end, at most.
pub const JOBS_KEPT: usize = 100;

/// For how long. AWS Batch keeps them for seven days.
const AGE_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// For how long it is tried to tell of the end of a job whoever waits for it.
const WAITER_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Stopped tasks that are remembered.
const TASKS_KEPT: usize = 10;

/// What there is for the jobs of one definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobBounds {
    /// CPU of each run.
    pub cpu: Cpu,
    /// CPU of the machine. As many run at the same time as that is enough for, and one in any case.
    pub machine: Cpu,
    /// Whether nothing is to run any more.
    pub ends: bool,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobStep {
    /// Write down how an attempt ended, and its job with it if that is over.
    Close {
        /// The job.
        job: JobId,
        /// The attempt.
        attempt: JobAttempt,
        /// How the job ended.
        end: Option<JobEnd>,
    },
    /// Write down that a job ended while no attempt of it was under way.
    End {
        /// The job.
        job: JobId,
        /// How.
        end: JobEnd,
    },
    /// Tell a task to stop.
    Stop {
        /// Which one.
        task: TaskId,
        /// Why.
        code: StopCode,
        /// The same in words.
        reason: String,
    },
    /// Start an attempt.
    Start {
        /// Of which job.
        job: JobId,
        /// The how manyth.
        attempt: u32,
    },
    /// Drop the record of a stopped task.
    ForgetTask {
        /// Which one.
        task: TaskId,
    },
    /// Drop the record of a job that is over.
    ForgetJob {
        /// Which one.
        job: JobId,
    },
}

/// What to do now, and when to look again if nothing happens before.
#[must_use = "a plan does nothing until it is executed"]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobPlan {
    /// What to do, in this order.
    pub steps: Vec<JobStep>,
    /// Jobs that wait until others are over.
    pub queued: usize,
    /// When to decide again even if nothing was heard of any task.
    pub wake_at: Option<Timestamp>,
}

/// Decides for all jobs of one definition. The records have to say what the steps did before the next decision is made.
pub fn decide(jobs: &BTreeMap<JobId, Job>, tasks: &[&Task], bounds: &JobBounds, now: Timestamp) -> JobPlan {
    let mut plan = JobPlan::default();
    let mut waiting = Vec::new();
    let mut under_way = 0;
    for job in jobs.values().filter(|job| job.end.is_none()) {
        let present = tasks.iter().find(|task| job.is_tried_by(task));
        match present.map(|task| (*task, &task.state)) {
            None => match &job.ending {
                Some(reason) => plan.steps.push(JobStep::End {
                    job: job.id.clone(),
                    end: failed(reason, now),
                }),
                None => waiting.push(job),
            },
            Some((task, TaskState::Stopped { .. })) => plan.steps.extend(close(job, task)),
            Some((task, _)) => {
                under_way += 1;
                plan.judge(job, task, bounds, now);
            }
        }
    }
    // What was left by a service of that name.
    let others = tasks
        .iter()
        .filter(|task| task.job.is_none() && task.state.is_live());
    plan.steps.extend(others.map(|task| JobStep::Stop {
        task: task.id.clone(),
        code: StopCode::ServiceSchedulerInitiated,
        reason: REPLACED.to_owned(),
    }));
    let room = if bounds.ends {
        0
    } else {
        room(tasks, bounds, under_way)
    };
    waiting.sort_by_key(|job| (job.created, job.id.clone()));
    plan.queued = waiting.len().saturating_sub(room);
    let starts = waiting.iter().take(room).map(|job| JobStep::Start {
        job: job.id.clone(),
        attempt: u32::try_from(job.attempts.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1),
    });
    plan.steps.extend(starts);
    plan.forget_tasks(jobs, tasks);
    plan.forget_jobs(jobs, now);
    plan
}

/// How many more may start. One that waits for memory holds back those behind it.
fn room(tasks: &[&Task], bounds: &JobBounds, under_way: usize) -> usize {
    if tasks.iter().any(|task| task.is_unplaced()) {
        return 0;
    }
    let most = bounds.machine.millis() / bounds.cpu.millis().max(1);
    usize::try_from(most.max(1))
        .unwrap_or(usize::MAX)
        .saturating_sub(under_way)
}

impl JobPlan {
    /// Ends an attempt that is too long or not wanted any more.
    fn judge(&mut self, job: &Job, task: &Task, bounds: &JobBounds, now: Timestamp) {
        if !task.state.is_live() {
            return;
        }
        let mut stop = |code, reason: &str| {
            self.steps.push(JobStep::Stop {
                task: task.id.clone(),
                code,
                reason: reason.to_owned(),
            });
        };
        if bounds.ends {
            return stop(StopCode::ServiceSchedulerInitiated, DELETED);
        }
        if let Some(reason) = &job.ending {
            return stop(StopCode::UserInitiated, reason);
        }
        let (Some(seconds), Some(started)) = (job.timeout_seconds, task.state.started()) else {
            return;
        };
        let until = started + Duration::from_secs(u64::from(seconds));
        if now >= until {
            return stop(StopCode::ServiceSchedulerInitiated, TIMED_OUT);
        }
        self.wake_at = Some(self.wake_at.map_or(until, |known| known.min(until)));
    }

    /// Forgets stopped tasks whose end is written down, but for the latest.
    fn forget_tasks(&mut self, jobs: &BTreeMap<JobId, Job>, tasks: &[&Task]) {
        let is_needed = |task: &Task| {
            let job = task.job.as_ref().and_then(|run| jobs.get(&run.job));
            job.is_some_and(|job| job.end.is_none() && job.is_tried_by(task))
        };
        let mut over: Vec<&&Task> = tasks
            .iter()
            .filter(|task| task.state.is_stopped() && !is_needed(task))
            .collect();
        over.sort_by_key(|task| std::cmp::Reverse((task.latest_time(), task.id.clone())));
        let forgotten = over.into_iter().skip(TASKS_KEPT);
        self.steps.extend(forgotten.map(|task| JobStep::ForgetTask {
            task: task.id.clone(),
        }));
    }

    /// Forgets jobs that are over: old ones, and the oldest of too many.
    fn forget_jobs(&mut self, jobs: &BTreeMap<JobId, Job>, now: Timestamp) {
        let over = jobs
            .values()
            .filter_map(|job| Some((job.end.as_ref()?.stopped, job)));
        let mut over: Vec<(Timestamp, &Job)> = over.collect();
        over.sort_by_key(|(stopped, job)| std::cmp::Reverse((*stopped, job.id.clone())));
        let forgotten = over.into_iter().enumerate().filter(|(place, (stopped, job))| {
            let age = now.since(*stopped);
            let is_awaited = job.waiter.as_ref().is_some_and(|waiter| !waiter.told) && age < WAITER_KEPT;
            !is_awaited && (*place >= JOBS_KEPT || age >= AGE_KEPT)
        });
        let steps = forgotten.map(|(_, (_, job))| JobStep::ForgetJob { job: job.id.clone() });
        self.steps.extend(steps);
    }
}

fn failed(reason: &str, now: Timestamp) -> JobEnd {
    JobEnd {
        succeeded: false,
        stopped: now,
        reason: reason.to_owned(),
    }
}

/// What an attempt that has stopped came to.
fn close(job: &Job, task: &Task) -> Option<JobStep> {
    let TaskState::Stopped {
        started,
        stopped,
        code,
        reason,
        exit_code,
    } = &task.state
    else {
        return None;
    };
    let succeeded = *code == StopCode::EssentialContainerExited && *exit_code == Some(0);
    let is_last = job.attempts.len() + 1 >= usize::try_from(job.most_attempts).unwrap_or(usize::MAX);
    let is_over = succeeded || is_last || job.ending.is_some() || reason == TIMED_OUT;
    Some(JobStep::Close {
        job: job.id.clone(),
        attempt: JobAttempt {
            task: task.id.clone(),
            started: *started,
            stopped: *stopped,
            exit_code: *exit_code,
            reason: reason.clone(),
        },
        end: is_over.then(|| JobEnd {
            succeeded,
            stopped: *stopped,
            reason: reason.clone(),
        }),
    })
}

/// How far each job is, the newest first.
#[must_use]
pub fn statuses<'j>(jobs: &'j BTreeMap<JobId, Job>, tasks: &[&Task]) -> Vec<(&'j Job, JobStatus)> {
    let status = |job: &'j Job| {
        let present = tasks.iter().find(|task| job.is_tried_by(task));
        (job, job.status(present.copied()))
    };
    let mut all: Vec<(&Job, JobStatus)> = jobs.values().map(status).collect();
    all.sort_by_key(|(job, _)| std::cmp::Reverse((job.created, job.id.clone())));
    all
}
