//! Following a deployment until it has completed or failed: what `deploy` and `rollback` wait for.

mod failure;

use std::collections::BTreeMap;
use std::time::Duration;

use tapedeck_api::{Client, ClientError, Refusal, ServiceStatus, StackStatus};
use tapedeck_model::{
    HealthStatus, ResourceName, Revision, RolloutState, StackSpec, Task, TaskId, TaskState,
};

use crate::context::Context;
use crate::engine;
use crate::exit::Failure;
use crate::printer::Progress;
use crate::text::{instant, last_check};

/// After so many failures in a row of a revision that is not being deployed there is no use in waiting. The engine tries
/// such a revision anew when it is deployed again, so it has to be the same number.
const FAILURES: u32 = tapedeck_plan::Progress::IMPAIRED_FROM;

/// How long to wait for the next change before looking again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Has the engine run a stack, and waits until it is as desired.
///
/// # Errors
/// When the engine refuses it, and those of [`follow`].
pub(crate) fn reach(
    client: &mut Client,
    spec: StackSpec,
    context: &Context,
    progress: &mut Progress,
) -> Result<StackStatus, Failure> {
    let name = spec.name.clone();
    let applied = client
        .apply_stack(spec)
        .map_err(|error| engine::failed(error, &name))?;
    match applied.is_steady() {
        true => Ok(applied),
        false => follow(client, applied, context, progress),
    }
}

/// Waits until every service is as desired in `stack`, telling what its tasks do meanwhile.
///
/// # Errors
/// When a deployment fails or is given up for another one, with the last lines of a failed task; when the engine cannot be
/// asked any more.
pub(crate) fn follow(
    client: &mut Client,
    mut stack: StackStatus,
    context: &Context,
    progress: &mut Progress,
) -> Result<StackStatus, Failure> {
    let awaited: BTreeMap<ResourceName, Revision> = stack
        .services
        .iter()
        .map(|service| (service.name.clone(), service.revision))
        .collect();
    let mut told = BTreeMap::new();
    loop {
        for service in &stack.services {
            if let Some(revision) = awaited.get(&service.name) {
                tell_tasks(service, *revision, &mut told, progress);
                tell_protected(service, &mut told, progress);
                ended_well(context, &stack, service, *revision)?;
            }
        }
        if stack.is_steady() {
            return Ok(stack);
        }
        let unsteady = stack.services.iter().filter(|service| !service.steady);
        progress.now(&unsteady.map(step_of).collect::<Vec<_>>().join("; "));
        match client.await_change(&stack.name, stack.version, PATIENCE) {
            Ok(next) => stack = next,
            // The last service was taken out of the config, and is gone now.
            Err(ClientError::Refused(Refusal::UnknownStack { .. })) => stack.services.clear(),
            Err(error) => return Err(engine::failed(error, &stack.name)),
        }
    }
}

/// Whether the deployment may still succeed.
fn ended_well(
    context: &Context,
    stack: &StackStatus,
    service: &ServiceStatus,
    revision: Revision,
) -> Result<(), Failure> {
    match service.deployment(revision) {
        Some(deployment) if deployment.state == RolloutState::Failed => Err(match deployment.failed_tasks {
            0 => failure::given_up(service, revision, deployment),
            _ => failure::of_deployment(context, stack, service, (revision, deployment)),
        }),
        _ if service.consecutive_failures >= FAILURES && service.revision == revision => {
            Err(failure::of_service(context, stack, service))
        }
        _ => Ok(()),
    }
}

/// Tells what has become of the tasks of a revision since it was last told.
fn tell_tasks(
    service: &ServiceStatus,
    revision: Revision,
    told: &mut BTreeMap<TaskId, &'static str>,
    progress: &mut Progress,
) {
    let mut tasks: Vec<&Task> = service
        .tasks
        .iter()
        .filter(|task| task.revision == revision)
        .collect();
    tasks.sort_by_key(|task| task.created);
    for task in tasks {
        let (state, more) = match &task.state {
            TaskState::Pending if task.is_unplaced() => ("PROVISIONING", String::new()),
            TaskState::Pending => ("PENDING", String::new()),
            TaskState::Running { .. } => running(task),
            TaskState::Stopping { .. } => ("STOPPING", String::new()),
            TaskState::Stopped {
                reason, exit_code, ..
            } => ("STOPPED", ending(reason, *exit_code)),
        };
        if told.insert(task.id.clone(), state) != Some(state) {
            progress.done(&format!(
                "{}: task {} of revision {revision} is {state}{more}",
                service.name,
                task.id.short()
            ));
        }
    }
}

/// Tells which older tasks are waited for because they are protected: that may take long.
fn tell_protected(
    service: &ServiceStatus,
    told: &mut BTreeMap<TaskId, &'static str>,
    progress: &mut Progress,
) {
    let older = service
        .tasks
        .iter()
        .filter(|task| task.revision != service.revision);
    for task in older.filter(|task| task.is_protected(engine::now())) {
        let Some(until) = task.protected_until else {
            continue;
        };
        if told.insert(task.id.clone(), "PROTECTED") != Some("PROTECTED") {
            progress.done(&format!(
                "{}: task {} of revision {} is protected until {} at the latest, and stays until then",
                service.name,
                task.id.short(),
                task.revision,
                instant(until)
            ));
        }
    }
}

/// What is told of a task that runs.
fn running(task: &Task) -> (&'static str, String) {
    match task.health.as_ref().map(|health| health.status) {
        None | Some(HealthStatus::Unknown) => ("RUNNING", String::new()),
        Some(HealthStatus::Healthy) => ("HEALTHY", String::new()),
        Some(HealthStatus::Unhealthy) => {
            let last = last_check(task).map_or_else(String::new, |text| format!(": its health check {text}"));
            ("UNHEALTHY", last)
        }
    }
}

/// `: reason (exit code 1)`
fn ending(reason: &str, exit_code: Option<i32>) -> String {
    let code = exit_code.map_or(String::new(), |code| format!(" (exit code {code})"));
    format!(": {reason}{code}")
}

fn step_of(service: &ServiceStatus) -> String {
    let count = |matches: fn(&TaskState) -> bool, is_current: bool| {
        let tasks = service.tasks.iter();
        tasks
            .filter(|task| (task.revision == service.revision) == is_current && matches(&task.state))
            .count()
    };
    let pending = count(|state| matches!(state, TaskState::Pending), true);
    let older = count(TaskState::is_live, false);
    let mut step = format!(
        "{}: {}/{} running revision {}",
        service.name,
        count(|state| matches!(state, TaskState::Running { .. }), true),
        service.desired_count,
        service.revision
    );
    let checked = service
        .tasks
        .iter()
        .filter(|task| task.revision == service.revision && task.health.is_some() && task.state.is_live());
    let passed = checked.clone().filter(|task| {
        let health = task.health.as_ref();
        health.is_some_and(|health| health.status == HealthStatus::Healthy)
    });
    if checked.count() > 0 {
        step.push_str(&format!(", {} healthy", passed.count()));
    }
    if pending > 0 {
        step.push_str(&format!(", {pending} starting"));
    }
    if let Some(place) = service.waiting_for_room.first() {
        step.push_str(&format!(", {place}"));
    }
    if older > 0 {
        step.push_str(&format!(", {older} of others"));
    }
    if service.failed_tasks > 0 {
        step.push_str(&format!(", {} failed", service.failed_tasks));
    }
    step
}
