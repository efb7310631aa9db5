//! What can go wrong, one variant per operation: what was tried, on what, where. Why is the source.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::call::{CallError, Fault};
use crate::stack::StackStatus;
use crate::target::Place;

/// An operation that was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// Nobody can be called like this.
    #[error("could not connect to {place}: {why}")]
    Unusable {
        /// What was given.
        place: Place,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// A deployment did not get to its end. What CloudFormation has begun goes on there; the next deployment takes it up.
    #[error("could not deploy stack {stack} to {place}")]
    Deploy {
        /// The stack.
        stack: String,
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// CloudFormation could not make the stack as it was asked to.
    #[error("stack {stack} in {place} could not be deployed: {after}")]
    Failed {
        /// The stack.
        stack: String,
        /// Where.
        place: Place,
        /// In which state the stack is now.
        after: Aftermath,
        /// What failed first.
        #[source]
        failure: Failure,
    },
    /// The stack is in a state in which CloudFormation takes no other template.
    #[error("stack {stack} in {place} cannot be deployed to: it is in {status}")]
    Stuck {
        /// The stack.
        stack: String,
        /// Where.
        place: Place,
        /// Its state.
        status: StackStatus,
    },
    /// It is not known how a stack is.
    #[error("could not look at stack {stack} in {place}")]
    Describe {
        /// The stack.
        stack: String,
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
    /// It is not known which stacks there are.
    #[error("could not list the stacks in {place}")]
    Stacks {
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
    /// It is not known what a stack has.
    #[error("could not list the resources of stack {stack} in {place}")]
    Resources {
        /// The stack.
        stack: String,
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
    /// A deletion did not get to its end.
    #[error("could not delete stack {stack} in {place}")]
    Delete {
        /// The stack.
        stack: String,
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// CloudFormation could not delete a stack, which is now half there.
    #[error("stack {stack} in {place} could not be deleted")]
    NotDeleted {
        /// The stack.
        stack: String,
        /// Where.
        place: Place,
        /// What could not be deleted.
        #[source]
        failure: Failure,
    },
    /// A bucket has objects, still.
    #[error("could not empty bucket {bucket} in {place}")]
    EmptyBucket {
        /// The bucket.
        bucket: String,
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
    /// It is not known whether there is an object.
    #[error("could not look for {key} in bucket {bucket} in {place}")]
    LookForObject {
        /// The bucket.
        bucket: String,
        /// The name of the object.
        key: String,
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
    /// An object was not stored.
    #[error("could not store {key} in bucket {bucket} in {place}")]
    PutObject {
        /// The bucket.
        bucket: String,
        /// The name of the object.
        key: String,
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
    /// It is not known whose credentials these are.
    #[error("could not find out the account in {place}")]
    Account {
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
    /// One call that does one thing.
    #[error("could not {what} in {place}")]
    NotDone {
        /// What was tried, on what: `list the tasks of service worker`.
        what: String,
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
    /// There are no credentials for a role.
    #[error("could not assume role {role} in {place}")]
    AssumeRole {
        /// The role.
        role: String,
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
    /// Steps of state machines that wait could not be heard or answered.
    #[error("could not serve the steps of state machines in {place}")]
    Steps {
        /// Where.
        place: Place,
        /// Why.
        #[source]
        cause: CallError,
    },
}

/// Why an operation of several calls did not get to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// A call did not succeed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Nothing happens.
    #[error("nothing has happened to it for {} minutes, it is in {status}", waited.as_secs() / 60)]
    Standstill {
        /// The state in which it stays.
        status: StackStatus,
        /// For how long.
        waited: Duration,
    },
}

/// What failed first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    /// The resource; none when CloudFormation names none.
    pub resource: Option<FailedResource>,
    /// What CloudFormation says about it.
    pub reason: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(resource) = &self.resource {
            write!(out, "{} ({}): ", resource.logical_id, resource.resource_type)?;
        }
        write!(out, "{}", self.reason)
    }
}

/// A resource that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type, `AWS::SQS::Queue`.
    pub resource_type: String,
    /// What it came to, `CREATE_FAILED`; `VALIDATION_FAILED` when it was not even tried.
    pub status: String,
}

/// How a stack is after a deployment that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Aftermath {
    /// The change was refused before anything was done.
    #[error("nothing was changed")]
    Untouched,
    /// It is as it was before.
    #[error("it was rolled back to what it was before")]
    RolledBack,
    /// It was new, and what had been made of it was removed again.
    #[error("what had been made of it was removed again")]
    Removed,
    /// It was left in the middle.
    #[error("it is left in {0}")]
    Left(StackStatus),
}

impl CloudError {
    /// Whether nobody has answered: what was asked for may go on.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        let call = std::iter::successors(Some(self as &dyn std::error::Error), |error| error.source())
            // A cause that is a call is told as that call, and leaves it out of the chain.
            .find_map(|error| match error.downcast_ref::<Cause>() {
                Some(Cause::Call(call)) => Some(call),
                _ => error.downcast_ref::<CallError>(),
            });
        call.is_some_and(|call| matches!(call.fault, Fault::NoAnswer { .. } | Fault::TooLate))
    }

    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::Unusable { .. } => "give a region and an endpoint that are".to_owned(),
            Self::Deploy { cause, .. } | Self::Delete { cause, .. } => cause.way_out(),
            Self::Failed { after, stack, place, .. } => match after {
                Aftermath::Left(status) if status.as_str() == "UPDATE_ROLLBACK_FAILED" => continue_rollback(stack, place),
                _ => "change what the reason names, then deploy again".to_owned(),
            },
            Self::Stuck { stack, place, .. } => continue_rollback(stack, place),
            Self::NotDeleted { .. } => {
                "see to what the reason names (a bucket has to be empty, protection has to be off), then delete again".to_owned()
            }
            Self::Describe { cause, .. }
            | Self::Stacks { cause, .. }
            | Self::Resources { cause, .. }
            | Self::EmptyBucket { cause, .. }
            | Self::LookForObject { cause, .. }
            | Self::PutObject { cause, .. }
            | Self::Account { cause, .. }
            | Self::NotDone { cause, .. }
            | Self::AssumeRole { cause, .. }
            | Self::Steps { cause, .. } => cause.way_out(),
        }
    }
}

impl Cause {
    fn way_out(&self) -> String {
        match self {
            Self::Call(call) => call.way_out(),
            Self::Standstill { .. } => {
                "look at the events of the stack for what it waits for; the next deployment goes on from there".to_owned()
            }
        }
    }
}

fn continue_rollback(stack: &str, place: &Place) -> String {
    format!(
        "mend what could not be rolled back, then run `tapedeck cf-rollback --region {} --stackName {stack}` (with --resourcesToSkip for what \
         is to be left as it is), then deploy again",
        place.region
    )
}
