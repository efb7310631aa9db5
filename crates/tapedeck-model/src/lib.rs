//! The validated vocabulary: names, sizes, specs, revisions and task states.
//!
//! A value of these types is right by construction: each newtype has one constructor that checks.
//! Nothing here reads a clock, a file or the environment; all time is a [`Timestamp`] that somebody passed.

mod name;
mod secret;
mod size;
mod spec;
mod stack;
mod task;
mod time;

pub use name::{InvalidName, ProjectName, ResourceName, SecretName, StackName, StageName};
pub use secret::{SecretPart, SecretReference, SecretTemplate};
pub use size::{Cpu, InvalidSize, MemoryMb, StopTimeout};
pub use spec::{ContainerSpec, ImageDigest, InvalidDigest, Revision, ServiceSpec, StackSpec};
pub use stack::{
    EnvironmentVariable, JavaScriptConfig, ModuleFormat, Packaging, Scaling, Stack, StacktapeImageBuildpack,
    WorkerService,
};
pub use task::{InvalidTaskId, StopCode, Task, TaskId, TaskState};
pub use time::Timestamp;

#[cfg(test)]
mod tests;
