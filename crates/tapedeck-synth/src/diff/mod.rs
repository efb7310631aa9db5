//! What would change if a template took the place of another: a function of two values.
//!
//! Start at [`compare`]. Both templates are brought to one spelling (`normal`), compared property by property (`walk`),
//! each change is judged by CloudFormation's own tables (`update`), and what refers to a replaced resource changes with it
//! (`dependents`). Values that nobody may read are hidden here (`hide`), so that no renderer can forget it.

mod danger;
mod dependents;
mod hide;
mod normal;
mod read;
mod update;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

pub use danger::{Danger, Fate};
pub use hide::HIDDEN;
pub use normal::Surroundings;
pub(crate) use normal::references;
pub use read::{ReadTemplateError, read_template};
pub use update::Update;

use crate::template::NOT_YET_KNOWN;
use crate::told::REFERENCES;
use walk::{Found, Step};

/// What stands beside the properties of a resource and counts. The order of creation does not.
const BESIDE: [&str; 6] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "Metadata",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];

/// What would change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Resources that are not the same, by logical id.
    pub resources: Vec<ResourceChange>,
    /// Outputs that are not the same, by name.
    pub outputs: Vec<PropertyChange>,
    /// What cannot be compared before something is packaged, as `<logical id>.<path>`.
    pub not_yet_known: Vec<String>,
}

/// What would change about a resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceChange {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What becomes of it.
    #[serde(flatten)]
    pub change: Change,
    /// What is lost by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub danger: Option<Danger>,
    /// Why CloudFormation would refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// What becomes of a resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Change {
    /// It is new.
    Added,
    /// It is in the template no more.
    Removed {
        /// What becomes of it.
        fate: Fate,
    },
    /// It is another now.
    Changed {
        /// The worst that is done to it.
        update: Update,
        /// Its properties that change.
        properties: Vec<PropertyChange>,
    },
}

/// A property that would change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PropertyChange {
    /// Where it is: `ContainerDefinitions[main].Environment[QUEUE].Value`.
    pub path: String,
    /// What it is now; nothing when there is nothing.
    pub before: Option<Value>,
    /// What it would be.
    pub after: Option<Value>,
    /// What that does to the resource.
    pub update: Update,
    /// The resources whose change changes it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because_of: Vec<String>,
}

/// Why CloudFormation would refuse a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Refused {
    /// A resource cannot become one of another type.
    #[error("`{logical_id}` cannot become another type; give the new one another logical id")]
    TypeChanged {
        /// The resource.
        logical_id: String,
    },
    /// Another resource would have to have the name of one that is still there.
    #[error("`{logical_id}` has to be replaced, and cannot while it keeps its `{property}`")]
    NameKept {
        /// The resource.
        logical_id: String,
        /// The property with the name.
        property: String,
    },
}

/// The numbers of a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Resources that are new.
    pub added: usize,
    /// Resources that change, those that are replaced among them.
    pub changed: usize,
    /// Resources that are replaced.
    pub replaced: usize,
    /// Resources that may be replaced.
    pub may_be_replaced: usize,
    /// Resources that go.
    pub removed: usize,
}

impl Difference {
    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.outputs.is_empty()
    }

    /// How many resources change in which way.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for resource in &self.resources {
            match &resource.change {
                Change::Added => counts.added += 1,
                Change::Removed { .. } => counts.removed += 1,
                Change::Changed { update, .. } => {
                    counts.changed += 1;
                    counts.replaced += usize::from(*update == Update::Replacement);
                    counts.may_be_replaced += usize::from(*update == Update::MayBeReplaced);
                }
            }
        }
        counts
    }
}

/// What would change if a template took the place of another one.
#[must_use]
pub fn compare(before: &Value, after: &Value, surroundings: &Surroundings) -> Difference {
    let (old, new) = (parts(before, surroundings), parts(after, surroundings));
    let both = Both {
        old: old.iter().map(|(id, value)| (id.as_str(), value)).collect(),
        new: new.iter().map(|(id, value)| (id.as_str(), value)).collect(),
    };
    let mut not_yet_known = Vec::new();
    let mut found = both.own_changes(&mut not_yet_known);
    let direct = found
        .iter()
        .map(|(id, changes)| (*id, changes.iter().map(|change| change.update).max()))
        .filter_map(|(id, update)| Some((id, update?)))
        .collect();
    let updates = dependents::spread(&both.new, direct);
    both.add_dependents(&updates, &mut found);
    Difference {
        resources: both.resources(found),
        outputs: outputs(before, after, surroundings),
        not_yet_known,
    }
}

