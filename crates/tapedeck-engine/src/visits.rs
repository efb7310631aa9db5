//! Commands that people run in containers: who may is whoever may use the socket; all else is the shim's.
//!
//! The connection of the visitor is handed over to the shim of the task. So a visit goes on without this engine, and nothing that is
//! said on it passes through here.

use std::os::unix::net::UnixStream;

use tapedeck_api::{Refusal, Response};
use tapedeck_model::{TaskId, TaskState};

use crate::main_loop::Engine;

impl Engine {
    /// Whether a task can be visited.
    pub(crate) fn may_visit(&self, task: TaskId) -> Response {
        let known = self.fleet.task(&task).map(|(_, known)| &known.state);
        let runs = matches!(
            known,
            Some(TaskState::Running { .. } | TaskState::Stopping { .. })
        );
        match runs && self.links.contains_key(&task) {
            true => Response::HandedOver,
            false => Response::Refused {
                refusal: Refusal::NotRunning { task },
            },
        }
    }

    /// Hands the connection of a visitor over. When the task has gone meanwhile it ends, which tells the visitor.
    pub(crate) fn hand_over(&self, task: &TaskId, container: String, visitor: UnixStream) {
        if let Some(link) = self.links.get(task) {
            link.visit(container, visitor);
        }
    }
}
