//! Properties of the template of any config: nothing dangles, nothing waits for itself, limits are kept, names are unique.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::settings::settings;
use super::{lookups, stack};
use crate::limits::{self, BYTES, DESCRIPTION_BYTES, DYNAMIC_REFERENCES, ID_CHARACTERS, OUTPUTS};
use crate::{Template, problems, synthesize};

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

fn template(config: &str) -> Template {
    synthesize(&stack(config), &lookups()).unwrap_or_else(|error| panic!("{config}\n{error}"))
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
