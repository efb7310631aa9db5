//! The decision: from the sorted tasks to steps, waits and the time to look again.

use std::collections::BTreeSet;

use tapedeck_model::{StopCode, Task, TaskId, TaskState, Timestamp};

use crate::foresight::Foresight;
use crate::placement::Whereabouts;
use crate::retention::Retention;
use crate::rollout::{Rollout, Starts};
use crate::standing::{self, Fallback, fallback};
use crate::streak::Allowance;
use crate::tally::{Member, Tally, Worth};
use crate::{Desired, Plan, Progress, Stage, Step, Waiting};

/// `stoppedReason` of ECS for a task that is replaced because it is unhealthy.
pub const FAILED_HEALTH_CHECKS: &str = "Task failed container health checks";

/// How often it is looked whether the steps so far lead to others. In hundreds of thousands of random
/// schedules, twice was enough.
const MOST_LOOKS_AHEAD: usize = 4;

/// Decides the next steps for one service, of which `tasks` are all known tasks in any order.
///
/// Executing all steps and deciding again at the same `now` gives a plan that starts and stops nothing. Costs O(n log n) in the
/// number of tasks.
pub fn decide(desired: &Desired, tasks: &[Task], now: Timestamp) -> Plan {
    decide_placed(desired, tasks, &Whereabouts::default(), now)
}

/// The same for tasks on instances: those on one that is drained are replaced as if they were of an older revision, and
/// those on the least packed one go first.
pub fn decide_placed(desired: &Desired, tasks: &[Task], whereabouts: &Whereabouts, now: Timestamp) -> Plan {
    let mut plan = look(desired, tasks, whereabouts, now);
    if !plan.acts() {
        return plan;
    }
    // What failures allow, and what an older revision has to make up for, is counted from the tasks as they are. A step may
    // change that: when much has happened at once, it leads to another.
    let mut foreseen = Foresight::of(tasks, now);
    foreseen.take(&plan.steps);
    for _ in 0..MOST_LOOKS_AHEAD {
        let after = look(desired, &foreseen.tasks, whereabouts, now);
        if !after.acts() {
            break;
        }
        foreseen.take(&after.steps);
        if !foreseen.append(&mut plan, after) {
            break;
        }
    }
    plan
}

/// Decides from the tasks as they are.
fn look(desired: &Desired, tasks: &[Task], whereabouts: &Whereabouts, now: Timestamp) -> Plan {
    let tally = Tally::of(desired, tasks, whereabouts, now);
    let fallback = fallback(&tally, tasks);
    let rollout = match desired.attended {
        true => Rollout::attended(&tally),
        false => Rollout::of(&tally, fallback.as_ref()),
    };
    let is_counted = matches!(desired.stage, Stage::UnderWay { .. });
    let tried = tally.ended().filter(|_| desired.attended).map(|task| &task.id);
    let needed = tally
        .streak
        .needed()
        .chain(fallback.iter().flat_map(|fallback| fallback.streak.needed()))
        .chain(tally.count.needed().filter(|_| is_counted))
        .chain(standing::needed(&tally, tasks))
        .chain(tried)
        .collect();
    let retention = Retention::of(&tally, &needed);
    let progress = Progress {
        blocked: rollout.is_blocked(),
        ..tally.progress()
    };
    let waiting = waiting(&tally, &rollout, fallback.as_ref());
    let wake_at = if progress.steady {
        retention.next
    } else {
        wake_at(&tally, &waiting, fallback.as_ref())
            .chain(retention.next)
            .min()
    };
    Plan {
        steps: steps(desired, &rollout, &retention),
        waiting,
        wake_at,
        progress,
        replacing: u32::try_from(rollout.replacing()).unwrap_or(u32::MAX),
    }
}

