//! What must hold of every decision, whatever the world does. Each violation is a sentence; none is good.
//!
//! Written against the promises of `tapedeck_plan` and not with its code: the counts here are taken anew.

use std::collections::BTreeSet;
use std::time::Duration;

use tapedeck_model::{HealthStatus, Task, TaskState, Timestamp};
use tapedeck_plan::{Desired, Plan, Stage, Step, decide};

/// What is wrong with a plan for these tasks at that time.
#[must_use]
pub fn of_plan(desired: &Desired, tasks: &[Task], now: Timestamp, plan: &Plan) -> Vec<String> {
    let seen = Seen { desired, tasks, now };
    let mut violations = Vec::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            violations.push(format!(
                "{what}\n  at {now}: {desired:?}\n  {tasks:#?}\n  {plan:#?}"
            ));
        }
    };
    check(
        seen.floor_is_kept(plan),
        "a stop leaves fewer settled tasks than the minimum",
    );
    check(seen.ceiling_is_kept(plan), "a start exceeds the maximum");
    check(
        seen.steps_make_sense(plan),
        "a step concerns a task it cannot concern, or twice",
    );
    check(seen.steady_is_right(plan), "steady is told wrongly");
    check(
        !plan.progress.steady || plan.waiting.is_empty(),
        "a steady service waits for something",
    );
    check(
        plan.progress.steady || desired.count == 0 || !plan.steps.is_empty() || !plan.waiting.is_empty(),
        "nothing is done and nothing says why",
    );
    check(
        plan.wake_at.is_none_or(|wake| wake > now),
        "the time to look again has passed",
    );
    check(seen.order_is_irrelevant(plan), "the order of the tasks matters");
    check(
        seen.old_starts_only_without_healthy_new(plan),
        "an old revision is started beside a healthy new task",
    );
    check(
        seen.failed_starts_nothing(plan),
        "a failed deployment starts a task",
    );
    check(seen.protected_stay(plan), "a protected task is stopped");
    check(
        seen.overprotection_is_right(plan),
        "whether too many tasks are protected is told wrongly",
    );
    violations
}

/// What is wrong with the plan made after the one before was executed at the same moment: it must have nothing to do, until it
/// says so, but to forget what the steps made superfluous.
#[must_use]
pub fn of_second_plan(desired: &Desired, tasks: &[Task], now: Timestamp, plan: &Plan) -> Vec<String> {
    let mut violations = Vec::new();
    if plan.acts() {
        violations.push(format!(
            "deciding again finds more to do\n  at {now}: {desired:?}\n  {tasks:#?}\n  {plan:#?}"
        ));
    }
    let millisecond = Duration::from_millis(1);
    let before = plan
        .wake_at
        .map_or(now + Duration::from_secs(3600), |wake| wake - millisecond);
    let later = decide(desired, tasks, before);
    if later.acts() || later.progress.steady != plan.progress.steady {
        violations.push(format!(
            "something is due before the time to look again\n  at {now}: {desired:?}\n  {tasks:#?}\n  {plan:#?}\n  {later:#?}"
        ));
    }
    violations
}

struct Seen<'a> {
    desired: &'a Desired,
    tasks: &'a [Task],
    now: Timestamp,
}

