//! Compares two templates: what counts, and what is declared to be different.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use fs_err as fs;
use regex::Regex;
use serde_json::{Map, Value};

/// Lists whose order CloudFormation ignores.
const UNORDERED: [&str; 12] = [
    "Action",
    "DependsOn",
    "ManagedPolicyArns",
    "NotAction",
    "Resource",
    "SecurityGroupEgress",
    "SecurityGroupIngress",
    "SecurityGroups",
    "SubnetIds",
    "Subnets",
    "Tags",
    "VPCZoneIdentifier",
];

/// Properties that are not known before something is packaged.
const UNKNOWN: [&str; 5] = ["Image", "ImageUri", "S3Key", "S3ObjectVersion", "ImageTag"];

/// Properties where one text may stand for a list of one.
const TEXT_OR_LIST: [&str; 4] = ["Action", "NotAction", "Resource", "DependsOn"];

/// Lists whose items have names, so that a path names an item and not its place. A statement goes by the first of its actions.
const NAMED: [(&str, &str); 6] = [
    ("ContainerDefinitions", "Name"),
    ("Environment", "Name"),
    ("MountPoints", "ContainerPath"),
    ("Policies", "PolicyName"),
    ("Secrets", "Name"),
    ("Statement", "Action"),
];

/// Types that hold what cannot be made again. No deviation may take one away, or change what would replace it.
const STATEFUL: [&str; 15] = [
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Events::EventBus",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "MongoDB::StpAtlasV1::Cluster",
];

/// Logs of functions that only helped: without them, nobody can make use of these.
pub(crate) const LOGS_OF_HELPERS: [&str; 2] =
    ["JobTriggerFunctionLogGroup", "MyBatchTriggerFunctionLogGroup"];

/// Properties that replace such a resource when they change: its name, and how it stores.
const REPLACING: [&str; 21] = [
    "AvailabilityZone",
    "BucketName",
    "DBClusterIdentifier",
    "DBInstanceIdentifier",
    "DBName",
    "DBSubnetGroupName",
    "DatabaseName",
    "DomainName",
    "Encrypted",
    "Engine",
    "FifoQueue",
    "FifoTopic",
    "KeySchema",
    "LogGroupName",
    "MasterUsername",
    "Name",
    "QueueName",
    "ReplicationGroupId",
    "StorageEncrypted",
    "TableName",
    "TopicName",
];

/// The deviations that are declared.
pub(super) struct Deviations {
    entries: Vec<Deviation>,
    used: RefCell<BTreeSet<usize>>,
}

struct Deviation {
    kind: Option<String>,
    /// The golden templates that it is about.
    golden: Regex,
    type_name: String,
    logical: Regex,
    path: Regex,
    text: String,
}

impl Deviations {
    /// Reads the file of deviations. Each needs a reason.
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the deviations can be read");
        let list: Vec<Map<String, Value>> = serde_json::from_str(&text).expect("they are a list of objects");
        let entries = list.into_iter().map(|entry| {
            let of = |key: &str| entry.get(key).and_then(Value::as_str);
            let reason = of("reason").unwrap_or_default();
            assert!(reason.len() > 10, "a deviation without a reason: {entry:?}");
            let (type_name, path) = (of("type"), of("path"));
            assert!(
                path.is_some() && type_name.is_some(),
                "a deviation of anything: {entry:?}"
            );
            let path = format!("^(?:{})$", path.unwrap_or_default());
            Deviation {
                kind: of("kind").map(str::to_string),
                golden: Regex::new(of("golden").unwrap_or_default()).expect("an expression"),
                type_name: type_name.unwrap_or_default().to_string(),
                logical: Regex::new(of("logical").unwrap_or_default()).expect("an expression"),
                path: Regex::new(&path).expect("an expression"),
                text: Value::from(entry.clone()).to_string(),
            }
        });
        Self {
            entries: entries.collect(),
            used: RefCell::default(),
        }
    }

    fn declares(&self, golden: &str, kind: &str, (type_name, logical): (&str, &str), path: &str) -> bool {
        if loses_state(kind, (type_name, logical), path) {
            return false;
        }
        let found = self.entries.iter().position(|one| {
            one.type_name == type_name
                && one.golden.is_match(golden)
                && one.logical.is_match(logical)
                && one.path.is_match(path)
                && one.kind.as_deref().is_none_or(|known| known == kind)
        });
        self.used.borrow_mut().extend(found);
        found.is_some()
    }

    /// The entries that no difference needed.
    pub(super) fn unused(&self) -> Vec<&str> {
        let used = self.used.borrow();
        let unused = self
            .entries
            .iter()
            .enumerate()
            .filter(|(index, _)| !used.contains(index));
        unused.map(|(_, one)| one.text.as_str()).collect()
    }
}

