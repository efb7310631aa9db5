//! Where logs are sent, for region `local`: values that may not be known before they are used.

use std::collections::BTreeMap;

use tapedeck_model::{
    BatchJob, Expression, Late, LogDestination, LogForwarding, LogPolicy, Logging, SecretPart,
    SecretTemplate, SideLogs, WorkerService,
};

use crate::exit::Failure;

/// The attribute from which Highlight learns whose logs it gets.
const HIGHLIGHT_PROJECT: &str = "x-highlight-project";

/// For how long Firehose tries again where nothing is said about it.
const RETRY_SECONDS: u16 = 300;

/// What becomes of the output of a service.
///
/// # Errors
/// When where to send it is made of something that only AWS knows.
pub(crate) fn log_policy(service: &WorkerService) -> Result<LogPolicy, Failure> {
    let sides = service.side_containers.iter().map(|side| {
        let logging = &side.container.logging;
        let logs = SideLogs {
            retention_days: logging.retention_days,
            destination: destination_of(logging, &format!("{}/{}", service.name, side.name))?,
        };
        Ok((side.name.clone(), logs))
    });
    let mut sides = sides.collect::<Result<BTreeMap<_, _>, Failure>>()?;
    sides.retain(|_, logs| *logs != SideLogs::default());
    let logging = &service.container.logging;
    Ok(LogPolicy {
        retention_days: logging.retention_days,
        destination: destination_of(logging, service.name.as_str())?,
        sides,
    })
}

/// What becomes of the output of a job.
///
/// # Errors
/// When where to send it is made of something that only AWS knows.
pub(crate) fn job_log_policy(job: &BatchJob) -> Result<LogPolicy, Failure> {
    let logging = &job.container.logging;
    Ok(LogPolicy {
        retention_days: logging.retention_days,
        destination: destination_of(logging, job.name.as_str())?,
        sides: BTreeMap::new(),
    })
}

/// Who gets the output of a container, if somebody does. Output that is thrown away goes nowhere else either.
fn destination_of(logging: &Logging, owner: &str) -> Result<Option<LogDestination>, Failure> {
    let forwarding = logging.forwarding.as_ref().filter(|_| !logging.disabled);
    forwarding
        .map(|forwarding| destination(owner, forwarding))
        .transpose()
}

/// All kinds speak as Firehose does: Highlight learns the project from an attribute, Datadog knows the key, and is sent
/// compressed bodies, as AWS does it for both.
fn destination(owner: &str, forwarding: &LogForwarding) -> Result<LogDestination, Failure> {
    let filled = |key: &str, value: &Late<String>| match value {
        Late::Known(text) => Ok(SecretTemplate::new(vec![SecretPart::Text(text.clone())])),
        Late::Later(expression) => template_of(expression, || {
            format!("`{key}` of `logForwarding` of service {owner}")
        }),
    };
    Ok(match forwarding {
        LogForwarding::HttpEndpoint {
            endpoint_url,
            access_key,
            parameters,
            gzip_encoding_enabled,
            retry_duration,
        } => LogDestination {
            endpoint_url: filled("endpointUrl", endpoint_url)?,
            access_key: access_key
                .as_ref()
                .map(|key| filled("accessKey", key))
                .transpose()?,
            attributes: parameters
                .iter()
                .map(|(name, value)| Ok((name.clone(), filled("parameters", value)?)))
                .collect::<Result<_, Failure>>()?,
            gzip: *gzip_encoding_enabled,
            retry_seconds: *retry_duration,
        },
        LogForwarding::Highlight {
            project_id,
            endpoint_url,
        } => LogDestination {
            endpoint_url: filled("endpointUrl", endpoint_url)?,
            access_key: None,
            attributes: BTreeMap::from([(HIGHLIGHT_PROJECT.to_owned(), filled("projectId", project_id)?)]),
            gzip: false,
            retry_seconds: RETRY_SECONDS,
        },
        LogForwarding::Datadog {
            api_key,
            endpoint_url,
        } => LogDestination {
            endpoint_url: filled("endpointUrl", endpoint_url)?,
            access_key: Some(filled("apiKey", api_key)?),
            attributes: BTreeMap::new(),
            gzip: true,
            retry_seconds: RETRY_SECONDS,
        },
    })
}

fn template_of(expression: &Expression, what: impl FnOnce() -> String) -> Result<SecretTemplate, Failure> {
    let mut parts = Vec::new();
    match collect(expression, &mut parts) {
        Ok(()) => Ok(SecretTemplate::new(parts)),
        Err(directive) => Err(Failure::usage(format!(
            "{} takes its value from `${directive}`, which tells nothing on this machine yet",
            what()
        ))
        .help("leave it out, or write the value itself; nothing was changed")),
    }
}

/// The parts of an expression, or the directive in it that cannot be evaluated here.
fn collect(expression: &Expression, parts: &mut Vec<SecretPart>) -> Result<(), &'static str> {
    match expression {
        Expression::Secret(reference) => parts.push(SecretPart::Secret(reference.clone())),
        Expression::CfFormat { template, arguments } => {
            for (index, piece) in template.split("{}").enumerate() {
                match index.checked_sub(1).and_then(|before| arguments.get(before)) {
                    Some(Late::Known(text)) => parts.push(SecretPart::Text(text.clone())),
                    Some(Late::Later(inner)) => collect(inner, parts)?,
                    None => {}
                }
                parts.push(SecretPart::Text(piece.to_string()));
            }
        }
        other => return Err(other.directive()),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
