//! The validated vocabulary: names, sizes, specs, revisions and task states.
//!
//! A value of these types is right by construction: each newtype has one constructor that checks.
//! Nothing here reads a clock, a file or the environment; all time is a [`Timestamp`] that somebody passed.

mod contained;
mod deployment;
mod expression;
mod health;
mod instance;
mod job;
mod log_filter;
mod log_policy;
mod name;
pub mod naming;
mod packaging;
mod script;
mod secret;
mod size;
mod spec;
mod stack;
mod task;
mod time;
mod worker;
mod workload;

pub use contained::{ContainerState, ContainerStatus, MAIN_CONTAINER};
pub use deployment::{Deployment, RolloutState};
pub use expression::{Data, Expression, Late, Number, ValueType};
pub use health::{HealthStatus, ProbeOutcome, ProbeResult, TaskHealth};
pub use instance::{
    Ec2Spec, Instance, InstanceId, InstanceState, InvalidInstanceId, MachineType, Placement, Zone,
};
pub use job::{
    BatchJob, InvalidJobId, Job, JobAttempt, JobEnd, JobGrant, JobId, JobInbox, JobRun, JobSpec, JobStatus,
    JobWaiter, is_granted, name_in,
};
pub use log_filter::{InvalidLogFilter, LogFilter};
pub use log_policy::{LogDestination, LogPolicy, SideLogs};
pub use name::{InvalidName, ProjectName, Region, ResourceName, SecretName, StackName, StageName};
pub use packaging::{
    CustomDockerfile, ExternalBuildpack, GoConfig, JavaConfig, JavaScriptConfig, LanguageConfig,
    ModuleFormat, Nixpacks, NixpacksPhase, Packaging, PrebuiltImage, PythonConfig, PythonPackageManager,
    PythonServer, StacktapeImageBuildpack,
};
pub use script::{Hook, Moment, Script, ScriptKind, ScriptStep};
pub use secret::{SecretPart, SecretReference, SecretTemplate};
pub use size::{Architecture, Cpu, InvalidSize, MemoryMb, StopTimeout};
pub use spec::{
    ContainerSpec, ImageDigest, InvalidDigest, LocalParameter, LocalResource, MountPoint, Revision,
    ServicePort, ServiceSpec, SideSpec, StackSpec, TaskRole,
};
pub use stack::{
    CloudformationResource, Connection, Effect, EnvironmentVariable, IamStatement, Output, Override,
    Resource, ReusedVpc, Stack, StackSettings, Tag, VpcSettings,
};
pub use task::{InvalidTaskId, StopCode, Task, TaskId, TaskState};
pub use time::Timestamp;
pub use worker::{
    Compute, Container, ContainerCondition, ContainerDependency, ContainerType, HealthCheck, LogForwarding,
    Logging, Scaling, SideContainer, VolumeMount, WorkerService,
};
pub use workload::{Way, WayKind, Workload, WorkloadContainer};

#[cfg(test)]
mod tests;