/// Whether a difference would take something away that cannot be made again, or replace it.
fn loses_state(kind: &str, (type_name, logical): (&str, &str), path: &str) -> bool {
    let property = path.strip_prefix("Properties/").unwrap_or_default();
    let property = property.split('/').next().unwrap_or_default();
    let is_missing = kind == "missing" && path.is_empty() && !LOGS_OF_HELPERS.contains(&logical);
    let is_lost = is_missing || path == "Type";
    STATEFUL.contains(&type_name) && (is_lost || REPLACING.contains(&property))
}

/// The differences that nobody declared, one line each.
pub(super) fn differences(golden: &Path, ours: &Value, deviations: &Deviations) -> Vec<String> {
    let stem = golden
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let text = fs::read_to_string(golden).expect("the golden template can be read");
    let golden: Value = serde_json::from_str(&text).expect("it is JSON");
    let none = Map::new();
    let resources = |template: &Value| template["Resources"].as_object().cloned().unwrap_or_default();
    let (theirs, own) = (resources(&golden), resources(ours));
    let mut open = Vec::new();
    for (name, resource) in &theirs {
        let type_name = resource["Type"].as_str().unwrap_or_default();
        let Some(ours) = own.get(name) else {
            if !deviations.declares(&stem, "missing", (type_name, name), "") {
                open.push(format!("missing {name} ({type_name})"));
            }
            continue;
        };
        let mut found = Vec::new();
        let ours = normal(ours, "");
        walk(&normal(resource, ""), &ours, "", &mut found);
        for (kind, path, detail) in found {
            let kind = if is_secret(kind, &path, &ours) {
                "moved"
            } else {
                kind
            };
            if !deviations.declares(&stem, kind, (type_name, name), &path) {
                open.push(format!("{kind} {name} ({type_name}) {path} {detail}"));
            }
        }
    }
    for (name, resource) in &own {
        let type_name = resource["Type"].as_str().unwrap_or_default();
        if !theirs.contains_key(name) && !deviations.declares(&stem, "extra", (type_name, name), "") {
            open.push(format!("extra {name} ({type_name})"));
        }
    }
    let outputs: HashSet<&String> = ours["Outputs"].as_object().unwrap_or(&none).keys().collect();
    for name in golden["Outputs"].as_object().unwrap_or(&none).keys() {
        if !outputs.contains(name) && !deviations.declares(&stem, "missing", ("Output", name), "") {
            open.push(format!("missing output {name}"));
        }
    }
    open
}

/// Whether a variable that is missing stands under `Secrets` instead.
fn is_secret(kind: &str, path: &str, ours: &Value) -> bool {
    let secret = format!("/{}", path.replace("/Environment/", "/Secrets/"));
    kind == "missing" && path.contains("/Environment/") && ours.pointer(&secret).is_some()
}

