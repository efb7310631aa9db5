//! What the decision about the tasks of a service has to know of instances.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use tapedeck_model::{Instance, InstanceId, InstanceState, TaskId};

use super::Load;

/// Which tasks have to leave their instance, and which go first when there are too many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whereabouts {
    leaving: BTreeSet<TaskId>,
    ranks: BTreeMap<TaskId, usize>,
}

impl Whereabouts {
    /// Of tasks on instances. Those on the least packed one go first, so that it becomes empty; of several alike, those on
    /// the youngest.
    #[must_use]
    pub fn of(instances: &[Instance], loads: &[Load<'_>]) -> Self {
        let mut used: BTreeMap<&InstanceId, u64> = BTreeMap::new();
        for load in loads {
            if let Some(on) = &load.on {
                *used.entry(on).or_default() += u64::from(load.memory);
            }
        }
        let mut order: Vec<&Instance> = instances.iter().collect();
        order.sort_by_key(|one| {
            let used = used.get(&one.id).copied().unwrap_or_default();
            (used, Reverse((one.launched, one.id.clone())))
        });
        let mut whereabouts = Self::default();
        for load in loads {
            let Some(rank) = order.iter().position(|one| load.on.as_ref() == Some(&one.id)) else {
                continue;
            };
            whereabouts.ranks.insert(load.task.clone(), rank);
            if matches!(
                order[rank].state,
                InstanceState::Draining | InstanceState::Terminated
            ) {
                whereabouts.leaving.insert(load.task.clone());
            }
        }
        whereabouts
    }

    /// Whether a task has to be replaced by one elsewhere.
    pub(crate) fn is_leaving(&self, task: &TaskId) -> bool {
        self.leaving.contains(task)
    }

    /// The lower, the earlier a task goes.
    pub(crate) fn rank(&self, task: &TaskId) -> usize {
        self.ranks.get(task).copied().unwrap_or_default()
    }
}
