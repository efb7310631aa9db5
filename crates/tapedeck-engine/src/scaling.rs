//! The number of tasks follows what they use. Decided in [`tapedeck_plan::autoscale`]; here it is asked once a second, and what
//! it says is written down, told and done.

use std::collections::VecDeque;
use std::time::Duration;

use tapedeck_api::{Refusal, Response, RolloutState, ScalingStatus, ServiceScaling};
use tapedeck_model::{HealthStatus, Scaling, StackName, Task, TaskState, Timestamp};
use tapedeck_plan::Pace;
use tapedeck_plan::autoscale::{
    self, Decision, Fast, NotScaled, Point, Policy, Record, Situation, TaskUse, Tempo, Window,
};

use crate::fleet::{Life, Service, ServiceKey};
use crate::main_loop::Engine;

/// How many decisions about a service are remembered.
pub(crate) const DECISIONS_KEPT: usize = 100;

/// A task that has not been measured for this long counts as missing.
const UNSEEN: Duration = Duration::from_secs(5);

/// How fast services are started and scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineTempo {
    /// As ECS does it, instead of as fast as one machine can.
    pub like_ecs: bool,
    /// How many times faster than usual the waits of scaling pass.
    pub speed: u32,
}

impl Default for EngineTempo {
    fn default() -> Self {
        Self {
            like_ecs: false,
            speed: 1,
        }
    }
}

impl EngineTempo {
    /// `fast` or `ecs`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.like_ecs { "ecs" } else { "fast" }
    }

    pub(crate) fn pace(&self) -> Pace {
        if self.like_ecs { Pace::ecs() } else { Pace::fast() }
    }

    fn scaling(&self) -> Tempo {
        let tempo = if self.like_ecs {
            Tempo::ecs()
        } else {
            Tempo::fast()
        };
        tempo.sped_up(self.speed)
    }
}

/// How one service is scaled.
#[derive(Debug, Clone)]
pub(crate) struct Scaler {
    pub(crate) bounds: Scaling,
    pub(crate) record: Record,
    /// None until there is a first point.
    window: Option<Window>,
    /// What was decided last, whether or not it changed anything.
    last: Option<Decision>,
    decisions: VecDeque<Decision>,
}

impl Scaler {
    /// A service that was not scaled before.
    pub(crate) fn new(bounds: Scaling) -> Self {
        Self {
            bounds,
            record: Record::default(),
            window: None,
            last: None,
            decisions: VecDeque::new(),
        }
    }

    /// Adds a decision to those that are told later.
    pub(crate) fn remember(&mut self, decision: Decision) {
        if self.decisions.len() >= DECISIONS_KEPT {
            self.decisions.pop_front();
        }
        self.decisions.push_back(decision);
    }

    /// In short.
    pub(crate) fn status(&self) -> ScalingStatus {
        let changes = self.decisions.iter().rev();
        ScalingStatus {
            bounds: self.bounds,
            last: self.last.clone(),
            last_change: changes.into_iter().find(|decision| decision.is_change()).cloned(),
        }
    }

    /// Whether a decision that changes nothing is worth remembering: it says something that the last one did not.
    fn is_news(&self, decision: &Decision) -> bool {
        let told = self.decisions.back().and_then(|decision| decision.not_scaled);
        decision.not_scaled.is_some_and(|code| {
            !code.is_quiet() && told != Some(code) && code != NotScaled::AlreadyAtMinCapacity
        })
    }
}

impl Engine {
    /// Decides about every service, by what its tasks have used since `earliest`.
    pub(crate) fn scale_all(&mut self, earliest: Timestamp) {
        let keys: Vec<ServiceKey> = self.fleet.services.keys().cloned().collect();
        for key in keys {
            let service = self.service_mut(&key);
            let running = service.tasks.values().filter_map(|task| match task.state {
                TaskState::Running { started, .. } => Some((task.id.clone(), started)),
                _ => None,
            });
            let running: Vec<_> = running.collect();
            let (mut used, mut missing) = (Vec::new(), 0);
            let now = self.clock.now();
            for (task, started) in running {
                match self.meters.used_since(&task, earliest) {
                    Some(of_task) => used.push(of_task),
                    None if now.since(started) >= UNSEEN => missing += 1,
                    None => {}
                }
            }
            if !used.is_empty() {
                self.meters.note(&key, now, &used);
            }
            self.scale(&key, &used, missing);
        }
    }

