//! Wire types and client of the engine's socket, and where region `local` keeps its files.
//!
//! One request is one line of JSON, answered by one line of JSON; a connection carries any number of them in turn.
//! The first line that the engine sends is its [`Greeting`], so that a client of another version learns of it
//! before it asks for anything. Only these types travel; what they mean is the engine's affair.

mod client;
mod home;
mod message;
mod metrics;
mod status;

pub use client::{Client, ClientError};
pub use home::Home;
pub use message::{Greeting, PROTOCOL, Refusal, Request, Response};
pub use metrics::{
    Metrics, ScalingStatus, ServiceMetrics, ServiceScaling, StorageMetrics, TaskMetrics, Usage,
};
pub use status::{
    DeploymentStatus, EngineStatus, InstanceStatus, JobDefinitionStatus, JobSummary, ServiceEvent,
    ServiceStatus, StackStatus, StackSummary,
};
pub use tapedeck_model::RolloutState;

#[cfg(test)]
mod tests;
