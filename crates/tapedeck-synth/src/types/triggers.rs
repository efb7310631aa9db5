//! `events` of functions and jobs: what calls a function of Lambda, and what its role needs for that.

mod messages;
mod objects;
mod rules;
mod streams;

use serde_json::{Value, json};

use super::Target;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::attribute;
use crate::template::Resource;

pub(crate) use objects::notify;

/// One event of a function or job.
struct Trigger<'a> {
    /// Whose event it is.
    owner: &'a Target<'a>,
    /// Its place in the list.
    index: usize,
    /// Its properties.
    settings: Target<'a>,
    /// The logical id of the function that is called.
    function: &'a str,
}

/// Types of events whose sources have no template yet, and what to do instead.
const WITHOUT_SOURCE: [(&str, &str); 2] = [
    (
        "http-api-gateway",
        "`events` of type `http-api-gateway`; give a function a `url`, or put routes and an integration into `cloudformationResources`",
    ),
    (
        "application-load-balancer",
        "`events` of type `application-load-balancer`; give a function a `url`, or put a target group into `cloudformationResources`",
    ),
];

/// The events of a function or job, each with its type.
fn triggers<'a>(owner: &'a Target<'a>, function: &'a str) -> impl Iterator<Item = (&'a str, Trigger<'a>)> {
    let events = owner.items("events").iter().enumerate();
    events.filter_map(move |(index, event)| {
        let settings = Target {
            name: owner.name,
            kind: owner.kind,
            properties: event.get("properties")?,
        };
        let trigger = Trigger {
            owner,
            index,
            settings,
            function,
        };
        Some((event.get("type")?.as_text()?, trigger))
    })
}

/// Adds what calls the function. Tells what its role must allow.
pub(super) fn add(
    owner: &Target<'_>,
    function: &str,
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let mut statements = Vec::new();
    for (kind, trigger) in triggers(owner, function) {
        statements.extend(match kind {
            "schedule" | "event-bus" => rules::add(&trigger, assembly)?,
            "cloudwatch-alarm" => rules::add_alarm(&trigger, assembly)?,
            "cloudwatch-log" => messages::add_log(&trigger, assembly)?,
            "sqs" => messages::add_queue(&trigger, assembly)?,
            "sns" => messages::add_topic(&trigger, assembly)?,
            "kinesis-stream" => streams::add_kinesis(&trigger, assembly)?,
            "dynamo-db-stream" => streams::add_table(&trigger, assembly)?,
            "kafka-topic" => streams::add_kafka(&trigger, assembly)?,
            "s3" => objects::check(&trigger)?,
            other => {
                let found = WITHOUT_SOURCE.iter().find(|(known, _)| *known == other);
                return Err(owner.unsupported(found.map_or("`events` of this type", |(_, what)| what)));
            }
        });
    }
    Ok(statements)
}

impl Trigger<'_> {
    /// The logical id of a part of it.
    fn id(&self, part: &str) -> String {
        self.owner.id(&format!("Event{}{part}", self.index))
    }

    /// The ARN of the function.
    fn function_arn(&self) -> Value {
        attribute(self.function, "Arn")
    }

    /// Lets a source call the function, on behalf of a service of AWS.
    fn let_call(&self, service: &str, source: &Value, assembly: &mut Assembly<'_>) {
        let permission = json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": self.function_arn(),
            "Principal": service,
            "SourceArn": source,
        });
        assembly.add(
            &self.id("Permission"),
            Resource::new("AWS::Lambda::Permission", permission),
        );
    }

    /// The ARN of a source: of a resource of this stack by its name, or as it is written.
    fn source(&self, name: &str, arn: &str, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
        if let Some(name) = self.settings.text(name) {
            return super::parameter(name, "arn", assembly);
        }
        match self.settings.get(arn) {
            Some(arn) => assembly.data(arn),
            None => Ok(Value::Null),
        }
    }
}
