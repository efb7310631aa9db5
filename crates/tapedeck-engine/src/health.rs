//! What is done about what a shim says of the health of its task.

use tapedeck_model::{TaskHealth, TaskId};

use crate::main_loop::Engine;

impl Engine {
    /// Remembers what the health check of a task has come to, and looks at its service if that is something else than before.
    ///
    /// Only that is written down: each result is with the shim, which tells it again to the next engine.
    pub(crate) fn heard_health(&mut self, task: &TaskId, heard: TaskHealth) {
        let Some(key) = self.fleet.owner_of(task) else {
            return;
        };
        let Some(known) = self.service_mut(&key).tasks.get_mut(task) else {
            return;
        };
        // What is on its way out is not judged any more.
        let Some(health) = known.health.as_mut().filter(|_| known.state.is_live()) else {
            return;
        };
        if *health == heard {
            return;
        }
        let differs = health.status != heard.status;
        *health = heard;
        let known = known.clone();
        self.touch(&key);
        if differs {
            self.save_tasks(&key, &[known]);
            self.reconcile(&key);
        }
    }
}
