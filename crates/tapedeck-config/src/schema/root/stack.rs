//! The section `stackConfig`: outputs, tags and network of the stack.

use crate::schema::{Key, Kind, OBJECT, OPTIONAL, Object, Pattern, REQUIRED, Support};

pub(super) static STACK: Object = Object {
    name: "`stackConfig`",
    doc: "Settings of the stack as a whole.",
    keys: &[
        Key {
            name: "outputs",
            kind: Kind::ListOf(&OUTPUT),
            doc: "values that the deployed stack tells",
            support: Support::NoEffect("outputs are not told on this machine yet"),
            ..OPTIONAL
        },
        Key {
            name: "tags",
            kind: Kind::ListOf(&TAG),
            doc: "tags of everything in AWS that takes tags, 45 at most",
            support: Support::NoEffect("nothing on this machine has tags"),
            ..OPTIONAL
        },
        Key {
            name: "disableStackInfoSaving",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether no information about a deployed stack is saved beside the config",
            support: Support::NoEffect("nothing is saved beside the config"),
            ..OPTIONAL
        },
        Key {
            name: "stackInfoDirectory",
            kind: Kind::Folder,
            default: Some("'.stacktape-stack-info/'"),
            doc: "where that information is saved",
            support: Support::NoEffect("nothing is saved beside the config"),
            ..OPTIONAL
        },
        Key {
            name: "vpc",
            kind: Kind::Object(&VPC),
            doc: "network of the stack in AWS",
            support: Support::NoEffect("this machine has a network of its own"),
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static OUTPUT: Object = Object {
    name: "an output",
    doc: "A value that the deployed stack tells.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Pattern(&ALPHANUMERIC),
            doc: "its name: letters and digits",
            ..REQUIRED
        },
        Key {
            name: "value",
            kind: Kind::Scalar,
            doc: "its value",
            late: true,
            ..REQUIRED
        },
        Key {
            name: "description",
            kind: Kind::Text,
            doc: "what it is",
            ..OPTIONAL
        },
        Key {
            name: "export",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether other stacks can import it",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static ALPHANUMERIC: Pattern = Pattern {
    name: "a name of letters and digits",
    holds: |text| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
    advice: "use letters and digits only",
    regex: "^[A-Za-z0-9]{1,255}$",
};

static TAG: Object = Object {
    name: "a tag",
    doc: "A tag of everything in AWS that takes tags.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Pattern(&TAG_NAME),
            doc: "its key",
            ..REQUIRED
        },
        Key {
            name: "value",
            kind: Kind::Scalar,
            doc: "its value",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static TAG_NAME: Pattern = Pattern {
    name: "the key of a tag",
    holds: |text| {
        let lower = text.to_ascii_lowercase();
        (1..=128).contains(&text.chars().count()) && !lower.starts_with("aws:") && !lower.starts_with("stp:")
    },
    advice: "use 1 to 128 characters that do not begin with `aws:` or `stp:`: those are not yours to set",
    regex: "^(?!aws:|stp:).{1,128}$",
};

static VPC: Object = Object {
    name: "`vpc`",
    doc: "Network of the stack in AWS.",
    keys: &[
        Key {
            name: "nat",
            kind: Kind::Object(&NAT),
            doc: "gateways for services in private subnets",
            ..OPTIONAL
        },
        Key {
            name: "reuseVpc",
            kind: Kind::Object(&REUSED),
            doc: "a VPC that is there already; either `vpcId`, or `projectName` and `stage`",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static NAT: Object = Object {
    name: "`nat`",
    doc: "Gateways for services in private subnets.",
    keys: &[Key {
        name: "availabilityZones",
        kind: Kind::NumberOneOf(&["1", "2", "3"]),
        default: Some("2"),
        doc: "in how many availability zones there is one",
        ..OPTIONAL
    }],
    ..OBJECT
};

static REUSED: Object = Object {
    name: "`reuseVpc`",
    doc: "A VPC that is there already.",
    keys: &[
        Key {
            name: "vpcId",
            kind: Kind::Pattern(&VPC_ID),
            doc: "its id",
            ..OPTIONAL
        },
        Key {
            name: "projectName",
            kind: Kind::Text,
            doc: "project of the stack that it belongs to",
            ..OPTIONAL
        },
        Key {
            name: "stage",
            kind: Kind::Text,
            doc: "stage of that stack",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static VPC_ID: Pattern = Pattern {
    name: "the id of a VPC",
    holds: |text| {
        text.strip_prefix("vpc-")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    },
    advice: "use an id such as vpc-0a1b2c3d",
    regex: "^vpc-[A-Za-z0-9]+$",
};