fn steps(desired: &Desired, rollout: &Rollout<'_>, retention: &Retention<'_>) -> Vec<Step> {
    let unhealthy = rollout
        .unhealthy_stops
        .iter()
        .map(|task| (task, unhealthy_stop_reason(desired)));
    let others = rollout.stops.iter().map(|task| (task, stop_reason(desired)));
    let mut stops: Vec<_> = unhealthy.chain(others).collect();
    stops.sort_unstable();
    let stops = stops.into_iter().map(|(task, reason)| Step::Stop {
        task: (*task).clone(),
        code: StopCode::ServiceSchedulerInitiated,
        reason,
    });
    let mut starts: Vec<Starts> = rollout.fallback.into_iter().chain([rollout.desired]).collect();
    starts.sort_by_key(|starts| starts.revision);
    let starts = starts.into_iter().flat_map(|starts| {
        let revision = starts.revision;
        std::iter::repeat_n(Step::Start { revision }, starts.due)
    });
    let forgets = retention.forget.iter().map(|task| Step::Forget {
        task: (*task).clone(),
    });
    stops.chain(starts).chain(forgets).collect()
}

fn stop_reason(desired: &Desired) -> String {
    if desired.count == 0 {
        "Task stopped by service deletion".to_owned()
    } else {
        format!("Scaling activity initiated by (deployment {})", desired.revision)
    }
}

fn unhealthy_stop_reason(desired: &Desired) -> String {
    match desired.count {
        0 => stop_reason(desired),
        _ => FAILED_HEALTH_CHECKS.to_owned(),
    }
}

fn waiting(tally: &Tally<'_>, rollout: &Rollout<'_>, fallback: Option<&Fallback<'_>>) -> Vec<Waiting> {
    let stops: BTreeSet<&TaskId> = rollout.all_stops().collect();
    let kept: Vec<&Member<'_>> = tally
        .live()
        .filter(|member| !stops.contains(&member.task.id))
        .collect();
    let mut waiting = Vec::new();
    if let Some(tasks) = ids(tally.stopping.iter().copied()) {
        waiting.push(Waiting::ForStop { tasks });
    }
    let pending = kept.iter().filter(|member| member.worth == Worth::Pending);
    if let Some(tasks) = ids(pending.map(|member| member.task)) {
        waiting.push(Waiting::ForStart { tasks });
    }
    waiting.extend(settling(tally, &kept));
    waiting.extend(health(tally, &kept));
    let failures = fallback.map(|fallback| fallback.streak.failures());
    waiting.extend(
        rollout
            .fallback
            .zip(failures)
            .and_then(|(starts, failures)| held_back(starts, failures)),
    );
    waiting.extend(held_back(rollout.desired, tally.streak.failures()));
    let tried = u32::try_from(tally.ended().count()).unwrap_or(u32::MAX);
    if tally.desired.attended && tried > 0 && tally.desired.count > 0 {
        waiting.push(Waiting::ForRevision {
            after: tally.desired.revision,
            ended: tried,
        });
    }
    if rollout.is_blocked() {
        let starts = u32::try_from(rollout.missing()).unwrap_or(u32::MAX);
        waiting.push(Waiting::ForRoom { starts });
    }
    let outdated = kept
        .iter()
        .filter(|member| !member.is_protected)
        .filter(|member| member.worth != Worth::Unhealthy)
        .map(|member| member.task)
        .filter(|task| task.revision != tally.desired.revision);
    if let Some(tasks) = ids(outdated) {
        let revision = tally.desired.revision;
        waiting.push(Waiting::ForReplacement { tasks, revision });
    }
    waiting.extend(protection(tally, rollout.has_too_many()));
    waiting
}

/// Tasks that only their protection keeps from being stopped sooner or later.
fn protection(tally: &Tally<'_>, has_too_many: bool) -> Option<Waiting> {
    let kept = || {
        tally
            .protected()
            .map(|member| member.task)
            .filter(|task| has_too_many || task.revision != tally.desired.revision)
    };
    let until = kept().filter_map(|task| task.protected_until).min()?;
    let tasks = ids(kept())?;
    Some(Waiting::ForProtection { tasks, until })
}

