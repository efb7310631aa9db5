//! Configs that are right, made of random choices: all keys of a worker service, beside resources of other types.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Random choices. When they run out, the first of everything is chosen, so that less makes smaller configs.
#[derive(Debug)]
struct Choices {
    bytes: std::vec::IntoIter<u8>,
}

impl Choices {
    fn number(&mut self, below: usize) -> usize {
        usize::from(self.bytes.next().unwrap_or_default()) % below
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.number(of.len())].clone()
    }

    fn yes(&mut self) -> bool {
        self.number(2) == 1
    }

    /// Some of a mapping's keys.
    fn some(&mut self, entries: Vec<(&str, Value)>) -> Value {
        let chosen = entries.into_iter().filter(|_| self.yes());
        Value::Object(chosen.map(|(key, value)| (key.to_string(), value)).collect())
    }
}

/// What can be connected to, each with its properties.
const CONNECTABLE: [(&str, &str); 5] = [
    ("sqs-queue", "{}"),
    ("bucket", "{}"),
    ("sns-topic", "{}"),
    ("event-bus", "{}"),
    ("kinesis-stream", "{}"),
];

/// Configs that are right.
pub(super) fn configs() -> impl Strategy<Value = Value> {
    proptest::collection::vec(any::<u8>(), 0..160).prop_map(|bytes| {
        config(&mut Choices {
            bytes: bytes.into_iter(),
        })
    })
}

/// A config in which everything is there that may be.
pub(super) fn full() -> Value {
    // An odd number says yes everywhere.
    config(&mut Choices {
        bytes: vec![129; 1_000].into_iter(),
    })
}

fn config(choices: &mut Choices) -> Value {
    let mut resources = Map::new();
    let mut names = Vec::new();
    for index in 0..choices.number(4) {
        let (kind, properties) = choices.one(&CONNECTABLE);
        let properties: Value = serde_json::from_str(properties).unwrap();
        let name = format!("other{}", ["A", "B", "C", "D"][index]);
        resources.insert(name.clone(), json!({ "type": kind, "properties": properties }));
        names.push(name);
    }
    resources.insert("files".to_string(), json!({ "type": "efs-filesystem" }));
    for name in ["mailer", "reader"].iter().take(1 + choices.number(2)) {
        let properties = worker(choices, &names);
        resources.insert(
            name.to_string(),
            json!({ "type": "worker-service", "properties": properties }),
        );
    }
    let mut config = json!({ "resources": resources });
    if choices.yes() {
        config["projectName"] = json!("generated");
        config["stackConfig"] = json!({ "tags": [{ "name": "team", "value": "mail" }] });
    }
    config
}

