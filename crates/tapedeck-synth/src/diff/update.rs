//! What CloudFormation does to a resource when a property of it changes.

use serde::Serialize;
use serde_json::Value;
use tapedeck_resources::catalogue::updates;

use super::walk::Step;

/// What an update does to a resource, the mildest first. The words are those of CloudFormation's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Update {
    /// It changes while it works, and keeps its id.
    NoInterruption,
    /// It changes and keeps its id, but may not work meanwhile.
    SomeInterruptions,
    /// Another one may take its place, depending on what else there is, or nobody has told.
    MayBeReplaced,
    /// Another one is made and takes its place; this one is deleted.
    Replacement,
}

/// What a change below a property does to a resource of a type.
pub(super) fn of(resource: &Value, path: &[Step], values: [Option<&Value>; 2]) -> Update {
    let kind = resource["Type"].as_str().unwrap_or_default();
    let Some(updates) = updates::of(kind) else {
        return Update::MayBeReplaced;
    };
    let touches = |patterns: &[&str]| patterns.iter().any(|pattern| touches(pattern, path, values));
    if touches(&updates.replaced_by) {
        Update::Replacement
    } else if touches(&updates.perhaps_replaced_by) {
        perhaps(resource, path)
    } else if touches(&updates.interrupted_by) {
        Update::SomeInterruptions
    } else {
        Update::NoInterruption
    }
}

/// Where another resource is made in some cases: of a group of instances, only when its update policy says so.
fn perhaps(resource: &Value, path: &[Step]) -> Update {
    if resource["Type"] != "AWS::AutoScaling::AutoScalingGroup" {
        return Update::MayBeReplaced;
    }
    let policy = &resource["UpdatePolicy"]["AutoScalingReplacingUpdate"]["WillReplace"];
    match path.first() {
        _ if *policy == Value::Bool(true) || policy == "true" => Update::Replacement,
        Some(Step::Key(key)) if key == "VPCZoneIdentifier" => Update::SomeInterruptions,
        _ => Update::NoInterruption,
    }
}

/// Whether a change at a path changes what a pattern means.
fn touches(pattern: &str, path: &[Step], values: [Option<&Value>; 2]) -> bool {
    let mut parts = pattern.split('/').peekable();
    for step in path {
        match (step, parts.peek()) {
            // Within what the pattern means.
            (_, None) => return true,
            (Step::Key(key), Some(part)) if part == key || *part == "*" => {
                parts.next();
            }
            (Step::Item(_), Some(&"*")) => {
                parts.next();
            }
            // Patterns may leave out that there is a list.
            (Step::Item(_), Some(_)) => {}
            _ => return false,
        }
    }
    let rest: Vec<&str> = parts.collect();
    values.into_iter().flatten().any(|value| has(value, &rest))
}

/// Whether there is something at a place below a value.
fn has(value: &Value, place: &[&str]) -> bool {
    let Some((first, rest)) = place.split_first() else {
        return true;
    };
    match value {
        Value::Array(items) if *first == "*" => items.iter().any(|item| has(item, rest)),
        Value::Array(items) => items.iter().any(|item| has(item, place)),
        Value::Object(entries) if *first == "*" => entries.values().any(|inner| has(inner, rest)),
        Value::Object(entries) => entries.get(*first).is_some_and(|inner| has(inner, rest)),
        _ => false,
    }
}
