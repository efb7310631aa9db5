//! Which older revision has to be kept up while the desired one has not yet shown that it holds.
//!
//! As ECS does since November 2025: a task of the old revision that dies during a rollout is replaced by the *old*
//! revision as long as no task of the new one is healthy. As soon as one is, by the new one. And when more tasks are wanted than
//! at its beginning, the old revision grows too until then.

use tapedeck_model::{Revision, StopCode, Task, TaskId, TaskState, Timestamp};

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

/// What a task of an older revision is for the standing of those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    Lost,
    Restored,
}

/// What a task is, if it counts at all.
fn account(tally: &Tally<'_>, task: &Task, rollout_began: Timestamp) -> Option<Account> {
    if task.revision == tally.desired.revision {
        return None;
    }
    let is_restored = task.created >= rollout_began;
    if let Some(since) = failed_health_checks(task) {
        return (!is_restored && since > rollout_began).then_some(Account::Lost);
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
            (!is_restored && was_settled && *stopped > rollout_began).then_some(Account::Lost)
        }
        TaskState::Stopped { .. }
        | TaskState::Stopping { .. }
        | TaskState::Pending
        | TaskState::Running { .. } => is_restored.then_some(Account::Restored),
    }
}

fn standing(tally: &Tally<'_>, tasks: &[Task], rollout_began: Timestamp) -> Standing {
    let healthy = tally
        .outdated
        .iter()
        .filter(|member| member.worth == Worth::Healthy);
    let mut standing = Standing {
        healthy: healthy.count(),
        ..Standing::default()
    };
    for task in tasks {
        match account(tally, task, rollout_began) {
            Some(Account::Lost) => standing.lost += 1,
            Some(Account::Restored) => standing.restored += 1,
            None => {}
        }
    }
    standing
}

/// The tasks whose records say what the rollout has lost and what was restored: without one of them, it would be restored
/// again, or never.
pub(crate) fn needed<'a>(tally: &Tally<'_>, tasks: &'a [Task]) -> impl Iterator<Item = &'a TaskId> {
    let can_fall_back = matches!(tally.desired.stage, Stage::UnderWay { fallback: Some(_) });
    let rollout_began = rollout_began(tally).filter(|_| can_fall_back);
    let counts = move |task: &&Task| {
        let account = rollout_began.and_then(|began| account(tally, task, began));
        account.is_some()
    };
    tasks.iter().filter(counts).map(|task| &task.id)
}

/// When the health check of a task failed, if that is what it does or was stopped for.
fn failed_health_checks(task: &Task) -> Option<Timestamp> {
    let health = task.health.as_ref().filter(|_| task.is_unhealthy())?;
    health.since
}
