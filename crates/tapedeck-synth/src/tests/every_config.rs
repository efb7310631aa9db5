//! Properties of the template of any config: nothing dangles, nothing waits for itself, limits are kept, names are unique.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::settings::settings;
use super::{lookups, stack};
use crate::limits::{self, BYTES, DESCRIPTION_BYTES, DYNAMIC_REFERENCES, ID_CHARACTERS, OUTPUTS};
use crate::{Template, problems, synthesize};

/// Properties that name something outside of the template, where no two may be equal.
const NAMES: [&str; 15] = [
    "AutoScalingGroupName",
    "BucketName",
    "ClusterName",
    "DBInstanceIdentifier",
    "Family",
    "FunctionName",
    "GroupName",
    "JobDefinitionName",
    "JobQueueName",
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
    "connectTo: [jobs, topic, table, store, cache, db, machine, bus, stream, documents, code, run]",
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
  documents: { type: mongo-db-atlas-cluster, properties: { clusterTier: M10 } }
  cache: { type: redis-cluster, properties: { instanceSize: cache.t4g.micro, defaultUserPassword: aaaaaaaaaaaaaaaa } }
  db:
    type: relational-database
    properties:
      credentials: { masterUserPassword: p4ssw0rd }
      engine: { type: postgres, properties: { version: '16.6', primaryInstance: { instanceSize: db.t4g.micro } } }
  machine: { type: state-machine, properties: { definition: { StartAt: a, States: { a: { Type: Succeed } } } } }
";

/// Functions and jobs, in each of which any of the properties may be.
const CODE: [&str; 8] = [
    "environment: { A: 1 }",
    "url: { enabled: true, cors: { enabled: true } }",
    "url: { enabled: true, authMode: AWS_IAM, responseStreamEnabled: true }",
    "logging: { disabled: true }",
    "storage: 1024",
    "joinDefaultVpc: true\n      connectTo: [cache, db, run]",
    r#"destinations: { onFailure: "$ResourceParam('jobs', 'arn')" }"#,
    "connectTo: [jobs, topic, table, store, db, machine, bus, stream, run, aws:ses]",
];

const JOB: [&str; 6] = [
    "timeout: 60",
    "useSpotInstances: true",
    "retryConfig: { attempts: 3, retryIntervalSeconds: 5, retryIntervalMultiplier: 1.5 }",
    "logging: { disabled: true }",
    "logging: { retentionDays: 7 }",
    "connectTo: [jobs, topic, table, store, cache, db, machine, bus, stream, aws:ses]",
];

fn template(config: &str) -> Template {
    synthesize(&stack(config), &lookups()).unwrap_or_else(|error| panic!("{config}\n{error}"))
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

fn function(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("\n      {part}")).collect();
    format!(
        "
  code:
    type: function
    properties:
      packaging: {{ type: custom-artifact, properties: {{ packagePath: a.zip, handler: 'a/b.js:run' }} }}
      runtime: nodejs24.x{parts}"
    )
}

fn job(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("\n      {part}")).collect();
    format!(
        "
  run:
    type: batch-job
    properties:
      container: {{ packaging: {{ type: prebuilt-image, properties: {{ image: busybox }} }} }}
      resources: {{ cpu: 1, memory: 1800 }}{parts}"
    )
}

/// The parts, but for those whose key is there already.
fn distinct<'a>(parts: &[&'a str]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let mut is_new = |part: &str| {
        let mut keys = part
            .lines()
            .filter_map(|line| Some(line.split_once(':')?.0.trim().to_string()));
        keys.all(|key| seen.insert(key))
    };
    parts.iter().copied().filter(|part| is_new(part)).collect()
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
    fn nothing_in_it_would_be_refused(
        services in prop::collection::vec(drawn(), 1..4),
        code in prop::sample::subsequence(CODE.to_vec(), 0..=CODE.len()),
        run in prop::sample::subsequence(JOB.to_vec(), 0..=JOB.len()),
        choices in prop::collection::vec(any::<bool>(), 1..24),
    ) {
        let mut config = "projectName: shop\nresources:".to_string();
        for (index, drawn) in services.iter().enumerate() {
            config.push_str(&written(index, drawn));
        }
        config.push_str(&function(&distinct(&code)));
        config.push_str(&job(&distinct(&run)));
        config.push_str(RESOURCES);
        config.push_str(&settings(&choices));
        let template = template(&config);
        prop_assert_eq!(problems(&template), []);
        let text = template.to_json();
        prop_assert!(template.resources.len() <= limits::RESOURCES);
        prop_assert!(template.outputs.len() <= OUTPUTS);
        prop_assert!(text.len() <= BYTES);
        prop_assert!(text.matches("{{resolve:").count() <= DYNAMIC_REFERENCES);
        prop_assert!(template.description.len() <= DESCRIPTION_BYTES);
        let mut names = BTreeSet::new();
        for (id, resource) in &template.resources {
            prop_assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && id.len() <= ID_CHARACTERS, "{}", id);
            for name in NAMES {
                if let Some(name_of_it) = resource.properties.get(name).and_then(|value| value.as_str()) {
                    prop_assert!(names.insert(format!("{} {name} {name_of_it}", resource.kind)), "{}", name_of_it);
                }
            }
        }
    }
}

#[test]
fn whatever_is_connected_to_a_cluster_of_mongodb_is_a_user_of_it() {
    let template = template(
        "projectName: shop
resources:
  documents: { type: mongo-db-atlas-cluster, properties: { clusterTier: M10 } }
  code:
    type: function
    properties:
      packaging: { type: stacktape-lambda-buildpack, properties: { entryfilePath: src/code.ts } }
      joinDefaultVpc: true
      connectTo: [documents]
  mailer:
    type: worker-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: busybox } }
      resources: { cpu: 0.25, memory: 512 }
      connectTo: [documents]
providerConfig:
  mongoDbAtlas: { accessibility: { accessibilityMode: scoping-workloads-in-vpc } }
",
    );
    for workload in ["Code", "Mailer"] {
        let user = &template.resources[&format!("{workload}AtlasMongoDatabaseUser")].properties;
        let role = serde_json::json!({ "Fn::GetAtt": [format!("{workload}Role"), "Arn"] });
        assert_eq!(user["Username"], role);
        assert!(template.resources.contains_key(&format!("{workload}Role")));
    }
    let list = &template.resources["StpAtlasMongoProjectIpAccessList"].properties["AccessList"];
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list}");
}
