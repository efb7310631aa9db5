//! The circuit breaker of a deployment: how many of its tasks have failed since one of them was healthy.
//!
//! A task counts when it failed to start, or ended by itself before it could count as healthy. A healthy one makes up for all
//! failures before it, as with ECS's `resetOnHealthyTask`. Unlike ECS, tasks that ran for a moment count without a health
//! check, too: here a task that crashes at once takes milliseconds, and not minutes.

use std::cmp::Reverse;

use tapedeck_model::{Task, TaskId, TaskState, Timestamp};

use crate::Pace;
use crate::streak::run_time;
use crate::tally::{ended_by_itself, stop_time};

/// The failed tasks of a deployment.
#[derive(Debug)]
pub(crate) struct Breaker<'a> {
    /// Newest first.
    failed: Vec<&'a TaskId>,
}

impl<'a> Breaker<'a> {
    /// Counts for one revision, of which `tasks` are all tasks.
    pub(crate) fn of(tasks: &[&'a Task], pace: Pace, now: Timestamp) -> Self {
        let was_healthy = |task: &Task| healthy_since(task, pace, now);
        let reset = tasks.iter().filter_map(|task| was_healthy(task)).max();
        let mut failed: Vec<&Task> = tasks
            .iter()
            .copied()
            .filter(|task| ended_by_itself(task) && was_healthy(task).is_none())
            .filter(|task| reset.is_none_or(|reset| stop_time(task) > reset))
            .collect();
        failed.sort_unstable_by_key(|task| (Reverse(stop_time(task)), &task.id));
        Self {
            failed: failed.into_iter().map(|task| &task.id).collect(),
        }
    }

    /// How many there are.
    pub(crate) fn failed(&self) -> u32 {
        u32::try_from(self.failed.len()).unwrap_or(u32::MAX)
    }

    /// The records without which it would count fewer than `threshold`.
    pub(crate) fn needed(&self, threshold: u32) -> impl Iterator<Item = &'a TaskId> {
        let threshold = usize::try_from(threshold).unwrap_or(usize::MAX);
        self.failed.iter().take(threshold).copied()
    }
}

/// Since when a task counts or counted as healthy, if it ever did.
fn healthy_since(task: &Task, pace: Pace, now: Timestamp) -> Option<Timestamp> {
    let started = match &task.state {
        TaskState::Pending => None,
        TaskState::Running { started, .. } => Some(*started),
        TaskState::Stopping { started, .. } | TaskState::Stopped { started, .. } => *started,
    };
    let ran = run_time(task, now)?;
    started
        .filter(|_| ran >= pace.proven_after)
        .map(|started| started + pace.proven_after)
}
