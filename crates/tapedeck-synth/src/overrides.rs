//! `overrides`: changes of properties, by logical id and path.

use serde_json::{Map, Value};
use tapedeck_model::Override;

use crate::SynthError;
use crate::assembly::Assembly;

/// Applies the overrides of all resources, in the order of the file.
pub(crate) fn apply(assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let stack = assembly.stack;
    let of_services = stack.services.iter().map(|one| (&one.name, &one.overrides));
    let of_resources = stack.resources.iter().map(|one| (&one.name, &one.overrides));
    for (name, overrides) in of_services.chain(of_resources) {
        for change in overrides {
            one(name.as_str(), change, assembly)?;
        }
    }
    Ok(())
}

fn one(name: &str, change: &Override, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let changes = assembly.data(&change.changes)?;
    let Some(resource) = assembly.template.resources.get_mut(&change.logical_id) else {
        return Err(SynthError::UnknownOverride {
            resource: name.to_string(),
            logical_id: change.logical_id.clone(),
        });
    };
    if resource.properties.is_null() {
        resource.properties = Value::Object(Map::new());
    }
    for (path, value) in changes.as_object().into_iter().flatten() {
        set_path(&mut resource.properties, path, value);
    }
    Ok(())
}

/// Puts a value at a path.
pub(crate) fn set_path(properties: &mut Value, path: &str, value: &Value) {
    set(properties, &steps(path), value);
}

/// A step of a path.
#[derive(Debug, PartialEq)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The steps of `A.B[0].C`.
fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (key, indices) = part.split_once('[').map_or((part, ""), |(key, rest)| (key, rest));
        if !key.is_empty() {
            steps.push(Step::Key(key));
        }
        let indices = indices.split('[').map(|index| index.trim_end_matches(']'));
        steps.extend(indices.filter_map(|index| index.parse().ok()).map(Step::Index));
    }
    steps
}

/// Puts a value at a path. What is missing on the way is made; two objects are merged.
fn set(target: &mut Value, steps: &[Step<'_>], value: &Value) {
    let Some((step, rest)) = steps.split_first() else {
        merge(target, value);
        return;
    };
    match step {
        Step::Key(key) => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            if let Some(object) = target.as_object_mut() {
                set(
                    object.entry((*key).to_string()).or_insert(Value::Null),
                    rest,
                    value,
                );
            }
        }
        Step::Index(index) => {
            if !target.is_array() {
                *target = Value::Array(Vec::new());
            }
            if let Some(items) = target.as_array_mut() {
                // Paths come from the config: an index far beyond the list appends.
                let index = (*index).min(items.len());
                if index == items.len() {
                    items.push(Value::Null);
                }
                set(&mut items[index], rest, value);
            }
        }
    }
}

fn merge(target: &mut Value, value: &Value) {
    match (target, value) {
        (Value::Object(target), Value::Object(value)) if !is_function(target) && !is_function(value) => {
            for (key, value) in value {
                merge(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (target, value) => *target = value.clone(),
    }
}

/// Whether an object is a call of an intrinsic function, which is one value.
fn is_function(object: &Map<String, Value>) -> bool {
    object.len() == 1 && object.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}
