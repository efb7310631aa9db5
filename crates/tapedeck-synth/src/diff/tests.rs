//! What differs, what that does, and what is lost by it.

mod dependents;
mod judged;
mod properties;
mod spelling;

use serde_json::{Value, json};

use super::{Change, Difference, PropertyChange, Surroundings, Update, compare};

/// A template of these resources.
fn template(resources: Value) -> Value {
    json!({ "Resources": resources })
}

fn around() -> Surroundings {
    Surroundings::new("eu-west-1", "shop-dev", Some("123456789012"))
}

/// What would change among resources.
fn difference(before: Value, after: Value) -> Difference {
    compare(&template(before), &template(after), &around())
}

/// What would change about the only resource that changes.
fn changed(difference: &Difference) -> (Update, Vec<PropertyChange>) {
    let [resource] = difference.resources.as_slice() else {
        panic!("not one: {:#?}", difference.resources);
    };
    match &resource.change {
        Change::Changed { update, properties } => (*update, properties.clone()),
        other => panic!("{other:?}"),
    }
}

/// The changes of a resource of a type as `path: before → after`.
fn lines(kind: &str, before: Value, after: Value) -> Vec<String> {
    let one = |properties: Value| json!({ "It": { "Type": kind, "Properties": properties } });
    let difference = difference(one(before), one(after));
    if difference.is_empty() {
        return Vec::new();
    }
    changed(&difference).1.iter().map(line).collect()
}

fn line(change: &PropertyChange) -> String {
    let show = |value: &Option<Value>| {
        value.as_ref().map_or("-".to_string(), |value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    format!(
        "{}: {} → {}",
        change.path,
        show(&change.before),
        show(&change.after)
    )
}
