//! The properties of a `worker-service`.

use super::packaging::PACKAGING;
use super::{Key, Kind, Need, OPTIONAL, Object, REQUIRED, Range, Support, not_yet};

/// `properties` of a resource of type `worker-service`.
pub(super) static WORKER_SERVICE: Object = Object {
    name: "a worker service",
    doc: "A container that runs continuously and cannot be reached from outside.",
    keys: &[
        Key {
            name: "packaging",
            kind: Kind::Object(&PACKAGING),
            doc: "how the image of the container comes about",
            ..REQUIRED
        },
        Key {
            name: "resources",
            kind: Kind::Object(&RESOURCES),
            doc: "cpu and memory of each instance",
            ..REQUIRED
        },
        Key {
            name: "environment",
            kind: Kind::Environment(&VARIABLE),
            doc: "environment variables: a list of `name` and `value`, or a mapping of names to values",
            ..OPTIONAL
        },
        Key {
            name: "logging",
            kind: Kind::Object(&LOGGING),
            doc: "what becomes of the output",
            ..OPTIONAL
        },
        Key {
            name: "scaling",
            kind: Kind::Object(&SCALING),
            doc: "how many instances run",
            ..OPTIONAL
        },
        not_yet(
            "internalHealthCheck",
            "a command that tells whether the container is healthy",
        ),
        Key {
            name: "stopTimeout",
            kind: Kind::Integer(&STOP_TIMEOUT),
            default: Some("2"),
            doc: "seconds between SIGTERM and SIGKILL when an instance is stopped",
            ..OPTIONAL
        },
        not_yet(
            "connectTo",
            "resources that the service may use, and is told about in its environment",
        ),
        not_yet("iamRoleStatements", "permissions of the service in AWS"),
        not_yet("sideContainers", "containers that run beside the main one"),
        not_yet("volumeMounts", "file systems that outlive an instance"),
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
            doc: "whether a shell can be opened in a running instance",
            support: Support::Only("false"),
            ..OPTIONAL
        },
        not_yet(
            "overrides",
            "changes to the CloudFormation resources that the service becomes",
        ),
    ],
};

static RESOURCES: Object = Object {
    name: "`resources` of a worker service",
    doc: "Without `instanceTypes` the service runs on Fargate, and `cpu` and `memory` are required.",
    keys: &[
        Key {
            name: "cpu",
            kind: Kind::NumberOneOf(&["0.25", "0.5", "1", "2", "4", "8", "16"]),
            need: Need::Unless("instanceTypes"),
            doc: "virtual CPUs of each instance, a hard limit",
            ..OPTIONAL
        },
        Key {
            name: "memory",
            kind: Kind::Integer(&MEMORY),
            need: Need::Unless("instanceTypes"),
            doc: "memory of each instance in MiB, a hard limit",
            ..OPTIONAL
        },
        not_yet(
            "instanceTypes",
            "types of EC2 instances to run on, the preferred one first",
        ),
        not_yet("enableWarmPool", "whether stopped EC2 instances are kept ready"),
        not_yet("architecture", "architecture of the CPU, `x86_64` or `arm64`"),
    ],
};

static MEMORY: Range = Range {
    min: 4,
    max: 122_880,
    advice: "use a whole number of MiB from 4 to 122880, such as 512",
};

static STOP_TIMEOUT: Range = Range {
    min: 2,
    max: 120,
    advice: "use a whole number of seconds from 2 to 120",
};

static VARIABLE: Object = Object {
    name: "an environment variable",
    doc: "One entry of the list form of `environment`.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Text,
            doc: "name of the variable, without `=`",
            ..REQUIRED
        },
        Key {
            name: "value",
            kind: Kind::Scalar,
            doc: "a text, number or boolean; the variable gets it as it is written",
            ..REQUIRED
        },
    ],
};

static LOGGING: Object = Object {
    name: "`logging`",
    doc: "Whatever the container writes to stdout and stderr is kept.",
    keys: &[
        Key {
            name: "disabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the output is thrown away",
            support: Support::Only("false"),
            ..OPTIONAL
        },
        Key {
            name: "retentionDays",
            kind: Kind::NumberOneOf(&[
                "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545", "731",
                "1827", "3653",
            ]),
            default: Some("90"),
            doc: "days that the output is kept",
            support: Support::NoEffect("on this machine logs are kept for 90 days"),
            ..OPTIONAL
        },
        not_yet("logForwarding", "another service that gets the output"),
    ],
};

static SCALING: Object = Object {
    name: "`scaling`",
    doc: "`minInstances` may not be greater than `maxInstances`.",
    keys: &[
        Key {
            name: "minInstances",
            kind: Kind::Integer(&INSTANCES),
            default: Some("1"),
            doc: "the least number of instances",
            ..OPTIONAL
        },
        Key {
            name: "maxInstances",
            kind: Kind::Integer(&INSTANCES),
            default: Some("1"),
            doc: "the greatest number of instances; when left out, `minInstances`",
            support: Support::Partly("`minInstances` instances run, because there is no autoscaling yet"),
            ..OPTIONAL
        },
        Key {
            name: "scalingPolicy",
            kind: Kind::Object(&SCALING_POLICY),
            doc: "when to add and remove instances",
            support: Support::Partly("accepted when `minInstances` and `maxInstances` are equal"),
            ..OPTIONAL
        },
    ],
};

static INSTANCES: Range = Range {
    min: 1,
    max: 5000,
    advice: "use a whole number from 1 to 5000: a worker service always runs at least one instance",
};

static SCALING_POLICY: Object = Object {
    name: "`scalingPolicy`",
    doc: "With both keys, one metric above its value adds instances, and both below remove them.",
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
};

static PERCENT: Range = Range {
    min: 1,
    max: 100,
    advice: "use a whole number from 1 to 100 (per cent)",
};
