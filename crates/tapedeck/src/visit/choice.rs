//! Which container of which task is entered. A function of values, the same for every region.

use tapedeck_api::{ServiceStatus, StackStatus};
use tapedeck_model::{ContainerState, HealthStatus, MAIN_CONTAINER, StackName, Task, TaskState, Timestamp};

use crate::args::PlaceArgs;
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

impl<'a> Wanted<'a> {
    /// What options ask for.
    pub(super) fn of(args: &'a PlaceArgs) -> Self {
        Self {
            service: args.resource_name.as_deref(),
            task: args.task.as_deref(),
            container: args.container.as_deref(),
        }
    }
}

/// A service that could be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) service: String,
    /// How many tasks it is to have.
    pub(crate) desired: u32,
    pub(crate) tasks: Vec<Enterable>,
}

/// A task that could be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Enterable {
    pub(crate) id: String,
    pub(crate) runs: bool,
    pub(crate) health: HealthStatus,
    /// Whether it is what the service is to run.
    pub(crate) is_current: bool,
    pub(crate) created: Timestamp,
    /// The names of its containers, and whether they run.
    pub(crate) containers: Vec<(String, bool)>,
}

/// The services of a stack on this machine.
pub(super) fn candidates(stack: &StackStatus) -> Vec<Candidate> {
    let services = stack.services.iter().map(|service| Candidate {
        service: service.name.to_string(),
        desired: service.desired_count,
        tasks: service
            .tasks
            .iter()
            .map(|task| enterable(service, task))
            .collect(),
    });
    services.collect()
}

fn enterable(service: &ServiceStatus, task: &Task) -> Enterable {
    let containers = task.containers.iter().map(|one| {
        let runs = matches!(one.state, ContainerState::Running { .. });
        (one.name.clone(), runs)
    });
    let containers: Vec<(String, bool)> = containers.collect();
    Enterable {
        id: task.id.to_string(),
        runs: matches!(task.state, TaskState::Running { .. }),
        health: task
            .health
            .as_ref()
            .map_or(HealthStatus::Unknown, |health| health.status),
        is_current: task.revision == service.revision,
        created: task.created,
        containers: match containers.is_empty() {
            true => vec![(MAIN_CONTAINER.to_owned(), true)],
            false => containers,
        },
    }
}

impl Enterable {
    /// Enough of its id for people.
    fn short(&self) -> &str {
        short(&self.id)
    }
}

/// Enough of the id of a task for people.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// A container that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) service: String,
    pub(crate) task: String,
    pub(crate) container: String,
    /// Tasks that it could have been.
    pub(crate) candidates: usize,
}

impl Place {
    /// Enough of the id of its task for people.
    pub(crate) fn short_task(&self) -> &str {
        short(&self.task)
    }

    /// A line, when there was a choice.
    pub(crate) fn worth_telling(&self) -> Option<String> {
        let (service, task) = (&self.service, self.short_task());
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
pub(crate) fn choose(
    stack: &StackName,
    services: &[Candidate],
    wanted: &Wanted<'_>,
) -> Result<Place, Failure> {
    let service = service(stack, services, wanted.service)?;
    let (task, candidates) = match wanted.task {
        Some(named) => (named_task(service, named)?, 1),
        None => best_task(stack, service)?,
    };
    Ok(Place {
        service: service.service.clone(),
        task: task.id.clone(),
        container: container(task, wanted.container)?,
        candidates,
    })
}

fn service<'a>(
    stack: &StackName,
    services: &'a [Candidate],
    wanted: Option<&str>,
) -> Result<&'a Candidate, Failure> {
    let names: Vec<&str> = services.iter().map(|one| one.service.as_str()).collect();
    match (wanted, services) {
        (Some(wanted), services) => services
            .iter()
            .find(|service| service.service == wanted)
            .ok_or_else(|| no_service(stack, wanted, &names)),
        (None, [only]) => Ok(only),
        (None, []) => Err(Failure::operation(format!("stack {stack} has no services"))
            .help("`tapedeck info:stack` shows what is in it")),
        (None, _) => Err(Failure::usage(format!("stack {stack} has several services"))
            .help(format!("name one with --resourceName: {}", names.join(", ")))),
    }
}

fn named_task<'a>(service: &'a Candidate, wanted: &str) -> Result<&'a Enterable, Failure> {
    // Of `arn:aws:ecs:…:task/<cluster>/<id>` the end.
    let id = wanted.rsplit('/').next().unwrap_or(wanted);
    let mut found = service
        .tasks
        .iter()
        .filter(|task| !id.is_empty() && task.id.starts_with(id));
    let name = &service.service;
    match (found.next(), found.next()) {
        (Some(task), None) if task.runs => Ok(task),
        (Some(task), None) => Err(Failure::operation(format!(
            "task {} of service {name} does not run",
            task.short()
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
fn runs(service: &Candidate) -> String {
    let ids: Vec<&str> = running(service).map(Enterable::short).collect();
    match ids.as_slice() {
        [] => "none of its tasks runs; `tapedeck info:stack` shows what is waited for".to_owned(),
        ids => format!("these run: {}", ids.join(", ")),
    }
}

/// A healthy one before one of which nothing is known, then one of the desired revision, then the one that is there longest.
fn best_task<'a>(stack: &StackName, service: &'a Candidate) -> Result<(&'a Enterable, usize), Failure> {
    let rank = |task: &&Enterable| {
        let health = match task.health {
            HealthStatus::Healthy => 0,
            HealthStatus::Unknown => 1,
            HealthStatus::Unhealthy => 2,
        };
        (health, !task.is_current, task.created, task.id.clone())
    };
    let count = running(service).count();
    let best = running(service).min_by_key(rank);
    best.map(|task| (task, count)).ok_or_else(|| {
        let help = match service.desired {
            0 => "none is wanted; deploy it with `minInstances` of 1 or more".to_owned(),
            _ => format!("`tapedeck info:stack --stackName {stack}` shows what is waited for"),
        };
        Failure::operation(format!("no task of service {} runs", service.service)).help(help)
    })
}

fn container(task: &Enterable, wanted: Option<&str>) -> Result<String, Failure> {
    let wanted = wanted.unwrap_or(MAIN_CONTAINER);
    let Some((name, runs)) = task.containers.iter().find(|(name, _)| name == wanted) else {
        let names: Vec<&str> = task.containers.iter().map(|(name, _)| name.as_str()).collect();
        let failure = Failure::usage(format!("task {} has no container `{wanted}`", task.short()));
        return Err(failure.help(instead(wanted, &names)));
    };
    match runs {
        true => Ok(name.clone()),
        false => Err(
            Failure::operation(format!("container {name} of task {} does not run", task.short()))
                .help("`tapedeck info:stack` shows what each container does"),
        ),
    }
}

fn running(service: &Candidate) -> impl Iterator<Item = &Enterable> {
    service.tasks.iter().filter(|task| task.runs)
}
