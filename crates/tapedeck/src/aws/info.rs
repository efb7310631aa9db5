//! What there is in a region: `info:stack` and `info:stacks`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::{Value, json};
use tapedeck_cloud::{ServiceArn, ServiceState, StackResource, StackState, TaskState};
use tapedeck_model::StackName;
use tapedeck_synth::{deployed, told};

use super::Aws;
use super::rollout::{Seen, reason_of};
use crate::exit::{Failure, Outcome};
use crate::printer::{BOLD, DIM, GREEN, Printer, RED, RESET, YELLOW};
use crate::text::{count, instant};

/// Stopped tasks and events that are shown of each service.
const SHOWN: usize = 5;

/// A service with all that is told of it.
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) arn: ServiceArn,
    pub(crate) state: ServiceState,
    /// Its tasks, those that have stopped lately too, the newest first.
    pub(crate) tasks: Vec<TaskState>,
    /// Its log groups, by container.
    logs: BTreeMap<String, String>,
}

/// Shows a stack: its services, their tasks and events, its resources and what it gives out.
///
/// # Errors
/// When there is none of that name, or it cannot be asked about.
pub(crate) fn stack(aws: &Aws, name: &StackName, printer: &Printer) -> Outcome {
    let state = aws.run(aws.cloud.describe(name.as_str()))?;
    let mut state = state.ok_or_else(|| aws.no_stack(name))?;
    state.outputs.remove(told::REFERENCES);
    let (resources, told) = look(aws, name)?;
    match printer.is_json() {
        true => printer.json(&as_json(aws, name, &state, &told, &resources)),
        false => printer.data(shown(name, &state, &told, &resources)),
    }
    Ok(ExitCode::SUCCESS)
}

/// The resources of a stack, and its services with all that is told of them.
///
/// # Errors
/// When there is no such stack, or it cannot be asked about.
pub(crate) fn look(
    aws: &Aws,
    name: &StackName,
) -> Result<(BTreeMap<String, StackResource>, Vec<Told>), Failure> {
    let template = aws.template(name)?;
    aws.run(async {
        let mut seen = Seen::of(&aws.cloud, name.as_str()).await?;
        let mut told = Vec::new();
        for (arn, id) in seen.services {
            let Some(state) = seen.states.remove(&arn) else {
                continue;
            };
            let tasks = aws.cloud.tasks(&arn).await?;
            told.push(Told {
                name: deployed::workload(&template, &id),
                logs: deployed::log_groups(&template, &id),
                arn,
                state,
                tasks,
            });
        }
        Ok((seen.resources, told))
    })
}

