//! How a session is told: lines for people, objects for programs. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tapedeck_api::{ServiceStatus, StackStatus};
use tapedeck_model::{ResourceName, Revision, StopCode, Task, TaskId, TaskState};

use crate::dev::burst::Changes;
use crate::dev::happening::milliseconds;
use crate::text::{last_check, span};

/// Files that are named; of more the number is told.
const NAMED: usize = 2;

/// From a change to running tasks.
#[derive(Debug)]
pub(crate) struct Cycle {
    pub(crate) cause: String,
    /// Files, for programs.
    pub(crate) changed: Vec<PathBuf>,
    pub(crate) began: Instant,
    pub(crate) packaged: Duration,
    /// Revisions that are to run.
    pub(crate) awaited: BTreeMap<ResourceName, Revision>,
    /// Revisions that do, or did.
    pub(crate) running: BTreeMap<ResourceName, Revision>,
    /// Whether it was told what is waited for.
    pub(crate) is_explained: bool,
}

/// A task that ended without being told to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    pub(crate) service: ResourceName,
    pub(crate) task: TaskId,
    pub(crate) revision: Revision,
    pub(crate) code: Option<i32>,
    pub(crate) reason: String,
    /// How long it ran; none if it never did.
    pub(crate) ran: Option<Duration>,
}

impl Cycle {
    /// Takes in how the stack is. Whether there is something new to tell of this cycle.
    pub(crate) fn take(&mut self, stack: &StackStatus) -> bool {
        let mut is_over = false;
        for service in &stack.services {
            let Some(revision) = self.awaited.get(&service.name).copied() else {
                continue;
            };
            let of_revision = || service.tasks.iter().filter(|task| task.revision == revision);
            if of_revision().any(is_up) {
                self.running.insert(service.name.clone(), revision);
            }
            if of_revision().any(|task| is_up(task) || task.state.is_stopped()) {
                self.awaited.remove(&service.name);
                is_over = self.awaited.is_empty();
            }
        }
        is_over && !self.running.is_empty()
    }

    /// The line that tells it.
    pub(crate) fn line(&self, now: Instant) -> String {
        let revisions: Vec<String> = match self.running.len() {
            1 => self
                .running
                .values()
                .map(|revision| format!("revision {revision}"))
                .collect(),
            _ => {
                let all = self.running.iter();
                all.map(|(service, revision)| format!("{service} revision {revision}"))
                    .collect()
            }
        };
        format!(
            "{} → packaged {} → running {} ({})",
            self.cause,
            span(self.packaged),
            span(now.saturating_duration_since(self.began)),
            revisions.join(", ")
        )
    }

    /// The line that tells what it waits for.
    pub(crate) fn waiting_line(&self, stack: &StackStatus) -> Option<String> {
        let is_awaited = |service: &&ServiceStatus| self.awaited.contains_key(&service.name);
        let waiting = stack
            .services
            .iter()
            .filter(is_awaited)
            .flat_map(|service| &service.waiting)
            .next()?;
        Some(format!(
            "{} → packaged {} → {waiting}",
            self.cause,
            span(self.packaged)
        ))
    }

    /// The same for programs.
    pub(crate) fn json(&self, now: Instant) -> Value {
        json!({
            "event": "running",
            "changed": self.changed,
            "packagedMilliseconds": milliseconds(self.packaged),
            "runningMilliseconds": milliseconds(now.saturating_duration_since(self.began)),
            "revisions": self.running,
        })
    }
}

/// Why something is done, in a few words.
///
/// `because` are files that images differ by, `folder` is what paths are shown relative to.
pub(crate) fn cause(
    changes: &Changes,
    because: &BTreeSet<PathBuf>,
    folder: &Path,
    is_there: &dyn Fn(&Path) -> bool,
) -> (String, Vec<PathBuf>) {
    let below = |path: &PathBuf| path.strip_prefix(folder).unwrap_or(path).to_owned();
    let paths = match because.is_empty() {
        true => &changes.paths,
        false => because,
    };
    // What editors make beside a file while they save it is gone by now.
    let kept = |path: &&PathBuf| !because.is_empty() || paths.len() == 1 || is_there(path);
    let paths: Vec<PathBuf> = paths.iter().filter(kept).map(below).collect();
    let named: Vec<String> = paths
        .iter()
        .take(NAMED)
        .map(|path| path.display().to_string())
        .collect();
    let text = match (changes.restart, paths.len()) {
        (true, _) => "restarted".to_owned(),
        (false, 0) => "started".to_owned(),
        (false, 1..=NAMED) => format!("changed {}", named.join(" and ")),
        (false, all) => format!("changed {} and {} others", named[0], all - 1),
    };
    (text, paths)
}

/// The tasks that ended without being told to.
pub(crate) fn exits(stack: &StackStatus) -> Vec<Exit> {
    let of_service = |service: &ServiceStatus| {
        let name = service.name.clone();
        let exits: Vec<Exit> = service
            .tasks
            .iter()
            .filter_map(|task| exit(&name, task))
            .collect();
        exits
    };
    stack.services.iter().flat_map(of_service).collect()
}

fn exit(service: &ResourceName, task: &Task) -> Option<Exit> {
    let TaskState::Stopped {
        started,
        stopped,
        code,
        reason,
        exit_code,
    } = &task.state
    else {
        return None;
    };
    let is_told_to = matches!(
        code,
        StopCode::ServiceSchedulerInitiated | StopCode::UserInitiated
    );
    (!is_told_to).then(|| Exit {
        service: service.clone(),
        task: task.id.clone(),
        revision: task.revision,
        code: *exit_code,
        reason: reason.clone(),
        ran: started.map(|started| stopped.since(started)),
    })
}

impl Exit {
    /// The line that tells it.
    pub(crate) fn line(&self) -> String {
        let next = "a change or r starts it again";
        match (self.code, self.ran) {
            (Some(code), Some(ran)) => format!(
                "{} ended with exit code {code} after {} ({}); {next}",
                self.service,
                span(ran),
                self.reason
            ),
            _ => format!("{} does not start: {}; {next}", self.service, self.reason),
        }
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "event": "exited",
            "service": self.service,
            "task": self.task,
            "revision": self.revision,
            "exitCode": self.code,
            "reason": self.reason,
            "ranMilliseconds": self.ran.map(milliseconds),
        })
    }
}

/// Whether it runs or did, and its health check, if it has one, has passed.
fn is_up(task: &Task) -> bool {
    let health = task.health.as_ref();
    has_run(task) && health.is_none_or(|health| health.first_healthy.is_some())
}

/// The tasks whose health check has failed, each with the line that tells it.
pub(crate) fn unhealthy(stack: &StackStatus) -> Vec<(TaskId, String)> {
    let all = stack.services.iter().flat_map(|service| {
        let tasks = service
            .tasks
            .iter()
            .filter(|task| task.is_unhealthy() && task.state.is_live());
        tasks.map(|task| {
            let last = last_check(task).map_or_else(String::new, |text| format!(": its health check {text}"));
            (task.id.clone(), format!("{} is unhealthy{last}", service.name))
        })
    });
    all.collect()
}

fn has_run(task: &Task) -> bool {
    match &task.state {
        TaskState::Running { .. } => true,
        TaskState::Stopping { started, .. } | TaskState::Stopped { started, .. } => started.is_some(),
        TaskState::Pending => false,
    }
}

#[cfg(test)]
mod tests;
