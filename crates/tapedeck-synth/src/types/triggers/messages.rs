//! Messages: of queues, which Lambda fetches, and of topics and logs, which are handed to it.

use serde_json::{Value, json};

use super::Trigger;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::{select, split};
use crate::policy::allow;
use crate::template::Resource;
use crate::types::sqs_queue;

/// The most messages that Lambda hands over without waiting for more.
const UNGATHERED: u64 = 10;

/// Adds what fetches the messages of a queue.
pub(super) fn add_queue(
    trigger: &Trigger<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let queue = trigger.source("sqsQueueName", "sqsQueueArn", assembly)?;
    let size = trigger.settings.number("batchSize").unwrap_or(UNGATHERED);
    let mut mapping = json!({
        "BatchSize": size,
        "EventSourceArn": queue,
        "FunctionName": trigger.function_arn(),
    });
    let asked = trigger.settings.number("maxBatchWindowSeconds");
    // Larger batches have to be gathered, for a second at least.
    let window = asked.unwrap_or(0).max(u64::from(size > UNGATHERED));
    if window > 0 {
        mapping["MaximumBatchingWindowInSeconds"] = Value::from(window);
    }
    assembly.add(
        &trigger.id("SourceMapping"),
        Resource::new("AWS::Lambda::EventSourceMapping", mapping),
    );
    let actions = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    ];
    Ok(vec![allow(&actions, vec![queue])])
}

/// Adds a subscription to a topic.
pub(super) fn add_topic(
    trigger: &Trigger<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let topic = trigger.source("snsTopicName", "snsTopicArn", assembly)?;
    let mut subscription = json!({
        "Endpoint": trigger.function_arn(),
        "Protocol": "lambda",
        "TopicArn": topic,
    });
    if let Some(filter) = trigger.settings.get("filterPolicy") {
        subscription["FilterPolicy"] = assembly.data(filter)?;
    }
    if trigger.settings.get("onDeliveryFailure").is_some() {
        let (name, arn) = ("onDeliveryFailure.sqsQueueName", "onDeliveryFailure.sqsQueueArn");
        let failures = trigger.source(name, arn, assembly)?;
        subscription["RedrivePolicy"] = json!({ "deadLetterTargetArn": failures });
        if let Some(queue) = trigger.settings.text(name) {
            sqs_queue::let_deliver(queue, "sns.amazonaws.com", &topic, assembly)?;
        }
    }
    assembly.add(
        &trigger.id("Subscription"),
        Resource::new("AWS::SNS::Subscription", subscription),
    );
    trigger.let_call("sns.amazonaws.com", &topic, assembly);
    Ok(Vec::new())
}

/// Adds a subscription to a group of logs.
pub(super) fn add_log(trigger: &Trigger<'_>, assembly: &mut Assembly<'_>) -> Result<Vec<Value>, SynthError> {
    let group = trigger.source("logGroupName", "logGroupArn", assembly)?;
    // arn:aws:logs:region:account:log-group:name:*
    let name = match &group {
        Value::String(arn) => Value::from(arn.split(':').nth(6).unwrap_or(arn)),
        later => select(6, &split(":", later)),
    };
    let filter = json!({
        "DestinationArn": trigger.function_arn(),
        "FilterPattern": trigger.settings.text("filter").unwrap_or_default(),
        "LogGroupName": name,
    });
    assembly.add(
        &trigger.id("SubscriptionFilter"),
        Resource::new("AWS::Logs::SubscriptionFilter", filter).after([trigger.id("Permission")]),
    );
    let source = match group {
        Value::String(arn) if !arn.ends_with(":*") => Value::from(format!("{arn}:*")),
        other => other,
    };
    trigger.let_call("logs.amazonaws.com", &source, assembly);
    Ok(Vec::new())
}
