//! Services of ECS: how they and their tasks are, and how they are given other images.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use aws_sdk_ecs::types::{Container, Deployment, DesiredStatus, Service, Task};
use tapedeck_model::Timestamp;

use crate::call::CallError;
use crate::connect::{Cloud, time};
use crate::error::CloudError;

/// The most services that ECS tells of in one call.
const SERVICES_AT_ONCE: usize = 10;

/// The most tasks that ECS tells of in one call.
const TASKS_AT_ONCE: usize = 100;

const DESCRIBE_SERVICES: &str = "ecs:DescribeServices";
const DESCRIBE_DEFINITION: &str = "ecs:DescribeTaskDefinition";
const REGISTER: &str = "ecs:RegisterTaskDefinition";

/// Which service: `arn:aws:ecs:eu-west-1:123456789012:service/<cluster>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceArn {
    text: String,
    cluster: String,
    name: String,
}

/// A text that names no service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ARN of a service with its cluster")]
pub struct NoServiceArn(String);

impl FromStr for ServiceArn {
    type Err = NoServiceArn;

    fn from_str(text: &str) -> Result<Self, NoServiceArn> {
        let rest = text.split_once(":service/").map(|(_, rest)| rest);
        match rest.and_then(|rest| rest.split_once('/')) {
            Some((cluster, name)) if !cluster.is_empty() && !name.is_empty() => Ok(Self {
                text: text.to_owned(),
                cluster: cluster.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(NoServiceArn(text.to_owned())),
        }
    }
}

impl ServiceArn {
    /// The name of its cluster.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ServiceArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// How a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceState {
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// How many tasks it is to have.
    pub desired: u32,
    /// How many run.
    pub running: u32,
    /// How many are about to.
    pub pending: u32,
    /// The ARN of what its tasks are made of.
    pub task_definition: String,
    /// What is rolled out, the newest first.
    pub deployments: Vec<DeploymentState>,
    /// What happened, the oldest first.
    pub events: Vec<ServiceEvent>,
}

/// A deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentState {
    /// Its id, `ecs-svc/1234567890123456789`.
    pub id: String,
    /// `PRIMARY` for the newest one, `ACTIVE` for others that still have tasks, `INACTIVE`.
    pub status: String,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`; none where ECS does not tell.
    pub rollout: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// How many tasks it is to have.
    pub desired: u32,
    /// How many run.
    pub running: u32,
    /// How many are about to.
    pub pending: u32,
    /// How many have failed in a row.
    pub failed: u32,
    /// The ARN of what its tasks are made of.
    pub task_definition: String,
}

impl DeploymentState {
    /// Whether it has come to its good end.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        match self.rollout.as_deref() {
            Some(rollout) => rollout == "COMPLETED" && self.running >= self.desired,
            None => self.running >= self.desired && self.pending == 0,
        }
    }

    /// Whether ECS has given it up.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.rollout.as_deref() == Some("FAILED")
    }
}

/// Something that happened to a service, in the words of ECS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEvent {
    /// What no other event has.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub message: String,
}

/// How a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// Its ARN.
    pub arn: String,
    /// What it came to: `PENDING`, `RUNNING`, `STOPPED` and what is between them.
    pub last_status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: String,
    /// Whether commands can be run in its containers.
    pub takes_commands: bool,
    /// The deployment that it is of.
    pub started_by: Option<String>,
    /// The ARN of what it is made of.
    pub task_definition: String,
    /// When it was asked for.
    pub created_at: Option<Timestamp>,
    /// When it ran first.
    pub started_at: Option<Timestamp>,
    /// When it had stopped.
    pub stopped_at: Option<Timestamp>,
    /// Why, in a word: `EssentialContainerExited`.
    pub stop_code: Option<String>,
    /// Why.
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<ContainerState>,
}

impl TaskState {
    /// Its id, the last part of its ARN.
    #[must_use]
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }
}

/// How a container of a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerState {
    /// Its name.
    pub name: String,
    /// What it came to.
    pub last_status: String,
    /// The code that it ended with.
    pub exit_code: Option<i32>,
    /// Why it stopped or did not start.
    pub reason: Option<String>,
    /// The digest of its image.
    pub image_digest: Option<String>,
}

impl Cloud {
    /// How services are; those that are not there are left out.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when they may not be looked at or nobody answers.
    pub async fn services(
        &self,
        services: &[ServiceArn],
    ) -> Result<BTreeMap<ServiceArn, ServiceState>, CloudError> {
        let mut by_cluster: BTreeMap<&str, Vec<&ServiceArn>> = BTreeMap::new();
        for service in services {
            by_cluster.entry(&service.cluster).or_default().push(service);
        }
        let mut found = BTreeMap::new();
        for (cluster, services) in by_cluster {
            for some in services.chunks(SERVICES_AT_ONCE) {
                let told = self.describe_services(cluster, some).await;
                let told = told.map_err(|cause| {
                    self.not_done(format!("look at services of cluster {cluster}"), cause)
                })?;
                for service in told {
                    let arn = some
                        .iter()
                        .find(|arn| service.service_name.as_deref() == Some(arn.name()));
                    if let Some(arn) = arn {
                        found.insert((*arn).clone(), state(service));
                    }
                }
            }
        }
        Ok(found)
    }

    async fn describe_services(
        &self,
        cluster: &str,
        services: &[&ServiceArn],
    ) -> Result<Vec<Service>, CallError> {
        let names = services.iter().map(|service| service.name.clone()).collect();
        let call = self
            .ecs
            .describe_services()
            .cluster(cluster)
            .set_services(Some(names));
        match call
            .send()
            .await
            .map_err(|error| CallError::new(DESCRIBE_SERVICES, error))
        {
            Ok(answer) => Ok(answer.services.unwrap_or_default()),
            Err(error) if error.is("ClusterNotFoundException") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The tasks of a service, those that have stopped within the last hour too, the newest first.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when they may not be looked at or nobody answers.
    pub async fn tasks(&self, service: &ServiceArn) -> Result<Vec<TaskState>, CloudError> {
        let tasks = self.list_tasks(service).await;
        tasks.map_err(|cause| self.not_done(format!("list the tasks of service {}", service.name), cause))
    }

    async fn list_tasks(&self, service: &ServiceArn) -> Result<Vec<TaskState>, CallError> {
        let mut arns = Vec::new();
        for desired in [DesiredStatus::Running, DesiredStatus::Stopped] {
            let call = self
                .ecs
                .list_tasks()
                .cluster(&service.cluster)
                .service_name(&service.name)
                .desired_status(desired);
            let mut pages = call.into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| CallError::new("ecs:ListTasks", error))?;
                arns.extend(page.task_arns.unwrap_or_default());
            }
        }
        let mut tasks = Vec::new();
        for some in arns.chunks(TASKS_AT_ONCE) {
            let call = self
                .ecs
                .describe_tasks()
                .cluster(&service.cluster)
                .set_tasks(Some(some.to_vec()));
            let answer = call
                .send()
                .await
                .map_err(|error| CallError::new("ecs:DescribeTasks", error))?;
            tasks.extend(answer.tasks.unwrap_or_default().into_iter().map(task));
        }
        tasks.sort_by_key(|task| std::cmp::Reverse(task.created_at));
        Ok(tasks)
    }

    /// Makes a task definition like another one, with other images by container, and gives its ARN. Containers that are not named keep
    /// theirs.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be read or made, or nobody answers.
    pub async fn with_images(
        &self,
        task_definition: &str,
        images: &BTreeMap<String, String>,
    ) -> Result<String, CloudError> {
        let made = self.register_with(task_definition, images).await;
        made.map_err(|cause| {
            let what = format!("make a task definition like {task_definition} with other images");
            self.not_done(what, cause)
        })
    }

    async fn register_with(
        &self,
        task_definition: &str,
        images: &BTreeMap<String, String>,
    ) -> Result<String, CallError> {
        let call = self
            .ecs
            .describe_task_definition()
            .task_definition(task_definition)
            .include(aws_sdk_ecs::types::TaskDefinitionField::Tags);
        let answer = call
            .send()
            .await
            .map_err(|error| CallError::new(DESCRIBE_DEFINITION, error))?;
        let known = answer
            .task_definition
            .ok_or_else(|| CallError::lacking(DESCRIBE_DEFINITION, "task definition"))?;
        let tags = answer.tags.filter(|tags| !tags.is_empty());
        let mut containers = known.container_definitions.unwrap_or_default();
        for container in &mut containers {
            let image = container.name.as_ref().and_then(|name| images.get(name));
            if let Some(image) = image {
                container.image = Some(image.clone());
            }
        }
        let call = self
            .ecs
            .register_task_definition()
            .set_family(known.family)
            .set_task_role_arn(known.task_role_arn)
            .set_execution_role_arn(known.execution_role_arn)
            .set_network_mode(known.network_mode)
            .set_container_definitions(Some(containers))
            .set_volumes(known.volumes)
            .set_placement_constraints(known.placement_constraints)
            .set_requires_compatibilities(known.requires_compatibilities)
            .set_cpu(known.cpu)
            .set_memory(known.memory)
            .set_tags(tags)
            .set_pid_mode(known.pid_mode)
            .set_ipc_mode(known.ipc_mode)
            .set_proxy_configuration(known.proxy_configuration)
            .set_ephemeral_storage(known.ephemeral_storage)
            .set_runtime_platform(known.runtime_platform)
            .set_enable_fault_injection(known.enable_fault_injection);
        let answer = call
            .send()
            .await
            .map_err(|error| CallError::new(REGISTER, error))?;
        let made = answer.task_definition.and_then(|made| made.task_definition_arn);
        made.ok_or_else(|| CallError::lacking(REGISTER, "ARN of the task definition"))
    }

    /// The images of a task definition, by container.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be read or nobody answers.
    pub async fn images_of(&self, task_definition: &str) -> Result<BTreeMap<String, String>, CloudError> {
        let call = self
            .ecs
            .describe_task_definition()
            .task_definition(task_definition);
        let answer = call.send().await.map_err(|error| {
            let cause = CallError::new(DESCRIBE_DEFINITION, error);
            self.not_done(format!("read task definition {task_definition}"), cause)
        })?;
        let containers = answer
            .task_definition
            .and_then(|known| known.container_definitions);
        let images = containers
            .into_iter()
            .flatten()
            .filter_map(|one| Some((one.name?, one.image?)));
        Ok(images.collect())
    }

    /// Has a service roll out another task definition. It is not waited for.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be changed or nobody answers.
    pub async fn roll_out(&self, service: &ServiceArn, task_definition: &str) -> Result<(), CloudError> {
        let call = self
            .ecs
            .update_service()
            .cluster(&service.cluster)
            .service(&service.name)
            .task_definition(task_definition);
        let call = call.send().await;
        call.map(drop).map_err(|error| {
            let cause = CallError::new("ecs:UpdateService", error);
            self.not_done(
                format!("roll out {task_definition} to service {}", service.name),
                cause,
            )
        })
    }
}

fn state(service: Service) -> ServiceState {
    let mut events: Vec<ServiceEvent> = service
        .events
        .unwrap_or_default()
        .into_iter()
        .map(|event| ServiceEvent {
            id: event.id.unwrap_or_default(),
            at: event
                .created_at
                .and_then(time)
                .unwrap_or(Timestamp::from_millis(0)),
            message: event.message.unwrap_or_default(),
        })
        .collect();
    events.reverse();
    ServiceState {
        status: service.status.unwrap_or_default(),
        desired: number(service.desired_count),
        running: number(service.running_count),
        pending: number(service.pending_count),
        task_definition: service.task_definition.unwrap_or_default(),
        deployments: service
            .deployments
            .unwrap_or_default()
            .into_iter()
            .map(deployment)
            .collect(),
        events,
    }
}

fn deployment(one: Deployment) -> DeploymentState {
    DeploymentState {
        id: one.id.unwrap_or_default(),
        status: one.status.unwrap_or_default(),
        rollout: one.rollout_state.map(|state| state.as_str().to_owned()),
        reason: one.rollout_state_reason.filter(|reason| !reason.is_empty()),
        desired: number(one.desired_count),
        running: number(one.running_count),
        pending: number(one.pending_count),
        failed: number(one.failed_tasks),
        task_definition: one.task_definition.unwrap_or_default(),
    }
}

fn task(task: Task) -> TaskState {
    TaskState {
        arn: task.task_arn.unwrap_or_default(),
        last_status: task.last_status.unwrap_or_default(),
        health: task
            .health_status
            .map(|health| health.as_str().to_owned())
            .unwrap_or_default(),
        takes_commands: task.enable_execute_command,
        started_by: task.started_by,
        task_definition: task.task_definition_arn.unwrap_or_default(),
        created_at: task.created_at.and_then(time),
        started_at: task.started_at.and_then(time),
        stopped_at: task.stopped_at.and_then(time),
        stop_code: task.stop_code.map(|code| code.as_str().to_owned()),
        stopped_reason: task.stopped_reason.filter(|reason| !reason.is_empty()),
        containers: task
            .containers
            .unwrap_or_default()
            .into_iter()
            .map(container)
            .collect(),
    }
}

fn container(container: Container) -> ContainerState {
    ContainerState {
        name: container.name.unwrap_or_default(),
        last_status: container.last_status.unwrap_or_default(),
        exit_code: container.exit_code,
        reason: container.reason.filter(|reason| !reason.is_empty()),
        image_digest: container.image_digest,
    }
}

fn number(count: i32) -> u32 {
    u32::try_from(count).unwrap_or_default()
}
