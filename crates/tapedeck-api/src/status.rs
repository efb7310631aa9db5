//! How stacks, services and the engine are, as clients are told.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use tapedeck_model::{
    Cpu, Deployment, ImageDigest, Instance, JobId, JobStatus, LocalResource, MemoryMb, ResourceName,
    Revision, RolloutState, StackName, StopTimeout, Task, TaskId, Timestamp,
};

use crate::metrics::ScalingStatus;

/// How the engine itself is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineStatus {
    /// Version of its binary.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// Since when it runs.
    pub started: Timestamp,
    /// Its state folder.
    pub home: String,
    /// Bridge of its tasks.
    pub bridge: String,
    /// Addresses of its tasks, as `10.0.0.0/22`.
    pub subnet: String,
    /// `v1`, `hybrid` or `v2`.
    pub cgroups: String,
    /// How fast services are started and scaled: `fast` or `ecs`.
    pub pace: String,
    /// How many times faster than usual the waits of scaling pass.
    pub scaling_speed: u32,
    /// Memory that tasks may have together, in MiB.
    pub memory_budget: u64,
    /// What tasks and instances hold of it, in MiB.
    pub memory_held: u64,
    /// Where metrics are served to Prometheus, if anywhere.
    pub metrics_address: Option<std::net::SocketAddr>,
    /// MB that each task can write; none when there is no limit but the machine's disk.
    #[serde(default)]
    pub task_storage_mb: Option<u32>,
    /// What this machine lacks, and what follows from that.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Deployed stacks.
    pub stacks: usize,
    /// Tasks whose process runs.
    pub tasks_running: usize,
}

/// A row of the list of stacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackSummary {
    /// Its name.
    pub name: StackName,
    /// Its services.
    pub services: usize,
    /// Tasks wanted.
    pub desired_count: u32,
    /// Tasks whose process runs.
    pub running_count: u32,
    /// Whether everything is as desired.
    pub steady: bool,
    /// Whether it lives only as long as the connection that asked for it.
    pub attended: bool,
}

/// How one stack is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackStatus {
    /// Its name.
    pub name: StackName,
    /// Grows with every change of what is told here.
    pub version: u64,
    /// Whether it lives only as long as the connection that asked for it.
    pub attended: bool,
    /// Its services, by name.
    pub services: Vec<ServiceStatus>,
    /// What else is in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<LocalResource>,
}

impl StackStatus {
    /// Whether every service is as desired. A stack without services is.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.services
            .iter()
            .all(|service| service.rollout == RolloutState::Completed && service.steady)
    }
}

/// How one service is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    /// Its name.
    pub name: ResourceName,
    /// `ACTIVE`, or `DRAINING` while it is being deleted.
    pub status: String,
    /// The revision that is desired.
    pub revision: Revision,
    /// How far that revision has come.
    pub rollout: RolloutState,
    /// The deployments that are remembered, newest revision first.
    pub deployments: Vec<DeploymentStatus>,
    /// The image of that revision.
    pub image: ImageDigest,
    /// CPU of each task, in thousandths of a vCPU.
    pub cpu: Cpu,
    /// Whether tasks share the CPU of their instance: then it is all of that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shares_cpu: bool,
    /// Memory of each task, in MiB.
    pub memory: MemoryMb,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout: StopTimeout,
    /// Tasks wanted.
    pub desired_count: u32,
    /// Tasks whose process runs, of any revision.
    pub running_count: u32,
    /// Tasks being started.
    pub pending_count: u32,
    /// Whether there is nothing left to do.
    pub steady: bool,
    /// Failures of the desired revision in a row.
    pub consecutive_failures: u32,
    /// Tasks of the desired revision that the circuit breaker counts as failed.
    pub failed_tasks: u32,
    /// How it is scaled; none when the number of tasks is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<ScalingStatus>,
    /// What is waited for, one sentence each.
    pub waiting: Vec<String>,
    /// What of that is room on an instance or this machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_for_room: Vec<String>,
    /// When the next start is tried, while starts are held back.
    pub next_attempt_at: Option<Timestamp>,
    /// The address under which others on this machine reach it; none when it has no ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
    /// The ports on which they do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// The EC2 instances that its tasks run on, oldest first; none on Fargate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<InstanceStatus>,
    /// What jobs there are, of a definition of jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobDefinitionStatus>,
    /// Tasks that are not stopped, then the stopped ones that are still remembered, newest first.
    pub tasks: Vec<Task>,
    /// What happened lately, oldest first, at most 100.
    pub events: Vec<ServiceEvent>,
}

impl ServiceStatus {
    /// What is remembered of the deployment of a revision.
    #[must_use]
    pub fn deployment(&self, revision: Revision) -> Option<&Deployment> {
        let deployments = self.deployments.iter();
        deployments
            .filter(|known| known.revision == revision)
            .map(|known| &known.deployment)
            .next()
    }
}

/// A definition of jobs, and how those are that were submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDefinitionStatus {
    /// The ARN of the definition, with its revision.
    pub definition_arn: String,
    /// Seconds after which an attempt is ended; none when never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// The jobs that are remembered, the newest first.
    pub jobs: Vec<JobSummary>,
}

/// How one job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSummary {
    /// Its id.
    pub id: JobId,
    /// The name that it was given.
    pub name: String,
    /// How far it is.
    pub status: JobStatus,
    /// When it was submitted.
    pub created: Timestamp,
    /// When its present attempt, or the last, started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub stopped: Option<Timestamp>,
    /// Attempts that were made, with the present one.
    pub attempts: u32,
    /// The most that are made.
    pub most_attempts: u32,
    /// The exit code of the last attempt that is over.
    pub exit_code: Option<i32>,
    /// Why that ended.
    pub reason: Option<String>,
}

/// One EC2 instance of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceStatus {
    /// What it is.
    #[serde(flatten)]
    pub instance: Instance,
    /// The tasks that are on it.
    pub tasks: Vec<TaskId>,
    /// Memory that those have, in MiB.
    pub memory_used: u32,
    /// Memory that it has for tasks, in MiB.
    pub memory_registered: u32,
}

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentStatus {
    /// The revision, which names it.
    pub revision: Revision,
    /// `PRIMARY` for that of the desired revision, `ACTIVE` for one that still has tasks, else `INACTIVE`.
    pub status: String,
    /// What became of it.
    #[serde(flatten)]
    pub deployment: Deployment,
}

/// One event of a service, in the wording of ECS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub message: String,
}
