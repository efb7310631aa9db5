//! The containers of a task that has several.

use tapedeck_model::{ContainerState, ContainerStatus, Timestamp};

use crate::printer::{DIM, GREEN, RESET, YELLOW};
use crate::text::span;

/// One container, in a line.
pub(super) fn line(container: &ContainerStatus, now: Timestamp) -> String {
    let what = match &container.state {
        ContainerState::Pending => format!("{YELLOW}PENDING{RESET}"),
        ContainerState::Running { started, pid } => {
            format!(
                "{GREEN}RUNNING{RESET}  since {}, pid {pid}",
                span(now.since(*started))
            )
        }
        ContainerState::Stopping { .. } => format!("{YELLOW}STOPPING{RESET}"),
        ContainerState::Stopped {
            stopped,
            exit_code,
            reason,
            ..
        } => {
            let code = exit_code.map_or(String::new(), |code| format!(", exit code {code}"));
            let reason = reason
                .as_ref()
                .map_or(String::new(), |reason| format!(": {reason}"));
            format!(
                "{DIM}STOPPED{RESET}  {} ago{code}{reason}",
                span(now.since(*stopped))
            )
        }
    };
    format!("container {} {what}", container.name)
}
