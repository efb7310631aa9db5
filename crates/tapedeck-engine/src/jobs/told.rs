//! Jobs in the words of AWS Batch. Source of names and forms: API reference of AWS Batch, `JobDetail`. Pure.

use serde_json::{Map, Value, json};
use tapedeck_model::{ContainerSpec, Job, JobAttempt, JobId, JobStatus, Task, TaskId};

use crate::endpoint::task_arn;
use crate::fleet::{Service, ServiceKey};

/// The ARN of a job, beside that of its queue.
pub(super) fn job_arn(queue_arn: &str, job: &JobId) -> String {
    let place = queue_arn.rsplit_once(':').map_or("", |(place, _)| place);
    format!("{place}:job/{job}")
}

/// A job with its attempts.
pub(super) fn detail(key: &ServiceKey, service: &Service, job: &Job) -> Value {
    let present = service.tasks.values().find(|task| job.is_tried_by(task));
    let status = job.status(present);
    let attempts: Vec<Value> = job
        .attempts
        .iter()
        .map(|attempt| attempt_of(key, attempt))
        .collect();
    let mut told = summary(job, status, present);
    told.insert("attempts".to_owned(), attempts.into());
    told.insert(
        "container".to_owned(),
        container(key, service.container(), job, present),
    );
    told.insert("dependsOn".to_owned(), json!([]));
    told.insert("jobQueue".to_owned(), job.queue_arn.as_str().into());
    told.insert("parameters".to_owned(), json!({}));
    told.insert("platformCapabilities".to_owned(), json!(["EC2"]));
    told.insert(
        "retryStrategy".to_owned(),
        json!({ "attempts": job.most_attempts }),
    );
    told.insert("tags".to_owned(), json!({}));
    if let Some(seconds) = job.timeout_seconds {
        told.insert("timeout".to_owned(), json!({ "attemptDurationSeconds": seconds }));
    }
    Value::Object(told)
}

/// A job in a list.
pub(super) fn summary(job: &Job, status: JobStatus, present: Option<&Task>) -> Map<String, Value> {
    let last = job.attempts.last();
    let started = match present {
        Some(task) => task.state.started(),
        None => last.and_then(|attempt| attempt.started),
    };
    let reason = match &job.end {
        Some(end) => Some(end.reason.as_str()),
        None => last.map(|attempt| attempt.reason.as_str()),
    };
    let told = json!({
        "createdAt": job.created.millis(),
        "jobArn": job_arn(&job.queue_arn, &job.id),
        "jobDefinition": job.definition_arn,
        "jobId": job.id,
        "jobName": job.name,
        "startedAt": started.map(tapedeck_model::Timestamp::millis),
        "status": status,
        "statusReason": reason,
        "stoppedAt": job.end.as_ref().map(|end| end.stopped.millis()),
    });
    let Value::Object(mut told) = told else {
        return Map::new();
    };
    told.retain(|_, value| !value.is_null());
    told
}

fn attempt_of(key: &ServiceKey, attempt: &JobAttempt) -> Value {
    let mut told = json!({
        "container": run(key, &attempt.task, attempt.exit_code),
        "statusReason": attempt.reason,
        "stoppedAt": attempt.stopped.millis(),
    });
    if let Some(started) = attempt.started {
        told["startedAt"] = started.millis().into();
    }
    told
}

/// What is told of a task.
fn run(key: &ServiceKey, task: &TaskId, exit_code: Option<i32>) -> Value {
    let mut told = json!({
        "logStreamName": format!("batch/{}/{task}", key.name),
        "networkInterfaces": [],
        "taskArn": task_arn(&key.stack, task),
    });
    if let Some(code) = exit_code {
        told["exitCode"] = code.into();
    }
    told
}

/// The last attempt, or the present one, and what it runs. Variables of the definition are nobody's business.
fn container(key: &ServiceKey, container: &ContainerSpec, job: &Job, present: Option<&Task>) -> Value {
    let last = job.attempts.last();
    let mut told = match (present, last) {
        (Some(task), _) => run(key, &task.id, None),
        (None, Some(attempt)) => run(key, &attempt.task, attempt.exit_code),
        (None, None) => json!({}),
    };
    let variables = job.environment.iter();
    let variables = variables.map(|(name, value)| json!({ "name": name, "value": value }));
    told["command"] = json!(job.command);
    told["environment"] = variables.collect();
    told["image"] = container.image.as_str().into();
    told["memory"] = container.memory.mebibytes().into();
    told["vcpus"] = (container.cpu.millis() / 1000).into();
    if let Some(role) = &container.role {
        told["jobRoleArn"] = role.arn.as_str().into();
    }
    told
}

/// The same as Step Functions tells it: names begin with capitals, but for those that are no names.
pub(super) fn capitalized(value: Value) -> Value {
    renamed(value, |first| first.to_ascii_uppercase())
}

/// The other way round.
pub(super) fn uncapitalized(value: Value) -> Value {
    renamed(value, |first| first.to_ascii_lowercase())
}

fn renamed(value: Value, first: fn(char) -> char) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| renamed(item, first)).collect(),
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let mut letters = key.chars();
                let key = letters
                    .next()
                    .map(|letter| format!("{}{}", first(letter), letters.as_str()));
                (key.unwrap_or_default(), renamed(value, first))
            });
            Value::Object(entries.collect())
        }
        other => other,
    }
}