/// The resources of a template in their one spelling.
fn parts(template: &Value, surroundings: &Surroundings) -> BTreeMap<String, Value> {
    let resources = template["Resources"].as_object();
    let one = |(id, resource): (&String, &Value)| (id.clone(), surroundings.normal(resource));
    resources.into_iter().flatten().map(one).collect()
}

/// A change of a property before it is shown.
struct Raw {
    found: Found,
    update: Update,
    because_of: BTreeSet<String>,
}

/// The resources of both templates.
struct Both<'a> {
    old: BTreeMap<&'a str, &'a Value>,
    new: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Both<'a> {
    /// The resources that are in both, with what differs by itself. What is not known yet is set aside.
    fn own_changes(&self, not_yet_known: &mut Vec<String>) -> BTreeMap<&'a str, Vec<Raw>> {
        let mut all = BTreeMap::new();
        for (id, new) in &self.new {
            let Some(old) = self.old.get(id) else {
                continue;
            };
            let (unknown, known): (Vec<Raw>, Vec<Raw>) = changes(old, new)
                .into_iter()
                .partition(|raw| is_not_yet_known(&raw.found));
            not_yet_known.extend(
                unknown
                    .iter()
                    .map(|raw| format!("{id}.{}", shown(&raw.found.path))),
            );
            all.insert(*id, known);
        }
        all
    }

    /// Adds the properties that change because something else is replaced.
    fn add_dependents(&self, updates: &BTreeMap<&'a str, Update>, found: &mut BTreeMap<&'a str, Vec<Raw>>) {
        for (id, raws) in found {
            let Some(resource) = self.new.get(id) else {
                continue;
            };
            for reference in dependents::of(resource) {
                let affected = reference
                    .to
                    .iter()
                    .filter(|(to, attribute)| dependents::is_affected(to, attribute, &self.new, updates));
                let because_of: BTreeSet<String> = affected.map(|(to, _)| to.to_string()).collect();
                if because_of.is_empty() {
                    continue;
                }
                let known = raws.iter_mut().find(|raw| reference.is_within(&raw.found));
                if let Some(known) = known {
                    known.because_of.extend(because_of);
                    continue;
                }
                let value = reference.value.clone();
                raws.push(Raw {
                    update: update::of(resource, &reference.path, [Some(&value), None]),
                    found: Found {
                        path: reference.path,
                        before: Some(value.clone()),
                        after: Some(value),
                    },
                    because_of,
                });
            }
        }
    }

    /// The changes as they are told.
    fn resources(&self, mut found: BTreeMap<&'a str, Vec<Raw>>) -> Vec<ResourceChange> {
        let ids: BTreeSet<&str> = self.old.keys().chain(self.new.keys()).copied().collect();
        let mut told = Vec::new();
        for id in ids {
            let (old, new) = (self.old.get(id).copied(), self.new.get(id).copied());
            let change = match (old, new) {
                (None, _) => Change::Added,
                (Some(old), None) => Change::Removed {
                    fate: danger::removed(old),
                },
                (Some(_), Some(_)) => {
                    let raws = found.remove(id).unwrap_or_default();
                    let Some(update) = raws.iter().map(|raw| raw.update).max() else {
                        continue;
                    };
                    let properties = raws.into_iter().map(Raw::told).collect();
                    Change::Changed { update, properties }
                }
            };
            let kind = new.or(old).map_or(&Value::Null, |resource| &resource["Type"]);
            told.push(ResourceChange {
                logical_id: id.to_string(),
                kind: kind.as_str().unwrap_or_default().to_string(),
                danger: danger::of(old, new, &change),
                refused: refused(id, old, new, &change),
                change,
            });
        }
        told
    }
}

impl Raw {
    fn told(self) -> PropertyChange {
        let show = |value: Option<Value>| value.map(|value| hide::hide(&self.found.path, &value));
        PropertyChange {
            path: shown(&self.found.path),
            before: show(self.found.before),
            after: show(self.found.after),
            update: self.update,
            because_of: self.because_of.into_iter().collect(),
        }
    }
}