type Difference = (&'static str, String, String);

fn walk(golden: &Value, ours: &Value, path: &str, found: &mut Vec<Difference>) {
    let below = |key: &str| match path {
        "" => key.to_string(),
        path => format!("{path}/{key}"),
    };
    match (golden, ours) {
        (Value::Object(golden), Value::Object(ours)) => {
            let keys: BTreeSet<&String> = golden.keys().chain(ours.keys()).collect();
            for key in keys {
                match (golden.get(key), ours.get(key)) {
                    (Some(golden), Some(ours)) => walk(golden, ours, &below(key), found),
                    (Some(golden), None) if key == "Environment" => {
                        walk(golden, &Value::Object(Map::new()), &below(key), found);
                    }
                    (Some(golden), None) => found.push(("missing", below(key), golden.to_string())),
                    (None, ours) => {
                        found.push(("extra", below(key), ours.unwrap_or(&Value::Null).to_string()))
                    }
                }
            }
        }
        (Value::Array(golden), Value::Array(ours)) if golden.len() == ours.len() => {
            for (index, (golden, ours)) in golden.iter().zip(ours).enumerate() {
                walk(golden, ours, &below(&index.to_string()), found);
            }
        }
        (golden, ours) if golden != ours => {
            found.push((
                "differs",
                path.to_string(),
                format!("\n      golden {golden}\n      ours   {ours}"),
            ));
        }
        _ => {}
    }
}

/// A value in the one form that stands for all its equal spellings.
fn normal(value: &Value, key: &str) -> Value {
    if UNKNOWN.contains(&key) {
        return Value::from("<not known yet>");
    }
    if key == "DefinitionString"
        && let Value::String(text) = value
        && let Ok(definition) = serde_json::from_str::<Value>(text)
    {
        return normal(&definition, "");
    }
    if let Value::Object(object) = value {
        if key == "Statement" {
            return normal(&Value::Array(vec![value.clone()]), key);
        }
        if let Some(text) = text_of(value) {
            return Value::from(text);
        }
        let is_empty = |value: &Value| match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            _ => false,
        };
        let entries = object
            .iter()
            .map(|(key, value)| (key.clone(), normal(value, key)));
        return Value::Object(entries.filter(|(_, value)| !is_empty(value)).collect());
    }
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| normal(item, "")).collect();
            if let Some((_, name)) = NAMED.iter().find(|(list, _)| *list == key) {
                return by_name(items, name);
            }
            if UNORDERED.contains(&key) {
                items.sort_by_key(ToString::to_string);
            }
            Value::Array(items)
        }
        Value::String(_) if TEXT_OR_LIST.contains(&key) => Value::Array(vec![value.clone()]),
        Value::Number(number) => Value::from(number.to_string()),
        other => other.clone(),
    }
}

/// Items by their names, each further one of a name with its number. Items without names stay a list.
fn by_name(items: Vec<Value>, name: &str) -> Value {
    let of = |item: &Value| match &item[name] {
        Value::Array(names) => Some(names.first()?.as_str()?.to_string()),
        name => name.as_str().map(str::to_string),
    };
    if items.iter().any(|item| of(item).is_none()) {
        return Value::Array(items);
    }
    let mut named = Map::new();
    for item in items {
        let name = of(&item).unwrap_or_default();
        let earlier = named
            .keys()
            .filter(|known| known.split('#').next() == Some(&name));
        let number = earlier.count() + 1;
        let name = if number == 1 {
            name
        } else {
            format!("{name}#{number}")
        };
        named.insert(name, item);
    }
    Value::Object(named)
}

/// What builds a text by intrinsic functions, as one text with `${…}`.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Object(object) if object.len() == 1 => {
            let (name, argument) = object.iter().next()?;
            match (name.as_str(), argument) {
                ("Ref", Value::String(id)) => Some(format!("${{{id}}}")),
                ("Fn::GetAtt", Value::Array(parts)) => {
                    let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
                    Some(format!("${{{}}}", parts?.join(".")))
                }
                ("Fn::Join", Value::Array(arguments)) => {
                    let [Value::String(separator), Value::Array(parts)] = arguments.as_slice() else {
                        return None;
                    };
                    let parts: Option<Vec<String>> = parts.iter().map(text_of).collect();
                    Some(parts?.join(separator))
                }
                ("Fn::Sub", Value::String(text)) => Some(text.clone()),
                ("Fn::Sub", Value::Array(arguments)) => {
                    let [Value::String(text), Value::Object(variables)] = arguments.as_slice() else {
                        return None;
                    };
                    variables.iter().try_fold(text.clone(), |text, (name, value)| {
                        Some(text.replace(&format!("${{{name}}}"), &text_of(value)?))
                    })
                }
                _ => None,
            }
        }
        _ => None,
    }
}
