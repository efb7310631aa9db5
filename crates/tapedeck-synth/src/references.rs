//! What a template refers to: attributes get the names that CloudFormation knows, and a check finds what is not there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tapedeck_resources::catalogue::attributes::{Resolved, resolve};

use crate::{SynthError, Template};

/// Something in a template that CloudFormation would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A resource or output refers to a resource that is not there.
    #[error("`{from}` refers to `{to}`, which is not in the template")]
    Dangling {
        /// Who refers.
        from: String,
        /// To what.
        to: String,
    },
    /// Resources wait for each other.
    #[error("these wait for each other: {}", .0.join(" → "))]
    Cycle(Vec<String>),
}

/// Gives attributes the names that CloudFormation knows: `Arn` of a topic is its `TopicArn`.
pub(crate) fn settle(template: &mut Template) -> Result<(), SynthError> {
    let kinds = kinds(template);
    for resource in template.resources.values_mut() {
        settle_value(&mut resource.properties, &kinds)?;
    }
    for output in template.outputs.values_mut() {
        settle_value(&mut output.value, &kinds)?;
    }
    Ok(())
}

/// The same in values that are made of what a template has.
pub(crate) fn settle_values<'a>(
    values: impl Iterator<Item = &'a mut Value>,
    template: &Template,
) -> Result<(), SynthError> {
    let kinds = kinds(template);
    for value in values {
        settle_value(value, &kinds)?;
    }
    Ok(())
}

/// The types of resources, by logical id.
fn kinds(template: &Template) -> BTreeMap<String, String> {
    let resources = template.resources.iter();
    resources
        .map(|(id, resource)| (id.clone(), resource.kind.clone()))
        .collect()
}

fn settle_value(value: &mut Value, kinds: &BTreeMap<String, String>) -> Result<(), SynthError> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| settle_value(item, kinds)),
        Value::Object(object) => {
            if let Some(Value::Array(parts)) = object.get("Fn::GetAtt")
                && let [Value::String(id), Value::String(name)] = parts.as_slice()
                && let Some(kind) = kinds.get(id)
            {
                let settled = match resolve(kind, name) {
                    Resolved::Ref => json!({ "Ref": id }),
                    Resolved::GetAtt(known) => json!({ "Fn::GetAtt": [id, known] }),
                    Resolved::UnknownType => return Ok(()),
                    Resolved::Unknown { known } => {
                        return Err(SynthError::UnknownAttribute {
                            logical_id: id.clone(),
                            kind: kind.clone(),
                            attribute: name.clone(),
                            known: known.join(", "),
                        });
                    }
                };
                *value = settled;
                return Ok(());
            }
            object
                .values_mut()
                .try_for_each(|inner| settle_value(inner, kinds))
        }
        _ => Ok(()),
    }
}

/// What CloudFormation would refuse: references to nothing, and cycles.
#[must_use]
pub fn problems(template: &Template) -> Vec<Problem> {
    let edges = edges(template);
    let mut problems = Vec::new();
    for (from, found) in &edges {
        problems.extend(dangling(from, found, template));
    }
    for (name, output) in &template.outputs {
        let mut found = BTreeSet::new();
        collect(&output.value, &mut found);
        problems.extend(dangling(name, &found, template));
    }
    let mut done = BTreeSet::new();
    for id in edges.keys() {
        let mut path = Vec::new();
        if visit(id, &edges, &mut path, &mut done) {
            problems.push(Problem::Cycle(path));
            break;
        }
    }
    problems
}

/// What each resource refers to or waits for.
fn edges(template: &Template) -> BTreeMap<&str, BTreeSet<String>> {
    let mut edges = BTreeMap::new();
    for (id, resource) in &template.resources {
        let mut found: BTreeSet<String> = resource.depends_on.iter().cloned().collect();
        collect(&resource.properties, &mut found);
        resource
            .others
            .values()
            .for_each(|value| collect(value, &mut found));
        edges.insert(id.as_str(), found);
    }
    edges
}

/// A resource, and all that it waits for.
pub(crate) fn reachable(template: &Template, from: &str) -> BTreeSet<String> {
    follow(&edges(template), from)
}

/// A resource, and all that it waits for and that waits for it.
pub(crate) fn circle(template: &Template, of: &str) -> BTreeSet<String> {
    let edges = edges(template);
    let mut back: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (from, found) in &edges {
        for to in found {
            back.entry(to).or_default().insert((*from).to_string());
        }
    }
    let waiting = follow(&back, of);
    let mut circle = follow(&edges, of);
    circle.retain(|id| waiting.contains(id));
    circle
}

fn follow(edges: &BTreeMap<&str, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([from.to_string()]);
    let mut next = vec![from];
    while let Some(id) = next.pop() {
        for to in edges.get(id).into_iter().flatten() {
            if reached.insert(to.clone()) {
                next.push(to);
            }
        }
    }
    reached
}

/// The logical ids that a value refers to.
pub(crate) fn of(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn dangling(from: &str, found: &BTreeSet<String>, template: &Template) -> Vec<Problem> {
    found
        .iter()
        .filter(|to| !template.resources.contains_key(*to))
        .map(|to| Problem::Dangling {
            from: from.to_string(),
            to: to.clone(),
        })
        .collect()
}

/// Whether a cycle can be reached. Then `path` ends with it.
fn visit<'a>(
    id: &'a str,
    edges: &'a BTreeMap<&str, BTreeSet<String>>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<&'a str>,
) -> bool {
    if done.contains(id) {
        return false;
    }
    if path.iter().any(|known| known == id) {
        path.push(id.to_string());
        return true;
    }
    path.push(id.to_string());
    for next in edges.get(id).into_iter().flatten() {
        if visit(next, edges, path, done) {
            return true;
        }
    }
    path.pop();
    done.insert(id);
    false
}

/// The logical ids that a value refers to. Pseudo parameters are none.
fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(object) => {
            for (key, inner) in object {
                match (key.as_str(), inner) {
                    ("Ref", Value::String(id)) if !id.starts_with("AWS::") => {
                        found.insert(id.clone());
                    }
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        found.extend(parts.first().and_then(Value::as_str).map(str::to_string));
                    }
                    ("Fn::Sub", inner) => collect_text(inner, found),
                    _ => collect(inner, found),
                }
            }
        }
        _ => {}
    }
}

/// The logical ids in the text of an `Fn::Sub` and in its variables.
fn collect_text(inner: &Value, found: &mut BTreeSet<String>) {
    let (text, variables) = match inner {
        Value::String(text) => (text.as_str(), None),
        Value::Array(parts) => (
            parts.first().and_then(Value::as_str).unwrap_or_default(),
            parts.get(1).and_then(Value::as_object),
        ),
        _ => return,
    };
    for part in text.split("${").skip(1) {
        let name = part.split('}').next().unwrap_or_default();
        let is_variable = variables.is_some_and(|variables| variables.contains_key(name));
        if !is_variable && !name.starts_with("AWS::") && !name.starts_with('!') {
            found.insert(name.split('.').next().unwrap_or_default().to_string());
        }
    }
    for value in variables.into_iter().flat_map(|variables| variables.values()) {
        collect(value, found);
    }
}
