//! The keys of an `sqs-queue`.

use tapedeck_config::schema::{
    Branch, Case, Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED, Range, one_type, whole,
};

use super::alarm::ALARM;
use crate::shared::{alarms, event_bus_rule, policy};

/// `properties` of a resource of type `sqs-queue`.
pub(super) static QUEUE: Object = Object {
    name: "a queue",
    doc: "Messages that wait until somebody takes them, in SQS.",
    keys: &[
        seconds(
            "delayMessagesSecond",
            &DELAY,
            "0",
            "seconds that each message waits before it can be taken",
        ),
        Key {
            name: "maxMessageSizeBytes",
            kind: Kind::Integer(&MESSAGE_SIZE),
            default: Some("262144"),
            doc: "bytes that a message may have",
            ..OPTIONAL
        },
        seconds(
            "messageRetentionPeriodSeconds",
            &RETENTION,
            "345600",
            "seconds after which a message that nobody took is dropped",
        ),
        seconds(
            "longPollingSeconds",
            &POLLING,
            "0",
            "seconds that asking for messages waits for one",
        ),
        seconds(
            "visibilityTimeoutSeconds",
            &VISIBILITY,
            "30",
            "seconds for which nobody else gets a message that was taken",
        ),
        Key {
            name: "fifoEnabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether messages keep their order and none comes twice",
            ..OPTIONAL
        },
        Key {
            name: "fifoHighThroughput",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether only messages of one group keep their order, which lets more of them through",
            ..OPTIONAL
        },
        Key {
            name: "contentBasedDeduplication",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether two messages with the same content count as one",
            ..OPTIONAL
        },
        Key {
            name: "redrivePolicy",
            kind: Kind::Object(&REDRIVE_POLICY),
            doc: "where messages go that were taken and never done",
            ..OPTIONAL
        },
        Key {
            name: "policyStatements",
            kind: Kind::ListOf(&POLICY_STATEMENT),
            doc: "statements of the policy of the queue",
            ..OPTIONAL
        },
        Key {
            name: "events",
            kind: Kind::ListOf(&EVENT),
            doc: "events that come as messages",
            ..OPTIONAL
        },
        alarms::alarms(&ALARM),
        alarms::DISABLED_GLOBAL_ALARMS,
    ],
    ..OBJECT
};

const fn seconds(name: &'static str, range: &'static Range, default: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Integer(range),
        default: Some(default),
        doc,
        ..OPTIONAL
    }
}

// Source of the ranges: API reference of SQS, action CreateQueue.
static DELAY: Range = Range {
    min: 0,
    max: 900,
    advice: "use 0 to 900 seconds",
};

static MESSAGE_SIZE: Range = Range {
    min: 1024,
    max: 1_048_576,
    advice: "use 1024 to 1048576 bytes",
};

static RETENTION: Range = Range {
    min: 60,
    max: 1_209_600,
    advice: "use 60 to 1209600 seconds, 14 days at most",
};

static POLLING: Range = Range {
    min: 0,
    max: 20,
    advice: "use 0 to 20 seconds",
};

static VISIBILITY: Range = Range {
    min: 0,
    max: 43_200,
    advice: "use 0 to 43200 seconds, 12 hours at most",
};

static REDRIVE_POLICY: Object = Object {
    name: "`redrivePolicy`",
    doc: "Where messages go that were taken and never done.",
    keys: &[
        Key {
            name: "targetSqsQueueName",
            kind: Kind::ResourceName(&["sqs-queue"]),
            doc: "name of another resource of type `sqs-queue`",
            ..OPTIONAL
        },
        Key {
            name: "targetSqsQueueArn",
            kind: Kind::Text,
            doc: "ARN of a queue",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "maxReceiveCount",
            kind: Kind::Integer(&RECEIVE_COUNT),
            doc: "how many times a message may be taken before it goes there",
            example: Some("5"),
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static RECEIVE_COUNT: Range = Range {
    min: 1,
    max: 1000,
    advice: "use 1 to 1000 times",
};

static POLICY_STATEMENT: Object = Object {
    name: "a statement of the policy of a queue",
    doc: "A statement that is added to the policy of the queue.",
    keys: &[
        policy::PRINCIPAL,
        Key {
            example: Some("'sqs:SendMessage'"),
            ..policy::ACTION
        },
        Key {
            default: None,
            need: REQUIRED.need,
            ..policy::EFFECT
        },
        policy::CONDITION,
    ],
    absent: &[("Resource", "leave it out: the statement is about this queue")],
};

static EVENT: Object = Object {
    name: "an event of a queue",
    doc: "Events that come as messages.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[one_type("event-bus")]),
            doc: "where they come from",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&EVENT_PROPERTIES),
            doc: "which ones",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static EVENT_PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[Case {
        values: &["event-bus"],
        object: &EVENT_BUS_EVENT,
    }],
};

static EVENT_BUS_EVENT: Object = Object {
    name: "an event of an event bus for a queue",
    doc: "Events of an event bus that come as messages.",
    keys: &[
        event_bus_rule::EVENT_BUS_ARN,
        event_bus_rule::EVENT_BUS_NAME,
        event_bus_rule::USE_DEFAULT_BUS,
        event_bus_rule::EVENT_PATTERN,
        event_bus_rule::ON_DELIVERY_FAILURE,
        event_bus_rule::INPUT,
        event_bus_rule::INPUT_PATH,
        event_bus_rule::INPUT_TRANSFORMER,
        Key {
            name: "messageGroupId",
            kind: Kind::Text,
            doc: "group of the messages, of a FIFO queue only",
            example: Some("orders"),
            ..OPTIONAL
        },
    ],
    ..OBJECT
};
