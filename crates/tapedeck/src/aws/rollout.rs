//! Following services of ECS while they are rolled out, and telling why one is not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use tapedeck_cloud::{
    Cloud, CloudError, DeploymentState, LogQuery, ServiceArn, ServiceState, StackResource, TaskState,
};
use tapedeck_synth::deployed::{self, SERVICE_TYPE};

use crate::printer::Progress;
use crate::text::count;

/// Log lines of a failed task that are shown.
const LAST_LINES: usize = 10;

/// So many tasks of a deployment may fail before it is given up, where ECS does not do that itself.
const FAILED_TASKS: usize = 3;

/// How long nothing may happen to a rollout.
const STANDSTILL: Duration = Duration::from_secs(1800);

/// The services of a stack, as they were last seen.
pub(super) struct Rollout<'a> {
    cloud: &'a Cloud,
    stack: &'a str,
    /// Logical ids, by ARN.
    services: BTreeMap<ServiceArn, String>,
    told: BTreeSet<String>,
    began: BTreeSet<String>,
}

/// A service that was not rolled out.
#[derive(Debug)]
pub(super) struct NotRolledOut {
    logical_id: String,
    arn: ServiceArn,
    why: String,
    /// What its failed tasks are made of; none for any.
    task_definition: Option<String>,
}

impl<'a> Rollout<'a> {
    /// Nothing is known yet.
    pub(super) fn of(cloud: &'a Cloud, stack: &'a str) -> Self {
        Self {
            cloud,
            stack,
            services: BTreeMap::new(),
            told: BTreeSet::new(),
            began: BTreeSet::new(),
        }
    }

