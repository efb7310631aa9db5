//! The section `deploymentConfig`: how CloudFormation deploys.

use crate::schema::{Key, Kind, OBJECT, OPTIONAL, Object, Range};

pub(super) static DEPLOYMENT: Object = Object {
    name: "`deploymentConfig`",
    doc: "How CloudFormation deploys the stack.",
    keys: &[
        Key {
            name: "terminationProtection",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the stack is kept from being deleted",
            ..OPTIONAL
        },
        Key {
            name: "cloudformationRoleArn",
            kind: Kind::Text,
            doc: "role that CloudFormation acts in",
            ..OPTIONAL
        },
        Key {
            name: "triggerRollbackOnAlarms",
            kind: Kind::Texts,
            doc: "alarms that end a deployment and roll it back",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "monitoringTimeAfterDeploymentInMinutes",
            kind: Kind::Integer(&MONITORING),
            default: Some("0"),
            doc: "minutes for which those alarms are watched after a deployment",
            ..OPTIONAL
        },
        Key {
            name: "disableAutoRollback",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether a failed deployment is left as it is",
            ..OPTIONAL
        },
        Key {
            name: "publishEventsToArn",
            kind: Kind::Texts,
            doc: "topics that get the events of the stack",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "previousVersionsToKeep",
            kind: Kind::Integer(&VERSIONS),
            default: Some("10"),
            doc: "earlier versions that are kept for rolling back",
            ..OPTIONAL
        },
        Key {
            name: "disableS3TransferAcceleration",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether uploads go to the bucket the plain way",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static MONITORING: Range = Range {
    min: 0,
    max: 180,
    advice: "use 0 to 180 minutes, as CloudFormation does",
};

static VERSIONS: Range = Range {
    min: 0,
    max: 1000,
    advice: "use 0 to 1000",
};
