//! What the tasks of a service come to when the steps of a plan are taken: what the next look sees of it.

use std::collections::BTreeMap;

use tapedeck_model::{Revision, Task, TaskHealth, TaskId, TaskState, Timestamp};

use crate::{Plan, Step};

/// The records of the tasks as they will be, as far as a decision depends on them.
#[derive(Debug)]
pub(crate) struct Foresight {
    pub(crate) tasks: Vec<Task>,
    now: Timestamp,
    /// How many starts there were so far.
    started: u64,
}

impl Foresight {
    pub(crate) fn of(tasks: &[Task], now: Timestamp) -> Self {
        Self {
            tasks: tasks.iter().map(outline).collect(),
            now,
            started: 0,
        }
    }

    /// Takes the steps: those for tasks that are known, then the starts.
    pub(crate) fn take(&mut self, steps: &[Step]) {
        let mut ends = BTreeMap::new();
        for step in steps {
            if let Step::Stop { task, .. } | Step::Forget { task } = step {
                ends.insert(task, step);
            }
        }
        let stopping = self.now;
        self.tasks.retain_mut(|known| match ends.get(&known.id) {
            Some(Step::Stop { code, reason, .. }) => {
                known.state = TaskState::Stopping {
                    started: known.state.started(),
                    stopping,
                    code: *code,
                    reason: reason.clone(),
                };
                true
            }
            Some(Step::Forget { .. }) => false,
            Some(Step::Start { .. }) | None => true,
        });
        for step in steps {
            if let Step::Start { revision } = step {
                self.start(*revision);
            }
        }
    }

    fn start(&mut self, revision: Revision) {
        self.started += 1;
        let mut id = [u8::MAX; 16];
        id[8..].copy_from_slice(&self.started.to_be_bytes());
        self.tasks.push(Task {
            id: TaskId::from_bytes(id),
            revision,
            address: std::net::Ipv4Addr::UNSPECIFIED,
            created: self.now,
            placement: None,
            state: TaskState::Pending,
            protected_until: None,
            job: None,
            containers: Vec::new(),
            health: None,
        });
    }

    /// Adds to a plan what was decided after its steps. Says whether that can be done: a task that is only foreseen cannot be
    /// told to stop.
    pub(crate) fn append(&self, plan: &mut Plan, after: Plan) -> bool {
        let is_known = |step: &Step| match step {
            Step::Start { .. } => true,
            Step::Stop { task, .. } | Step::Forget { task } => !self.has_foreseen(task),
        };
        if !after.steps.iter().all(is_known) {
            return false;
        }
        plan.steps.extend(after.steps);
        // A stable sort: records are forgotten in the order in which it was decided.
        plan.steps.sort_by(|one, other| order(one).cmp(&order(other)));
        plan.replacing = plan.replacing.saturating_add(after.replacing);
        true
    }

    fn has_foreseen(&self, task: &TaskId) -> bool {
        let started = usize::try_from(self.started).unwrap_or(usize::MAX);
        self.tasks
            .iter()
            .rev()
            .take(started)
            .any(|known| known.id == *task)
    }
}

/// The order of the steps of a plan.
fn order(step: &Step) -> (u8, Option<&TaskId>, Option<Revision>) {
    match step {
        Step::Stop { task, .. } => (0, Some(task), None),
        Step::Start { revision } => (1, None, Some(*revision)),
        Step::Forget { .. } => (2, None, None),
    }
}

/// A record without what no decision looks at.
fn outline(task: &Task) -> Task {
    let health = task.health.as_ref().map(|health| TaskHealth {
        results: Vec::new(),
        ..*health
    });
    Task {
        id: task.id.clone(),
        state: task.state.clone(),
        placement: None,
        containers: Vec::new(),
        health,
        job: None,
        ..*task
    }
}
