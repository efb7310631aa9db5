//! The back-off counter: how often in a row a revision failed, and how many starts that leaves.
//!
//! It is derived from the records of the tasks alone. A *failure* is a task that failed to start, or that ended by
//! itself (with whatever code, or lost by the machine) before it had run [`forgiven_after`]. Tasks that the scheduler or
//! a person stopped are no failures.
//!
//! Failures are counted *in a row*: the longest chain of failures each of which was begun after the one before it had
//! ended. Ten tasks started together that all crash are one failure in the row, not ten, as nothing was known when they
//! were started. So the delay depends on how often the revision was tried again, not on how many tasks are wanted.
//!
//! From the second failure in a row on, one attempt at a time is made, plus one for each that has held: a broken image
//! costs a service of many tasks about two rounds of starts, and then as few as a service of one.
//!
//! [`forgiven_after`]: crate::BackOff::forgiven_after

use std::cmp::Reverse;
use std::time::Duration;

use tapedeck_model::{HealthStatus, StopCode, Task, TaskId, TaskState, Timestamp};

use crate::Pace;

/// The failures in a row of one revision.
#[derive(Debug)]
pub(crate) struct Streak<'a> {
    /// The chain, newest first: each was created after the next one had stopped.
    chain: Vec<Failure<'a>>,
    /// Whether a task of the revision has run for long enough without failing after all.
    proven: bool,
    pace: Pace,
    now: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Failure<'a> {
    id: &'a TaskId,
    created: Timestamp,
    stopped: Timestamp,
}

/// How many tasks of a revision may be started now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowance {
    /// As many as wanted.
    Unlimited,
    /// None before that time.
    NoneBefore(Timestamp),
    /// That many; more when a present attempt has held.
    Attempts(u32),
    /// None any more: the deployment has failed.
    Never,
}

impl Allowance {
    pub(crate) fn starts(self) -> u32 {
        match self {
            Self::Unlimited => u32::MAX,
            Self::NoneBefore(_) | Self::Never => 0,
            Self::Attempts(starts) => starts,
        }
    }
}

impl<'a> Streak<'a> {
    /// The failures of one revision, of which `tasks` are all tasks.
    ///
    /// Records that say to have stopped after `now` were written before the clock was set back; they are left out, lest
    /// they hold up starts until the clock is there again.
    pub(crate) fn of(tasks: &[&'a Task], pace: Pace, now: Timestamp) -> Self {
        let forgiven = tasks
            .iter()
            .filter_map(|task| forgives_until(task, &pace, now))
            .max();
        let mut failures: Vec<_> = tasks
            .iter()
            .filter_map(|task| failure(task, &pace))
            .filter(|failure| failure.stopped <= now && forgiven.is_none_or(|until| failure.stopped > until))
            .collect();
        failures
            .sort_unstable_by_key(|failure| (Reverse(failure.created), Reverse(failure.stopped), failure.id));
        let proves = |task: &Task| {
            failure(task, &pace).is_none()
                && match &task.health {
                    Some(health) => health.first_healthy.is_some(),
                    None => run_time(task, now).is_some_and(|time| time >= pace.proven_after),
                }
        };
        Self {
            chain: longest_chain(failures),
            proven: tasks.iter().any(|task| proves(task)),
            pace,
            now,
        }
    }

    /// How many failures there were in a row.
    pub(crate) fn failures(&self) -> u32 {
        u32::try_from(self.chain.len()).unwrap_or(u32::MAX)
    }

    /// When the oldest failure in the row was created.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        self.chain.last().map(|failure| failure.created)
    }

    /// How long a task of this revision has to run before it counts as healthy: longer while none of them has proven that
    /// the revision runs, and the more often it failed, the longer, up to the time that makes up for all failures.
    pub(crate) fn trusted_after(&self) -> Duration {
        let back_off = &self.pace.back_off;
        let trial = back_off.delay(self.failures()).min(back_off.forgiven_after);
        let proof = if self.proven {
            Duration::ZERO
        } else {
            self.pace.proven_after
        };
        self.pace.settled_after.max(trial).max(proof)
    }

