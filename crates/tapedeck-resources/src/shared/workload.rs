//! What workloads of every type have: connections, permissions, compute, containers beside the main one.

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Kind, OBJECT, Object, Range};

use super::key::{Key, defaulting, flag, key, list, number, required, section};
use crate::worker_service::keys::{COMPUTE, IAM_KEYS, SCALING_POLICY, SIDE_CONTAINER, instances};

/// `connectTo`.
pub(crate) const CONNECT_TO: Key = key(
    "connectTo",
    Kind::Texts,
    "resources that it may use, and is told about in its environment; `aws:ses` for sending mail",
);

/// `iamRoleStatements`.
pub(crate) const IAM_ROLE_STATEMENTS: Key =
    list("iamRoleStatements", &IAM_STATEMENT, "permissions of it in AWS");

static IAM_STATEMENT: Object = Object {
    name: "an IAM statement",
    doc: "A statement that is added to the role of the resource.",
    keys: IAM_KEYS,
    absent: &[
        ("NotAction", "list the actions that are meant under `Action`"),
        (
            "NotResource",
            "list the resources that are meant under `Resource`",
        ),
        ("Principal", "the principal is the role of the resource"),
    ],
};

/// `resources`.
pub(crate) const COMPUTE_KEY: Key = required(section(
    "resources",
    &COMPUTE,
    "cpu and memory of each instance, or the EC2 instances to run on",
));

/// `scaling`.
pub(crate) const SCALING: Key = section("scaling", &SCALING_OBJECT, "how many instances run");

static SCALING_OBJECT: Object = Object {
    name: "`scaling`",
    doc: "`minInstances` may not be greater than `maxInstances`.",
    keys: &[
        instances("minInstances", &INSTANCES, "the least number of instances"),
        instances(
            "maxInstances",
            &INSTANCES,
            "the greatest number of instances; when left out, `minInstances`",
        ),
        section(
            "scalingPolicy",
            &SCALING_POLICY,
            "when to add and remove instances",
        ),
    ],
    ..OBJECT
};

static INSTANCES: Range = Range {
    min: 1,
    max: 5000,
    advice: "use a whole number from 1 to 5000: at least one instance always runs",
};

/// `sideContainers`.
pub(crate) const SIDE_CONTAINERS: Key = list(
    "sideContainers",
    &SIDE_CONTAINER,
    "containers that run beside the main one, which is called `service-container`",
);

/// `usePrivateSubnetsWithNAT`.
pub(crate) const PRIVATE_SUBNETS: Key = flag(
    "usePrivateSubnetsWithNAT",
    "whether instances have no public address and reach the internet through a NAT",
);

/// `enableRemoteSessions`.
pub(crate) const REMOTE_SESSIONS: Key = flag(
    "enableRemoteSessions",
    "whether a shell can be opened in a running instance",
);

/// A port that a container listens on.
pub(crate) const fn port(name: &'static str, doc: &'static str) -> Key {
    number(name, &super::patterns::PORT, doc)
}

/// `port` of a service, on which its container listens.
pub(crate) const SERVICE_PORT: Key = defaulting(
    "3000",
    port(
        "port",
        "port on which the container listens; the variable `PORT` tells it",
    ),
);

/// Whether what it writes is kept.
pub(crate) fn keeps_logs(properties: &Mapping) -> bool {
    !properties
        .mapping("logging")
        .is_some_and(|logging| logging.flag("disabled"))
}
