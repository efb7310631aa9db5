//! Watching a stack until nothing is done to it any more: each event is told once, in order.

use std::time::Instant;

use aws_sdk_cloudformation::types::StackEvent;
use tapedeck_model::Timestamp;

use super::pause::Pauses;
use super::{Progress, ResourceEvent, StackState};
use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::Cause;

/// State and events are two questions, whose answers may be of different ages: so often a stack that has come to rest is
/// looked at again for the event that says so.
const LOOKS_AT_REST: u32 = 8;

/// What is told of a stack from a moment on.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    cloud: &'a Cloud,
    stack_id: String,
    newest: Option<String>,
    told: Vec<ResourceEvent>,
}

impl<'a> Watch<'a> {
    /// Watches from now on. What happened until now is not told.
    pub(super) async fn from_now(cloud: &'a Cloud, stack_id: &str) -> Result<Self, CallError> {
        let mut watch = Self {
            cloud,
            stack_id: stack_id.to_owned(),
            newest: None,
            told: Vec::new(),
        };
        let (page, _) = watch.page(None).await?;
        watch.newest = page.into_iter().next().and_then(|event| event.event_id);
        Ok(watch)
    }

    /// The ARN of the stack.
    pub(super) fn stack_id(&self) -> &str {
        &self.stack_id
    }

    /// All that was told.
    pub(super) fn told(&self) -> &[ResourceEvent] {
        &self.told
    }

    /// Whether something is known to have begun that a call with this token asked for: then its answer was lost, and the call was made
    /// again in vain.
    pub(super) async fn has_begun(&self, token: &str) -> bool {
        let is_of_it = |event: &StackEvent| event.client_request_token.as_deref() == Some(token);
        // Who cannot be asked has given a reason with that call already.
        self.page(None)
            .await
            .is_ok_and(|(page, _)| page.iter().any(is_of_it))
    }

    /// Waits until nothing is done to the stack any more, and says how it is then; none when it is gone for good.
    pub(super) async fn settle(
        &mut self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<StackState>, Cause> {
        let mut pauses = Pauses::new(self.cloud.is_near());
        let mut last = None;
        let mut since = Instant::now();
        let mut looks = 0;
        loop {
            // In this order: when it rests, all its events are there.
            let seen = self.cloud.look(&self.stack_id).await?;
            let news = self.news().await?;
            let has_moved = !news.is_empty() || last != seen.as_ref().map(|state| state.status.clone());
            for event in news {
                self.told.push(event.clone());
                progress(Progress::Event(event));
            }
            let Some(state) = seen else {
                return Ok(None);
            };
            if !state.status.is_busy() {
                looks += 1;
                if looks > LOOKS_AT_REST || self.has_told_end(&state) {
                    return Ok(Some(state));
                }
            }
            if has_moved {
                since = Instant::now();
                pauses.restart();
            } else if since.elapsed() > self.cloud.limits.standstill {
                return Err(Cause::Standstill {
                    status: state.status,
                    waited: since.elapsed(),
                });
            }
            last = Some(state.status);
            tokio::time::sleep(pauses.next()).await;
        }
    }

    /// Whether the event has been told by which the stack came to this rest.
    fn has_told_end(&self, state: &StackState) -> bool {
        let of_stack = |event: &&ResourceEvent| event.physical_id.as_deref() == Some(&self.stack_id);
        self.told
            .iter()
            .rev()
            .find(of_stack)
            .is_some_and(|event| event.status == state.status.as_str())
    }

    /// What happened since the last look, oldest first.
    async fn news(&mut self) -> Result<Vec<ResourceEvent>, CallError> {
        let mut found = Vec::new();
        let mut token = None;
        // Newest first: so far back as is known already.
        'pages: loop {
            let (page, next) = self.page(token).await?;
            for event in page {
                if event.event_id.is_some() && event.event_id == self.newest {
                    break 'pages;
                }
                found.push(event);
            }
            match next {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        if let Some(newest) = found.first() {
            self.newest.clone_from(&newest.event_id);
        }
        Ok(found.into_iter().rev().map(event).collect())
    }

    async fn page(&self, token: Option<String>) -> Result<(Vec<StackEvent>, Option<String>), CallError> {
        let call = self
            .cloud
            .cloudformation
            .describe_stack_events()
            .stack_name(&self.stack_id)
            .set_next_token(token);
        let call = call.send().await;
        match call.map_err(|error| CallError::new("cloudformation:DescribeStackEvents", error)) {
            Ok(page) => Ok((
                page.stack_events.unwrap_or_default(),
                page.next_token.filter(|token| !token.is_empty()),
            )),
            Err(error) if error.is_absent_stack() => Ok((Vec::new(), None)),
            Err(error) => Err(error),
        }
    }
}

fn event(event: StackEvent) -> ResourceEvent {
    let millis = event.timestamp.and_then(|at| at.to_millis().ok());
    let status = event.resource_status.map(|status| status.as_str().to_owned());
    ResourceEvent {
        at: Timestamp::from_millis(
            millis
                .and_then(|millis| u64::try_from(millis).ok())
                .unwrap_or_default(),
        ),
        logical_id: event.logical_resource_id.unwrap_or_default(),
        resource_type: event.resource_type.unwrap_or_default(),
        physical_id: event.physical_resource_id.filter(|id| !id.is_empty()),
        status: status.unwrap_or_default(),
        reason: event.resource_status_reason.filter(|reason| !reason.is_empty()),
    }
}
