//! A worker service, and what its containers are made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Architecture, Connection, Cpu, EnvironmentVariable, IamStatement, Late, MemoryMb, Override, Packaging,
    ResourceName, StopTimeout,
};

/// A resource of type `worker-service`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerService {
    /// Its key under `resources`.
    pub name: ResourceName,
    /// Its main container.
    #[serde(flatten)]
    pub container: Container,
    /// On what each task runs.
    pub compute: Compute,
    /// How many tasks run.
    pub scaling: Scaling,
    /// What it may use, and is told about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connect_to: Vec<Connection>,
    /// Permissions of its own in AWS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub iam_role_statements: Vec<IamStatement>,
    /// Containers beside the main one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub side_containers: Vec<SideContainer>,
    /// Whether tasks have no public address in AWS and reach the internet through a NAT.
    pub use_private_subnets_with_nat: bool,
    /// Whether a shell can be opened in a running task.
    pub enable_remote_sessions: bool,
    /// Changes to what it becomes in CloudFormation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// How its image comes about.
    pub packaging: Packaging,
    /// Its environment, in the order of the file.
    pub environment: Vec<EnvironmentVariable>,
    /// What becomes of its output.
    pub logging: Logging,
    /// How to tell whether it is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Time between SIGTERM and SIGKILL.
    pub stop_timeout: StopTimeout,
    /// File systems in it that outlive the task.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volume_mounts: Vec<VolumeMount>,
}

impl Container {
    /// The variables that are known before the deployment. A name given twice keeps its last value, as in a process's
    /// environment.
    #[must_use]
    pub fn known_environment(&self) -> BTreeMap<String, String> {
        let known = self
            .environment
            .iter()
            .filter_map(|variable| Some((variable.name.clone(), variable.value.known()?.clone())));
        known.collect()
    }
}

/// On what each task runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "engine", rename_all = "lowercase")]
pub enum Compute {
    /// On Fargate: a machine of its own, of just this size.
    Fargate {
        /// CPU of each task, a hard limit.
        cpu: Cpu,
        /// Memory of each task, a hard limit.
        memory: MemoryMb,
        /// Architecture of the CPU.
        architecture: Architecture,
    },
    /// On EC2 instances that are added and removed as needed.
    #[serde(rename_all = "camelCase")]
    Ec2 {
        /// The types, the preferred one first; at least one.
        instance_types: Vec<String>,
        /// CPU of each task; without it tasks share that of the instance.
        cpu: Option<Cpu>,
        /// Memory of each task: as given, else what the smallest type can provide.
        memory: MemoryMb,
        /// Architecture of all types.
        architecture: Architecture,
        /// Whether stopped instances are kept ready.
        enable_warm_pool: bool,
    },
}

impl Compute {
    /// CPU of each task, if it has a limit.
    #[must_use]
    pub fn cpu(&self) -> Option<Cpu> {
        match self {
            Self::Fargate { cpu, .. } => Some(*cpu),
            Self::Ec2 { cpu, .. } => *cpu,
        }
    }

    /// Memory of each task.
    #[must_use]
    pub fn memory(&self) -> MemoryMb {
        match self {
            Self::Fargate { memory, .. } | Self::Ec2 { memory, .. } => *memory,
        }
    }
}

/// How many tasks run at the same time: 1 ≤ `min_instances` ≤ `max_instances`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scaling {
    /// The least number of tasks.
    pub min_instances: u32,
    /// The greatest number of tasks.
    pub max_instances: u32,
    /// Per cent of the CPU above which tasks are added: 1 to 100.
    pub keep_avg_cpu_utilization_under: u8,
    /// Per cent of the memory above which tasks are added: 1 to 100.
    pub keep_avg_memory_utilization_under: u8,
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            min_instances: 1,
            max_instances: 1,
            keep_avg_cpu_utilization_under: 80,
            keep_avg_memory_utilization_under: 80,
        }
    }
}

/// What becomes of the output of a container.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Logging {
    /// Whether it is thrown away.
    pub disabled: bool,
    /// For how many days it is kept.
    pub retention_days: u16,
    /// Another service that gets it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarding: Option<LogForwarding>,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            disabled: false,
            retention_days: 90,
            forwarding: None,
        }
    }
}

/// A service that gets logs too.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum LogForwarding {
    /// Any HTTPS endpoint that speaks as Firehose's destinations do.
    HttpEndpoint {
        /// Where to, `https://…`.
        endpoint_url: Late<String>,
        /// What to prove oneself with.
        access_key: Option<Late<String>>,
        /// Common attributes of every request.
        parameters: Vec<(String, Late<String>)>,
        /// Whether bodies are compressed.
        gzip_encoding_enabled: bool,
        /// For how long failed requests are tried again, in seconds.
        retry_duration: u16,
    },
    /// Highlight.
    Highlight {
        /// The project there.
        project_id: Late<String>,
        /// Where to.
        endpoint_url: Late<String>,
    },
    /// Datadog.
    Datadog {
        /// What to prove oneself with.
        api_key: Late<String>,
        /// Where to.
        endpoint_url: Late<String>,
    },
}

/// How to tell from within whether a container is healthy. Ranges are those of ECS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// `CMD` and a program, or `CMD-SHELL` and a line for the shell.
    pub command: Vec<String>,
    /// Seconds between two checks: 5 to 300.
    pub interval_seconds: u16,
    /// Seconds after which a check counts as failed: 2 to 60.
    pub timeout_seconds: u16,
    /// Failures in a row that make it unhealthy: 1 to 10.
    pub retries: u16,
    /// Seconds at the start in which failures do not count: 0 to 300.
    pub start_period_seconds: u16,
}

impl HealthCheck {
    /// The program to run and its arguments.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        match self.command.split_first() {
            Some((kind, line)) if kind == "CMD-SHELL" => {
                vec!["/bin/sh".to_owned(), "-c".to_owned(), line.join(" ")]
            }
            Some((kind, arguments)) if kind == "CMD" => arguments.to_vec(),
            _ => self.command.clone(),
        }
    }
}

/// A file system of `efs-filesystem` in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeMount {
    /// The resource.
    pub efs_filesystem_name: String,
    /// Where it is in the container: an absolute path.
    pub mount_path: String,
    /// Which folder of the file system: an absolute path, `/` for the whole.
    pub root_directory: String,
}

/// A container beside the main one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SideContainer {
    /// Its name, of its own in the task.
    pub name: String,
    /// When it runs.
    pub container_type: ContainerType,
    /// Whether its end is the end of the task.
    pub essential: bool,
    /// What it waits for.
    pub depends_on: Vec<ContainerDependency>,
    /// What it is.
    #[serde(flatten)]
    pub container: Container,
}

/// When a side container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerType {
    /// To its end, before the main one starts.
    RunOnInit,
    /// As long as the task.
    AlwaysRunning,
}

/// What a container waits for before it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerDependency {
    /// Another container of the task.
    pub container_name: String,
    /// What that one has to have done.
    pub condition: ContainerCondition,
}

/// Conditions of a dependency, as ECS names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ContainerCondition {
    /// It has started.
    Start,
    /// It has ended, in whatever way.
    Complete,
    /// It has ended with code 0.
    Success,
    /// Its health check has passed.
    Healthy,
}
