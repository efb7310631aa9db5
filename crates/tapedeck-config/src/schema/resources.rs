//! What every resource has, and the types of resources.

use super::worker_service::WORKER_SERVICE;
use super::{Branch, Case, Key, Kind, Object, REQUIRED, Support, Type, not_yet, whole};

/// An entry of `resources`.
pub(super) static RESOURCE: Object = Object {
    name: "a resource",
    doc: "A resource has a name of letters and digits, a type, and properties that depend on the type.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(RESOURCE_TYPES),
            doc: "what the resource is",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&PROPERTIES),
            doc: "the settings of the resource",
            ..REQUIRED
        },
        not_yet(
            "overrides",
            "changes to the CloudFormation resources that it becomes",
        ),
    ],
};

static PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[Case {
        values: &["worker-service"],
        object: &WORKER_SERVICE,
    }],
};

/// Every type of resource that Stacktape has.
pub static RESOURCE_TYPES: &[Type] = &[
    Type {
        name: "worker-service",
        support: Support::Full,
    },
    later("application-load-balancer"),
    later("astro-web"),
    later("aws-cdk-construct"),
    later("bastion"),
    later("batch-job"),
    later("bucket"),
    later("custom-resource-definition"),
    later("custom-resource-instance"),
    later("deployment-script"),
    later("dynamo-db-table"),
    later("edge-lambda-function"),
    later("efs-filesystem"),
    later("event-bus"),
    later("function"),
    later("hosting-bucket"),
    later("http-api-gateway"),
    later("kinesis-stream"),
    later("mongo-db-atlas-cluster"),
    later("multi-container-workload"),
    later("network-load-balancer"),
    later("nextjs-web"),
    later("nuxt-web"),
    later("open-search-domain"),
    later("private-service"),
    later("redis-cluster"),
    later("relational-database"),
    later("remix-web"),
    later("sns-topic"),
    later("solidstart-web"),
    later("sqs-queue"),
    later("state-machine"),
    later("sveltekit-web"),
    later("tanstack-web"),
    later("upstash-kafka-topic"),
    later("upstash-redis"),
    later("user-auth-pool"),
    later("web-app-firewall"),
    later("web-service"),
];

const fn later(name: &'static str) -> Type {
    Type {
        name,
        support: Support::NotYet,
    }
}
