//! Which of many events tells what went wrong.

use aws_sdk_cloudformation::types::{EventFilter, OperationEvent, ValidationStatus};

use super::{ResourceEvent, StackState, StackStatus};
use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::{Aftermath, FailedResource, Failure};

/// What a resource came to that CloudFormation looked at and did not try to make; its word for that of a stack.
const REJECTED: &str = "VALIDATION_FAILED";

/// Whose events are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'a> {
    /// The ARN of a stack.
    Stack(&'a str),
    /// The ARN of a change set.
    ChangeSet(&'a str),
}

impl Cloud {
    /// A failure with the resource that CloudFormation rejected before it made anything, which it tells only who asks for
    /// that. Its reason says to do so.
    pub(super) async fn in_detail(&self, failure: Failure, whose: Whose<'_>) -> Failure {
        if failure.resource.is_some() || !failure.reason.contains("DescribeEvents") {
            return failure;
        }
        // Where that is not allowed or not known, the reason at hand is better than none.
        match self.rejected(whose).await {
            Ok(Some(rejected)) => rejected,
            _ => failure,
        }
    }

    async fn rejected(&self, whose: Whose<'_>) -> Result<Option<Failure>, CallError> {
        let failed = EventFilter::builder().failed_events(true).build();
        let call = self.cloudformation.describe_events().filters(failed);
        let call = match whose {
            Whose::Stack(id) => call.stack_name(id),
            Whose::ChangeSet(id) => call.change_set_name(id),
        };
        // The newest ones are first, thus on the first page.
        let answer = call.send().await;
        let answer = answer.map_err(|error| CallError::new("cloudformation:DescribeEvents", error))?;
        let events = answer.operation_events.unwrap_or_default();
        Ok(events.into_iter().find_map(rejection))
    }
}

fn rejection(event: OperationEvent) -> Option<Failure> {
    if event.validation_status != Some(ValidationStatus::Failed) {
        return None;
    }
    Some(Failure {
        resource: Some(FailedResource {
            logical_id: event.logical_resource_id?,
            resource_type: event.resource_type.unwrap_or_default(),
            status: REJECTED.to_owned(),
        }),
        reason: event.validation_status_reason?,
    })
}

/// What failed first. When one resource fails, the others that are being made are cancelled, and that is no reason; the
/// stack itself only counts them.
pub(super) fn first_failure(events: &[ResourceEvent], state: Option<&StackState>) -> Failure {
    let of_stack = |event: &&ResourceEvent| is_of_stack(event, state);
    let failed = events
        .iter()
        .filter(|event| event.status.ends_with("_FAILED") && !of_stack(event))
        .find(|event| !is_cancelled(event));
    if let Some(event) = failed {
        return Failure {
            resource: Some(FailedResource {
                logical_id: event.logical_id.clone(),
                resource_type: event.resource_type.clone(),
                status: event.status.clone(),
            }),
            reason: event.reason.clone().unwrap_or_else(unsaid),
        };
    }
    let of_all = events
        .iter()
        .filter(of_stack)
        .filter(|event| event.status.ends_with("_FAILED") || event.status.contains("ROLLBACK"))
        .find_map(|event| event.reason.clone());
    let reason = of_all.or_else(|| state.and_then(|state| state.reason.clone()));
    Failure {
        resource: None,
        reason: reason.unwrap_or_else(unsaid),
    }
}

/// How a stack is that is not as was wanted.
pub(super) fn aftermath(status: &StackStatus) -> Aftermath {
    match status.as_str() {
        "ROLLBACK_COMPLETE" | "DELETE_COMPLETE" => Aftermath::Removed,
        "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => Aftermath::RolledBack,
        _ => Aftermath::Left(status.clone()),
    }
}

fn is_of_stack(event: &ResourceEvent, state: Option<&StackState>) -> bool {
    state.is_some_and(|state| event.physical_id.as_deref() == Some(&state.id))
}

fn is_cancelled(event: &ResourceEvent) -> bool {
    let reason = event.reason.as_deref().unwrap_or_default();
    reason.starts_with("Resource ") && reason.contains("cancelled")
}

fn unsaid() -> String {
    "CloudFormation does not say why".to_owned()
}
