//! Properties of the template of any config: nothing dangles, nothing waits for itself, limits are kept, names are unique.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tapedeck_config::{Answers, LoadOptions};
use tapedeck_diagnostic::Source;
use tapedeck_model::{Region, StageName};

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

/// What a service runs on.
const COMPUTE: [&str; 5] = [
    "{ cpu: 0.25, memory: 512 }",
    "{ cpu: 1, memory: 2048, architecture: arm64 }",
    "{ instanceTypes: [t3.medium] }",
    "{ instanceTypes: [m5.xlarge, c5.large] }",
    "{ instanceTypes: [t4g.small], enableWarmPool: true }",
];

/// Further properties of a service, any of which may be there.
const PARTS: [&str; 10] = [
    "scaling: { minInstances: 2, maxInstances: 9 }",
    "scaling: { minInstances: 3, maxInstances: 3 }",
    "logging: { disabled: true }",
    "logging: { logForwarding: { type: highlight, properties: { projectId: p } } }",
    "usePrivateSubnetsWithNAT: true",
    "enableRemoteSessions: true",
    "volumeMounts: [{ type: efs, properties: { efsFilesystemName: files, mountPath: /m, rootDirectory: /a-b } }]",
    r#"environment: [{ name: A, value: "$ResourceParam('jobs', 'url')" }]"#,
    "connectTo: [jobs, topic, table, store, cache, db, machine, bus, stream]",
    "connectTo: [api, crew, store, inner]",
];

/// What only a private service has.
const PRIVATE_PARTS: [&str; 4] = [
    "port: 80",
    "protocol: grpc",
    "loadBalancing: { type: service-connect }",
    "loadBalancing: { type: application-load-balancer }",
];

/// The containers of a workload.
const CONTAINERS: [&str; 4] = [
    "{ name: main, essential: false }",
    "{ name: web, events: [{ type: service-connect, properties: { containerPort: 80, protocol: http2 } }] }",
    "{ name: two_ports, dependsOn: [{ containerName: web, condition: START }],
          events: [{ type: service-connect, properties: { containerPort: 81 } }, { type: service-connect, properties: { containerPort: 82 } }] }",
    "{ name: log-keeper, logging: { logForwarding: { type: highlight, properties: { projectId: p } } } }",
];

const RESOURCES: &str = "
  api:
    type: private-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: busybox } }
      resources: { cpu: 0.25, memory: 512 }
      connectTo: [inner, crew]
  inner:
    type: private-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: busybox } }
      resources: { instanceTypes: [t3.medium] }
      loadBalancing: { type: application-load-balancer }
      connectTo: [api]
  crew:
    type: multi-container-workload
    properties:
      containers:
        - name: main
          packaging: { type: prebuilt-image, properties: { image: busybox } }
          environment: { API: 'http://api:3000/x' }
          events: [{ type: service-connect, properties: { containerPort: 80, alias: crew } }]
      resources: { cpu: 0.25, memory: 512 }
  files: { type: efs-filesystem, properties: {} }
  jobs: { type: sqs-queue }
  topic: { type: sns-topic }
  table: { type: dynamo-db-table, properties: { primaryKey: { partitionKey: { name: id, type: string } } } }
  store: { type: bucket }
  cache: { type: redis-cluster, properties: { instanceSize: cache.t4g.micro, defaultUserPassword: aaaaaaaaaaaaaaaa } }
  db:
    type: relational-database
    properties:
      credentials: { masterUserPassword: p4ssw0rd }
      engine: { type: postgres, properties: { version: '16.6', primaryInstance: { instanceSize: db.t4g.micro } } }
  machine: { type: state-machine, properties: { definition: { StartAt: a, States: { a: { Type: Succeed } } } } }
  bus: { type: event-bus }
  stream: { type: kinesis-stream }
";

fn template(config: &str) -> Template {
    let options = LoadOptions {
        project_name: None,
        fallback_project_name: None,
        stage: StageName::new("dev").unwrap(),
        region: Region::new("eu-west-1").unwrap(),
        profile: None,
        command_line: BTreeMap::new(),
        is_deployment: false,
    };
    let source = Source::new("stacktape.yml", config);
    let loaded = tapedeck_resources::load(&source, &options, &Answers::new());
    let stack = loaded
        .stack
        .unwrap_or_else(|| panic!("{config}\n{:?}", loaded.diagnostics));
    let lookups = Lookups {
        account: Some("123456789012".to_string()),
        ..Lookups::default()
    };
    synthesize(&stack, &lookups).unwrap_or_else(|error| panic!("{config}\n{error}"))
}

/// A service of a type with these properties.
fn service(name: &str, kind: &str, compute: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("\n      {part}")).collect();
    format!(
        "
  {name}:
    type: {kind}
    properties:
      resources: {compute}{parts}"
    )
}

/// What is drawn for a service: its type, and of each list above what it takes.
type Drawn = (
    usize,
    usize,
    Vec<&'static str>,
    Vec<&'static str>,
    Vec<&'static str>,
);

fn drawn() -> impl Strategy<Value = Drawn> {
    let some = |all: &'static [&'static str]| prop::sample::subsequence(all.to_vec(), 0..=all.len());
    (
        0..3_usize,
        0..COMPUTE.len(),
        some(&PARTS),
        some(&PRIVATE_PARTS),
        some(&CONTAINERS),
    )
}

/// A service of what was drawn.
fn written(index: usize, (kind, compute, parts, private, containers): &Drawn) -> String {
    const PACKAGING: &str = "packaging: { type: prebuilt-image, properties: { image: busybox } }";
    let mut seen = BTreeSet::new();
    let mut once = |part: &&str| seen.insert(part.split(':').next().unwrap_or_default().to_string());
    let compute = COMPUTE[*compute];
    if *kind == 2 {
        let of_workload = [
            "scaling",
            "usePrivateSubnetsWithNAT",
            "enableRemoteSessions",
            "connectTo",
        ];
        let parts = parts
            .iter()
            .copied()
            .filter(|part| of_workload.iter().any(|key| part.starts_with(key)));
        let mut parts: Vec<&str> = parts.filter(|part| once(part)).collect();
        let has_web = containers.iter().any(|one| one.starts_with("{ name: web"));
        let members: Vec<String> = containers
            .iter()
            .filter(|one| has_web || !one.contains("containerName: web"))
            .chain([&"{ name: last }"])
            .map(|one| one.replacen("{ ", &format!("{{ {PACKAGING}, "), 1))
            .collect();
        let members = format!("containers: [{}]", members.join(", "));
        parts.push(&members);
        return service(
            &format!("crew{index}"),
            "multi-container-workload",
            compute,
            &parts,
        );
    }
    let own = private.iter().copied().filter(|_| *kind == 1);
    let mut parts: Vec<&str> = parts
        .iter()
        .copied()
        .chain(own)
        .filter(|part| once(part))
        .collect();
    parts.push(PACKAGING);
    match kind {
        1 => service(&format!("private{index}"), "private-service", compute, &parts),
        _ => service(&format!("worker{index}"), "worker-service", compute, &parts),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_in_it_would_be_refused(services in prop::collection::vec(drawn(), 1..4)) {
        let mut config = "projectName: shop\nresources:".to_string();
        for (index, drawn) in services.iter().enumerate() {
            config.push_str(&written(index, drawn));
        }
        config.push_str(RESOURCES);
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
