//! Properties of the template of any config: nothing dangles, nothing waits for itself, limits are kept, names are unique.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tapedeck_config::{Answer, Answers, LoadOptions};
use tapedeck_diagnostic::Source;
use tapedeck_model::{Region, Stack, StageName};

use crate::{Lookups, Template, problems, synthesize};

/// Properties that name something outside of the template, where no two may be equal.
const NAMES: [&str; 12] = [
    "AutoScalingGroupName",
    "BucketName",
    "ClusterName",
    "DBInstanceIdentifier",
    "Family",
    "GroupName",
    "LogGroupName",
    "QueueName",
    "ReplicationGroupId",
    "RoleName",
    "TableName",
    "TopicName",
];

/// What a worker runs on.
const COMPUTE: [&str; 5] = [
    "{ cpu: 0.25, memory: 512 }",
    "{ cpu: 1, memory: 2048, architecture: arm64 }",
    "{ instanceTypes: [t3.medium] }",
    "{ instanceTypes: [m5.xlarge, c5.large] }",
    "{ instanceTypes: [t4g.small], enableWarmPool: true }",
];

/// Further properties of a worker, any of which may be there.
const PARTS: [&str; 9] = [
    "scaling: { minInstances: 2, maxInstances: 9 }",
    "scaling: { minInstances: 3, maxInstances: 3 }",
    "logging: { disabled: true }",
    "logging: { logForwarding: { type: highlight, properties: { projectId: p } } }",
    "usePrivateSubnetsWithNAT: true",
    "enableRemoteSessions: true",
    "volumeMounts: [{ type: efs, properties: { efsFilesystemName: files, mountPath: /m, rootDirectory: /a-b } }]",
    r#"environment: [{ name: A, value: "$ResourceParam('jobs', 'url')" }]"#,
    "connectTo: [jobs, topic, table, store, cache, db, machine, bus, stream, documents]",
];

const RESOURCES: &str = "
  files: { type: efs-filesystem, properties: {} }
  documents: { type: mongo-db-atlas-cluster, properties: { clusterTier: M10 } }
  cache: { type: redis-cluster, properties: { instanceSize: cache.t4g.micro, defaultUserPassword: aaaaaaaaaaaaaaaa } }
  db:
    type: relational-database
    properties:
      credentials: { masterUserPassword: p4ssw0rd }
      engine: { type: postgres, properties: { version: '16.6', primaryInstance: { instanceSize: db.t4g.micro } } }
  machine: { type: state-machine, properties: { definition: { StartAt: a, States: { a: { Type: Succeed } } } } }
";

/// Properties of further resources, any of which may be there: name, type, properties.
const SETTINGS: [(&str, &str, &[&str]); 6] = [
    (
        "jobs",
        "sqs-queue",
        &[
            "visibilityTimeoutSeconds: 120",
            "events: [{ type: event-bus, properties: { eventBusName: bus, eventPattern: { source: [shop] } } }]",
            "policyStatements: [{ Effect: Allow, Principal: '*', Action: ['sqs:SendMessage'] }]",
            "alarms: [{ trigger: { type: sqs-queue-not-empty } }]",
        ],
    ),
    ("topic", "sns-topic", &["smsDisplayName: shop"]),
    (
        "table",
        "dynamo-db-table",
        &[
            "streamType: NEW_IMAGE",
            "provisionedThroughput: { readUnits: 5, writeUnits: 5 }",
            "secondaryIndexes: [{ name: byMail, partitionKey: { name: mail, type: string } }]",
        ],
    ),
    (
        "store",
        "bucket",
        &[
            "versioning: true",
            "cors: { enabled: true }",
            "accessibility: { accessibilityMode: public-read }",
            "lifecycleRules: [{ type: expiration, properties: { daysAfterUpload: 9 } }]",
            "cdn: { enabled: true, cachingOptions: { minTTL: 5 }, routeRewrites: [{ path: /a, routePrefix: /b }] }",
        ],
    ),
    ("bus", "event-bus", &["archivation: { enabled: true }"]),
    (
        "stream",
        "kinesis-stream",
        &["enableEnhancedFanOut: true", "encryption: { enabled: true }"],
    ),
];

