//! What changes because something else is replaced: whoever refers to it gets another id.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::normal::references;
use super::update::{self, Update};
use super::walk::{Found, Step};

/// A property that refers to another resource.
pub(super) struct Reference<'a> {
    pub(super) path: Vec<Step>,
    pub(super) value: &'a Value,
    /// The resources, each with the attribute; without one it is `Ref`.
    pub(super) to: Vec<(&'a str, &'a str)>,
}

impl Reference<'_> {
    /// Whether it is part of a change that is told anyway.
    pub(super) fn is_within(&self, found: &Found) -> bool {
        let is_unnamed = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        let agrees = |(one, other): (&Step, &Step)| match (one, other) {
            (Step::Item(one), Step::Item(other)) => one == other || (is_unnamed(one) && is_unnamed(other)),
            (one, other) => one == other,
        };
        found.path.len() <= self.path.len()
            && found.path.iter().zip(&self.path).all(agrees)
            && found
                .after
                .as_ref()
                .is_some_and(|after| contains(after, self.value))
    }
}

fn contains(value: &Value, part: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| contains(item, part)),
        Value::Object(entries) => entries.values().any(|inner| contains(inner, part)),
        other => other == part,
    }
}

/// The properties of a resource that refer to others.
pub(super) fn of(resource: &Value) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    collect(&mut Vec::new(), &resource["Properties"], &mut found);
    found
}

fn collect<'a>(path: &mut Vec<Step>, value: &'a Value, found: &mut Vec<Reference<'a>>) {
    let mut below = |step: Step, inner: &'a Value| {
        path.push(step);
        collect(path, inner, found);
        path.pop();
    };
    match value {
        Value::Object(entries) => {
            for (key, inner) in entries {
                below(Step::Key(key.clone()), inner);
            }
        }
        Value::Array(items) => {
            for (place, inner) in items.iter().enumerate() {
                let name = ["Name", "Key", "PolicyName", "Sid", "Id"]
                    .iter()
                    .find_map(|key| inner.get(*key)?.as_str());
                below(
                    Step::Item(name.map_or_else(|| place.to_string(), str::to_string)),
                    inner,
                );
            }
        }
        Value::String(_) => {
            let to = references(value);
            if !to.is_empty() {
                let path = path.clone();
                found.push(Reference { path, value, to });
            }
        }
        _ => {}
    }
}

/// Attributes that another version of a resource changes, although it is the same resource.
const OF_VERSIONS: [(&str, &str); 2] = [
    ("AWS::EC2::LaunchTemplate", "DefaultVersionNumber"),
    ("AWS::EC2::LaunchTemplate", "LatestVersionNumber"),
];

/// How certain it is that a reference to a resource changes with it.
pub(super) fn changes(kind: &str, attribute: &str, update: Update) -> bool {
    update == Update::Replacement || OF_VERSIONS.contains(&(kind, attribute))
}

/// What all resources become when those that refer to replaced ones are counted in.
pub(super) fn spread<'a>(
    resources: &BTreeMap<&'a str, &'a Value>,
    mut updates: BTreeMap<&'a str, Update>,
) -> BTreeMap<&'a str, Update> {
    let mut users: BTreeMap<&str, BTreeSet<&'a str>> = BTreeMap::new();
    for (id, resource) in resources {
        for (to, _) in of(resource).into_iter().flat_map(|reference| reference.to) {
            users.entry(to).or_default().insert(id);
        }
    }
    let mut waiting: Vec<&str> = updates.keys().copied().collect();
    while let Some(changed) = waiting.pop() {
        for user in users.get(changed).into_iter().flatten() {
            let Some(resource) = resources.get(user) else {
                continue;
            };
            let known = updates.get(user).copied();
            let found = worst(resource, resources, &updates);
            if found > known {
                updates.extend(found.map(|found| (*user, found)));
                waiting.push(user);
            }
        }
    }
    updates
}

/// The worst that is done to a resource by what it refers to.
fn worst(
    resource: &Value,
    resources: &BTreeMap<&str, &Value>,
    updates: &BTreeMap<&str, Update>,
) -> Option<Update> {
    let affected = |reference: &Reference<'_>| {
        reference
            .to
            .iter()
            .any(|(to, attribute)| is_affected(to, attribute, resources, updates))
    };
    of(resource)
        .iter()
        .filter(|reference| affected(reference))
        .map(|reference| update::of(resource, &reference.path, [Some(reference.value), None]))
        .max()
}

/// Whether a reference gets another value.
pub(super) fn is_affected(
    to: &str,
    attribute: &str,
    resources: &BTreeMap<&str, &Value>,
    updates: &BTreeMap<&str, Update>,
) -> bool {
    let kind = resources.get(to).and_then(|resource| resource["Type"].as_str());
    updates
        .get(to)
        .is_some_and(|update| changes(kind.unwrap_or_default(), attribute, *update))
}
