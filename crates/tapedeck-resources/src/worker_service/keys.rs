//! The keys of a `worker-service`.

use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED, Range, Support};

use crate::shared::container::{ENVIRONMENT, HEALTH_CHECK, LOGGING, STOP_TIMEOUT, VOLUME_MOUNTS};
use crate::shared::packaging::PACKAGING;

/// What is said to whoever looks for a way to deploy that needs traffic to shift.
const NO_TRAFFIC: &str = "a worker service takes no traffic, so there is none to shift: it is always rolled out task by \
                          task; blue/green deployments need a load balancer, as a `web-service` has";

/// `properties` of a resource of type `worker-service`.
pub(super) static WORKER_SERVICE: Object = Object {
    name: "a worker service",
    doc: "A container that runs continuously and cannot be reached from outside.",
    keys: &[
        PACKAGING_KEY,
        Key {
            name: "resources",
            kind: Kind::Object(&COMPUTE),
            doc: "cpu and memory of each instance, or the EC2 instances to run on",
            ..REQUIRED
        },
        ENVIRONMENT,
        LOGGING,
        Key {
            name: "scaling",
            kind: Kind::Object(&SCALING),
            doc: "how many instances run",
            ..OPTIONAL
        },
        HEALTH_CHECK,
        STOP_TIMEOUT,
        Key {
            name: "connectTo",
            kind: Kind::Texts,
            doc: "resources that the service may use, and is told about in its environment; `aws:ses` for sending mail",
            ..OPTIONAL
        },
        Key {
            name: "iamRoleStatements",
            kind: Kind::ListOf(&IAM_STATEMENT),
            doc: "permissions of the service in AWS",
            ..OPTIONAL
        },
        Key {
            name: "sideContainers",
            kind: Kind::ListOf(&SIDE_CONTAINER),
            doc: "containers that run beside the main one, which is called `service-container`",
            ..OPTIONAL
        },
        VOLUME_MOUNTS,
        Key {
            name: "usePrivateSubnetsWithNAT",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether instances have no public address and reach the internet through a NAT",
            support: Support::NoEffect("on this machine every instance is behind a NAT anyway"),
            ..OPTIONAL
        },
        Key {
            name: "enableRemoteSessions",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether a running instance can be entered on AWS; on this machine `container:exec` and `container:session` always can",
            ..OPTIONAL
        },
    ],
    absent: &[
        ("overrides", "it stands beside `properties`, a level higher"),
        ("deployment", NO_TRAFFIC),
        ("loadBalancing", NO_TRAFFIC),
        (
            "port",
            "a worker service cannot be reached; use a `private-service` or a `web-service`",
        ),
        (
            "alarms",
            "a worker service has no alarms of its own; add them to `cloudformationResources`",
        ),
        (
            "events",
            "a worker service runs all the time; use a `function` or a `batch-job` for events",
        ),
        ("cors", "a worker service cannot be reached; use a `web-service`"),
    ],
};

/// `packaging` of a service.
pub(crate) const PACKAGING_KEY: Key = Key {
    name: "packaging",
    kind: Kind::Object(&PACKAGING),
    doc: "how the image of the container comes about",
    ..REQUIRED
};

