//! `logForwarding` of functions and jobs.

use tapedeck_model::{Data, LogForwarding};

use super::Target;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::connections::late;
use crate::workload::{Forwarded, Ids, forward};

/// Adds what forwards the logs of a function or job, if it is asked for.
pub(super) fn add(workload: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    if workload.flag("logging.disabled") {
        return Ok(());
    }
    match of(workload) {
        Some(forwarding) => {
            let forwarded = Forwarded {
                name: workload.name,
                group: workload.id("LogGroup"),
                to: &forwarding,
            };
            forward(&[forwarded], &Ids { name: workload.name }, assembly)
        }
        None => Ok(()),
    }
}

fn of(workload: &Target<'_>) -> Option<LogForwarding> {
    let text = |key: &str| {
        let path = format!("logging.logForwarding.properties.{key}");
        workload.get(&path).and_then(late)
    };
    Some(match workload.text("logging.logForwarding.type")? {
        "highlight" => LogForwarding::Highlight {
            project_id: text("projectId")?,
            endpoint_url: text("endpointUrl")?,
        },
        "datadog" => LogForwarding::Datadog {
            api_key: text("apiKey")?,
            endpoint_url: text("endpointUrl")?,
        },
        _ => LogForwarding::HttpEndpoint {
            endpoint_url: text("endpointUrl")?,
            access_key: text("accessKey"),
            parameters: match workload.get("logging.logForwarding.properties.parameters") {
                Some(Data::Mapping(entries)) => {
                    let entries = entries.iter();
                    entries
                        .filter_map(|(name, value)| Some((name.clone(), late(value)?)))
                        .collect()
                }
                _ => Vec::new(),
            },
            gzip_encoding_enabled: workload.flag("logging.logForwarding.properties.gzipEncodingEnabled"),
            retry_duration: workload
                .number("logging.logForwarding.properties.retryDuration")
                .and_then(|seconds| u16::try_from(seconds).ok())
                .unwrap_or(300),
        },
    })
}
