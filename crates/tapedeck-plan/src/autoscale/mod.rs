//! How many tasks a service needs: from what they use to a desired count, with the reason in words.
//!
//! Start at [`decide`]. What tasks were seen to use is condensed to one [`Point`] a second and kept in a [`Window`]; what was
//! decided before and still matters is a [`Record`]. Two tempos: `fast` acts within seconds and estimates demand beyond
//! the limit of a task, `ecs` does what alarms and target tracking of AWS do. Nothing here reads a clock.

mod decision;
mod ecs;
mod fast;
mod policy;
mod record;
mod window;

use tapedeck_model::Timestamp;

pub use decision::{Decision, Metric, NotScaled, Reading};
pub use policy::{Ecs, Fast, Policy, Tempo};
pub use record::{MemoryOut, Record};
pub use window::{Point, TaskUse, Window};

/// Without a point for this long there is no data.
pub(crate) const STALE: std::time::Duration = std::time::Duration::from_secs(5);

/// How a service stands when it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Tasks wanted until now.
    pub desired: u32,
    /// Tasks that run and have warmed up.
    pub ready: u32,
    /// Tasks that are being started or warm up. One that does not come up is not among them.
    pub in_flight: u32,
    /// Whether a rollout goes on.
    pub deploying: bool,
    /// The desired revision.
    pub revision: u64,
}

/// All that a decision is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) window: &'a Window,
    pub(crate) record: &'a Record,
    pub(crate) situation: Situation,
    pub(crate) now: Timestamp,
}

/// Decides how many tasks are wanted from now on.
///
/// Call it once after each point of the window; in tempo `ecs` when a period is complete.
#[must_use]
pub fn decide(
    policy: &Policy,
    window: &Window,
    record: &Record,
    situation: Situation,
    now: Timestamp,
) -> Decision {
    let given = Given {
        policy,
        window,
        record,
        situation,
        now,
    };
    if let Some(clamped) = clamped(&given) {
        return clamped;
    }
    let is_fresh = |point: &Point| now.since(point.at) <= stale_after(policy) && point.tasks > 0;
    if !window.latest().is_some_and(is_fresh) {
        let reason = "no task has been measured lately: nothing is concluded from that".to_owned();
        return given.stay(NotScaled::InsufficientData, Vec::new(), reason);
    }
    match &policy.tempo {
        Tempo::Fast(tempo) => fast::decide(&given, tempo),
        Tempo::Ecs(tempo) => ecs::decide(&given, tempo),
    }
}

/// Bounds come before everything else.
fn clamped(given: &Given<'_>) -> Option<Decision> {
    let bounds = &given.policy.bounds;
    let desired = given.situation.desired;
    let wanted = desired.clamp(bounds.min_instances, bounds.max_instances);
    let bound = match wanted.cmp(&desired) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => format!("minInstances is {}", bounds.min_instances),
        std::cmp::Ordering::Less => format!("maxInstances is {}", bounds.max_instances),
    };
    Some(given.change(wanted, Vec::new(), bound))
}

fn stale_after(policy: &Policy) -> std::time::Duration {
    match &policy.tempo {
        Tempo::Fast(_) => STALE,
        Tempo::Ecs(tempo) => tempo.period + STALE,
    }
}

impl Given<'_> {
    /// Per cent above which a metric asks for more tasks, as a share.
    pub(crate) fn target(&self, metric: Metric) -> f64 {
        f64::from(self.policy.target(metric)) / 100.0
    }

    /// A decision for another count.
    pub(crate) fn change(&self, wanted: u32, readings: Vec<Reading>, reason: String) -> Decision {
        self.decision(wanted, None, readings, reason)
    }

    /// A decision to leave the count as it is.
    pub(crate) fn stay(&self, code: NotScaled, readings: Vec<Reading>, reason: String) -> Decision {
        self.decision(self.situation.desired, Some(code), readings, reason)
    }

    fn decision(
        &self,
        wanted: u32,
        not_scaled: Option<NotScaled>,
        readings: Vec<Reading>,
        reason: String,
    ) -> Decision {
        Decision {
            at: self.now,
            before: self.situation.desired,
            wanted,
            ready: self.situation.ready,
            in_flight: self.situation.in_flight,
            not_scaled,
            readings,
            reason,
        }
    }
}

/// The least whole number of tasks that carries a load, however the last bit of it was rounded.
pub(crate) fn tasks_for(load: f64, share: f64) -> u32 {
    let tasks = (load / share - 1e-6).ceil().max(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and what is too large saturates"
    )]
    let tasks = tasks as u32;
    tasks
}

#[cfg(test)]
mod tests;
