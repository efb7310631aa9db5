//! The calls to CloudFormation, S3, SQS, Step Functions and STS: of AWS, or of an emulator behind an endpoint, by the same code.
//!
//! Start at [`Cloud::connect`]. Nothing here knows what is in a template, and nothing prints: what happens meanwhile is told
//! as [`Progress`], what went wrong is a [`CloudError`].

mod bucket;
mod call;
mod connect;
mod error;
mod identity;
mod stack;
mod steps;
mod target;

pub use call::{CallError, Fault};
pub use connect::Cloud;
pub use error::{Aftermath, Cause, CloudError, FailedResource, Failure};
pub use identity::SessionCredentials;
pub use stack::{
    Deployed, Deployment, MAX_TEMPLATE_IN_CALL, Outcome, Progress, ResourceEvent, StackResource, StackState,
    StackStatus,
};
pub use steps::{Message, StepOutcome};
pub use target::{Credentials, Limits, Place, Target};
