//! A service that is scaled: its tasks share a load, are measured once a second, and their number is decided by that.

use std::time::Duration;

use tapedeck_model::{RolloutState, Scaling, TaskState, Timestamp};
use tapedeck_plan::autoscale::{
    Decision, Fast, Point, Policy, Record, Situation, TaskUse, Tempo, Window, decide,
};

use super::World;

const SECOND: Duration = Duration::from_secs(1);

/// What the tasks of a service have to do together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// CPU that is wanted, in tasks.
    pub cpu: f64,
    /// Memory that each task uses, however many there are: a share of its limit.
    pub memory: f64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            cpu: 0.1,
            memory: 0.1,
        }
    }
}

/// How the service is scaled.
#[derive(Debug)]
pub(super) struct Scaler {
    policy: Policy,
    /// Outlives the engine.
    record: Record,
    window: Window,
    /// When tasks are measured next.
    pub(super) next: Timestamp,
    last_change: Option<(Timestamp, Decision)>,
}

impl Scaler {
    /// How long it takes at most until the number of tasks stays the same under a load that does.
    pub(super) fn time_to_settle(&self) -> Duration {
        match self.policy.tempo {
            Tempo::Fast(tempo) => 2 * tempo.scale_in_after + 10 * tempo.between_removals,
            Tempo::Ecs(tempo) => 2 * (tempo.period * 15 + tempo.cooldown) * 4,
        }
    }
}

impl World {
    /// Scales the service within bounds, or no more.
    pub fn scale(&mut self, bounds: Option<Scaling>, tempo: Tempo) {
        let record = self.scaler.take().map(|scaler| scaler.record);
        self.scaler = bounds.map(|bounds| Scaler {
            policy: Policy { bounds, tempo },
            record: record.unwrap_or_default(),
            window: Window::new(&tempo),
            next: self.now + SECOND,
            last_change: None,
        });
    }

    /// Changes what there is to do.
    pub fn burden(&mut self, load: Load) {
        self.load = load;
    }

    /// A new engine has seen nothing yet.
    pub(super) fn forget_samples(&mut self) {
        if let Some(scaler) = &mut self.scaler {
            scaler.window = Window::new(&scaler.policy.tempo);
            scaler.next = self.now + SECOND;
        }
    }

    /// Measures all tasks and decides how many there are to be.
    pub(super) fn sample(&mut self) {
        let now = self.now;
        let (used, situation) = (self.used(), self.situation());
        let (Some(scaler), Some(situation)) = (&mut self.scaler, situation) else {
            return;
        };
        scaler.next = now + SECOND;
        let is_due = !used.is_empty() && scaler.window.push(Point::of(now, &used, 0));
        let is_blind = scaler
            .window
            .seen()
            .is_none_or(|seen| now.since(seen) > 5 * SECOND);
        if situation.desired == 0 || !is_due && !is_blind {
            return;
        }
        let decision = decide(&scaler.policy, &scaler.window, &scaler.record, situation, now);
        self.violations.extend(scaler.wrong_with(&decision, situation));
        scaler.record = scaler.record.after(&decision, situation.revision);
        if decision.is_change() {
            let told = format!(
                "desired {} -> {}: {}",
                decision.before, decision.wanted, decision.reason
            );
            self.transcript.line(now, &told);
            if let Some(desired) = &mut self.desired {
                desired.count = decision.wanted;
            }
            scaler.last_change = Some((now, decision));
        }
    }

    fn used(&self) -> Vec<TaskUse> {
        let ages = self.tasks.iter().filter_map(|task| match task.state {
            TaskState::Running { started, .. } => Some(self.now.since(started)),
            _ => None,
        });
        let ages: Vec<Duration> = ages.collect();
        let share = self.load.cpu / f64::from(u32::try_from(ages.len().max(1)).unwrap_or(u32::MAX));
        let of = |age: Duration| TaskUse {
            age,
            cpu: share.min(1.0),
            throttled: if share > 1.0 { 1.0 } else { 0.0 },
            pressure: 0.0,
            memory: self.load.memory,
            oom_kills: 0,
        };
        ages.into_iter().map(of).collect()
    }

    fn situation(&self) -> Option<Situation> {
        let desired = self.desired?;
        let (mut ready, mut in_flight) = (0, 0);
        for task in &self.tasks {
            match task.state {
                TaskState::Running { started, .. } if self.now.since(started) >= Fast::WARM_UP => ready += 1,
                TaskState::Running { .. } => in_flight += 1,
                TaskState::Pending if self.now.since(task.created) < Fast::STUCK_AFTER => in_flight += 1,
                TaskState::Pending | TaskState::Stopping { .. } | TaskState::Stopped { .. } => {}
            }
        }
        Some(Situation {
            desired: desired.count,
            ready,
            in_flight,
            deploying: self.deployments.state(desired.revision) == RolloutState::InProgress,
            revision: desired.revision.0,
        })
    }
}

impl Scaler {
    /// What is wrong with a decision, as sentences.
    fn wrong_with(&self, decision: &Decision, situation: Situation) -> Vec<String> {
        let bounds = &self.policy.bounds;
        let inside = bounds.min_instances..=bounds.max_instances;
        let was_inside = inside.contains(&decision.before);
        let removes = was_inside && decision.wanted < decision.before;
        let is_hasty = self.last_change.as_ref().is_some_and(|(at, last)| {
            let pause = match self.policy.tempo {
                Tempo::Fast(tempo) if last.wanted > last.before => tempo.after_out,
                Tempo::Fast(tempo) => tempo.between_removals,
                Tempo::Ecs(_) => Duration::ZERO,
            };
            removes && inside.contains(&last.before) && decision.at.since(*at) < pause && *at <= decision.at
        });
        let mut wrong = Vec::new();
        let mut check = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{what}: {decision:?} of {situation:?} within {bounds:?}"));
            }
        };
        check(inside.contains(&decision.wanted), "scaled beyond the bounds");
        check(
            !(removes && situation.deploying),
            "tasks are removed during a deployment",
        );
        check(!is_hasty, "tasks are removed too soon after the last change");
        check(!decision.reason.is_empty(), "no reason is given");
        check(
            decision.is_change() == decision.not_scaled.is_none(),
            "it is not told why nothing changes",
        );
        wrong
    }
}
