//! Sorts the tasks of a service into named sets; each set has one fate.

use std::cmp::Reverse;
use std::time::Duration;

use tapedeck_model::{HealthStatus, StopCode, Task, TaskState, Timestamp};

use crate::breaker::Count;
use crate::placement::Whereabouts;
use crate::streak::{Allowance, Streak, uptime};
use crate::{Desired, Progress, Stage};

/// The tasks of one service, sorted.
#[derive(Debug)]
pub(crate) struct Tally<'a> {
    pub(crate) desired: Desired,
    pub(crate) now: Timestamp,
    /// Live tasks of the desired revision, the first to be given up first.
    pub(crate) current: Vec<Member<'a>>,
    /// Live tasks of other revisions, the first to be given up first.
    pub(crate) outdated: Vec<Member<'a>>,
    /// Live tasks of all revisions whose health check has failed, the youngest first. They take room, and count for nothing
    /// else. While somebody attends there are none: nothing is replaced then.
    pub(crate) unhealthy: Vec<Member<'a>>,
    /// Tasks told to stop. They count for nothing and hold up nothing.
    pub(crate) stopping: Vec<&'a Task>,
    /// Tasks that have stopped, oldest first.
    pub(crate) stopped: Vec<&'a Task>,
    /// Failures of the desired revision.
    pub(crate) streak: Streak<'a>,
    /// What the circuit breaker has counted of it.
    pub(crate) count: Count<'a>,
}

/// A live task and what it is worth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    pub(crate) task: &'a Task,
    pub(crate) worth: Worth,
    /// Whether it must not be stopped by our own doing.
    pub(crate) is_protected: bool,
    /// The lower, the earlier it is given up among those worth the same.
    rank: usize,
}

/// What a live task is worth, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// It does not run yet.
    Pending,
    /// Its health check has failed.
    Unhealthy,
    /// It runs, but not yet for `settled_after`; or its health check has not passed yet.
    Fresh,
    /// It is settled, but its revision failed so often that it has to hold longer than that.
    OnTrial,
    /// It counts as healthy.
    Healthy,
}

impl Worth {
    /// Whether it runs for at least `settled_after`.
    pub(crate) fn is_settled(self) -> bool {
        self >= Self::OnTrial
    }
}

impl<'a> Tally<'a> {
    pub(crate) fn of(
        desired: &Desired,
        tasks: &'a [Task],
        whereabouts: &Whereabouts,
        now: Timestamp,
    ) -> Self {
        let of_current: Vec<&Task> = tasks
            .iter()
            .filter(|task| task.revision == desired.revision)
            .collect();
        let mut tally = Self {
            desired: *desired,
            now,
            current: Vec::new(),
            outdated: Vec::new(),
            unhealthy: Vec::new(),
            stopping: Vec::new(),
            stopped: Vec::new(),
            streak: Streak::of(&of_current, desired.pace, now),
            count: Count::of(desired, &of_current, now),
        };
        for task in tasks {
            tally.put(task, whereabouts);
        }
        tally.current.sort_unstable_by(Member::given_up_before);
        tally.outdated.sort_unstable_by(Member::given_up_before);
        tally.unhealthy.sort_unstable_by(Member::given_up_before);
        tally
            .stopping
            .sort_unstable_by(|one, other| one.id.cmp(&other.id));
        tally
            .stopped
            .sort_unstable_by(|one, other| (stop_time(one), &one.id).cmp(&(stop_time(other), &other.id)));
        tally
    }

    fn put(&mut self, task: &'a Task, whereabouts: &Whereabouts) {
        let is_leaving = whereabouts.is_leaving(&task.id);
        let is_current = task.revision == self.desired.revision && !is_leaving;
        let is_protected =
            self.desired.heeds_protection() && task.is_protected(self.now) && !task.is_unhealthy();
        match &task.state {
            TaskState::Pending | TaskState::Running { .. } => {
                let worth = worth(
                    task,
                    uptime(task, self.now),
                    self.settled_after(),
                    self.healthy_after(is_current),
                );
                let set = if worth == Worth::Unhealthy && !self.desired.attended {
                    &mut self.unhealthy
                } else if is_current {
                    &mut self.current
                } else {
                    &mut self.outdated
                };
                set.push(Member {
                    task,
                    worth,
                    is_protected,
                    rank: whereabouts.rank(&task.id),
                });
            }
            TaskState::Stopping { .. } => self.stopping.push(task),
            TaskState::Stopped { .. } => self.stopped.push(task),
        }
    }

    fn settled_after(&self) -> Duration {
        self.desired.pace.settled_after
    }

