//! The calls to Application Auto Scaling, CloudFormation, CloudWatch and its Logs, EC2, ECR, ECS, S3, Secrets Manager, SQS, Step Functions,
//! STS and the Systems Manager: of AWS, or of an emulator behind an endpoint, by the same code.
//!
//! Start at [`Cloud::connect`]. Nothing here knows what is in a template, and nothing prints: what happens meanwhile is told
//! as [`Progress`], what went wrong is a [`CloudError`].

mod bucket;
mod call;
mod connect;
mod error;
mod history;
mod identity;
mod image_registry;
mod log_events;
mod metrics;
mod networks;
mod parameters;
mod query;
mod scaling;
mod secrets;
mod services;
mod session;
mod stack;
mod steps;
mod target;

pub use call::{CallError, Fault};
pub use connect::Cloud;
pub use error::{Aftermath, Cause, CloudError, FailedResource, Failure};
pub use identity::SessionCredentials;
pub use image_registry::RegistryLogin;
pub use log_events::{LogEvent, LogQuery};
pub use metrics::{MetricPoint, MetricQuery};
pub use networks::Network;
pub use parameters::ParameterVersion;
pub use scaling::{ScalableTarget, ScalingActivity, ScalingPolicy};
pub use secrets::SecretVersion;
pub use services::{
    ContainerState, DeploymentState, NoServiceArn, ServiceArn, ServiceEvent, ServiceState, TaskState,
};
pub use session::{ExecuteCommand, Session, SessionEnd, Typed};
pub use stack::{
    Deployed, Deployment, MAX_TEMPLATE_IN_CALL, Manner, Outcome, Progress, ResourceEvent, StackResource,
    StackState, StackStatus,
};
pub use steps::{Message, StepOutcome};
pub use target::{Credentials, Limits, Place, Target};
