//! What EventBridge tells: the clock, events of a bus, alarms that go off.

use serde_json::{Value, json};

use super::Trigger;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::attribute;
use crate::template::Resource;
use crate::types::{events, sqs_queue};

const SERVICE: &str = "events.amazonaws.com";

/// Adds a rule for the clock, or for events of a bus.
pub(super) fn add(trigger: &Trigger<'_>, assembly: &mut Assembly<'_>) -> Result<Vec<Value>, SynthError> {
    let target = (trigger.function_arn(), json!({}));
    let event = (trigger.index, trigger.settings.properties);
    let rule = events::add_rule(trigger.owner, event, target, assembly)?;
    let source = attribute(&rule.id, "Arn");
    if let Some(queue) = rule.failures {
        sqs_queue::let_deliver(&queue, SERVICE, &source, assembly)?;
    }
    trigger.let_call(SERVICE, &source, assembly);
    Ok(Vec::new())
}

/// Adds a rule for an alarm that goes off.
pub(super) fn add_alarm(
    trigger: &Trigger<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let name = trigger.settings.text("alarmName").unwrap_or_default();
    let rule = json!({
        "EventPattern": {
            "source": ["aws.cloudwatch"],
            "detail-type": ["CloudWatch Alarm State Change"],
            "detail": { "alarmName": [name], "state": { "value": ["ALARM"] } },
        },
        "Targets": [{
            "Arn": trigger.function_arn(),
            "Id": format!("{}-{}", trigger.owner.name, trigger.index),
        }],
    });
    assembly.add(&trigger.id("Rule"), Resource::new("AWS::Events::Rule", rule));
    trigger.let_call(SERVICE, &attribute(&trigger.id("Rule"), "Arn"), assembly);
    Ok(Vec::new())
}
