//! What a client may ask and how the engine answers.

use serde::{Deserialize, Serialize};
use tapedeck_model::{ResourceName, StackName, StackSpec};

use crate::metrics::{Metrics, ServiceScaling};
use crate::status::{EngineStatus, StackStatus, StackSummary};

/// Version of this protocol. Engine and client work together when it is equal.
pub const PROTOCOL: u32 = 7;

/// First line on every connection, sent by the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Greeting {
    /// [`PROTOCOL`] of the engine.
    pub protocol: u32,
    /// Version of the engine's binary.
    pub version: String,
    /// Process id of the engine.
    pub pid: u32,
}

/// What a client may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Request {
    /// How the engine itself is.
    EngineStatus,
    /// Make this the desired state of the stack. Answered as soon as it is stored, long before it is reached.
    ApplyStack {
        /// The stack.
        stack: StackSpec,
    },
    /// The same for as long as this connection lasts: when it ends, the stack is deleted. Its tasks are replaced as suits
    /// somebody who watches: old ones stop before new ones start, and one that ends by itself is not started again before
    /// there is another revision.
    AttendStack {
        /// The stack.
        stack: StackSpec,
        /// Make new revisions of its services even where nothing changed, so that all tasks are replaced.
        anew: bool,
    },
    /// Go back to what the services of a stack ran before: a deployment that is under way is given up for the last one that
    /// completed; where none is, the one that completed before is deployed anew. Answered as soon as it is stored.
    RollBack {
        /// The stack.
        name: StackName,
        /// Only this service of it; none: those that the last deployment changed.
        service: Option<ResourceName>,
    },
    /// Stop all tasks of the stack and forget it. Answered as soon as it is stored.
    DeleteStack {
        /// The stack.
        name: StackName,
        /// Kill its tasks instead of asking them to end.
        at_once: bool,
    },
    /// How a stack is. With `newer_than`, answered when its `version` is greater than that, or after
    /// `patience_ms` at the latest.
    DescribeStack {
        /// The stack.
        name: StackName,
        /// The version that the client knows.
        newer_than: Option<u64>,
        /// How long to wait for a newer one, in milliseconds.
        patience_ms: u64,
    },
    /// What a stack is asked to be.
    DescribeSpec {
        /// The stack.
        stack: StackName,
    },
    /// All stacks.
    ListStacks,
    /// What the tasks of a stack use, or of all.
    DescribeMetrics {
        /// The stack; all without one.
        stack: Option<StackName>,
        /// How many seconds of the past are told.
        seconds: u64,
    },
    /// How the services of a stack are scaled, and why they were.
    DescribeScaling {
        /// The stack.
        stack: StackName,
    },
    /// What all tasks use, in the text format of Prometheus.
    PrometheusText,
    /// End the engine. Its tasks keep running and are adopted by the next engine, unless `tasks` is set.
    StopEngine {
        /// Stop all tasks too. They start again with the next engine.
        tasks: bool,
    },
}

/// How the engine answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "response", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Response {
    /// To [`Request::EngineStatus`].
    Engine {
        /// How the engine is.
        status: EngineStatus,
    },
    /// To [`Request::ApplyStack`], [`Request::AttendStack`], [`Request::RollBack`], [`Request::DeleteStack`] and
    /// [`Request::DescribeStack`].
    Stack {
        /// How the stack is.
        stack: StackStatus,
    },
    /// To [`Request::DescribeSpec`].
    Spec {
        /// What it is asked to be.
        spec: StackSpec,
    },
    /// To [`Request::ListStacks`].
    Stacks {
        /// A row for each.
        stacks: Vec<StackSummary>,
    },
    /// To [`Request::DescribeMetrics`].
    Metrics {
        /// What they use.
        metrics: Metrics,
    },
    /// To [`Request::DescribeScaling`].
    Scaling {
        /// The services, by name.
        services: Vec<ServiceScaling>,
    },
    /// To [`Request::PrometheusText`].
    Text {
        /// The text.
        text: String,
    },
    /// To [`Request::StopEngine`].
    Stopping {
        /// Tasks that keep running without the engine.
        tasks_left: usize,
    },
    /// Instead of the answer: nothing was changed.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

/// Why the engine did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Refusal {
    /// There is no such stack.
    #[error("no stack named `{name}` is deployed here")]
    UnknownStack {
        /// The name that was asked for.
        name: StackName,
    },
    /// The stack has no such service.
    #[error("stack `{stack}` has no service named `{name}`")]
    UnknownService {
        /// The stack.
        stack: StackName,
        /// The name that was asked for.
        name: ResourceName,
    },
    /// No service that was asked for has completed another deployment.
    #[error("stack `{name}` has no earlier deployment to go back to")]
    NothingBefore {
        /// The stack.
        name: StackName,
    },
    /// The stack belongs to a connection that still lasts.
    #[error("stack `{name}` belongs to a `tapedeck dev` that runs")]
    Attended {
        /// The stack.
        name: StackName,
    },
    /// The stack was deployed to stay.
    #[error("stack `{name}` is deployed")]
    Deployed {
        /// The stack.
        name: StackName,
    },
    /// The request was not understood.
    #[error("the engine could not read the request: {reason}")]
    Unreadable {
        /// What was wrong with it.
        reason: String,
    },
    /// A spec names an image that the store does not have.
    #[error("service {service} cannot be deployed: {reason}")]
    UnusableImage {
        /// The service.
        service: String,
        /// What is wrong with its image.
        reason: String,
    },
    /// A task would wait for room for ever.
    #[error(
        "a task of service {service} needs {memory} MiB of memory, and all tasks together may have {budget} MiB of this machine"
    )]
    NeverFits {
        /// The service.
        service: ResourceName,
        /// Memory of one task.
        memory: u32,
        /// What tasks may have.
        budget: u64,
    },
    /// The engine could not store what was asked.
    #[error("the engine could not store the request: {reason}")]
    Store {
        /// What failed.
        reason: String,
    },
}