impl Seen<'_> {
    fn wanted(&self) -> usize {
        usize::try_from(self.desired.count).unwrap_or(usize::MAX)
    }

    fn is_settled(&self, task: &Task) -> bool {
        match &task.health {
            Some(health) => health.status == HealthStatus::Healthy && self.has_run(task, Duration::ZERO),
            None => self.has_run(task, self.desired.pace.settled_after),
        }
    }

    fn has_run(&self, task: &Task, time: Duration) -> bool {
        matches!(&task.state, TaskState::Running { started, .. } if self.now.since(*started) >= time)
    }

    fn count(&self, matches: impl Fn(&Task) -> bool) -> usize {
        self.tasks.iter().filter(|task| matches(task)).count()
    }

    fn floor_is_kept(&self, plan: &Plan) -> bool {
        let stopped = stopped(plan);
        let before = self.count(|task| self.is_settled(task));
        let after = self.count(|task| self.is_settled(task) && !stopped.contains(task.id.as_str()));
        after >= before.min(self.desired.bounds.floor(self.desired.count))
    }

    fn ceiling_is_kept(&self, plan: &Plan) -> bool {
        let stopped = stopped(plan);
        let starts = plan
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Start { .. }))
            .count();
        let left = self.count(|task| task.state.is_live() && !stopped.contains(task.id.as_str()));
        let is_rollout = self.count(|task| {
            task.revision != self.desired.revision && !matches!(task.state, TaskState::Stopping { .. })
        }) > 0;
        let is_replacing = self.count(|task| task.is_unhealthy()) > 0;
        let ceiling = match is_rollout || is_replacing {
            true => self.desired.bounds.ceiling(self.desired.count),
            false => self.wanted(),
        };
        starts == 0 || left + starts <= ceiling
    }

    fn steps_make_sense(&self, plan: &Plan) -> bool {
        let mut concerned = BTreeSet::new();
        plan.steps.iter().all(|step| match step {
            Step::Start { revision } => {
                let fallback = match self.desired.stage {
                    Stage::UnderWay { fallback } => fallback,
                    Stage::Trusted | Stage::GivenUp => None,
                };
                *revision == self.desired.revision || Some(*revision) == fallback
            }
            Step::Stop { task, .. } => {
                concerned.insert(task) && self.count(|seen| seen.id == *task && seen.state.is_live()) == 1
            }
            Step::Forget { task } => {
                concerned.insert(task) && self.count(|seen| seen.id == *task && seen.state.is_stopped()) == 1
            }
        })
    }

    fn steady_is_right(&self, plan: &Plan) -> bool {
        let left = self.count(|task| !task.state.is_stopped());
        let settled = self.count(|task| task.revision == self.desired.revision && self.is_settled(task));
        let may_be_steady = left == self.wanted() && settled == self.wanted();
        // After failures, and until a revision is proven, a task has to hold longer, so the other direction holds only
        // without failures and with proof.
        let proves = |task: &Task| {
            task.revision == self.desired.revision
                && (task.health.is_some() || self.has_run(task, self.desired.pace.proven_after))
        };
        let proven = self.count(proves) > 0;
        let must_be_steady = may_be_steady && proven && plan.progress.consecutive_failures < 2;
        (!plan.progress.steady || may_be_steady) && (plan.progress.steady || !must_be_steady)
    }

    fn is_protected(&self, task: &Task) -> bool {
        self.desired.count > 0
            && !self.desired.attended
            && task.state.is_live()
            && !task.is_unhealthy()
            && task.protected_until.is_some_and(|until| until > self.now)
    }

    fn protected_stay(&self, plan: &Plan) -> bool {
        let stopped = stopped(plan);
        self.count(|task| self.is_protected(task) && stopped.contains(task.id.as_str())) == 0
    }

    fn overprotection_is_right(&self, plan: &Plan) -> bool {
        plan.progress.overprotected == (self.count(|task| self.is_protected(task)) > self.wanted())
    }

    fn order_is_irrelevant(&self, plan: &Plan) -> bool {
        let mut tasks = self.tasks.to_vec();
        tasks.reverse();
        tasks.rotate_left(self.tasks.len() / 3);
        decide(self.desired, &tasks, self.now) == *plan
    }

    fn old_starts_only_without_healthy_new(&self, plan: &Plan) -> bool {
        let starts_old = plan
            .steps
            .iter()
            .any(|step| matches!(step, Step::Start { revision } if *revision != self.desired.revision));
        !starts_old || plan.progress.healthy == 0
    }

    /// A deployment that failed, now or before, starts nothing any more.
    fn failed_starts_nothing(&self, plan: &Plan) -> bool {
        let starts =
            |step: &Step| matches!(step, Step::Start { revision } if *revision == self.desired.revision);
        let failed = plan.progress.failed || self.desired.stage == Stage::GivenUp;
        !failed || !plan.steps.iter().any(starts)
    }
}

fn stopped(plan: &Plan) -> BTreeSet<&str> {
    plan.steps
        .iter()
        .filter_map(|step| match step {
            Step::Stop { task, .. } => Some(task.as_str()),
            Step::Start { .. } | Step::Forget { .. } => None,
        })
        .collect()
}
