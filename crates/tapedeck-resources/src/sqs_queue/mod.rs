//! `sqs-queue`: messages that wait until somebody takes them.

mod alarm;
mod keys;

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Connectable, Parameter, ResourceType, Support, UNSUPPORTED};
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Spanned};

use crate::shared::{alarms, event_bus_rule, relations};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "sqs-queue",
    doc: "Messages that wait until somebody takes them, in SQS.",
    properties: Some(&keys::QUEUE),
    support: Support::Full,
    parameters: &[
        Parameter::text("arn", "ARN of the queue"),
        Parameter::text("url", "URL of the queue"),
        Parameter::text("name", "name of the queue"),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    ..UNSUPPORTED
};

/// The rules that relate several keys, or other queues.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let is_fifo = one.properties.flag("fifoEnabled");
    if !is_fifo {
        let of_fifo = ["fifoHighThroughput", "contentBasedDeduplication"];
        relations::only_with(one.properties, &of_fifo, "`fifoEnabled: true`", scope);
    }
    redrive(one, is_fifo, scope);
    policies(one.properties, scope);
    events(one.properties, is_fifo, scope);
    triggers(one.properties, scope);
    alarms::check(one.properties, scope);
}

/// Source: developer guide of SQS, dead-letter queues.
fn redrive(one: &Declared<'_>, is_fifo: bool, scope: &mut Scope<'_>) {
    let Some(policy) = one.properties.mapping("redrivePolicy") else {
        return;
    };
    if let Some(entry) = one.properties.entry("redrivePolicy") {
        let place = (entry.key.span, "`redrivePolicy`");
        relations::exactly_one(policy, place, &["targetSqsQueueName", "targetSqsQueueArn"], scope);
    }
    let Some(name) = policy.spanned_text("targetSqsQueueName") else {
        return;
    };
    let target = scope
        .resource(&name.value)
        .filter(|target| target.kind.name == TYPE.name);
    let Some(target_is_fifo) = target.map(|target| target.properties.flag("fifoEnabled")) else {
        return;
    };
    let (problem, advice) = match (name.value == one.name.value, is_fifo, target_is_fifo) {
        (true, ..) => ("is the queue itself", "name another queue"),
        (_, true, false) => (
            "is no FIFO queue, and this one is",
            "add `fifoEnabled: true` to it",
        ),
        (_, false, true) => (
            "is a FIFO queue, and this one is none",
            "name a queue without `fifoEnabled`",
        ),
        _ => return,
    };
    scope.diagnostics.wrong_resource_type(&name, problem, advice);
}

fn policies(properties: &Mapping, scope: &mut Scope<'_>) {
    let statements = properties.list("policyStatements").iter();
    for statement in statements.filter_map(|item| item.value.as_mapping()) {
        for action in statement.spanned_items("Action") {
            let Some(text) = action.value.as_text().filter(|text| !text.is_empty()) else {
                continue;
            };
            let is_of_sqs = text
                .split(':')
                .next()
                .is_some_and(|service| service.eq_ignore_ascii_case("sqs"));
            if text != "*" && !(is_of_sqs && text.contains(':')) {
                let value = Spanned::new(text.to_string(), action.span);
                let advice = "use an action of SQS, such as 'sqs:SendMessage'";
                let subject = "an action of the policy of a queue";
                scope
                    .diagnostics
                    .invalid_value(&value, subject, Allowed::Advice(advice));
            }
        }
    }
}

fn events(properties: &Mapping, is_fifo: bool, scope: &mut Scope<'_>) {
    for item in properties.list("events") {
        let Some(event) = item.value.as_mapping() else {
            continue;
        };
        let (Some("event-bus"), Some(entry), Some(settings)) = (
            event.text("type"),
            event.entry("properties"),
            event.mapping("properties"),
        ) else {
            continue;
        };
        event_bus_rule::check(settings, entry.key.span, scope);
        if !is_fifo {
            relations::only_with(
                settings,
                &["messageGroupId"],
                "`fifoEnabled: true` of the queue",
                scope,
            );
        } else if !settings.has("messageGroupId") {
            let meaning = "group of the messages, such as `messageGroupId: orders`";
            let parent = "an event of a FIFO queue";
            scope
                .diagnostics
                .missing_key(entry.key.span, parent, "messageGroupId", meaning);
        }
    }
}

/// A number of messages needs a threshold.
fn triggers(properties: &Mapping, scope: &mut Scope<'_>) {
    let alarms = properties.list("alarms").iter();
    for trigger in alarms.filter_map(|item| item.value.as_mapping()?.mapping("trigger")) {
        let Some(kind) = trigger.get("type") else { continue };
        if kind.value.as_text() == Some("sqs-queue-received-messages-count") && !trigger.has("properties") {
            let meaning = "when it is wrong, at least `thresholdCount`";
            scope
                .diagnostics
                .missing_key(kind.span, alarm::TRIGGER.name, "properties", meaning);
        }
    }
}