    /// How long a task has to run to count as healthy. Older revisions have earned their trust.
    pub(crate) fn healthy_after(&self, is_current: bool) -> Duration {
        if is_current {
            self.streak.trusted_after()
        } else {
            self.settled_after()
        }
    }

    /// Tasks of the desired revision that ended without being told to, or could not be started.
    pub(crate) fn ended(&self) -> impl Iterator<Item = &'a Task> {
        let revision = self.desired.revision;
        let stopped = self.stopped.iter().copied();
        stopped.filter(move |task| task.revision == revision && ended_by_itself(task))
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = &Member<'a>> {
        self.current.iter().chain(&self.outdated).chain(&self.unhealthy)
    }

    /// Live tasks that must not be stopped by our own doing.
    pub(crate) fn protected(&self) -> impl Iterator<Item = &Member<'a>> {
        self.live().filter(|member| member.is_protected)
    }

    /// Whether the deployment is under way and has failed too often.
    pub(crate) fn has_failed(&self) -> bool {
        let threshold = self.desired.breaker.threshold(self.desired.count);
        matches!(self.desired.stage, Stage::UnderWay { .. })
            && self.desired.count > 0
            && !self.desired.attended
            && self.count.failed_tasks() >= threshold
    }

    /// How many tasks of the desired revision may be started now.
    pub(crate) fn allowance(&self) -> Allowance {
        if self.desired.stage == Stage::GivenUp || self.has_failed() {
            return Allowance::Never;
        }
        self.streak
            .allowance(self.current.iter().map(|member| member.task))
    }

    /// Live tasks of other revisions.
    fn outdated_count(&self) -> usize {
        let is_outdated = |member: &&Member<'_>| member.task.revision != self.desired.revision;
        self.live().filter(is_outdated).count()
    }

    pub(crate) fn progress(&self) -> Progress {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let pending = self
            .live()
            .filter(|member| member.worth == Worth::Pending)
            .count();
        let healthy = self
            .current
            .iter()
            .filter(|member| member.worth == Worth::Healthy)
            .count();
        let wanted = usize::try_from(self.desired.count).unwrap_or(usize::MAX);
        Progress {
            revision: self.desired.revision,
            desired: self.desired.count,
            running: count(self.live().count() - pending),
            pending: count(pending),
            healthy: count(healthy),
            outdated: count(self.outdated_count()),
            unhealthy: count(self.live().filter(|member| member.task.is_unhealthy()).count()),
            stopping: count(self.stopping.len()),
            consecutive_failures: self.streak.failures(),
            failed_tasks: self.count.failed_tasks(),
            failed: self.has_failed(),
            blocked: false,
            overprotected: self.protected().count() > wanted,
            steady: healthy == wanted
                && self.current.len() == wanted
                && self.outdated.is_empty()
                && self.unhealthy.is_empty()
                && self.stopping.is_empty(),
        }
    }
}

impl Member<'_> {
    /// Not running ones first, then unsettled ones, then those on the least packed instance, then the youngest. (ECS takes a random one of several alike.)
    fn given_up_before(one: &Self, other: &Self) -> std::cmp::Ordering {
        let key = |member: &Self| (member.worth, member.rank, Reverse(member.task.created));
        key(one)
            .cmp(&key(other))
            .then_with(|| other.task.id.cmp(&one.task.id))
    }
}

fn worth(task: &Task, uptime: Option<Duration>, settled_after: Duration, healthy_after: Duration) -> Worth {
    match (uptime, &task.health) {
        (None, _) => Worth::Pending,
        (_, Some(health)) => match health.status {
            HealthStatus::Unknown => Worth::Fresh,
            HealthStatus::Healthy => Worth::Healthy,
            HealthStatus::Unhealthy => Worth::Unhealthy,
        },
        (Some(uptime), None) if uptime < settled_after => Worth::Fresh,
        (Some(uptime), None) if uptime < healthy_after => Worth::OnTrial,
        (Some(_), None) => Worth::Healthy,
    }
}

fn ended_by_itself(task: &Task) -> bool {
    match &task.state {
        TaskState::Stopped { code, .. } => match code {
            StopCode::TaskFailedToStart
            | StopCode::EssentialContainerExited
            | StopCode::TerminationNotice => true,
            StopCode::UserInitiated | StopCode::ServiceSchedulerInitiated => false,
        },
        TaskState::Pending | TaskState::Running { .. } | TaskState::Stopping { .. } => false,
    }
}

/// When a task stopped; the epoch for one that has not.
pub(crate) fn stop_time(task: &Task) -> Timestamp {
    match &task.state {
        TaskState::Stopped { stopped, .. } => *stopped,
        TaskState::Pending | TaskState::Running { .. } | TaskState::Stopping { .. } => Timestamp::default(),
    }
}