    /// How many may be started, given the live tasks of the revision.
    pub(crate) fn allowance<'t>(&self, live: impl Iterator<Item = &'t Task>) -> Allowance {
        let Some(last) = self.chain.first().filter(|_| self.chain.len() > 1) else {
            return Allowance::Unlimited;
        };
        let until = last.stopped + self.pace.back_off.delay(self.failures());
        if self.now < until {
            return Allowance::NoneBefore(until);
        }
        let (mut held, mut open) = (0_u32, 0_u32);
        for attempt in live.filter(|task| task.created >= last.stopped) {
            let holds = match &attempt.health {
                Some(health) => health.status == HealthStatus::Healthy,
                None => uptime(attempt, self.now).is_some_and(|uptime| uptime >= self.trusted_after()),
            };
            if holds {
                held += 1;
            } else {
                open += 1;
            }
        }
        Allowance::Attempts((1 + held).saturating_sub(open))
    }

    /// The records without which later decisions would back off less: the newest of the row, up to the longest delay.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &'a TaskId> {
        let saturation = usize::try_from(self.pace.back_off.saturation()).unwrap_or(usize::MAX);
        self.chain.iter().take(saturation).map(|failure| failure.id)
    }
}

/// Takes the latest begun failure, then the latest begun one that had ended before that, and so on, which makes the
/// longest chain; leaving out records that are not in it changes nothing.
fn longest_chain(latest_begun_first: Vec<Failure<'_>>) -> Vec<Failure<'_>> {
    let mut chain: Vec<Failure<'_>> = Vec::new();
    for failure in latest_begun_first {
        let fits = chain.last().is_none_or(|later| {
            // Begun and ended in one millisecond, all of several tasks started together: still one failure in the row.
            failure.stopped <= later.created && failure.created < later.created
        });
        if fits {
            chain.push(failure);
        }
    }
    chain
}

/// How long a task has been running, or had been until it was told to stop or stopped; none if it never did.
pub(crate) fn run_time(task: &Task, now: Timestamp) -> Option<Duration> {
    match &task.state {
        TaskState::Pending | TaskState::Running { .. } => uptime(task, now),
        TaskState::Stopping {
            started, stopping, ..
        } => started.map(|started| stopping.since(started)),
        TaskState::Stopped { started, stopped, .. } => started.map(|started| stopped.since(started)),
    }
}

/// The time up to which this task makes up for failures, if it ran long enough: until its end if it has ended, as its
/// own replacement must not be held up; until its start if it still runs, as another task may go on failing beside it.
fn forgives_until(task: &Task, pace: &Pace, now: Timestamp) -> Option<Timestamp> {
    let (from, to, until) = match &task.state {
        TaskState::Pending => return None,
        TaskState::Running { started, .. } => (*started, now, *started),
        TaskState::Stopping {
            started, stopping, ..
        } => ((*started)?, *stopping, (*started)?),
        TaskState::Stopped { started, stopped, .. } => ((*started)?, *stopped, *stopped),
    };
    (until <= now && to.since(from) >= pace.back_off.forgiven_after).then_some(until)
}

fn failure<'a>(task: &'a Task, pace: &Pace) -> Option<Failure<'a>> {
    let TaskState::Stopped {
        started,
        stopped,
        code,
        ..
    } = &task.state
    else {
        return None;
    };
    let by_itself = match code {
        StopCode::TaskFailedToStart | StopCode::EssentialContainerExited | StopCode::TerminationNotice => {
            true
        }
        StopCode::UserInitiated | StopCode::ServiceSchedulerInitiated => false,
    };
    let ran = started.map_or(Duration::ZERO, |started| stopped.since(started));
    (by_itself && ran < pace.back_off.forgiven_after).then_some(Failure {
        id: &task.id,
        created: task.created,
        stopped: *stopped,
    })
}

/// How long a task has been running; none unless it is.
///
/// A start that lies more than a minute ahead of `now` was recorded before the clock was set back; such a task counts as
/// running for ever, as it would otherwise hold up everything until the clock is there again.
pub(crate) fn uptime(task: &Task, now: Timestamp) -> Option<Duration> {
    const CLOCK_WAS_SET_BACK: Duration = Duration::from_secs(60);
    match &task.state {
        TaskState::Running { started, .. } if started.since(now) > CLOCK_WAS_SET_BACK => Some(Duration::MAX),
        TaskState::Running { started, .. } => Some(now.since(*started)),
        TaskState::Pending | TaskState::Stopping { .. } | TaskState::Stopped { .. } => None,
    }
}
