//! The intrinsic functions of CloudFormation, each by one constructor, so that none is spelled wrong.

use serde_json::{Map, Value, json};

/// The value or the name of a resource or pseudo parameter.
pub(crate) fn reference(logical_id: &str) -> Value {
    json!({ "Ref": logical_id })
}

/// An attribute of a resource.
pub(crate) fn attribute(logical_id: &str, attribute: &str) -> Value {
    json!({ "Fn::GetAtt": [logical_id, attribute] })
}

/// Parts, joined.
pub(crate) fn join(separator: &str, parts: Vec<Value>) -> Value {
    json!({ "Fn::Join": [separator, parts] })
}

/// A text with `${…}` in it: pseudo parameters and the variables given.
pub(crate) fn substitute(text: &str, variables: Vec<(String, Value)>) -> Value {
    if variables.is_empty() {
        return json!({ "Fn::Sub": text });
    }
    let variables: Map<String, Value> = variables.into_iter().collect();
    json!({ "Fn::Sub": [text, variables] })
}

/// An item of a list.
pub(crate) fn select(index: usize, list: &Value) -> Value {
    json!({ "Fn::Select": [index, list] })
}

/// A text, split.
pub(crate) fn split(separator: &str, text: &Value) -> Value {
    json!({ "Fn::Split": [separator, text] })
}

/// The availability zones of a region.
pub(crate) fn availability_zones(region: &str) -> Value {
    json!({ "Fn::GetAZs": region })
}

/// What another stack exports.
pub(crate) fn import(name: &str) -> Value {
    json!({ "Fn::ImportValue": name })
}

/// A text in Base64.
pub(crate) fn base64(text: &Value) -> Value {
    json!({ "Fn::Base64": text })
}