/// `resources` of a service.
pub(crate) static COMPUTE: Object = Object {
    name: "`resources` of a service",
    doc: "With `cpu` and `memory` alone the service runs on Fargate, with `instanceTypes` on EC2 instances.",
    keys: &[
        Key {
            name: "cpu",
            kind: Kind::NumberOneOf(&["0.25", "0.5", "1", "2", "4", "8", "16"]),
            doc: "virtual CPUs of each instance, a hard limit; without it, on EC2, all of the machine is shared",
            example: Some("0.25"),
            ..OPTIONAL
        },
        Key {
            name: "memory",
            kind: Kind::Integer(&MEMORY),
            doc: "memory of each instance in MiB, a hard limit; without it, on EC2, all that the smallest type has to give",
            example: Some("512"),
            ..OPTIONAL
        },
        Key {
            name: "instanceTypes",
            kind: Kind::Texts,
            doc: "types of EC2 instances to run on, the preferred one first",
            example: Some("[t3.medium]"),
            ..OPTIONAL
        },
        Key {
            name: "enableWarmPool",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether stopped EC2 instances are kept ready; with exactly one of `instanceTypes`",
            ..OPTIONAL
        },
        Key {
            name: "architecture",
            kind: Kind::TextOneOf(&["x86_64", "arm64"]),
            default: Some("x86_64"),
            doc: "architecture of the CPU on Fargate; types of EC2 instances have their own",
            support: Support::NoEffect("what is built here runs on the CPU of this machine"),
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static MEMORY: Range = Range {
    min: 4,
    max: 33_554_432,
    advice: "use a whole number of MiB from 4 on, such as 512",
};

/// `scaling` of a service.
pub(crate) static SCALING: Object = Object {
    name: "`scaling`",
    doc: "`minInstances` may not be greater than `maxInstances`.",
    keys: &[
        instances("minInstances", &INSTANCES, "the least number of instances"),
        instances(
            "maxInstances",
            &INSTANCES,
            "the greatest number of instances; when left out, `minInstances`",
        ),
        Key {
            name: "scalingPolicy",
            kind: Kind::Object(&SCALING_POLICY),
            doc: "when to add and remove instances",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// A number of instances.
pub(crate) const fn instances(name: &'static str, range: &'static Range, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Integer(range),
        default: Some("1"),
        doc,
        ..OPTIONAL
    }
}

static INSTANCES: Range = Range {
    min: 1,
    max: 5000,
    advice: "use a whole number from 1 to 5000: a worker service always runs at least one instance",
};

/// `scalingPolicy`.
pub(crate) static SCALING_POLICY: Object = Object {
    name: "`scalingPolicy`",
    doc: "One metric above its value adds instances, and both below remove them.",
    keys: &[
        Key {
            name: "keepAvgCpuUtilizationUnder",
            kind: Kind::Integer(&PERCENT),
            default: Some("80"),
            doc: "per cent of the CPU above which instances are added",
            ..OPTIONAL
        },
        Key {
            name: "keepAvgMemoryUtilizationUnder",
            kind: Kind::Integer(&PERCENT),
            default: Some("80"),
            doc: "per cent of the memory above which instances are added",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static PERCENT: Range = Range {
    min: 1,
    max: 100,
    advice: "use a whole number of per cent from 1 to 100",
};

/// The keys of an entry of `iamRoleStatements`.
pub(crate) const IAM_KEYS: &[Key] = &[
    Key {
        name: "Resource",
        kind: Kind::Texts,
        doc: "what it is about: a list of ARNs, or one",
        example: Some("$ResourceParam('photos', 'arn')"),
        late: true,
        ..REQUIRED
    },
    Key {
        name: "Action",
        kind: Kind::Texts,
        doc: "what may be done: a list of actions, or one",
        example: Some("'sns:Publish'"),
        ..REQUIRED
    },
    Key {
        name: "Effect",
        kind: Kind::TextOneOf(&["Allow", "Deny"]),
        default: Some("Allow"),
        doc: "whether it allows or denies",
        ..OPTIONAL
    },
    Key {
        name: "Sid",
        kind: Kind::Text,
        doc: "its id",
        ..OPTIONAL
    },
    Key {
        name: "Condition",
        kind: Kind::AnyMapping,
        doc: "when it holds",
        ..OPTIONAL
    },
];

/// An entry of `iamRoleStatements`.
pub(crate) static IAM_STATEMENT: Object = Object {
    name: "an IAM statement",
    doc: "A statement that is added to the role of the service.",
    keys: IAM_KEYS,
    absent: &[
        ("NotAction", "list the actions that are meant under `Action`"),
        (
            "NotResource",
            "list the resources that are meant under `Resource`",
        ),
        ("Principal", "the principal is the role of the service"),
    ],
};

/// An entry of `sideContainers`.
pub(crate) static SIDE_CONTAINER: Object = Object {
    name: "a side container",
    doc: "A container that runs beside the main one, in the same network.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Text,
            doc: "its name in the task",
            example: Some("metricsAgent"),
            ..REQUIRED
        },
        Key {
            name: "containerType",
            kind: Kind::TextOneOf(&["run-on-init", "always-running"]),
            doc: "whether it runs to its end before the main one starts, or as long as the task",
            ..REQUIRED
        },
        PACKAGING_KEY,
        ENVIRONMENT,
        LOGGING,
        HEALTH_CHECK,
        STOP_TIMEOUT,
        VOLUME_MOUNTS,
        Key {
            name: "essential",
            kind: Kind::Boolean,
            doc: "whether its end is the end of the task; when left out, true of those that always run",
            ..OPTIONAL
        },
        Key {
            name: "dependsOn",
            kind: Kind::ListOf(&DEPENDENCY),
            doc: "what it waits for before it starts",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// An entry of `dependsOn`.
pub(crate) static DEPENDENCY: Object = Object {
    name: "a dependency",
    doc: "A container of the same task that is waited for.",
    keys: &[
        Key {
            name: "containerName",
            kind: Kind::Text,
            doc: "the other container; the main one is `service-container`",
            ..REQUIRED
        },
        Key {
            name: "condition",
            kind: Kind::TextOneOf(&["START", "COMPLETE", "SUCCESS", "HEALTHY"]),
            doc: "what it has to have done",
            ..REQUIRED
        },
    ],
    ..OBJECT
};
