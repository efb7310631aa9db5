//! The count of the circuit breaker: tasks of the desired revision that failed before they were once healthy, and those
//! whose health check has failed.
//!
//! Like the back-off it is derived from the records of the tasks alone. Other than there each task counts, also of several
//! that were started together, as on ECS. A task that lost its machine does not count.

use std::time::Duration;

use tapedeck_model::{StopCode, Task, TaskId, TaskState, Timestamp};

use crate::Desired;
use crate::streak::run_time;

/// What the breaker has counted.
#[derive(Debug, Default)]
pub(crate) struct Count<'a> {
    failures: Vec<&'a TaskId>,
    /// The task that became healthy last. Without its record, failures before it would count.
    reset_by: Option<&'a TaskId>,
}

impl<'a> Count<'a> {
    /// Counts the tasks of the desired revision.
    pub(crate) fn of(desired: &Desired, tasks: &[&'a Task], now: Timestamp) -> Self {
        let healthy_after = desired.pace.proven_after.max(desired.pace.settled_after);
        let reset = tasks
            .iter()
            .filter(|_| desired.breaker.reset_on_healthy)
            .filter_map(|task| Some((healthy_at(task, healthy_after, now)?, &task.id)))
            .max();
        let failures = tasks
            .iter()
            .filter_map(|task| Some((failed_at(task, healthy_after, now)?, &task.id)))
            .filter(|(failed, _)| reset.is_none_or(|(healthy, _)| *failed > healthy));
        Self {
            failures: failures.map(|(_, id)| id).collect(),
            reset_by: reset.map(|(_, id)| id),
        }
    }

    /// How many failed.
    pub(crate) fn failed_tasks(&self) -> u32 {
        u32::try_from(self.failures.len()).unwrap_or(u32::MAX)
    }

    /// The records without which a later count may differ.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &'a TaskId> {
        self.failures.iter().copied().chain(self.reset_by)
    }
}

fn healthy_at(task: &Task, healthy_after: Duration, now: Timestamp) -> Option<Timestamp> {
    if let Some(health) = &task.health {
        return health.first_healthy.filter(|healthy| *healthy <= now);
    }
    let held = run_time(task, now).is_some_and(|time| time >= healthy_after);
    let started = task.state.started();
    started
        .filter(|_| held)
        .map(|started| started + healthy_after)
        .filter(|healthy| *healthy <= now)
}

fn failed_at(task: &Task, healthy_after: Duration, now: Timestamp) -> Option<Timestamp> {
    if task.is_unhealthy() && !stopped_by_person(task) {
        let since = task.health.as_ref().and_then(|health| health.since);
        return since.filter(|since| *since <= now);
    }
    match &task.state {
        TaskState::Stopped { stopped, code, .. } => {
            let was_healthy = match &task.health {
                Some(health) => health.first_healthy.is_some(),
                None => run_time(task, now).unwrap_or_default() >= healthy_after,
            };
            (code.is_failure() && !was_healthy && *stopped <= now).then_some(*stopped)
        }
        TaskState::Pending | TaskState::Running { .. } | TaskState::Stopping { .. } => None,
    }
}

fn stopped_by_person(task: &Task) -> bool {
    match &task.state {
        TaskState::Stopping { code, .. } | TaskState::Stopped { code, .. } => {
            *code == StopCode::UserInitiated
        }
        TaskState::Pending | TaskState::Running { .. } => false,
    }
}
