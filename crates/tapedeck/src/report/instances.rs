//! EC2 instances, and where tasks are.

use tapedeck_api::InstanceStatus;
use tapedeck_model::{InstanceState, Placement, Timestamp};

use crate::printer::{GREEN, RESET, YELLOW};
use crate::text::{count, span};

/// One instance in a line.
pub(super) fn line(status: &InstanceStatus, now: Timestamp) -> String {
    let instance = &status.instance;
    let (colour, more) = match &instance.state {
        InstanceState::Pending { ready } => (YELLOW, format!(", in service in {}", span(ready.since(now)))),
        InstanceState::InService {
            empty_since: Some(since),
        } => (GREEN, format!(", empty for {}", span(now.since(*since)))),
        InstanceState::InService { empty_since: None } => (GREEN, String::new()),
        InstanceState::Draining | InstanceState::Terminated => (YELLOW, String::new()),
    };
    let pool = if instance.warm { ", from the warm pool" } else { "" };
    format!(
        "instance {} ({} in {}) {colour}{}{RESET} {}, {} of {} MiB used{more}{pool}",
        instance.id,
        instance.machine.name,
        instance.zone,
        instance.state.name(),
        count(status.tasks.len(), "task"),
        status.memory_used,
        status.memory_registered,
    )
}

/// `local-a` or `local-a on i-0…`.
pub(super) fn place(placement: &Placement) -> String {
    match &placement.instance {
        Some(instance) => format!("{} on {instance}", placement.zone),
        None => placement.zone.to_string(),
    }
}