/// What comes of a config.
pub(super) enum Outcome {
    /// Its template, as JSON.
    Template(String),
    /// What has no template in it.
    Refused(String),
    /// What is wrong with it.
    Wrong(String),
}

/// What comes of a config, whatever it is.
pub(super) fn outcome(config: &str) -> Outcome {
    let stack = match loaded(config) {
        Ok(stack) => stack,
        Err(said) => return Outcome::Wrong(said),
    };
    match synthesize(&stack, &lookups()) {
        Ok(template) => Outcome::Template(template.to_json()),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

fn template(config: &str) -> Template {
    let stack = loaded(config).unwrap_or_else(|said| panic!("{config}\n{said}"));
    synthesize(&stack, &lookups()).unwrap_or_else(|error| panic!("{config}\n{error}"))
}

fn lookups() -> Lookups {
    Lookups {
        account: Some("123456789012".to_string()),
        ..Lookups::default()
    }
}

fn loaded(config: &str) -> Result<Stack, String> {
    let options = LoadOptions {
        project_name: None,
        fallback_project_name: Some("shop".to_string()),
        stage: StageName::new("dev").unwrap(),
        region: Region::new("eu-west-1").unwrap(),
        profile: None,
        command_line: BTreeMap::new(),
        is_deployment: false,
    };
    let source = Source::new("stacktape.yml", config);
    let mut answers = Answers::new();
    let mut loaded = tapedeck_resources::load(&source, &options, &answers);
    while !loaded.questions.is_empty() {
        // About files, which a template does not look into.
        for question in loaded.questions {
            answers.insert(question, Answer::Unknowable);
        }
        loaded = tapedeck_resources::load(&source, &options, &answers);
    }
    let findings = format!("{:?}", loaded.diagnostics);
    loaded.stack.ok_or(findings)
}

/// Resources with some of their settings; each choice says yes or no to one.
fn settings(choices: &[bool]) -> String {
    let mut choices = choices.iter().copied().cycle();
    let mut text = String::new();
    for (name, kind, parts) in SETTINGS {
        text.push_str(&format!("  {name}:\n    type: {kind}\n    properties:"));
        if kind == "dynamo-db-table" {
            text.push_str("\n      primaryKey: { partitionKey: { name: id, type: string } }");
        }
        for part in parts.iter().filter(|_| choices.next().unwrap_or_default()) {
            text.push_str(&format!("\n      {part}"));
        }
        text.push('\n');
    }
    text.replace("properties:\n  ", "properties: {}\n  ")
        .replace("properties: {}\n      ", "properties:\n      ")
}

fn worker(name: &str, compute: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("\n      {part}")).collect();
    format!(
        "
  {name}:
    type: worker-service
    properties:
      packaging: {{ type: prebuilt-image, properties: {{ image: busybox }} }}
      resources: {compute}{parts}"
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_in_it_would_be_refused(
        services in prop::collection::vec((0..COMPUTE.len(), prop::sample::subsequence(PARTS.to_vec(), 0..=PARTS.len())), 1..4),
        choices in prop::collection::vec(any::<bool>(), 1..24),
    ) {
        let mut config = "projectName: shop\nresources:".to_string();
        for (index, (compute, parts)) in services.iter().enumerate() {
            let mut seen = BTreeSet::new();
            let parts: Vec<&str> = parts
                .iter()
                .copied()
                .filter(|part| seen.insert(part.split(':').next().unwrap_or_default()))
                .collect();
            config.push_str(&worker(&format!("worker{index}"), COMPUTE[*compute], &parts));
        }
        config.push_str(RESOURCES);
        config.push_str(&settings(&choices));
        let template = template(&config);
        prop_assert_eq!(problems(&template), []);
        prop_assert!(template.resources.len() <= 500);
        prop_assert!(template.to_json().len() <= 1_048_576);
        let mut names = BTreeSet::new();
        for (id, resource) in &template.resources {
            prop_assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && id.len() <= 255, "{}", id);
            for name in NAMES {
                if let Some(name_of_it) = resource.properties.get(name).and_then(|value| value.as_str()) {
                    prop_assert!(names.insert(format!("{} {name} {name_of_it}", resource.kind)), "{}", name_of_it);
                }
            }
        }
    }
}
