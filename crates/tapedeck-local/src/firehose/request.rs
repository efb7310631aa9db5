//! One request: which log events it carries, and its body.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use tapedeck_model::Timestamp;

/// The account of everything on this machine.
const ACCOUNT: &str = "000000000000";

/// Name of the subscription that all events come from.
const SUBSCRIPTION: &str = "tapedeck";

/// Where events come from, in the words of CloudWatch Logs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogStream {
    /// The group: one for each service.
    pub group: String,
    /// The stream in it: one for each task.
    pub name: String,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEvent {
    /// Its id, of its own in the stream; the same when it is sent again.
    pub id: String,
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// The line.
    pub message: String,
}

/// What CloudWatch Logs hands to a delivery stream.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    message_type: &'static str,
    owner: &'static str,
    log_group: &'a str,
    log_stream: &'a str,
    subscription_filters: [&'static str; 1],
    log_events: &'a [LogEvent],
}

/// A request as it is sent, kept and sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The same in all tries.
    pub request_id: String,
    /// When it was made, in milliseconds since 1970.
    pub timestamp: u64,
    records: Vec<Record>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    data: String,
}

impl Request {
    /// A request with a record for each stream: its events as CloudWatch Logs writes them, as JSON that is compressed.
    #[must_use]
    pub fn new(request_id: String, now: Timestamp, streams: &[(LogStream, Vec<LogEvent>)]) -> Self {
        Self {
            request_id,
            timestamp: now.millis(),
            records: streams
                .iter()
                .map(|(stream, events)| record(stream, events))
                .collect(),
        }
    }

    /// The body, as it is before it may be compressed as a whole.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        json(self)
    }
}

fn record(stream: &LogStream, events: &[LogEvent]) -> Record {
    let payload = Payload {
        message_type: "DATA_MESSAGE",
        owner: ACCOUNT,
        log_group: &stream.group,
        log_stream: &stream.name,
        subscription_filters: [SUBSCRIPTION],
        log_events: events,
    };
    Record {
        data: STANDARD.encode(compressed(&json(&payload))),
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and nothing else")
}

/// The bytes in the format of gzip.
pub(super) fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory takes all that is written")
}
