//! Lines of log groups.

use std::collections::VecDeque;

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use tapedeck_model::Timestamp;

use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::CloudError;

const FILTER: &str = "logs:FilterLogEvents";

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// When.
    pub at: Timestamp,
    /// The stream that it is in: `ecs/<container>/<task>` for containers.
    pub stream: String,
    /// The line.
    pub message: String,
    /// What no other line has.
    pub id: String,
}

/// Which lines of a log group.
#[derive(Debug, Clone, Default)]
pub struct LogQuery<'a> {
    /// The group.
    pub group: &'a str,
    /// One stream of it; none for all.
    pub stream: Option<&'a str>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// The last so many of them; none for all.
    pub last: Option<usize>,
}

impl Cloud {
    /// Lines of a log group, the oldest first; nothing where there is no such group or stream.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when they may not be read or nobody answers.
    pub async fn log_events(&self, query: &LogQuery<'_>) -> Result<Vec<LogEvent>, CloudError> {
        match self.filtered(query).await {
            Ok(events) => Ok(events),
            Err(error) if error.is("ResourceNotFoundException") => Ok(Vec::new()),
            Err(cause) => Err(self.not_done(format!("read log group {}", query.group), cause)),
        }
    }

    async fn filtered(&self, query: &LogQuery<'_>) -> Result<Vec<LogEvent>, CallError> {
        let millis = |at: Timestamp| i64::try_from(at.millis()).unwrap_or(i64::MAX);
        let call = self
            .logs
            .filter_log_events()
            .log_group_name(query.group)
            .set_log_stream_names(query.stream.map(|stream| vec![stream.to_owned()]))
            .set_start_time(query.from.map(millis));
        let mut pages = call.into_paginator().send();
        let mut found = VecDeque::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::new(FILTER, error))?;
            found.extend(page.events.unwrap_or_default().into_iter().map(line));
            if let Some(last) = query.last {
                found.drain(..found.len().saturating_sub(last));
            }
        }
        let mut found = Vec::from(found);
        found.sort_by_key(|event| event.at);
        Ok(found)
    }
}

fn line(event: FilteredLogEvent) -> LogEvent {
    let millis = event.timestamp.and_then(|millis| u64::try_from(millis).ok());
    LogEvent {
        at: Timestamp::from_millis(millis.unwrap_or_default()),
        stream: event.log_stream_name.unwrap_or_default(),
        message: event.message.unwrap_or_default(),
        id: event.event_id.unwrap_or_default(),
    }
}
