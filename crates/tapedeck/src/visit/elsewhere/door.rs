//! Which container of a stack in a region is entered, and in which cluster it is.

use tapedeck_cloud::TaskState;
use tapedeck_model::{HealthStatus, StackName, Timestamp};

use super::super::choice::{self, Candidate, Enterable, Place, Wanted};
use crate::aws::Aws;
use crate::aws::info::{self, Told};
use crate::exit::Failure;

/// The status of what runs, in the words of ECS.
const RUNNING: &str = "RUNNING";

/// A container that is chosen, and how it is reached.
pub(super) struct Door {
    pub(super) place: Place,
    /// The name of its cluster.
    pub(super) cluster: String,
}

/// Chooses a container of a stack.
///
/// # Errors
/// When there is none such, it takes no commands, or nobody answers.
pub(super) fn find(aws: &Aws, stack: &StackName, wanted: &Wanted<'_>) -> Result<Door, Failure> {
    let (_, services) = info::look(aws, stack)?;
    let candidates: Vec<Candidate> = services.iter().map(candidate).collect();
    let place = choice::choose(stack, &candidates, wanted)?;
    let service = services.iter().find(|service| service.name == place.service);
    let task = service.and_then(|service| service.tasks.iter().find(|task| task.id() == place.task));
    match (service, task) {
        (Some(service), Some(task)) if task.takes_commands => Ok(Door {
            cluster: service.arn.cluster().to_owned(),
            place,
        }),
        _ => Err(Failure::operation(format!(
            "task {} of service {} takes no commands",
            place.short_task(),
            place.service
        ))
        .help("give the service `enableRemoteSessions: true` and deploy: its new tasks take them")),
    }
}

fn candidate(service: &Told) -> Candidate {
    let enterable = |task: &TaskState| Enterable {
        id: task.id().to_owned(),
        runs: task.last_status == RUNNING,
        health: match task.health.as_str() {
            "HEALTHY" => HealthStatus::Healthy,
            "UNHEALTHY" => HealthStatus::Unhealthy,
            _ => HealthStatus::Unknown,
        },
        is_current: task.task_definition == service.state.task_definition,
        created: task.created_at.unwrap_or(Timestamp::from_millis(0)),
        containers: task
            .containers
            .iter()
            .map(|one| (one.name.clone(), one.last_status == RUNNING))
            .collect(),
    };
    Candidate {
        service: service.name.clone(),
        desired: service.state.desired,
        tasks: service.tasks.iter().map(enterable).collect(),
    }
}
