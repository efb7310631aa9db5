//! Which container of which task is entered. A function of values.

use tapedeck_api::{ServiceStatus, StackStatus};
use tapedeck_model::{ContainerState, HealthStatus, MAIN_CONTAINER, ResourceName, Task, TaskId, TaskState};

use crate::commands::info_stack::no_service;
use crate::exit::Failure;
use crate::text::instead;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) service: Option<&'a str>,
    /// The id of a task, the beginning of it, or its ARN.
    pub(crate) task: Option<&'a str>,
    pub(crate) container: Option<&'a str>,
}

/// A container that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) service: ResourceName,
    pub(crate) task: TaskId,
    pub(crate) container: String,
    /// Tasks that it could have been.
    pub(crate) candidates: usize,
}

impl Place {
    /// A line, when there was a choice.
    pub(crate) fn worth_telling(&self) -> Option<String> {
        let (service, task) = (&self.service, self.task.short());
        (self.candidates > 1).then(|| {
            format!(
                "in task {task} of service {service}, one of {} that run; --taskArn chooses another",
                self.candidates
            )
        })
    }
}

/// Chooses a container that runs.
///
/// # Errors
/// When there is none such, with what could have been meant, or what to do.
pub(crate) fn choose(stack: &StackStatus, wanted: &Wanted<'_>) -> Result<Place, Failure> {
    let service = service(stack, wanted.service)?;
    let (task, candidates) = match wanted.task {
        Some(named) => (named_task(service, named)?, 1),
        None => best_task(stack, service)?,
    };
    Ok(Place {
        service: service.name.clone(),
        task: task.id.clone(),
        container: container(task, wanted.container)?,
        candidates,
    })
}

fn service<'a>(stack: &'a StackStatus, wanted: Option<&str>) -> Result<&'a ServiceStatus, Failure> {
    let names: Vec<&str> = stack.services.iter().map(|one| one.name.as_str()).collect();
    match (wanted, stack.services.as_slice()) {
        (Some(wanted), services) => services
            .iter()
            .find(|service| service.name.as_str() == wanted)
            .ok_or_else(|| no_service(&stack.name, wanted, &names)),
        (None, [only]) => Ok(only),
        (None, []) => Err(
            Failure::operation(format!("stack {} has no services", stack.name))
                .help("`tapedeck info:stack` shows what is in it"),
        ),
        (None, _) => Err(
            Failure::usage(format!("stack {} has several services", stack.name))
                .help(format!("name one with --resourceName: {}", names.join(", "))),
        ),
    }
}

fn named_task<'a>(service: &'a ServiceStatus, wanted: &str) -> Result<&'a Task, Failure> {
    // Of `arn:aws:ecs:…:task/<cluster>/<id>` the end.
    let id = wanted.rsplit('/').next().unwrap_or(wanted);
    let mut found = service
        .tasks
        .iter()
        .filter(|task| !id.is_empty() && task.id.as_str().starts_with(id));
    let name = &service.name;
    match (found.next(), found.next()) {
        (Some(task), None) if is_running(task) => Ok(task),
        (Some(task), None) => Err(Failure::operation(format!(
            "task {} of service {name} does not run",
            task.id.short()
        ))
        .help(runs(service))),
        (Some(_), Some(_)) => Err(Failure::usage(format!(
            "several tasks of service {name} begin with `{id}`"
        ))
        .help("give more of the id; `tapedeck info:stack --json` has them in full")),
        (None, _) => {
            Err(Failure::usage(format!("service {name} has no task `{wanted}`")).help(runs(service)))
        }
    }
}

/// Which tasks could be entered.
fn runs(service: &ServiceStatus) -> String {
    let ids: Vec<&str> = running(service).map(|task| task.id.short()).collect();
    match ids.as_slice() {
        [] => "none of its tasks runs; `tapedeck info:stack` shows what is waited for".to_owned(),
        ids => format!("these run: {}", ids.join(", ")),
    }
}

/// A healthy one before one of which nothing is known, then one of the desired revision, then the one that is there longest.
fn best_task<'a>(stack: &StackStatus, service: &'a ServiceStatus) -> Result<(&'a Task, usize), Failure> {
    let rank = |task: &&Task| {
        let health = match task.health.as_ref().map(|health| health.status) {
            Some(HealthStatus::Healthy) => 0,
            None | Some(HealthStatus::Unknown) => 1,
            Some(HealthStatus::Unhealthy) => 2,
        };
        (
            health,
            task.revision != service.revision,
            task.created,
            task.id.clone(),
        )
    };
    let count = running(service).count();
    let best = running(service).min_by_key(rank);
    best.map(|task| (task, count)).ok_or_else(|| {
        let help = match service.desired_count {
            0 => "none is wanted; deploy it with `minInstances` of 1 or more".to_owned(),
            _ => format!(
                "`tapedeck info:stack --stackName {}` shows what is waited for",
                stack.name
            ),
        };
        Failure::operation(format!("no task of service {} runs", service.name)).help(help)
    })
}

fn container(task: &Task, wanted: Option<&str>) -> Result<String, Failure> {
    let names: Vec<&str> = match task.containers.as_slice() {
        [] => vec![MAIN_CONTAINER],
        several => several.iter().map(|one| one.name.as_str()).collect(),
    };
    let name = wanted.unwrap_or(MAIN_CONTAINER);
    if !names.contains(&name) {
        let failure = Failure::usage(format!("task {} has no container `{name}`", task.id.short()));
        return Err(failure.help(instead(name, &names)));
    }
    let known = task.containers.iter().find(|one| one.name == name);
    let runs = known.is_none_or(|one| matches!(one.state, ContainerState::Running { .. }));
    match runs {
        true => Ok(name.to_owned()),
        false => Err(Failure::operation(format!(
            "container {name} of task {} does not run",
            task.id.short()
        ))
        .help("`tapedeck info:stack` shows what each container does")),
    }
}

fn is_running(task: &Task) -> bool {
    matches!(task.state, TaskState::Running { .. })
}

fn running(service: &ServiceStatus) -> impl Iterator<Item = &Task> {
    service.tasks.iter().filter(|task| is_running(task))
}
