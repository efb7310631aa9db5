//! Rules that relate several keys of an event.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_diagnostic::Span;

use crate::shared::{balancing, event_bus_rule, relations};

/// Judges `events` of a function or job.
pub(crate) fn check(properties: &Mapping, scope: &mut Scope<'_>) {
    let events = properties.list("events").iter();
    for event in events.filter_map(|item| item.value.as_mapping()) {
        let (Some(kind), Some(entry)) = (event.text("type"), event.entry("properties")) else {
            continue;
        };
        if let Some(properties) = entry.value.value.as_mapping() {
            one(kind, entry.key.span, properties, scope);
        }
    }
}

fn one(kind: &str, at: Span, properties: &Mapping, scope: &mut Scope<'_>) {
    let parent = format!("an event of type `{kind}`");
    let place = (at, parent.as_str());
    match kind {
        "sqs" => relations::exactly_one(properties, place, &["sqsQueueName", "sqsQueueArn"], scope),
        "sns" => relations::exactly_one(properties, place, &["snsTopicName", "snsTopicArn"], scope),
        "kinesis-stream" => {
            relations::exactly_one(properties, place, &["kinesisStreamName", "streamArn"], scope);
            relations::at_most_one(properties, place, &["consumerArn", "autoCreateConsumer"], scope);
        }
        "event-bus" => event_bus_rule::check(properties, at, scope),
        "application-load-balancer" => balancing::listener(properties, scope),
        _ => {}
    }
    if kind == "schedule" {
        let keys = ["input", "inputPath", "inputTransformer"];
        relations::at_most_one(properties, place, &keys, scope);
    }
    if kind == "sns"
        && let Some(entry) = properties.entry("onDeliveryFailure")
        && let Some(failure) = entry.value.value.as_mapping()
    {
        let place = (entry.key.span, "`onDeliveryFailure`");
        relations::exactly_one(failure, place, &["sqsQueueName", "sqsQueueArn"], scope);
    }
}