/// Lists the stacks.
///
/// # Errors
/// When they cannot be asked for.
pub(crate) fn stacks(aws: &Aws, printer: &Printer) -> Outcome {
    let states = aws.run(aws.cloud.stacks())?;
    if printer.is_json() {
        let told = states.iter().map(|(name, state)| {
            json!({ "name": name, "status": state.status.as_str(), "reason": state.reason, "tags": state.tags })
        });
        printer.json(&told.collect::<Vec<Value>>());
        return Ok(ExitCode::SUCCESS);
    }
    if states.is_empty() {
        printer.data("no stacks");
    }
    let width = states
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    for (name, state) in &states {
        printer.data(format!("{name:width$}  {}", status(state)));
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(
    aws: &Aws,
    name: &StackName,
    state: &StackState,
    told: &[Told],
    resources: &BTreeMap<String, StackResource>,
) -> Value {
    let resources = resources.iter().map(|(id, resource)| {
        json!({
            "logicalId": id,
            "type": resource.resource_type,
            "physicalId": resource.physical_id,
            "status": resource.status,
        })
    });
    json!({
        "name": name,
        "region": aws.region,
        "status": state.status.as_str(),
        "reason": state.reason,
        "outputs": state.outputs,
        "services": told.iter().map(service_as_json).collect::<Vec<Value>>(),
        "resources": resources.collect::<Vec<Value>>(),
    })
}

fn service_as_json(told: &Told) -> Value {
    let deployments = told.state.deployments.iter().map(|one| {
        json!({
            "id": one.id, "status": one.status, "rolloutState": one.rollout, "reason": one.reason,
            "desiredCount": one.desired, "runningCount": one.running, "pendingCount": one.pending,
            "failedTasks": one.failed, "taskDefinition": one.task_definition,
        })
    });
    let tasks = told.tasks.iter().map(|task| {
        let containers = task.containers.iter().map(|one| {
            json!({
                "name": one.name, "lastStatus": one.last_status, "exitCode": one.exit_code,
                "reason": one.reason, "imageDigest": one.image_digest,
            })
        });
        json!({
            "id": task.id(), "lastStatus": task.last_status, "healthStatus": task.health,
            "startedAt": task.started_at.map(instant), "stoppedAt": task.stopped_at.map(instant),
            "stopCode": task.stop_code, "stoppedReason": task.stopped_reason,
            "taskDefinition": task.task_definition, "containers": containers.collect::<Vec<Value>>(),
        })
    });
    let events = told
        .state
        .events
        .iter()
        .map(|event| json!({ "at": instant(event.at), "message": event.message }));
    json!({
        "name": told.name,
        "arn": told.arn.to_string(),
        "status": told.state.status,
        "desiredCount": told.state.desired,
        "runningCount": told.state.running,
        "pendingCount": told.state.pending,
        "deployments": deployments.collect::<Vec<Value>>(),
        "tasks": tasks.collect::<Vec<Value>>(),
        "events": events.collect::<Vec<Value>>(),
        "logGroups": told.logs,
    })
}

fn shown(
    name: &StackName,
    state: &StackState,
    told: &[Told],
    resources: &BTreeMap<String, StackResource>,
) -> String {
    let mut lines = vec![format!("{BOLD}stack {name}{RESET}  {}", status(state))];
    lines.extend(state.reason.iter().map(|reason| format!("  {reason}")));
    for one in told {
        lines.push(String::new());
        lines.extend(service(one));
    }
    if !state.outputs.is_empty() {
        lines.push(format!("\n{BOLD}outputs{RESET}"));
        let outputs = state.outputs.iter();
        lines.extend(outputs.map(|(name, value)| format!("  {name}: {value}")));
    }
    lines.push(format!("\n{BOLD}{}{RESET}", count(resources.len(), "resource")));
    let unusual = |status: &str| !matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE");
    lines.extend(resources.iter().map(|(id, resource)| {
        let physical = resource.physical_id.as_deref().unwrap_or_default();
        let status = match unusual(&resource.status) {
            true => format!("  {YELLOW}{}{RESET}", resource.status),
            false => String::new(),
        };
        format!(
            "  {id}  {DIM}{}{RESET}  {physical}{status}",
            resource.resource_type
        )
    }));
    lines.join("\n")
}

fn service(told: &Told) -> Vec<String> {
    let state = &told.state;
    let mut lines = vec![format!(
        "{BOLD}{}{RESET}  {}/{} running, {} pending",
        told.name, state.running, state.desired, state.pending
    )];
    for one in &state.deployments {
        let rollout = one.rollout.as_deref().unwrap_or_default();
        let reason = one
            .reason
            .iter()
            .map(|reason| format!(": {reason}"))
            .collect::<String>();
        lines.push(format!(
            "  deployment {} {rollout} {}/{}{reason}",
            one.status, one.running, one.desired
        ));
    }
    let (stopped, live): (Vec<&TaskState>, Vec<&TaskState>) =
        told.tasks.iter().partition(|task| task.last_status == "STOPPED");
    for task in live {
        let health = match task.health.as_str() {
            "" | "UNKNOWN" => String::new(),
            health => format!(", {health}"),
        };
        lines.push(format!(
            "  task {} {GREEN}{}{RESET}{health}",
            task.id(),
            task.last_status
        ));
    }
    for task in stopped.into_iter().take(SHOWN) {
        lines.push(format!(
            "  task {} {RED}STOPPED{RESET}: {}",
            task.id(),
            reason_of(task)
        ));
    }
    let newest = state.events.len().saturating_sub(SHOWN);
    for event in &state.events[newest..] {
        lines.push(format!("  {DIM}{}{RESET} {}", instant(event.at), event.message));
    }
    let logs = told.logs.values();
    lines.extend(logs.map(|group| format!("  logs in {group}")));
    lines
}

fn status(state: &StackState) -> String {
    let colour = match &state.status {
        status if status.is_deployed() => GREEN,
        status if status.is_busy() => YELLOW,
        _ => RED,
    };
    format!("{colour}{}{RESET}", state.status)
}
