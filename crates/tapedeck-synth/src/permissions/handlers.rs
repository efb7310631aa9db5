//! Which actions CloudFormation takes for each type of resource.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use crate::template::Resource;

/// A type in each line, then for each service its actions: those of the handlers that create, read, update and delete it, less what belongs
/// to features that templates here do not have.
const HANDLERS: &str = include_str!("handlers.txt");

/// Actions of a service in each line, which are allowed for everything or not at all.
const UNSCOPED: &str = include_str!("unscoped.txt");

static BY_TYPE: LazyLock<BTreeMap<&str, Vec<String>>> = LazyLock::new(|| {
    let lines = HANDLERS.lines().filter_map(|line| line.split_once(' '));
    lines
        .map(|(kind, groups)| (kind, actions(groups).collect()))
        .collect()
});

static FOR_EVERYTHING: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| UNSCOPED.lines().flat_map(actions).collect());

/// Beginnings of types that act in a role of their own: whoever deploys them needs nothing.
const PRIVATE: [&str; 2] = ["MongoDB::", "Upstash::"];

/// Types of what a function makes that the template names.
const BY_FUNCTION: [&str; 2] = ["Custom::", "AWS::CloudFormation::CustomResource"];

/// What replicas of tables need, which are filled from the first one.
const OF_REPLICAS: [&str; 12] = [
    "AssociateTableReplica",
    "BatchWriteItem",
    "CreateTableReplica",
    "DeleteItem",
    "DeleteTableReplica",
    "DisassociateTableReplica",
    "GetItem",
    "PutItem",
    "Query",
    "ReadDataForReplication",
    "Scan",
    "UpdateItem",
];

/// What is taken only for features that a template asks for by a key with that word: of a type, a part of actions, the word.
const FOR_FEATURES: [(&str, &str, &str); 8] = [
    ("AWS::ECS::Cluster", "ecs:PutAccountSetting", "clustersettings"),
    ("AWS::Lambda::Function", "lambda:GetLayerVersion", "layers"),
    ("AWS::Lambda::Function", "CodeSigning", "codesigning"),
    ("AWS::Logs::LogGroup", "firehose:", "dataprotection"),
    ("AWS::Logs::LogGroup", "LogDelivery", "dataprotection"),
    ("AWS::Logs::LogGroup", "PutDataProtection", "dataprotection"),
    ("AWS::Logs::LogGroup", "PutIndexPolicy", "indexpolic"),
    ("AWS::Logs::LogGroup", "PutResourcePolicy", "resourcepolic"),
];

/// `sqs:CreateQueue,DeleteQueue sns:…`
fn actions(groups: &str) -> impl Iterator<Item = String> {
    let groups = groups.split(' ').filter_map(|group| group.split_once(':'));
    groups.flat_map(|(service, names)| names.split(',').map(move |name| format!("{service}:{name}")))
}

/// The actions for a type; none where it is not known.
pub(super) fn of(kind: &str) -> Option<Vec<String>> {
    if PRIVATE.iter().any(|private| kind.starts_with(private)) {
        return Some(Vec::new());
    }
    if BY_FUNCTION.iter().any(|custom| kind.starts_with(custom)) {
        return Some(vec!["lambda:InvokeFunction".to_owned()]);
    }
    BY_TYPE.get(kind).cloned()
}

/// Whether an action is allowed for everything or not at all.
pub(super) fn is_unscoped(action: &str) -> bool {
    action.contains('*') || FOR_EVERYTHING.contains(action)
}

/// Whether a resource needs an action of its type, for what the template says of it.
pub(super) fn is_needed(action: &str, resource: &Resource) -> bool {
    let kind = resource.kind.as_str();
    let has = |word: &str| mentions(&resource.properties, word);
    match action.split_once(':') {
        Some(("kms", _)) if !kind.starts_with("AWS::KMS::") => has("kms"),
        Some(("dynamodb", name)) if OF_REPLICAS.contains(&name) => {
            let replicas = resource.properties.get("Replicas").and_then(Value::as_array);
            replicas.is_some_and(|replicas| replicas.len() > 1)
        }
        _ => FOR_FEATURES
            .iter()
            .filter(|(of, part, _)| *of == kind && action.contains(part))
            .all(|(_, _, word)| has(word)),
    }
}

/// Whether a key within a value has a word in it, in whatever case.
fn mentions(value: &Value, word: &str) -> bool {
    match value {
        Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| key.to_ascii_lowercase().contains(word) || mentions(value, word)),
        Value::Array(items) => items.iter().any(|item| mentions(item, word)),
        _ => false,
    }
}