/// What differs between a resource and its namesake.
fn changes(old: &Value, new: &Value) -> Vec<Raw> {
    if old["Type"] != new["Type"] {
        let found = Found {
            path: vec![Step::Key("Type".to_string())],
            before: Some(old["Type"].clone()),
            after: Some(new["Type"].clone()),
        };
        return vec![Raw::new(found, Update::Replacement)];
    }
    let empty = Value::Object(serde_json::Map::new());
    let of = |resource: &'_ Value| resource.get("Properties").unwrap_or(&empty).clone();
    let properties = walk::differences(Vec::new(), Some(&of(old)), Some(&of(new)));
    let mut raws: Vec<Raw> = properties
        .into_iter()
        .map(|found| {
            let values = [found.before.as_ref(), found.after.as_ref()];
            let update = update::of(new, &found.path, values);
            Raw::new(found, update)
        })
        .collect();
    for key in BESIDE {
        let beside = walk::differences(vec![Step::Key(key.to_string())], old.get(key), new.get(key));
        raws.extend(
            beside
                .into_iter()
                .map(|found| Raw::new(found, Update::NoInterruption)),
        );
    }
    raws
}

impl Raw {
    fn new(found: Found, update: Update) -> Self {
        Self {
            found,
            update,
            because_of: BTreeSet::new(),
        }
    }
}

fn is_not_yet_known(found: &Found) -> bool {
    let is = |value: &Option<Value>| {
        let text = value.as_ref().and_then(Value::as_str);
        text.is_some_and(|text| text.contains(NOT_YET_KNOWN))
    };
    is(&found.before) || is(&found.after)
}

/// The outputs that are not the same.
fn outputs(before: &Value, after: &Value, surroundings: &Surroundings) -> Vec<PropertyChange> {
    let of = |template: &Value| surroundings.normal(&template["Outputs"]);
    let (before, after) = (of(before), of(after));
    let names: BTreeSet<&String> = [&before, &after]
        .into_iter()
        .filter_map(|outputs| outputs.as_object())
        .flat_map(|outputs| outputs.keys())
        // That is for tapedeck alone.
        .filter(|name| *name != REFERENCES)
        .collect();
    let mut told = Vec::new();
    for name in names {
        let path = vec![Step::Key(name.clone())];
        let found = walk::differences(path, before.get(name), after.get(name));
        told.extend(
            found
                .into_iter()
                .map(|found| Raw::new(found, Update::NoInterruption).told()),
        );
    }
    told
}

/// Why CloudFormation would refuse a change, if it would.
fn refused(id: &str, old: Option<&Value>, new: Option<&Value>, change: &Change) -> Option<Refused> {
    let (old, new) = (old?, new?);
    let Change::Changed { update, .. } = change else {
        return None;
    };
    let logical_id = id.to_string();
    if old["Type"] != new["Type"] {
        return Some(Refused::TypeChanged { logical_id });
    }
    if *update != Update::Replacement {
        return None;
    }
    let (property, name) = own_name(new)?;
    let keeps = old["Properties"].get(property) == Some(name);
    keeps.then(|| Refused::NameKept {
        logical_id,
        property: property.to_string(),
    })
}

/// Types whose names only tell them from others of the same parent.
const NAMED_WITHIN: [&str; 3] = [
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::ECS::Service",
    "AWS::Logs::SubscriptionFilter",
];

/// The property that names a resource for all the account, with the name.
fn own_name(resource: &Value) -> Option<(&'static str, &Value)> {
    let kind = resource["Type"].as_str()?;
    let type_name = kind.rsplit("::").next()?;
    let updates = tapedeck_resources::catalogue::updates::of(kind)?;
    if NAMED_WITHIN.contains(&kind) {
        return None;
    }
    let is_own = |property: &&str| {
        ["Name", "Identifier", "Id"]
            .iter()
            .filter_map(|end| property.strip_suffix(end))
            .any(|stem| type_name.ends_with(stem) || (!stem.is_empty() && stem.ends_with(type_name)))
    };
    let named = updates.replaced_by.into_iter().filter(is_own);
    let mut present = named.filter_map(|property| Some((property, resource["Properties"].get(property)?)));
    present.next()
}

/// A path as people write it.
fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Item(name) => {
                text.push('[');
                text.push_str(name);
                text.push(']');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
