//! States of stacks, and what each means for whoever wants to deploy.

use std::fmt;

/// The state of a stack, in CloudFormation's word: `UPDATE_COMPLETE`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StackStatus(String);

/// What has to be done to a stack before it can be given a template, and in which way it is given one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// Something is being done to it, which has to end.
    Wait,
    /// It was never whole, or is half gone: CloudFormation lets it only be deleted.
    Delete,
    /// Only a person can help.
    Refuse,
}

impl StackStatus {
    pub(crate) fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    /// CloudFormation's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether something is being done to the stack. A stack of which there is only a change set rests.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.0.ends_with("_IN_PROGRESS") && !self.is_announced()
    }

    /// Whether there is only a change set of the stack, and nothing else.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        self.0 == "REVIEW_IN_PROGRESS"
    }

    /// Whether the stack is as its last deployment wanted it.
    #[must_use]
    pub fn is_deployed(&self) -> bool {
        matches!(
            self.0.as_str(),
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE"
        )
    }

    /// Whether the stack is there and takes another template. Of one that is not, nothing is left to be kept.
    #[must_use]
    pub fn takes_template(&self) -> bool {
        self.next() == Next::Update
    }

    pub(super) fn is_gone(&self) -> bool {
        self.0 == "DELETE_COMPLETE"
    }

    /// What comes next for a stack in this state.
    pub(super) fn next(&self) -> Next {
        match self.0.as_str() {
            "REVIEW_IN_PROGRESS" | "DELETE_COMPLETE" => Next::Create,
            "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" => Next::Delete,
            "UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED" => Next::Refuse,
            _ if self.is_busy() => Next::Wait,
            _ => Next::Update,
        }
    }
}

impl fmt::Display for StackStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
