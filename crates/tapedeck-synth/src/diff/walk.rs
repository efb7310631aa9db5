//! What differs between two values in their one spelling, and where.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Lists whose order means nothing to CloudFormation.
const UNORDERED: [&str; 24] = [
    "Action",
    "AttributeDefinitions",
    "ContainerDefinitions",
    "Environment",
    "EventSubscriptions",
    "ManagedPolicyArns",
    "NotAction",
    "NotResource",
    "Parameters",
    "Policies",
    "RequiresCompatibilities",
    "Resource",
    "Secrets",
    "SecurityGroupEgress",
    "SecurityGroupIds",
    "SecurityGroupIngress",
    "SecurityGroups",
    "Statement",
    "SubnetIds",
    "Subnets",
    "Tags",
    "VPCZoneIdentifier",
    "Volumes",
    "VpcSecurityGroupIds",
];

/// Keys that tell the items of a list from one another.
const IDENTITIES: [&str; 9] = [
    "Name",
    "name",
    "Key",
    "PolicyName",
    "Sid",
    "Id",
    "IndexName",
    "DeviceName",
    "AttributeName",
];

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a property.
    Key(String),
    /// Into an item of a list: its name, or its place.
    Item(String),
}

/// A value that is not the same, not there any more, or new.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) path: Vec<Step>,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

/// All that differs, each as deep as it can be told.
pub(super) fn differences(path: Vec<Step>, before: Option<&Value>, after: Option<&Value>) -> Vec<Found> {
    let mut walk = Walk {
        path,
        found: Vec::new(),
    };
    walk.optional(before, after);
    walk.found
}

struct Walk {
    path: Vec<Step>,
    found: Vec<Found>,
}

impl Walk {
    fn optional(&mut self, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            (Some(before), Some(after)) => self.both(before, after),
            (before, after) => self.differs(before.cloned(), after.cloned()),
        }
    }

    fn differs(&mut self, before: Option<Value>, after: Option<Value>) {
        if before != after {
            let path = self.path.clone();
            self.found.push(Found { path, before, after });
        }
    }

    fn below(&mut self, step: Step, before: Option<&Value>, after: Option<&Value>) {
        self.path.push(step);
        self.optional(before, after);
        self.path.pop();
    }

    fn both(&mut self, before: &Value, after: &Value) {
        if before == after {
            return;
        }
        match (before, after) {
            (Value::Object(old), Value::Object(new)) if !is_function(old) && !is_function(new) => {
                let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
                for key in keys {
                    self.below(Step::Key(key.clone()), old.get(key), new.get(key));
                }
            }
            (Value::Array(old), Value::Array(new)) => self.lists(old, new),
            (Value::String(old), Value::String(new)) => match (document(old), document(new)) {
                (Some(old), Some(new)) => self.both(&old, &new),
                _ => self.differs(Some(before.clone()), Some(after.clone())),
            },
            _ => self.differs(Some(before.clone()), Some(after.clone())),
        }
    }

    fn lists(&mut self, old: &[Value], new: &[Value]) {
        let is_ordered = match self.path.iter().rfind(|step| matches!(step, Step::Key(_))) {
            Some(Step::Key(key)) => !UNORDERED.contains(&key.as_str()),
            _ => true,
        };
        if let Some((old, new)) = named(old, new) {
            self.named(&old, &new, is_ordered);
        } else if is_ordered {
            self.ordered(old, new);
        } else {
            self.unordered(old, new);
        }
    }

    /// Lists whose items have names: each is compared with its namesake.
    fn named(&mut self, old: &[(&str, &Value)], new: &[(&str, &Value)], is_ordered: bool) {
        let names =
            |items: &[(&str, &Value)]| items.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
        let of = |items: &[(&str, &Value)]| -> BTreeMap<String, Value> {
            items
                .iter()
                .map(|(name, value)| (name.to_string(), (*value).clone()))
                .collect()
        };
        let (before, after) = (of(old), of(new));
        if is_ordered && before.keys().eq(after.keys()) && names(old) != names(new) {
            self.differs(Some(Value::from(names(old))), Some(Value::from(names(new))));
        }
        let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in all {
            self.below(Step::Item(name.clone()), before.get(name), after.get(name));
        }
    }

    /// Lists in which places count: what they begin and end with in common is left out.
    fn ordered(&mut self, old: &[Value], new: &[Value]) {
        let common =
            |pairs: &mut dyn Iterator<Item = (&Value, &Value)>| pairs.take_while(|(a, b)| a == b).count();
        let start = common(&mut old.iter().zip(new));
        let end = common(&mut old[start..].iter().rev().zip(new[start..].iter().rev()));
        let (old, new) = (&old[start..old.len() - end], &new[start..new.len() - end]);
        for place in 0..old.len().max(new.len()) {
            let step = Step::Item((start + place).to_string());
            self.below(step, old.get(place), new.get(place));
        }
    }

    /// Lists in which only what is in them counts. What is left of either is compared with what is most like it.
    fn unordered(&mut self, old: &[Value], new: &[Value]) {
        let mut gone: Vec<&Value> = Vec::new();
        let mut come: Vec<&Value> = new.iter().collect();
        for item in old {
            match come.iter().position(|other| *other == item) {
                Some(place) => {
                    come.remove(place);
                }
                None => gone.push(item),
            }
        }
        let is_single = gone.len() == 1 && come.len() == 1;
        for item in gone {
            let like = come.iter().position(|other| is_single || is_like(item, other));
            let other = like.map(|place| come.remove(place));
            self.below(step_of(item), Some(item), other);
        }
        for item in come {
            self.below(step_of(item), None, Some(item));
        }
    }
}

/// The step to an item in a list in which names are not unique, or there are none.
fn step_of(item: &Value) -> Step {
    let mut names = IDENTITIES.iter().filter_map(|key| item.get(key)?.as_str());
    Step::Item(names.next().unwrap_or_default().to_string())
}

/// Whether two statements of a policy, or the like, are about the same.
fn is_like(item: &Value, other: &Value) -> bool {
    let agrees = |key| item.get(key).is_some() && item.get(key) == other.get(key);
    agrees("Action") || agrees("Resource")
}

/// Whether it is an intrinsic function, which is compared as a whole.
fn is_function(object: &Map<String, Value>) -> bool {
    let mut keys = object.keys();
    matches!((keys.next(), keys.next()), (Some(key), None) if key.starts_with("Fn::"))
}

/// A document of JSON within a text.
fn document(text: &str) -> Option<Value> {
    let is_one = text.starts_with(['{', '[']);
    is_one.then(|| serde_json::from_str(text).ok())?
}

type Named<'a> = Vec<(&'a str, &'a Value)>;

/// The items of two lists with what tells them from one another, if there is such a thing.
fn named<'a>(old: &'a [Value], new: &'a [Value]) -> Option<(Named<'a>, Named<'a>)> {
    IDENTITIES.iter().find_map(|key| {
        let names = |items: &'a [Value]| -> Option<Named<'a>> {
            let named: Option<Named<'a>> = items
                .iter()
                .map(|item| Some((item.get(key)?.as_str()?, item)))
                .collect();
            let named = named?;
            let distinct: BTreeSet<&str> = named.iter().map(|(name, _)| *name).collect();
            (distinct.len() == named.len()).then_some(named)
        };
        Some((names(old)?, names(new)?))
    })
}
