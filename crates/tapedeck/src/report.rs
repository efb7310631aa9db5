//! How stacks, services and the engine are shown to people. Pure: values in, text out.

use std::fmt::Write;

use tapedeck_api::{DeploymentStatus, EngineStatus, RolloutState, ServiceStatus, StackStatus, StackSummary};
use tapedeck_model::{HealthStatus, Task, TaskState, Timestamp};

use crate::printer::{BOLD, DIM, GREEN, RED, RESET, YELLOW};
use crate::text::{count, instant, last_check, span};

mod containers;
mod cost;
mod difference;
mod instances;
mod jobs;
mod metrics;
mod resources;
mod scaling;

pub(crate) use cost::cost;
pub(crate) use difference::difference;
pub(crate) use metrics::{metrics, plot};
pub(crate) use scaling::scaling;

/// Stopped tasks and events that are shown of each service.
const SHOWN: usize = 5;

/// How much of a stack is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What runs and what is waited for.
    Brief,
    /// Stopped tasks and events too.
    Full,
}

/// A stack with all its services.
pub(crate) fn stack(stack: &StackStatus, detail: Detail, now: Timestamp) -> String {
    let mut out = format!("{BOLD}stack {}{RESET}\n", stack.name);
    for service in &stack.services {
        out.push('\n');
        out.push_str(&self::service(service, detail, now));
    }
    if !stack.resources.is_empty() {
        out.push_str(&resources::section(stack, detail));
    }
    if stack.services.is_empty() {
        out.push_str("  it has no worker services\n");
    }
    out.trim_end().to_string()
}

fn service(service: &ServiceStatus, detail: Detail, now: Timestamp) -> String {
    if let Some(job) = &service.job {
        return jobs::section(service, job, detail, now);
    }
    let shown = if detail == Detail::Full { SHOWN } else { 0 };
    let mut out = String::new();
    let colour = if service.steady { GREEN } else { YELLOW };
    let _ = writeln!(
        out,
        "  {BOLD}{}{RESET}  {colour}{}{RESET}  {}/{} running{}",
        service.name,
        state_of(service),
        service.running_count,
        service.desired_count,
        if service.pending_count > 0 {
            format!(", {} starting", service.pending_count)
        } else {
            String::new()
        }
    );
    let _ = writeln!(
        out,
        "    revision {}, image {}, {}{}, {}",
        service.revision,
        service.image.short(),
        service.cpu,
        if service.shares_cpu {
            " shared by the tasks of an instance"
        } else {
            ""
        },
        service.memory
    );
    for instance in &service.instances {
        let _ = writeln!(out, "    {}", instances::line(instance, now));
    }
    for known in service.deployments.iter().take(shown) {
        let _ = writeln!(out, "    {}", deployment(known, now));
    }
    if let Some(scaling) = &service.scaling {
        let _ = writeln!(out, "    {}", scaling::brief(scaling));
    }
    for waiting in &service.waiting {
        let _ = writeln!(out, "    {YELLOW}waiting{RESET} {waiting}");
    }
    let (unstopped, stopped): (Vec<&Task>, Vec<&Task>) =
        service.tasks.iter().partition(|task| !task.state.is_stopped());
    for task in unstopped.iter().chain(stopped.iter().take(shown)) {
        let _ = writeln!(out, "    {}", self::task(task, now));
        if let Some(health) = health(task, now) {
            let _ = writeln!(out, "      {health}");
        }
        for one in &task.containers {
            let _ = writeln!(out, "      {}", containers::line(one, now));
        }
    }
    for event in service
        .events
        .iter()
        .rev()
        .take(shown)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        let _ = writeln!(out, "    {DIM}{} {}{RESET}", instant(event.at), event.message);
    }
    out
}

fn deployment(known: &DeploymentStatus, now: Timestamp) -> String {
    let (state, colour) = match known.deployment.state {
        RolloutState::InProgress => ("IN_PROGRESS", YELLOW),
        RolloutState::Completed => ("COMPLETED", GREEN),
        RolloutState::Failed => ("FAILED", RED),
    };
    let since = known.deployment.ended.unwrap_or(known.deployment.created);
    let failed = match known.deployment.failed_tasks {
        0 => String::new(),
        failed => format!(" ({})", count(failed as usize, "failed task")),
    };
    format!(
        "deployment {} {} {colour}{state}{RESET} since {}: {}{failed}",
        known.revision,
        known.status,
        span(now.since(since)),
        known.deployment.reason
    )
}

fn state_of(service: &ServiceStatus) -> &str {
    match (service.status.as_str(), service.rollout, service.steady) {
        ("ACTIVE", RolloutState::Completed, true) => "steady",
        ("ACTIVE", RolloutState::InProgress, _) => match service.deployment(service.revision) {
            Some(deployment) if deployment.is_rollback => "rolling back",
            _ => "rolling out",
        },
        ("ACTIVE", RolloutState::Failed, _) => "failed",
        ("ACTIVE", ..) => "recovering",
        _ => "being deleted",
    }
}

