//! `events` of type `event-bus`: a rule of EventBridge that delivers to something.

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::Target;
use super::target::get;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::substitute;
use crate::template::Resource;

/// A rule, and the queue for what it could not deliver.
pub(super) struct Rule {
    /// Its logical id.
    pub(super) id: String,
    /// The name of the queue of this stack that gets what could not be delivered.
    pub(super) failures: Option<String>,
}

/// Adds the rule of an event, which delivers to the target with this ARN and further settings.
pub(super) fn add_rule(
    owner: &Target<'_>,
    (index, event): (usize, &Data),
    (arn, settings): (Value, Value),
    assembly: &mut Assembly<'_>,
) -> Result<Rule, SynthError> {
    let mut target = settings;
    target["Arn"] = arn;
    target["Id"] = Value::from(format!("{}-{index}", owner.name));
    add_input(event, &mut target, assembly)?;
    let failures = get(event, "onDeliveryFailure.sqsQueueName").and_then(Data::as_text);
    if let Some(name) = failures {
        target["DeadLetterConfig"] = json!({ "Arn": super::parameter(name, "arn", assembly)? });
    } else if let Some(arn) = get(event, "onDeliveryFailure.sqsQueueArn") {
        target["DeadLetterConfig"] = json!({ "Arn": assembly.data(arn)? });
    }
    let pattern = match get(event, "eventPattern") {
        Some(pattern) => assembly.data(pattern)?,
        None => Value::Null,
    };
    let mut properties = json!({ "EventPattern": pattern, "Targets": [target] });
    if let Some(name) = get(event, "eventBusName").and_then(Data::as_text) {
        properties["EventBusName"] = super::parameter(name, "arn", assembly)?;
    } else if let Some(arn) = get(event, "eventBusArn") {
        properties["EventBusName"] = assembly.data(arn)?;
    }
    let id = owner.id(&format!("Event{index}Rule"));
    assembly.add(&id, Resource::new("AWS::Events::Rule", properties));
    Ok(Rule {
        id,
        failures: failures.map(str::to_string),
    })
}

/// What is delivered instead of the event.
fn add_input(event: &Data, target: &mut Value, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    if let Some(input) = get(event, "input") {
        target["Input"] = text(assembly.data(input)?);
    }
    if let Some(path) = get(event, "inputPath").and_then(Data::as_text) {
        target["InputPath"] = Value::from(path);
    }
    if let Some(template) = get(event, "inputTransformer.inputTemplate") {
        target["InputTransformer"] = json!({ "InputTemplate": text(assembly.data(template)?) });
        if let Some(paths) = get(event, "inputTransformer.inputPathsMap") {
            target["InputTransformer"]["InputPathsMap"] = assembly.data(paths)?;
        }
    }
    Ok(())
}

/// A value as the text that EventBridge takes: JSON, but for a text that is it already. What only AWS knows is put in later.
fn text(mut value: Value) -> Value {
    if let Value::String(text) = &value
        && serde_json::from_str::<Value>(text).is_ok()
    {
        return value;
    }
    let plain = value.to_string();
    let mut later = Vec::new();
    take_later(&mut value, &mut later);
    match later.is_empty() {
        true => Value::from(plain),
        false => substitute(&value.to_string(), later),
    }
}

/// Takes calls of functions out of a value, each for a variable.
fn take_later(value: &mut Value, later: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| take_later(item, later)),
        Value::Object(object) => {
            let is_call = |key: &String| key == "Ref" || key.starts_with("Fn::");
            if object.len() == 1 && object.keys().all(is_call) {
                let name = format!("part{}", later.len());
                let placeholder = Value::from(format!("${{{name}}}"));
                later.push((name, std::mem::replace(value, placeholder)));
                return;
            }
            object.values_mut().for_each(|inner| take_later(inner, later));
        }
        // Of a text with variables, `${` begins one.
        Value::String(text) if text.contains("${") => *text = text.replace("${", "${!"),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
