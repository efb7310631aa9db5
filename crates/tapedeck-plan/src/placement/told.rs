//! What is told of tasks that there is no room for.

use tapedeck_model::TaskId;

use super::{Budget, Obstacle};
use crate::plan::TaskList;

/// What such tasks wait for, and what ends the wait: a sentence for people, without full stop.
#[must_use]
pub fn waiting(tasks: &[TaskId], memory: u32, obstacle: Obstacle, budget: &Budget) -> String {
    let waits = if tasks.len() == 1 { "waits" } else { "wait" };
    let tasks = TaskList(tasks);
    match obstacle {
        Obstacle::Memory => format!(
            "{tasks} {waits} for an instance with {memory} MiB of memory: none of `instanceTypes` has that much, so this \
             ends with other types or less memory"
        ),
        Obstacle::Cpu => format!(
            "{tasks} {waits} for an instance with more CPU: none of `instanceTypes` has as much, so this ends with other \
             types or less CPU"
        ),
        Obstacle::Most => format!(
            "{tasks} {waits} for an instance with room: there are as many instances as there may be, four for each of \
             `maxInstances`"
        ),
        Obstacle::Budget { least } => format!(
            "{tasks} {waits} for {least} MiB of memory: of {} MiB that tasks may have of this machine, {} MiB are left; \
             this ends when others stop, or with a greater `--memory-budget` of `tapedeck engine start`",
            budget.total,
            budget.room()
        ),
    }
}
