//! From what AWS Batch is asked to what is meant. Source of names, forms and limits: API reference of AWS Batch. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tapedeck_model::JobStatus;

/// The longest name of a job.
const LONGEST_NAME: usize = 128;

/// The shortest timeout, in seconds.
const SHORTEST_TIMEOUT: u64 = 60;

/// The most attempts.
const MOST_ATTEMPTS: u64 = 10;

/// What of a submission is not done here, and would change what is run.
const NOT_TAKEN: [&str; 7] = [
    "arrayProperties",
    "consumableResourcePropertiesOverride",
    "dependsOn",
    "ecsPropertiesOverride",
    "eksPropertiesOverride",
    "nodeOverrides",
    "parameters",
];

/// What of its container cannot differ from the definition.
const NOT_OVERRIDDEN: [&str; 4] = ["instanceType", "memory", "resourceRequirements", "vcpus"];

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobCall {
    /// A job is to run.
    Submit(Submission),
    /// How jobs are.
    Describe {
        /// Their ids.
        jobs: Vec<String>,
    },
    /// Which jobs of a queue there are.
    List {
        /// Its name or ARN.
        queue: String,
        /// How far they are.
        status: JobStatus,
    },
    /// A job is to end.
    End {
        /// Its id.
        job: String,
        /// Why.
        reason: String,
        /// Whether only one that does not run yet is meant.
        only_waiting: bool,
    },
}

/// Why a request asks for nothing that is done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoCall {
    /// There is no such action here.
    #[error("{0} is not answered on this machine")]
    Unanswered(String),
    /// The action is known, and what is asked of it is wrong.
    #[error("{0}")]
    Malformed(String),
}

impl From<String> for NoCall {
    fn from(why: String) -> Self {
        Self::Malformed(why)
    }
}

/// A job to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Submission {
    pub(crate) name: String,
    /// The name or ARN of the definition.
    pub(crate) definition: String,
    /// The name or ARN of the queue.
    pub(crate) queue: String,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) command: Vec<String>,
    pub(crate) attempts: u32,
    pub(crate) timeout_seconds: Option<u32>,
}

impl JobCall {
    /// What a request with this action and body asks for; else what is wrong with it.
    pub(crate) fn parse(action: &str, body: &[u8]) -> Result<Self, NoCall> {
        let body: Value = match body.is_empty() {
            true => Value::Object(Map::new()),
            false => {
                serde_json::from_slice(body).map_err(|error| format!("the request is no JSON: {error}"))?
            }
        };
        let text = |key: &str| text_of(&body, key);
        Ok(match action {
            "submitjob" => Self::Submit(Submission::parse(&body)?),
            "describejobs" => Self::Describe {
                jobs: texts(&body["jobs"]).ok_or_else(|| "jobs must be a list of ids".to_owned())?,
            },
            "listjobs" => {
                if body.get("filters").is_some_and(|filters| !is_nothing(filters)) {
                    return Err("filters are not taken on this machine".to_owned().into());
                }
                Self::List {
                    queue: text("jobQueue")?,
                    status: status_of(body["jobStatus"].as_str().unwrap_or("RUNNING"))?,
                }
            }
            "terminatejob" | "canceljob" => Self::End {
                job: text("jobId")?,
                reason: text("reason")?,
                only_waiting: action == "canceljob",
            },
            other => return Err(NoCall::Unanswered(other.to_owned())),
        })
    }
}

impl Submission {
    /// The submission in the body of a request; else what is wrong with it.
    pub(super) fn parse(body: &Value) -> Result<Self, String> {
        let text = |key: &str| text_of(body, key);
        let name = text("jobName")?;
        let is_right = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_name =
            name.bytes().all(is_right) && name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !is_name || name.len() > LONGEST_NAME {
            return Err(format!(
                "jobName must have at most {LONGEST_NAME} letters, digits, hyphens and underscores, and begin with a letter or digit"
            ));
        }
        let overrides = &body["containerOverrides"];
        let given = |keys: &[&'static str], value: &Value| {
            let mut given = keys.iter().copied();
            given.find(|key| value.get(key).is_some_and(|value| !is_nothing(value)))
        };
        if let Some(key) = given(&NOT_TAKEN, body).or_else(|| given(&NOT_OVERRIDDEN, overrides)) {
            return Err(format!("{key} is not taken on this machine"));
        }
        let retries = &body["retryStrategy"];
        if retries
            .get("evaluateOnExit")
            .is_some_and(|value| !is_nothing(value))
        {
            return Err("evaluateOnExit is not taken on this machine".to_owned());
        }
        Ok(Self {
            name,
            definition: text("jobDefinition")?,
            queue: text("jobQueue")?,
            environment: environment(&overrides["environment"])?,
            command: match &overrides["command"] {
                Value::Null => Vec::new(),
                command => texts(command).ok_or("command must be a list of texts")?,
            },
            attempts: number(&retries["attempts"], "attempts", 1..=MOST_ATTEMPTS)?.unwrap_or(1),
            timeout_seconds: number(
                &body["timeout"]["attemptDurationSeconds"],
                "attemptDurationSeconds",
                SHORTEST_TIMEOUT..=u64::from(u32::MAX),
            )?,
        })
    }
}

fn text_of(body: &Value, key: &str) -> Result<String, String> {
    match body[key].as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("{key} must be given")),
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array()?.iter();
    items.map(|item| item.as_str().map(str::to_owned)).collect()
}

fn number(value: &Value, key: &str, range: std::ops::RangeInclusive<u64>) -> Result<Option<u32>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_u64().filter(|number| range.contains(number));
    match number.and_then(|number| u32::try_from(number).ok()) {
        Some(number) => Ok(Some(number)),
        None => Err(format!("{key} must be from {} to {}", range.start(), range.end())),
    }
}

fn environment(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let mut environment = BTreeMap::new();
    for variable in value.as_array().into_iter().flatten() {
        let name = text_of(variable, "name")?;
        // Batch keeps names of this beginning for itself.
        if name.starts_with("AWS_BATCH") {
            return Err(format!("{name} is set by AWS Batch"));
        }
        if name.contains(['=', '\0']) {
            return Err("the name of a variable has no `=`".to_owned());
        }
        let value = variable["value"].as_str().unwrap_or_default().to_owned();
        environment.insert(name, value);
    }
    Ok(environment)
}

fn status_of(text: &str) -> Result<JobStatus, String> {
    Ok(match text {
        // One that is known waits for room at once.
        "SUBMITTED" | "PENDING" | "RUNNABLE" => JobStatus::Runnable,
        "STARTING" => JobStatus::Starting,
        "RUNNING" => JobStatus::Running,
        "SUCCEEDED" => JobStatus::Succeeded,
        "FAILED" => JobStatus::Failed,
        other => return Err(format!("{other} is no status of a job")),
    })
}

/// Whether a value says nothing: absent, or empty.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}