fn task(task: &Task, now: Timestamp) -> String {
    let what = match &task.state {
        TaskState::Pending if task.is_unplaced() => {
            format!(
                "{YELLOW}PROVISIONING{RESET} since {}",
                span(now.since(task.created))
            )
        }
        TaskState::Pending => format!("{YELLOW}PENDING{RESET}  since {}", span(now.since(task.created))),
        TaskState::Running { started, pid } => {
            format!(
                "{GREEN}RUNNING{RESET}  since {}, pid {pid}, address {}",
                span(now.since(*started)),
                task.address
            )
        }
        TaskState::Stopping { stopping, reason, .. } => {
            format!(
                "{YELLOW}STOPPING{RESET} since {}: {reason}",
                span(now.since(*stopping))
            )
        }
        TaskState::Stopped {
            stopped,
            reason,
            exit_code,
            ..
        } => {
            let code = exit_code.map_or(String::new(), |code| format!(", exit code {code}"));
            format!(
                "{DIM}STOPPED{RESET}  {} ago{code}: {reason}",
                span(now.since(*stopped))
            )
        }
    };
    let protected = match task.protected_until.filter(|_| task.is_protected(now)) {
        Some(until) => format!(", {YELLOW}protected{RESET} until {}", instant(until)),
        None => String::new(),
    };
    let place = match &task.placement {
        Some(placement) if !task.state.is_stopped() => {
            format!("{DIM} in {}{RESET}", instances::place(placement))
        }
        _ => String::new(),
    };
    format!(
        "task {} (revision {}) {what}{place}{protected}",
        task.id.short(),
        task.revision
    )
}

/// What the health check of a task says, of one that runs or was unhealthy.
fn health(task: &Task, now: Timestamp) -> Option<String> {
    let health = task.health.as_ref()?;
    let is_told = matches!(task.state, TaskState::Running { .. }) || task.is_unhealthy();
    let colour = match health.status {
        HealthStatus::Unknown => YELLOW,
        HealthStatus::Healthy => GREEN,
        HealthStatus::Unhealthy => RED,
    };
    let since = health
        .since
        .filter(|_| !task.state.is_stopped())
        .map_or_else(String::new, |since| format!(" since {}", span(now.since(since))));
    let last = match (task.last_probe(), last_check(task)) {
        (Some(probe), Some(text)) => {
            format!(", last check {} ago {text}", span(now.since(probe.ended)))
        }
        _ => ", not checked yet".to_owned(),
    };
    is_told.then(|| format!("health {colour}{}{RESET}{since}{last}", health.status))
}

/// The list of stacks.
pub(crate) fn stacks(stacks: &[StackSummary]) -> String {
    if stacks.is_empty() {
        return "no stacks".to_string();
    }
    let width = stacks
        .iter()
        .map(|stack| stack.name.as_str().len())
        .max()
        .unwrap_or(0);
    let rows = stacks.iter().map(|stack| {
        let state = if stack.steady {
            format!("{GREEN}steady{RESET}")
        } else {
            format!("{RED}changing{RESET}")
        };
        let until = match stack.attended {
            true => ", until its `tapedeck dev` ends",
            false => "",
        };
        format!(
            "{:width$}  {state}  {}, {}/{} tasks running{until}",
            stack.name,
            count(stack.services, "service"),
            stack.running_count,
            stack.desired_count
        )
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// The engine.
pub(crate) fn engine(status: &EngineStatus, now: Timestamp) -> String {
    let metrics = status.metrics_address.map_or_else(String::new, |address| {
        format!("\n  metrics  http://{address}/metrics")
    });
    let speed = match status.scaling_speed {
        1 => String::new(),
        speed => format!(", waits of scaling {speed} times as fast"),
    };
    let storage = status.task_storage_mb.map_or_else(
        || "not limited".to_owned(),
        |size| format!("{size} MB for each task"),
    );
    let warnings: String = status
        .warnings
        .iter()
        .map(|warning| format!("\n  {YELLOW}warning{RESET}  {warning}"))
        .collect();
    format!(
        "engine {} runs since {} (pid {})\n  state    {}\n  network  {} {}\n  cgroups  {}\n  memory   {} of {} MiB for tasks are held\n  pace     {}{speed}\n  storage  {storage}\n  stacks   {}, {} running{metrics}{warnings}",
        status.version,
        span(now.since(status.started)),
        status.pid,
        status.home,
        status.bridge,
        status.subnet,
        status.cgroups,
        status.memory_held,
        status.memory_budget,
        status.pace,
        status.stacks,
        count(status.tasks_running, "task"),
    )
}
