//! Which older revision has to be kept up while the desired one has not yet shown that it holds.
//!
//! As ECS does since November 2025: a task of the old revision that dies during a rollout is replaced by the *old*
//! revision as long as no task of the new one is healthy. As soon as one is, by the new one. And when more tasks are wanted than
//! at its beginning, the old revision grows too until then.

use tapedeck_model::{Revision, StopCode, Task, TaskState, Timestamp};

use crate::Stage;
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

/// How older revisions do since the first attempt of the desired one.
#[derive(Debug, Default, Clone, Copy)]
struct Standing {
    /// Their live, healthy tasks.
    healthy: usize,
    /// Their tasks that were settled when the rollout began and ended since, other than by the scheduler.
    lost: usize,
    /// Their tasks that were started since, in place of lost ones, and have not ended by themselves.
    restored: usize,
}

/// The revision to fall back on, if there is need and there is one. It stands in for lost tasks of all older ones.
pub(crate) fn fallback<'a>(tally: &Tally<'a>, tasks: &'a [Task]) -> Option<Fallback<'a>> {
    let Stage::UnderWay {
        fallback: Some(revision),
    } = tally.desired.stage
    else {
        return None;
    };
    let proven = tally.current.iter().any(|member| member.worth == Worth::Healthy);
    // Growing before the first attempt is growing together with it.
    let at_once = (tally.desired.grown > 0).then_some(tally.now);
    let rollout_began = rollout_began(tally).or(at_once)?;
    if proven || tally.desired.count == 0 || tally.desired.attended {
        return None;
    }
    let standing = standing(tally, tasks, rollout_began);
    let grown = usize::try_from(tally.desired.grown).unwrap_or(usize::MAX);
    let missing = match standing.healthy {
        0 => standing.lost,
        _ => standing.lost.saturating_add(grown),
    };
    let owed = missing.saturating_sub(standing.restored);
    if standing.healthy == 0 && owed == 0 {
        return None;
    }
    let wanted = usize::try_from(tally.desired.count).unwrap_or(usize::MAX);
    // What the rollout lost is restored at once; more only when the desired revision fails again and again, so that the
    // first failure of a deployment that also raises the count does not start tasks of the old revision.
    let keeps_failing = tally.streak.failures() >= 2 && standing.healthy > 0;
    let target = if keeps_failing {
        wanted
    } else {
        wanted.min(tally.outdated.len() + owed)
    };
    let its_tasks: Vec<&Task> = tasks.iter().filter(|task| task.revision == revision).collect();
    let streak = Streak::of(&its_tasks, tally.desired.pace, tally.now);
    let live = its_tasks.iter().copied().filter(|task| task.state.is_live());
    Some(Fallback {
        revision,
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

fn standing(tally: &Tally<'_>, tasks: &[Task], rollout_began: Timestamp) -> Standing {
    let mut standing = Standing::default();
    for task in tasks
        .iter()
        .filter(|task| task.revision != tally.desired.revision)
    {
        let is_restored = task.created >= rollout_began;
        if let Some(since) = failed_health_checks(task) {
            standing.lost += usize::from(!is_restored && since > rollout_began);
            continue;
        }
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
    let healthy = tally
        .outdated
        .iter()
        .filter(|member| member.worth == Worth::Healthy);
    standing.healthy = healthy.count();
    standing
}

/// When the health check of a task failed, if that is what it does or was stopped for.
fn failed_health_checks(task: &Task) -> Option<Timestamp> {
    let health = task.health.as_ref().filter(|_| task.is_unhealthy())?;
    health.since
}
