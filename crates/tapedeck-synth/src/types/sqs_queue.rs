//! `sqs-queue`: a queue, and a policy where it has statements.

use serde_json::{Value, json};

use super::alarms::{self, Measure, Metrics};
use super::events;
use super::target::get;
use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::attribute;
use crate::policy::{allow, document};
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "sqs-queue",
    build,
    parameters,
    grants,
    in_vpc: false,
};

/// The settings: key, property and what AWS has anyway.
const SETTINGS: [(&str, &str, u64); 5] = [
    ("delayMessagesSecond", "DelaySeconds", 0),
    ("maxMessageSizeBytes", "MaximumMessageSize", 262_144),
    ("messageRetentionPeriodSeconds", "MessageRetentionPeriod", 345_600),
    ("longPollingSeconds", "ReceiveMessageWaitTimeSeconds", 0),
    ("visibilityTimeoutSeconds", "VisibilityTimeout", 30),
];

fn build(queue: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let is_fifo = queue.flag("fifoEnabled");
    let ending = if is_fifo { ".fifo" } else { "" };
    let mut properties = json!({
        "QueueName": assembly.names.physical(&format!("{}{ending}", queue.name), 80),
        "Tags": assembly.tags(),
    });
    for (key, property, default) in SETTINGS {
        if let Some(value) = queue.number(key).filter(|value| *value != default) {
            properties[property] = Value::from(value);
        }
    }
    if is_fifo {
        let is_fast = queue.flag("fifoHighThroughput");
        properties["FifoQueue"] = Value::from(true);
        properties["DeduplicationScope"] = Value::from(if is_fast { "messageGroup" } else { "queue" });
        properties["FifoThroughputLimit"] =
            Value::from(if is_fast { "perMessageGroupId" } else { "perQueue" });
        if queue.flag("contentBasedDeduplication") {
            properties["ContentBasedDeduplication"] = Value::from(true);
        }
    }
    if let Some(most) = queue.number("redrivePolicy.maxReceiveCount") {
        let arn = match queue.text("redrivePolicy.targetSqsQueueName") {
            Some(name) => super::parameter(name, "arn", assembly)?,
            None => match queue.get("redrivePolicy.targetSqsQueueArn") {
                Some(arn) => assembly.data(arn)?,
                None => Value::Null,
            },
        };
        properties["RedrivePolicy"] = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": most });
    }
    assembly.add(&queue.id("Queue"), Resource::new("AWS::SQS::Queue", properties));
    add_policy(queue, assembly)?;
    let metrics = Metrics {
        namespace: "AWS/SQS",
        dimensions: json!([{ "Name": "QueueName", "Value": queue.attribute("Queue", "QueueName") }]),
        measure,
    };
    alarms::add(queue, &metrics, assembly)
}

/// What an alarm of a queue watches.
fn measure(trigger: &str) -> Option<Measure> {
    match trigger {
        "sqs-queue-received-messages-count" => Some(Measure::Metric {
            name: "NumberOfMessagesReceived",
            threshold: "thresholdCount",
            factor: 1.0,
        }),
        "sqs-queue-not-empty" => Some(Measure::AnyOf(&[
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ])),
        _ => None,
    }
}

/// Adds the rules of its events, and the policy, if it says anything.
fn add_policy(queue: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let arn = queue.attribute("Queue", "Arn");
    let mut statements = Vec::new();
    for item in queue.items("policyStatements") {
        let mut statement = assembly.data(item)?;
        statement["Resource"] = arn.clone();
        statements.push(statement);
    }
    for (index, event) in queue.items("events").iter().enumerate() {
        let Some(event) = get(event, "properties") else {
            continue;
        };
        let settings = match get(event, "messageGroupId") {
            Some(group) => json!({ "SqsParameters": { "MessageGroupId": assembly.data(group)? } }),
            None => json!({}),
        };
        let rule = events::add_rule(queue, (index, event), (arn.clone(), settings), assembly)?;
        statements.push(delivery(&rule.id, &arn));
        if let Some(name) = rule.failures {
            add_failure_policy(queue, index, (&rule.id, &name), assembly)?;
        }
    }
    if !statements.is_empty() {
        let policy = json!({ "Queues": [queue.reference("Queue")], "PolicyDocument": document(statements) });
        assembly.add(
            &queue.id("QueuePolicy"),
            Resource::new("AWS::SQS::QueuePolicy", policy),
        );
    }
    Ok(())
}

/// Lets a rule put messages into a queue.
fn delivery(rule: &str, queue: &Value) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": ["sqs:SendMessage"],
        "Resource": queue,
        "Condition": { "ArnEquals": { "aws:SourceArn": attribute(rule, "Arn") } },
    })
}

/// Lets a rule put what it could not deliver into another queue.
fn add_failure_policy(
    queue: &Target<'_>,
    index: usize,
    (rule, other): (&str, &str),
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let arn = super::parameter(other, "arn", assembly)?;
    let url = super::parameter(other, "url", assembly)?;
    let policy = json!({ "Queues": [url], "PolicyDocument": document(vec![delivery(rule, &arn)]) });
    assembly.add(
        &queue.id(&format!("Event{index}QueuePolicy")),
        Resource::new("AWS::SQS::QueuePolicy", policy),
    );
    Ok(())
}

fn parameters(queue: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    Ok(vec![
        ("arn".to_string(), queue.attribute("Queue", "Arn")),
        ("url".to_string(), queue.reference("Queue")),
        ("name".to_string(), queue.attribute("Queue", "QueueName")),
    ])
}

fn grants(queue: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    let actions = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ListQueueTags",
        "sqs:PurgeQueue",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ];
    vec![allow(&actions, vec![queue.attribute("Queue", "Arn")])]
}