    /// Takes what has happened so far as told.
    pub(super) async fn note_present(&mut self) -> Result<(), CloudError> {
        for state in self.look().await?.into_values() {
            self.told.extend(state.events.into_iter().map(|event| event.id));
            self.began
                .extend(state.deployments.into_iter().map(|deployment| deployment.id));
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<BTreeMap<ServiceArn, ServiceState>, CloudError> {
        let seen = Seen::of(self.cloud, self.stack).await?;
        self.services = seen.services;
        Ok(seen.states)
    }

    /// Looks once, and tells what is new.
    pub(super) async fn tell(
        &mut self,
        progress: &mut Progress,
    ) -> Result<BTreeMap<ServiceArn, ServiceState>, CloudError> {
        let states = self.look().await?;
        for (arn, state) in &states {
            for event in &state.events {
                if self.told.insert(event.id.clone()) {
                    progress.done(event.message.trim());
                }
            }
            for deployment in &state.deployments {
                let mark = format!(
                    "{} {} {} {}",
                    deployment.id, deployment.running, deployment.pending, deployment.failed
                );
                let is_new = !self.began.contains(&deployment.id);
                if deployment.status == "PRIMARY" && is_new && self.told.insert(mark) {
                    progress.done(&format!("{}: {}", arn.name(), step_of(deployment)));
                }
            }
        }
        Ok(states)
    }

    /// Waits until all services run what they are to run.
    ///
    /// # Errors
    /// With the first one that does not.
    pub(super) async fn settle(
        &mut self,
        progress: &mut Progress,
        pause: Duration,
    ) -> Result<Option<NotRolledOut>, CloudError> {
        let mut since = Instant::now();
        let mut last = BTreeMap::new();
        loop {
            let states = self.tell(progress).await?;
            let mut is_settled = true;
            for (arn, state) in &states {
                match self.judge(arn, state).await? {
                    Judgement::Settled => {}
                    Judgement::Waiting => is_settled = false,
                    Judgement::Failed { why, task_definition } => {
                        return Ok(Some(self.not_rolled_out(arn, why, Some(task_definition))));
                    }
                }
            }
            if is_settled {
                return Ok(None);
            }
            if states != last {
                since = Instant::now();
                last = states;
            } else if since.elapsed() > STANDSTILL
                && let Some(arn) = last.keys().next()
            {
                let why = format!(
                    "nothing has happened to it for {} minutes",
                    STANDSTILL.as_secs() / 60
                );
                return Ok(Some(self.not_rolled_out(arn, why, None)));
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn judge(&self, arn: &ServiceArn, state: &ServiceState) -> Result<Judgement, CloudError> {
        let Some(primary) = state.deployments.iter().find(|one| one.status == "PRIMARY") else {
            return Ok(Judgement::Settled);
        };
        // ECS has gone back to what was there before: the one that failed is among the others.
        let failed = state
            .deployments
            .iter()
            .find(|one| one.has_failed() && !self.began.contains(&one.id));
        if let Some(failed) = failed {
            let why = failed
                .reason
                .clone()
                .unwrap_or_else(|| "ECS gave it up".to_string());
            return Ok(Judgement::Failed {
                why,
                task_definition: failed.task_definition.clone(),
            });
        }
        if primary.is_completed() {
            return Ok(Judgement::Settled);
        }
        let tasks = self.cloud.tasks(arn).await?;
        let failed = tasks
            .iter()
            .filter(|task| task.task_definition == primary.task_definition && has_failed(task));
        let failed = failed.count();
        let is_left_alone = primary.rollout.as_deref() != Some("IN_PROGRESS");
        Ok(match failed >= FAILED_TASKS && is_left_alone {
            true => Judgement::Failed {
                why: format!("{} failed", count(failed, "task")),
                task_definition: primary.task_definition.clone(),
            },
            false => Judgement::Waiting,
        })
    }

    fn not_rolled_out(&self, arn: &ServiceArn, why: String, task_definition: Option<String>) -> NotRolledOut {
        NotRolledOut {
            logical_id: self.services.get(arn).cloned().unwrap_or_default(),
            arn: arn.clone(),
            why,
            task_definition,
        }
    }

    /// A service of the stack whose tasks have failed lately, if there is one: why CloudFormation has given up.
    pub(super) async fn suspect(&mut self, logical_id: &str) -> Result<Option<NotRolledOut>, CloudError> {
        let states = self.look().await?;
        let service = self.services.iter().find(|(_, id)| id.as_str() == logical_id);
        let Some((arn, _)) = service else {
            return Ok(None);
        };
        let newest = states.get(arn).and_then(|state| {
            let deployments = state.deployments.iter();
            let new: Vec<&DeploymentState> =
                deployments.filter(|one| !self.began.contains(&one.id)).collect();
            let failed = new.iter().find(|one| one.has_failed());
            failed.or(new.first()).map(|one| one.task_definition.clone())
        });
        Ok(Some(self.not_rolled_out(arn, String::new(), newest)))
    }
}

enum Judgement {
    Settled,
    Waiting,
    Failed { why: String, task_definition: String },
}

impl NotRolledOut {
    /// What is told of it, with the last words of a task that failed.
    pub(super) async fn explain(&self, cloud: &Cloud, template: &Value) -> String {
        let words = self.last_words(cloud, template).await;
        format!(
            "service {} was not rolled out: {}{}",
            self.arn.name(),
            self.why,
            words.unwrap_or_default()
        )
    }

    /// Why a task of it ended, and what it wrote last. Nothing where that cannot be told.
    pub(super) async fn last_words(&self, cloud: &Cloud, template: &Value) -> Option<String> {
        let tasks = cloud.tasks(&self.arn).await.ok()?;
        let is_meant = |task: &&TaskState| {
            has_failed(task)
                && self
                    .task_definition
                    .as_ref()
                    .is_none_or(|definition| task.task_definition == *definition)
        };
        let task = tasks.iter().find(is_meant)?;
        let mut words = format!("\n  task {} ended: {}", task.id(), reason_of(task));
        let groups = deployed::log_groups(template, &self.logical_id);
        for container in &task.containers {
            let Some(group) = groups.get(&container.name) else {
                continue;
            };
            let stream = format!("ecs/{}/{}", container.name, task.id());
            let query = LogQuery {
                group,
                stream: Some(&stream),
                last: Some(LAST_LINES),
                ..LogQuery::default()
            };
            for event in cloud.log_events(&query).await.unwrap_or_default() {
                words.push_str(&format!("\n  {} | {}", container.name, event.message.trim_end()));
            }
        }
        Some(words)
    }
}

/// What a stack has, and how its services are.
pub(super) struct Seen {
    /// By logical id.
    pub(super) resources: BTreeMap<String, StackResource>,
    /// The services among them, with their logical ids.
    pub(super) services: BTreeMap<ServiceArn, String>,
    /// How those are that are there.
    pub(super) states: BTreeMap<ServiceArn, ServiceState>,
}

impl Seen {
    /// Looks at a stack.
    ///
    /// # Errors
    /// When it may not be looked at, or nobody answers.
    pub(super) async fn of(cloud: &Cloud, stack: &str) -> Result<Self, CloudError> {
        let resources = cloud.resources(stack).await?;
        let services = services(&resources);
        let arns: Vec<ServiceArn> = services.keys().cloned().collect();
        let states = cloud.services(&arns).await?;
        Ok(Self {
            resources,
            services,
            states,
        })
    }
}

/// The services among resources, with their logical ids.
pub(super) fn services(resources: &BTreeMap<String, StackResource>) -> BTreeMap<ServiceArn, String> {
    let services = resources
        .iter()
        .filter(|(_, resource)| resource.resource_type == SERVICE_TYPE);
    let services = services.filter_map(|(id, resource)| {
        let arn = resource.physical_id.as_deref()?.parse().ok()?;
        Some((arn, id.clone()))
    });
    services.collect()
}

/// Whether a task stopped although nobody wanted it to.
fn has_failed(task: &TaskState) -> bool {
    task.stopped_reason.is_some()
        && matches!(
            task.stop_code.as_deref(),
            Some("EssentialContainerExited" | "TaskFailedToStart")
        )
}

/// Why a task ended, with what its containers came to.
pub(super) fn reason_of(task: &TaskState) -> String {
    let mut reason = task.stopped_reason.clone().unwrap_or_default();
    for container in &task.containers {
        if let Some(code) = container.exit_code.filter(|code| *code != 0) {
            reason.push_str(&format!("; {} exited with {code}", container.name));
        }
        if let Some(why) = &container.reason {
            reason.push_str(&format!("; {}: {why}", container.name));
        }
    }
    reason
}

fn step_of(deployment: &DeploymentState) -> String {
    let mut step = format!("{} of {} running", deployment.running, deployment.desired);
    if deployment.pending > 0 {
        step.push_str(&format!(", {} pending", deployment.pending));
    }
    if deployment.failed > 0 {
        step.push_str(&format!(", {} failed", deployment.failed));
    }
    step
}