fn worker(choices: &mut Choices, names: &[String]) -> Value {
    let mut worker = container(choices);
    worker["resources"] = if choices.number(3) < 2 {
        let (cpu, memory) = choices.one(&[(0.25, 512), (0.5, 1024), (1.0, 2048), (2.0, 4096)]);
        json!({ "cpu": cpu, "memory": memory })
    } else {
        json!({ "instanceTypes": choices.one(&[vec!["t3.medium"], vec!["c5.large", "c5.xlarge"]]) })
    };
    let optional = [
        ("connectTo", {
            let connected: Vec<&String> = names.iter().filter(|_| choices.yes()).collect();
            json!(connected)
        }),
        ("scaling", scaling(choices)),
        (
            "iamRoleStatements",
            json!([{ "Sid": "One", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::photos/*"],
                "Condition": { "Bool": { "aws:SecureTransport": true } } }]),
        ),
        ("sideContainers", side_containers(choices)),
        ("usePrivateSubnetsWithNAT", json!(choices.yes())),
        ("enableRemoteSessions", json!(choices.yes())),
    ];
    for (key, value) in optional {
        if choices.yes() {
            worker[key] = value;
        }
    }
    worker
}

fn scaling(choices: &mut Choices) -> Value {
    let min = 1 + choices.number(4);
    let mut scaling = json!({ "minInstances": min, "maxInstances": min + choices.number(3) });
    if choices.yes() {
        scaling["scalingPolicy"] =
            json!({ "keepAvgCpuUtilizationUnder": 70, "keepAvgMemoryUtilizationUnder": 80 });
    }
    scaling
}

/// What containers of every kind have.
fn container(choices: &mut Choices) -> Value {
    let optional = vec![
        ("environment", environment(choices)),
        ("logging", logging(choices)),
        ("stopTimeout", json!(2 + choices.number(100))),
        (
            "internalHealthCheck",
            json!({ "healthCheckCommand": ["CMD-SHELL", "true"], "intervalSeconds": 30, "timeoutSeconds": 5, "retries": 3,
                "startPeriodSeconds": 10 }),
        ),
        (
            "volumeMounts",
            json!([{ "type": "efs", "properties": { "efsFilesystemName": "files", "mountPath": "/data", "rootDirectory":
                "/a" } }]),
        ),
    ];
    let mut container = choices.some(optional);
    container["packaging"] = packaging(choices);
    container
}

fn environment(choices: &mut Choices) -> Value {
    let values = [
        json!("text"),
        json!(""),
        json!(5),
        json!(0.5),
        json!(true),
        json!("é $ # : {} '\" \\ \n 日本"),
        json!("null"),
        json!("1e3"),
        json!("- a"),
        json!("$Secret('token')"),
        json!("$Stage()"),
        json!("$CfFormat('{}-{}', $Secret('token'), $Region())"),
    ];
    let names = ["A", "B_C", "lower", "Z9"];
    let count = 1 + choices.number(names.len());
    let chosen: Vec<(&str, Value)> = names[..count]
        .iter()
        .map(|name| (*name, choices.one(&values)))
        .collect();
    if choices.yes() {
        let items: Vec<Value> = chosen
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        return json!(items);
    }
    let entries = chosen.into_iter().map(|(name, value)| (name.to_string(), value));
    Value::Object(entries.collect())
}

fn logging(choices: &mut Choices) -> Value {
    let forwarding = choices.one(&[
        json!({ "type": "datadog", "properties": { "apiKey": "$Secret('token')" } }),
        json!({ "type": "highlight", "properties": { "projectId": "p" } }),
        json!({ "type": "http-endpoint", "properties": { "endpointUrl": "https://example.com/logs", "retryDuration": 60,
            "gzipEncodingEnabled": true, "parameters": { "a": "b" } } }),
    ]);
    let keys = vec![
        ("disabled", json!(choices.yes())),
        ("retentionDays", json!(choices.one(&[1, 30, 90]))),
        ("logForwarding", forwarding),
    ];
    choices.some(keys)
}

fn packaging(choices: &mut Choices) -> Value {
    let buildpack = choices.some(vec![
        ("includeFiles", json!(["assets/**"])),
        ("excludeFiles", json!(["assets/*.psd"])),
        ("excludeDependencies", json!(["fsevents"])),
        ("customDockerBuildCommands", json!(["true"])),
        (
            "languageSpecificConfig",
            json!({ "nodeVersion": 22, "outputModuleFormat": "esm" }),
        ),
    ]);
    let mut buildpack = buildpack;
    buildpack["entryfilePath"] = json!(choices.one(&["src/main.ts", "src/main.js", "src/main.mjs"]));
    let (kind, properties) = choices.one(&[
        ("stacktape-image-buildpack", buildpack),
        ("prebuilt-image", json!({ "image": "nginx:1.27", "command": ["nginx"] })),
        (
            "custom-dockerfile",
            json!({ "buildContextPath": "docker", "dockerfilePath": "Dockerfile", "buildArgs": [{ "argName": "A", "value":
                "b" }] }),
        ),
        ("nixpacks", json!({ "sourceDirectoryPath": "app", "startCmd": "run" })),
        ("external-buildpack", json!({ "sourceDirectoryPath": "app", "builder": "heroku/builder:24" })),
    ]);
    json!({ "type": kind, "properties": properties })
}

fn side_containers(choices: &mut Choices) -> Value {
    let mut first = container(choices);
    first["name"] = json!("migrate");
    first["containerType"] = json!("run-on-init");
    first["essential"] = json!(false);
    let mut second = container(choices);
    second["name"] = json!("agent");
    second["containerType"] = json!("always-running");
    if choices.yes() {
        second["dependsOn"] =
            json!([{ "containerName": "migrate", "condition": choices.one(&["SUCCESS", "START"]) }]);
    }
    json!([first, second])
}

/// JSON as YAML in block style.
pub(super) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, indent: usize, text: &mut String) {
    let spaces = " ".repeat(indent);
    let mut inner = |head: String, value: &Value| match value {
        Value::Object(entries) if !entries.is_empty() => {
            text.push_str(&format!("{head}\n"));
            write(value, indent + 2, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push_str(&format!("{head}\n"));
            write(value, indent + 2, text);
        }
        leaf => text.push_str(&format!("{head} {}\n", self::leaf(leaf))),
    };
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                inner(format!("{spaces}{key}:"), value);
            }
        }
        Value::Array(items) => {
            for value in items {
                inner(format!("{spaces}-"), value);
            }
        }
        other => text.push_str(&format!("{spaces}{}\n", leaf(other))),
    }
}

/// A leaf: without quotes where it needs none, else between double or single ones.
fn leaf(value: &Value) -> String {
    const OTHER_TYPES: [&str; 3] = ["null", "true", "false"];
    match value.as_str() {
        Some(text)
            if !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphabetic())
                && !OTHER_TYPES.contains(&text) =>
        {
            text.to_string()
        }
        Some(text) if !text.contains(['\n', '\\']) => format!("'{}'", text.replace('\'', "''")),
        _ => value.to_string(),
    }
}

/// Where each leaf of a value is.
pub(super) fn leaves(value: &Value) -> Vec<String> {
    match value {
        Value::Object(entries) => entries
            .iter()
            .flat_map(|(key, value)| leaves(value).into_iter().map(move |rest| format!("/{key}{rest}")))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, value)| {
                leaves(value)
                    .into_iter()
                    .map(move |rest| format!("/{index}{rest}"))
            })
            .collect(),
        _ => vec![String::new()],
    }
}