fn settling(tally: &Tally<'_>, kept: &[&Member<'_>]) -> Option<Waiting> {
    let settling = || {
        kept.iter()
            .filter(|member| matches!(member.worth, Worth::Fresh | Worth::OnTrial))
            .map(|member| member.task)
            .filter(|task| task.health.is_none())
    };
    let until = settling().filter_map(|task| healthy_at(tally, task)).min()?;
    let tasks = ids(settling())?;
    Some(Waiting::ForSettling { tasks, until })
}

/// What is waited for because of health checks.
fn health(tally: &Tally<'_>, kept: &[&Member<'_>]) -> Vec<Waiting> {
    let of = |worth: Worth| {
        let alike = kept.iter().filter(move |member| member.worth == worth);
        ids(alike
            .map(|member| member.task)
            .filter(|task| task.health.is_some()))
    };
    let unhealthy = of(Worth::Unhealthy).map(|tasks| match tally.desired.attended {
        true => Waiting::ForRecovery { tasks },
        false => Waiting::ForHealthyReplacement { tasks },
    });
    let fresh = of(Worth::Fresh).map(|tasks| Waiting::ForHealth { tasks });
    fresh.into_iter().chain(unhealthy).collect()
}

fn healthy_at(tally: &Tally<'_>, task: &Task) -> Option<Timestamp> {
    let started = started(task)?;
    let is_current = task.revision == tally.desired.revision;
    Some(started + tally.healthy_after(is_current))
}

fn started(task: &Task) -> Option<Timestamp> {
    match &task.state {
        TaskState::Running { started, .. } => Some(*started),
        TaskState::Pending | TaskState::Stopping { .. } | TaskState::Stopped { .. } => None,
    }
}

fn held_back(starts: Starts, failures: u32) -> Option<Waiting> {
    let revision = starts.revision;
    let held_back = u32::try_from(starts.held_back).unwrap_or(u32::MAX);
    if held_back == 0 {
        return None;
    }
    Some(match starts.allowance {
        Allowance::NoneBefore(until) => Waiting::ForBackOff {
            revision,
            starts: held_back,
            failures,
            until,
        },
        Allowance::Never => Waiting::ForDeployment {
            after: revision,
            starts: held_back,
        },
        Allowance::Attempts(_) | Allowance::Unlimited => Waiting::ForAttempt {
            revision,
            starts: held_back,
            failures,
        },
    })
}

/// Every time after `now` at which, without any event, the next decision may come out differently.
fn wake_at(
    tally: &Tally<'_>,
    waiting: &[Waiting],
    fallback: Option<&Fallback<'_>>,
) -> impl Iterator<Item = Timestamp> {
    let pace = tally.desired.pace;
    let held = fallback.map(|fallback| fallback.streak.trusted_after());
    let failed =
        tally.streak.failures() > 0 || fallback.is_some_and(|fallback| fallback.streak.failures() > 0);
    let mut times: Vec<Timestamp> = waiting.iter().filter_map(Waiting::until).collect();
    for task in tally.live().map(|member| member.task) {
        let Some(started) = started(task) else { continue };
        times.extend(held.map(|held| started + held));
        times.extend(failed.then(|| started + pace.back_off.forgiven_after));
    }
    times.extend(tally.protected().filter_map(|member| member.task.protected_until));
    if tally.protected().next().is_some() {
        // Others may be stopped in place of those that are protected, once these are settled.
        let live = tally.live().filter_map(|member| started(member.task));
        times.extend(live.map(|started| started + pace.settled_after));
    }
    // Then an old task may be stopped to make room, where there is none.
    times.extend(match tally.allowance() {
        Allowance::NoneBefore(until) => Some(until),
        Allowance::Unlimited | Allowance::Attempts(_) | Allowance::Never => None,
    });
    let now = tally.now;
    times.into_iter().filter(move |time| *time > now)
}

fn ids<'t>(tasks: impl Iterator<Item = &'t Task>) -> Option<Vec<TaskId>> {
    let mut ids: Vec<TaskId> = tasks.map(|task| task.id.clone()).collect();
    ids.sort_unstable();
    (!ids.is_empty()).then_some(ids)
}
