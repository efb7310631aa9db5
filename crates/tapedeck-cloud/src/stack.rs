//! Stacks: what is asked for, what is told meanwhile, what came of it. How it is done is in the modules.

mod change_set;
mod delete;
mod deploy;
mod failure;
mod look;
mod pause;
mod status;
mod template;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::BTreeMap;

use serde_json::Value;
use tapedeck_model::Timestamp;

pub use status::StackStatus;
pub use template::MAX_TEMPLATE_IN_CALL;

/// What a stack shall become.
#[derive(Debug, Clone)]
pub struct Deployment<'a> {
    /// Its name: 1 to 128 letters, digits and hyphens, a letter first.
    pub stack_name: &'a str,
    /// The template, of at most 1 MB.
    pub template: &'a Value,
    /// Tags of the stack and of all that is in it, 50 at most.
    pub tags: &'a BTreeMap<String, String>,
    /// The bucket through which a template goes that is larger than [`MAX_TEMPLATE_IN_CALL`]. Without one it is
    /// `tapedeck-templates-<account>-<region>`, which is made when it is needed for the first time.
    pub template_bucket: Option<&'a str>,
    /// How CloudFormation goes about it.
    pub manner: Manner,
}

/// How CloudFormation goes about a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manner {
    /// The ARN of the role that it acts in; none for that of whoever calls, or the one that the stack has already.
    pub role: Option<String>,
    /// The ARNs of topics, 5 at most, that get the events of the stack.
    pub topics: Vec<String>,
    /// The ARNs of alarms, 5 at most, that end a deployment and roll it back.
    pub alarms: Vec<String>,
    /// For how many minutes they are watched after a deployment: 0 to 180.
    pub watched_minutes: u8,
    /// Whether a failed deployment is left as it is.
    pub leaves_failed: bool,
    /// Whether the stack is kept from being deleted.
    pub is_protected: bool,
}

/// What came of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// What was done.
    pub outcome: Outcome,
    /// The values that the stack gives out, by their names.
    pub outputs: BTreeMap<String, String>,
}

/// What a deployment did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was no stack, now there is one.
    Created,
    /// The stack was changed.
    Updated,
    /// It was so already.
    Unchanged,
}

/// What happens while something is done to a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// An operation that began earlier goes on, and is waited for.
    Waiting {
        /// The state of the stack.
        status: StackStatus,
    },
    /// What is left of a stack that was never whole, or is half deleted, is deleted before it is made anew.
    Clearing {
        /// The state of the stack.
        status: StackStatus,
    },
    /// Something happened to a resource, or to the stack as a whole.
    Event(ResourceEvent),
}

/// Something that happened to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceEvent {
    /// When.
    pub at: Timestamp,
    /// The name of the resource in the template; that of the stack for the stack as a whole.
    pub logical_id: String,
    /// Its type, `AWS::SQS::Queue`.
    pub resource_type: String,
    /// What it is called outside; none as long as it has no name.
    pub physical_id: Option<String>,
    /// What it came to, `CREATE_COMPLETE`.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
}

/// How a stack is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackState {
    /// Its ARN, which no other stack of that name has.
    pub id: String,
    /// Its state.
    pub status: StackStatus,
    /// Why it is in that state.
    pub reason: Option<String>,
    /// The values that it gives out, by their names.
    pub outputs: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it is kept from being deleted.
    pub is_protected: bool,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// Its type, `AWS::SQS::Queue`.
    pub resource_type: String,
    /// What it is called outside; none as long as it has no name.
    pub physical_id: Option<String>,
    /// What it came to, `CREATE_COMPLETE`.
    pub status: String,
}
