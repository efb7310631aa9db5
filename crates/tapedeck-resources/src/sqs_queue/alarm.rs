//! Alarms of an `sqs-queue`.

use tapedeck_config::schema::{Branch, Case, Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED, one_type, whole};

use crate::shared::alarms;

/// An entry of `alarms`.
pub(super) static ALARM: Object = Object {
    name: "an alarm of a queue",
    doc: "What is watched, and who is told when it is wrong.",
    keys: &[
        Key {
            name: "trigger",
            kind: Kind::Object(&TRIGGER),
            doc: "what is watched",
            ..REQUIRED
        },
        alarms::EVALUATION,
        alarms::NOTIFICATION_TARGETS,
        alarms::DESCRIPTION,
        alarms::INCLUDE_IN_HISTORY,
    ],
    ..OBJECT
};

/// `trigger` of one.
pub(super) static TRIGGER: Object = Object {
    name: "`trigger` of an alarm of a queue",
    doc: "What is watched.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[
                one_type("sqs-queue-received-messages-count"),
                one_type("sqs-queue-not-empty"),
            ]),
            doc: "the measure",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&TRIGGER_PROPERTIES),
            doc: "when it is wrong",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static TRIGGER_PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["sqs-queue-received-messages-count"],
            object: &RECEIVED_COUNT,
        },
        Case {
            values: &["sqs-queue-not-empty"],
            object: &NOT_EMPTY,
        },
    ],
};

static RECEIVED_COUNT: Object = Object {
    name: "`sqs-queue-received-messages-count`",
    doc: "How many messages are taken.",
    keys: &[
        alarms::threshold("thresholdCount", "number of messages"),
        alarms::COMPARISON_OPERATOR,
        alarms::STATISTIC,
    ],
    ..OBJECT
};

static NOT_EMPTY: Object = Object {
    name: "`sqs-queue-not-empty`",
    doc: "Whether a message is in the queue. It has no settings.",
    ..OBJECT
};