    fn scale(&mut self, key: &ServiceKey, used: &[TaskUse], missing: u32) {
        let (now, emptying, tempo) = (self.clock.now(), self.is_emptying(), self.tempo.scaling());
        let service = self.service_mut(key);
        if service.life == Life::Draining || service.attended || emptying {
            return;
        }
        let situation = situation_of(service, now);
        let Some(scaler) = &mut service.scaler else { return };
        let window = scaler.window.get_or_insert_with(|| Window::new(&tempo));
        let is_due = !used.is_empty() && window.push(Point::of(now, used, missing));
        let is_blind = window.seen().is_none_or(|seen| now.since(seen) > UNSEEN);
        if !is_due && !is_blind {
            return;
        }
        let policy = Policy {
            bounds: scaler.bounds,
            tempo,
        };
        let decision = autoscale::decide(&policy, window, &scaler.record, situation, now);
        let record = scaler.record.after(&decision, situation.revision);
        if decision.is_change() || scaler.is_news(&decision) {
            self.settle(key, record, decision);
        } else {
            scaler.record = record;
            scaler.last = Some(decision);
        }
    }

    /// Writes a decision down, then does it. What cannot be written down is not done, and decided again.
    fn settle(&mut self, key: &ServiceKey, record: Record, decision: Decision) {
        if let Err(error) = self.store.save_decision(key, &record, &decision) {
            let message = format!("(service {}) {}", key.name, crate::chain(&error));
            return self.record_once(key, message);
        }
        let service = self.service_mut(key);
        service.desired_count = decision.wanted;
        if let Some(scaler) = &mut service.scaler {
            scaler.record = record;
            scaler.last = Some(decision.clone());
            scaler.remember(decision.clone());
        }
        self.record(key, event(key, &decision));
        if decision.is_change() {
            self.reconcile(key);
        }
    }

    /// How the services of a stack are scaled.
    pub(crate) fn describe_scaling(&self, stack: &StackName) -> Response {
        let of = |(key, service): (&ServiceKey, &Service)| ServiceScaling {
            stack: key.stack.clone(),
            name: key.name.clone(),
            desired_count: service.wanted(),
            running_count: service.running_count(),
            scaling: service.scaler.as_ref().map(|scaler| scaler.bounds),
            pace: self.tempo.name().to_owned(),
            last: service.scaler.as_ref().and_then(|scaler| scaler.last.clone()),
            decisions: service
                .scaler
                .iter()
                .flat_map(|scaler| scaler.decisions.iter().cloned())
                .collect(),
        };
        let services: Vec<ServiceScaling> = self.fleet.of_stack(stack).map(of).collect();
        if services.is_empty() {
            return Response::Refused {
                refusal: Refusal::UnknownStack { name: stack.clone() },
            };
        }
        Response::Scaling { services }
    }
}

fn is_healthy(task: &Task) -> bool {
    let health = task.health.as_ref();
    health.is_some_and(|health| health.status == HealthStatus::Healthy)
}

fn situation_of(service: &Service, now: Timestamp) -> Situation {
    let (mut ready, mut in_flight) = (0, 0);
    for task in service.tasks.values() {
        match task.state {
            // One that is to be replaced is neither.
            TaskState::Running { .. } if task.is_unhealthy() => {}
            TaskState::Running { .. } if is_healthy(task) => ready += 1,
            TaskState::Running { started, .. }
                if task.health.is_none() && now.since(started) >= Fast::WARM_UP =>
            {
                ready += 1
            }
            TaskState::Running { .. } => in_flight += 1,
            TaskState::Pending if now.since(task.created) < Fast::STUCK_AFTER => in_flight += 1,
            TaskState::Pending | TaskState::Stopping { .. } | TaskState::Stopped { .. } => {}
        }
    }
    Situation {
        desired: service.desired_count,
        ready,
        in_flight,
        deploying: service.rollout() == RolloutState::InProgress,
        revision: service.revision.0,
    }
}

/// What is told of a decision among the events of its service.
fn event(key: &ServiceKey, decision: &Decision) -> String {
    let (name, reason) = (&key.name, &decision.reason);
    match decision.not_scaled {
        None => format!(
            "(service {name}) desired count was changed from {} to {}. Reason: {reason}.",
            decision.before, decision.wanted
        ),
        Some(NotScaled::MetricNotProportional) => {
            format!("(service {name}) WARN MetricNotProportional: {reason}.")
        }
        Some(code) => format!(
            "(service {name}) desired count stays {}: {code}: {reason}.",
            decision.wanted
        ),
    }
}
