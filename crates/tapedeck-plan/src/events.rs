//! The texts of service events, worded as ECS words them. Source: ECS developer guide, "service event messages".
//!
//! Only wording: when an event is due and how often is decided by who writes it, with [`transitions`].

use std::fmt::Write;

use tapedeck_model::{Instance, InstanceId, ResourceName, Revision, TaskId};

use crate::Progress;

/// `(service S) has started N tasks: (task T1) (task T2).`
#[must_use]
pub fn started_tasks(service: &ResourceName, tasks: &[TaskId]) -> String {
    format!(
        "(service {service}) has started {} tasks: {}.",
        tasks.len(),
        task_list(tasks)
    )
}

/// `(service S) has started N tasks: (task T). Amazon ECS replaced R tasks due to an unhealthy status.`
#[must_use]
pub fn started_replacements(service: &ResourceName, tasks: &[TaskId], replaced: u32) -> String {
    let started = started_tasks(service, tasks);
    format!("{started} Amazon ECS replaced {replaced} tasks due to an unhealthy status.")
}

/// `(service S) (task T) failed container health checks.`
#[must_use]
pub fn failed_health_checks(service: &ResourceName, task: &TaskId) -> String {
    format!("(service {service}) (task {task}) failed container health checks.")
}

/// `(service S) has stopped N running tasks: (task T1) (task T2).`
#[must_use]
pub fn stopped_tasks(service: &ResourceName, tasks: &[TaskId]) -> String {
    format!(
        "(service {service}) has stopped {} running tasks: {}.",
        tasks.len(),
        task_list(tasks)
    )
}

/// `(service S) (task T) ran out of memory: N processes of it have been killed.` ECS is silent about it while the task runs on.
#[must_use]
pub fn out_of_memory(service: &ResourceName, task: &TaskId, kills: u64) -> String {
    let killed = match kills {
        1 => "1 process of it has been killed".to_owned(),
        more => format!("{more} processes of it have been killed"),
    };
    format!("(service {service}) (task {task}) ran out of memory: {killed}.")
}

/// Says why a task that was asked to stop had to be killed, and what to do about it. `containers` are those that did not hear it,
/// named where the task has others. ECS is silent about it.
#[must_use]
pub fn unheard(service: &ResourceName, containers: &[String]) -> String {
    let who = match containers {
        [] => "a task".to_owned(),
        [one] => format!("container {one} of a task"),
        more => format!("containers {} of a task", more.join(" and ")),
    };
    format!(
        "(service {service}) {who} had to be killed when the time to stop was over: as process 1 of a container, a program gets no SIGTERM that it has no handler for. Handle SIGTERM, or start it through an init such as tini."
    )
}

/// `(service S) has reached a steady state.`
#[must_use]
pub fn steady_state(service: &ResourceName) -> String {
    format!("(service {service}) has reached a steady state.")
}

/// `(service S) is unable to consistently start tasks successfully.`
#[must_use]
pub fn unable_to_start(service: &ResourceName) -> String {
    format!("(service {service}) is unable to consistently start tasks successfully.")
}

/// `(service S) (deployment D) deployment completed.` Our deployments are named by their revision.
#[must_use]
pub fn deployment_completed(service: &ResourceName, revision: Revision) -> String {
    format!("(service {service}) (deployment {revision}) deployment completed.")
}

/// `(service S) (deployment D) deployment failed: tasks failed to start.`
#[must_use]
pub fn deployment_failed(service: &ResourceName, revision: Revision) -> String {
    format!("(service {service}) (deployment {revision}) deployment failed: tasks failed to start.")
}

/// `(service S) rolling back to deployment D0.`
#[must_use]
pub fn rolling_back(service: &ResourceName, revision: Revision) -> String {
    format!("(service {service}) rolling back to deployment {revision}.")
}

/// `(service S) was unable to stop or start tasks during a deployment because of the service deployment configuration. …`
#[must_use]
pub fn no_room(service: &ResourceName) -> String {
    format!(
        "(service {service}) was unable to stop or start tasks during a deployment because of the service deployment \
         configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
    )
}

/// `(service S) was unable to reach steady state because task set T was unable to scale in. Reason: …` Our task sets are
/// named by their revision.
#[must_use]
pub fn overprotected(service: &ResourceName, revision: Revision) -> String {
    format!(
        "(service {service}) was unable to reach steady state because task set {revision} was unable to scale in. \
         Reason: The number of protected tasks are more than the desired count of tasks."
    )
}

/// `(service S) was unable to place a task. Reason: Capacity is unavailable at this time.`
#[must_use]
pub fn no_capacity(service: &ResourceName) -> String {
    format!("(service {service}) was unable to place a task. Reason: Capacity is unavailable at this time.")
}

/// `(service S) was unable to place a task because no container instance met all of its requirements. …`, with the
/// instance that comes closest, if there is one, and what it has too little of.
#[must_use]
pub fn no_instance(service: &ResourceName, closest: Option<(&InstanceId, &str)>) -> String {
    let why = match closest {
        Some((instance, what)) => {
            format!("The closest matching container-instance {instance} has insufficient {what} available.")
        }
        None => "Reason: No Container Instances were found in your cluster.".to_owned(),
    };
    format!(
        "(service {service}) was unable to place a task because no container instance met all of its requirements. {why}"
    )
}

/// `(service S) Launching a new EC2 instance: I`, as the activity history of an Auto Scaling group has it.
#[must_use]
pub fn launching(service: &ResourceName, instance: &Instance) -> String {
    format!(
        "(service {service}) Launching a new EC2 instance: {} ({} in {}).",
        instance.id, instance.machine.name, instance.zone
    )
}

/// `(service S) Terminating EC2 instance: I`, as the activity history of an Auto Scaling group has it.
#[must_use]
pub fn terminating(service: &ResourceName, instance: &InstanceId) -> String {
    format!("(service {service}) Terminating EC2 instance: {instance}.")
}

/// The events that two successive decisions about a service differ by, in the order in which ECS writes them.
///
/// `before` is the progress at the previous decision, none for a service seen for the first time. A service says that it
/// is unable to start tasks once per row of failures, and that it is steady once each time it becomes so. Deleted
/// services say nothing.
#[must_use]
pub fn transitions(service: &ResourceName, before: Option<&Progress>, after: &Progress) -> Vec<String> {
    let mut events = Vec::new();
    if after.desired == 0 {
        return events;
    }
    let same_revision = before.filter(|before| before.revision == after.revision);
    if after.is_impaired() && !same_revision.is_some_and(Progress::is_impaired) {
        events.push(unable_to_start(service));
    }
    if after.blocked && !same_revision.is_some_and(|before| before.blocked) {
        events.push(no_room(service));
    }
    if after.overprotected && !before.is_some_and(|before| before.overprotected) {
        events.push(overprotected(service, after.revision));
    }
    if after.steady && !same_revision.is_some_and(|before| before.steady && before.desired == after.desired) {
        events.push(steady_state(service));
    }
    events
}

fn task_list(tasks: &[TaskId]) -> String {
    let mut text = String::new();
    for task in tasks {
        let space = if text.is_empty() { "" } else { " " };
        write!(text, "{space}(task {task})").expect("writing to a String cannot fail");
    }
    text
}
