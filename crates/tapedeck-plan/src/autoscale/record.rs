//! What was decided before and still matters. Kept by whoever acts, so that a new engine goes on where the last one was.

use serde::{Deserialize, Serialize};
use tapedeck_model::Timestamp;

use super::{Decision, Metric};

/// Additions for want of memory that are remembered; as many without effect prove that more would have none either.
const MEMORY_OUTS: usize = 2;

/// What was decided before and still matters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// When tasks were added last.
    pub last_out: Option<Timestamp>,
    /// How many that were.
    pub last_added: u32,
    /// When tasks were removed last.
    pub last_in: Option<Timestamp>,
    /// The last additions for want of memory, oldest first.
    pub memory_outs: Vec<MemoryOut>,
}

/// Tasks that were added because of memory.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryOut {
    /// When.
    pub at: Timestamp,
    /// Tasks before.
    pub from: u32,
    /// Tasks after.
    pub to: u32,
    /// What each task used of its limit before, on average.
    pub per_task: f64,
    /// Which revision that was.
    pub revision: u64,
}

impl MemoryOut {
    /// Whether the memory of each task has fallen by less than a tenth of what it should have, sharing the same work.
    fn was_useless(&self, per_task_now: f64) -> bool {
        let expected = self.per_task * (1.0 - f64::from(self.from) / f64::from(self.to.max(1)));
        self.per_task - per_task_now < 0.1 * expected
    }
}

impl Record {
    /// The record after a decision.
    #[must_use]
    pub fn after(&self, decision: &Decision, revision: u64) -> Self {
        let mut next = self.clone();
        next.memory_outs.retain(|out| out.revision == revision);
        let memory = decision
            .readings
            .iter()
            .find(|reading| reading.metric == Metric::Memory);
        if memory.is_some_and(|memory| memory.demand < memory.low) {
            next.memory_outs.clear();
        }
        if decision.wanted < decision.before {
            next.last_in = Some(decision.at);
        }
        if decision.wanted > decision.before {
            next.last_out = Some(decision.at);
            next.last_added = decision.wanted - decision.before;
            if let Some(per_task) = driven_by_memory(decision) {
                next.memory_outs.push(MemoryOut {
                    at: decision.at,
                    from: decision.before,
                    to: decision.wanted,
                    per_task,
                    revision,
                });
                let beyond = next.memory_outs.len().saturating_sub(MEMORY_OUTS);
                next.memory_outs.drain(..beyond);
            }
        }
        next
    }

    /// Since when it is known that more tasks do not make the memory of each fall, if it is.
    pub(crate) fn memory_is_no_guide_since(&self, revision: u64, per_task_now: f64) -> Option<Timestamp> {
        let useless = |out: &MemoryOut| out.revision == revision && out.was_useless(per_task_now);
        let proven = self.memory_outs.len() >= MEMORY_OUTS && self.memory_outs.iter().all(useless);
        proven.then(|| self.memory_outs.last().map(|out| out.at))?
    }
}

/// What each task used, when memory alone asked for that many tasks.
fn driven_by_memory(decision: &Decision) -> Option<f64> {
    let wants = |metric| {
        decision
            .readings
            .iter()
            .find(|reading| reading.metric == metric)
            .and_then(|reading| Some((reading.wants?, reading.demand)))
    };
    let (memory, demand) = wants(Metric::Memory)?;
    let cpu = wants(Metric::Cpu).map_or(0, |(wants, _)| wants);
    (memory > cpu).then_some(demand / 100.0)
}
