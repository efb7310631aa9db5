//! Which older revision has to be kept up while the desired one has not yet shown that it holds.
//!
//! As ECS does since November 2025: a task of the old revision that dies during a rollout is replaced by the *old*
//! revision as long as no task of the new one is healthy. As soon as one is, by the new one.

use std::collections::BTreeMap;

use tapedeck_model::{Revision, StopCode, Task, TaskState, Timestamp};

use crate::streak::{Allowance, Streak};
use crate::tally::{Tally, Worth};

/// An older revision to fall back on.
#[derive(Debug)]
pub(crate) struct Fallback<'a> {
    pub(crate) revision: Revision,
    /// How many live tasks of older revisions there should be, at most the desired count.
    pub(crate) target: usize,
    pub(crate) streak: Streak<'a>,
    pub(crate) allowance: Allowance,
}

/// How an older revision does since the first attempt of the desired one.
#[derive(Debug, Default, Clone, Copy)]
struct Standing {
    /// Its live, healthy tasks.
    healthy: usize,
    /// Its tasks that were settled when the rollout began and ended since, other than by the scheduler.
    lost: usize,
    /// Its tasks that were started since, in place of lost ones, and have not ended by themselves.
    restored: usize,
}

impl Standing {
    /// What speaks for the revision. Starting more of its tasks does not change it, so the choice lasts.
    fn credit(self) -> usize {
        self.healthy + self.lost
    }
}

/// The revision to fall back on, if there is need and there is one: the one with the most tasks to its credit, of
/// several alike the newest. It also stands in for lost tasks of yet other revisions.
pub(crate) fn fallback<'a>(tally: &Tally<'a>, tasks: &'a [Task]) -> Option<Fallback<'a>> {
    let proven = tally.current.iter().any(|member| member.worth == Worth::Healthy);
    let rollout_began = rollout_began(tally)?;
    if proven || tally.desired.count == 0 || tally.desired.attended {
        return None;
    }
    let standings = standings(tally, tasks, rollout_began);
    let lost: usize = standings.values().map(|standing| standing.lost).sum();
    let restored: usize = standings.values().map(|standing| standing.restored).sum();
    let owed = lost.saturating_sub(restored);
    let (revision, best) = standings
        .iter()
        .filter(|(_, standing)| standing.credit() > 0)
        .max_by_key(|(revision, standing)| (standing.credit(), **revision))?;
    if best.healthy == 0 && owed == 0 {
        return None;
    }
    let wanted = usize::try_from(tally.desired.count).unwrap_or(usize::MAX);
    // What the rollout lost is restored at once; more only when the desired revision fails again and again, so that the
    // first failure of a deployment that also raises the count does not start tasks of the old revision.
    let keeps_failing = tally.streak.failures() >= 2 && best.healthy > 0;
    let target = if keeps_failing {
        wanted
    } else {
        wanted.min(tally.outdated.len() + owed)
    };
    let its_tasks: Vec<&Task> = tasks.iter().filter(|task| task.revision == *revision).collect();
    let streak = Streak::of(&its_tasks, tally.desired.pace, tally.now);
    let live = its_tasks.iter().copied().filter(|task| task.state.is_live());
    Some(Fallback {
        revision: *revision,
        target,
        allowance: streak.allowance(live),
        streak,
    })
}

/// When the first attempt of the desired revision was begun that is still going on or failed.
fn rollout_began(tally: &Tally<'_>) -> Option<Timestamp> {
    let live = tally.current.iter().map(|member| member.task.created);
    live.chain(tally.streak.began()).min()
}

fn standings(tally: &Tally<'_>, tasks: &[Task], rollout_began: Timestamp) -> BTreeMap<Revision, Standing> {
    let mut standings: BTreeMap<Revision, Standing> = BTreeMap::new();
    for task in tasks
        .iter()
        .filter(|task| task.revision != tally.desired.revision)
    {
        let standing = standings.entry(task.revision).or_default();
        let is_restored = task.created > rollout_began;
        match &task.state {
            TaskState::Stopped {
                started,
                stopped,
                code,
                ..
            } if *code != StopCode::ServiceSchedulerInitiated => {
                let was_settled =
                    started.is_some_and(|started| stopped.since(started) >= tally.desired.pace.settled_after);
                standing.lost += usize::from(!is_restored && was_settled && *stopped > rollout_began);
            }
            TaskState::Stopped { .. }
            | TaskState::Stopping { .. }
            | TaskState::Pending
            | TaskState::Running { .. } => standing.restored += usize::from(is_restored),
        }
    }
    for member in tally
        .outdated
        .iter()
        .filter(|member| member.worth == Worth::Healthy)
    {
        standings.entry(member.task.revision).or_default().healthy += 1;
    }
    standings
}
