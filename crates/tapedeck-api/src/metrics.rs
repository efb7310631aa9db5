//! What tasks use, and how services are scaled by it, as clients are told.

use serde::{Deserialize, Serialize};
use tapedeck_model::{Cpu, MemoryMb, ResourceName, Revision, Scaling, StackName, TaskId, Timestamp};
use tapedeck_plan::autoscale::Decision;

/// What everything uses, or what the services of one stack do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// When.
    pub at: Timestamp,
    /// The services, by stack and name.
    pub services: Vec<ServiceMetrics>,
}

/// What the tasks of a service use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceMetrics {
    /// Its stack.
    pub stack: StackName,
    /// Its name.
    pub name: ResourceName,
    /// Tasks wanted.
    pub desired_count: u32,
    /// Tasks whose process runs.
    pub running_count: u32,
    /// CPU of each task, in thousandths of a vCPU.
    pub cpu: Cpu,
    /// Memory of each task, in MiB.
    pub memory: MemoryMb,
    /// The average of its tasks, oldest first.
    pub history: Vec<Usage>,
    /// Its tasks that run.
    pub tasks: Vec<TaskMetrics>,
}

/// What a task uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskMetrics {
    /// Its id.
    pub task: TaskId,
    /// The revision that it runs.
    pub revision: Revision,
    /// Since when it runs.
    pub started: Timestamp,
    /// Memory that it holds, in bytes.
    pub memory_bytes: u64,
    /// CPU time since it started, in milliseconds.
    pub cpu_ms: u64,
    /// Processes of it that were killed for want of memory.
    pub oom_kills: u64,
    /// What it has written, and what it can write; none where that is not limited.
    #[serde(default)]
    pub storage: Option<StorageMetrics>,
    /// The last minutes, a second each, oldest first.
    pub history: Vec<Usage>,
}

/// The disk of a task, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageMetrics {
    /// Bytes that it has written.
    pub used_bytes: u64,
    /// Bytes that fit.
    pub size_bytes: u64,
}

/// What was used in one second, in per cent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// When.
    pub at: Timestamp,
    /// CPU time of what is reserved.
    pub cpu: f32,
    /// Memory of the limit.
    pub memory: f32,
    /// Periods of the CPU quota in which it was held back.
    pub throttled: f32,
    /// Time in which a process waited for a processor.
    pub pressure: f32,
}

/// How a service is scaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceScaling {
    /// Its stack.
    pub stack: StackName,
    /// Its name.
    pub name: ResourceName,
    /// Tasks wanted.
    pub desired_count: u32,
    /// Tasks whose process runs.
    pub running_count: u32,
    /// Bounds and targets; none when the number of tasks is fixed.
    pub scaling: Option<Scaling>,
    /// `fast` or `ecs`.
    pub pace: String,
    /// What was decided last, whether or not it changed anything.
    pub last: Option<Decision>,
    /// The decisions that changed something, and those that had a reason worth telling not to; oldest first, at most 100.
    pub decisions: Vec<Decision>,
}

/// How a service is scaled, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingStatus {
    /// Bounds and targets.
    #[serde(flatten)]
    pub bounds: Scaling,
    /// What was decided last.
    pub last: Option<Decision>,
    /// The last decision that changed the number of tasks.
    pub last_change: Option<Decision>,
}
