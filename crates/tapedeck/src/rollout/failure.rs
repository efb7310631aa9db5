//! How it is told that a deployment came to nothing.

use tapedeck_api::{ServiceStatus, StackStatus};
use tapedeck_model::{ContainerState, Deployment, MAIN_CONTAINER, Revision, Task, TaskState};
use tapedeck_plan::FAILED_HEALTH_CHECKS;

use super::ending;
use crate::commands::logs::{self, Origin};
use crate::context::Context;
use crate::exit::Failure;
use crate::text::count;

/// Log lines of the failed task that are shown.
const LAST_LINES: usize = 10;

/// The circuit breaker has ended the deployment of a revision.
pub(super) fn of_deployment(
    context: &Context,
    stack: &StackStatus,
    service: &ServiceStatus,
    (revision, deployment): (Revision, &Deployment),
) -> Failure {
    let outcome = match deployment.rolled_back_to {
        Some(before) => format!("it is rolled back to revision {before}"),
        None => "there is no earlier deployment to go back to".to_string(),
    };
    let message = format!(
        "service {} does not stay up: {} of revision {revision}, and {outcome}{}",
        service.name,
        count(deployment.failed_tasks as usize, "failed task"),
        last_words(context, stack, service, revision)
    );
    Failure::operation(message).help(match deployment.rolled_back_to {
        Some(before) => format!(
            "mend it and deploy again; {} of revision {before} keep running",
            count(live(service, |other| other == before), "task")
        ),
        None => "mend it and deploy again; until then no task of it is started any more".to_string(),
    })
}

/// A deployment was given up although its tasks had not failed.
pub(super) fn given_up(service: &ServiceStatus, revision: Revision, deployment: &Deployment) -> Failure {
    Failure::operation(format!(
        "the deployment of revision {revision} of service {} was given up: {}",
        service.name, deployment.reason
    ))
    .help("`tapedeck info:stack` shows what is being deployed instead")
}

/// A revision that held once keeps failing.
pub(super) fn of_service(context: &Context, stack: &StackStatus, service: &ServiceStatus) -> Failure {
    let message = format!(
        "service {} does not stay up: {} in a row of revision {}{}",
        service.name,
        count(service.consecutive_failures as usize, "failed start"),
        service.revision,
        last_words(context, stack, service, service.revision)
    );
    Failure::operation(message).help(match live(service, |other| other != service.revision) {
        0 => format!(
            "mend it and deploy again; until then it is tried again with growing pauses (`tapedeck logs --resourceName {}`)",
            service.name
        ),
        old => format!("mend it and deploy again; {} of other revisions keep running", count(old, "task")),
    })
}

/// Why the last failed task of a revision ended, and what it wrote.
fn last_words(context: &Context, stack: &StackStatus, service: &ServiceStatus, revision: Revision) -> String {
    let failed = service
        .tasks
        .iter()
        .filter(|task| task.revision == revision)
        .find_map(|task| match &task.state {
            _ if task.is_unhealthy() => Some((task, failed_check(task))),
            TaskState::Stopped {
                code,
                reason,
                exit_code,
                ..
            } if code.is_failure() => Some((task, ending(reason, *exit_code))),
            _ => None,
        });
    let Some((task, ending)) = failed else {
        return String::new();
    };
    let mut words = format!("\n  task {}{ending}", task.id.short());
    let origin = Origin {
        service: service.name.clone(),
        task: task.id.clone(),
        container: culprit(task),
    };
    for line in logs::last_lines(context, &stack.name, &origin, LAST_LINES) {
        words.push_str(&format!("\n  | {line}"));
    }
    words
}

/// The container that failed first, unless it is the main one.
fn culprit(task: &Task) -> Option<String> {
    let failed = task.containers.iter().filter_map(|one| match one.state {
        ContainerState::Stopped {
            stopped, exit_code, ..
        } if exit_code != Some(0) => Some((stopped, &one.name)),
        _ => None,
    });
    let first = failed.min_by_key(|(stopped, _)| *stopped);
    first
        .map(|(_, name)| name.clone())
        .filter(|name| name != MAIN_CONTAINER)
}

/// What the health check of a task had to say in the end.
fn failed_check(task: &Task) -> String {
    let Some(probe) = task.last_probe() else {
        return format!(": {FAILED_HEALTH_CHECKS}");
    };
    let mut words = format!(": its health check {}", probe.outcome);
    let lines: Vec<&str> = probe.output.lines().collect();
    for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
        words.push_str("\n  > ");
        words.extend(line.chars().filter(|letter| !letter.is_control()));
    }
    words
}

fn live(service: &ServiceStatus, of: impl Fn(Revision) -> bool) -> usize {
    let tasks = service.tasks.iter();
    tasks
        .filter(|task| task.state.is_live() && of(task.revision))
        .count()
}
