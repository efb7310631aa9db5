//! `upstash-kafka-topic`: a topic of Kafka at Upstash. Upstash itself no longer offers it.

use tapedeck_config::schema::{
    Connectable, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, Range, ResourceType, Support, UNSUPPORTED,
};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "upstash-kafka-topic",
    doc: "A topic of Kafka at Upstash.",
    properties: Some(&TOPIC),
    support: Support::Partly(
        "Tansu, which speaks the protocol of Kafka, stands in: it keeps messages in memory, asks for no password, and has no REST protocol",
    ),
    parameters: &[
        Parameter::text("topicName", "name of the topic"),
        Parameter::text("topicId", "id of the topic"),
        Parameter::text("username", "name of the user"),
        Parameter::secret("password", "password of the user"),
        Parameter::text("tcpEndpoint", "host and port for clients of Kafka"),
        Parameter::text("restUrl", "URL of its REST API"),
    ],
    connectable: Connectable::Yes,
    ..UNSUPPORTED
};

/// The keys are those that the API of Upstash had.
static TOPIC: Object = Object {
    name: "a topic of Kafka",
    doc: "A topic of Kafka at Upstash, in the account of `providerConfig.upstash`.",
    keys: &[
        Key {
            name: "clusterId",
            kind: Kind::Text,
            doc: "id of the cluster that the topic is made in",
            late: true,
            support: Support::NoEffect("one broker has all topics of a stack"),
            ..OPTIONAL
        },
        Key {
            name: "partitions",
            kind: Kind::Integer(&PARTITIONS),
            default: Some("1"),
            doc: "number of partitions",
            ..OPTIONAL
        },
        limit(
            "retentionTime",
            "milliseconds that messages are kept, -1 for the most",
        ),
        limit(
            "retentionSize",
            "bytes of messages that are kept, -1 for the most",
        ),
        limit("maxMessageSize", "bytes that a message may have, -1 for the most"),
        Key {
            name: "cleanupPolicy",
            kind: Kind::TextOneOf(&["delete", "compact"]),
            default: Some("delete"),
            doc: "whether old messages are deleted, or all but the newest with the same key",
            support: NO_LIMITS,
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

const NO_LIMITS: Support = Support::NoEffect("messages are kept until the broker ends");

const fn limit(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Integer(&LIMIT),
        default: Some("-1"),
        doc,
        support: NO_LIMITS,
        ..OPTIONAL
    }
}

static PARTITIONS: Range = Range {
    min: 1,
    max: 100,
    advice: "use 1 to 100 partitions",
};

static LIMIT: Range = Range {
    min: -1,
    max: i64::MAX,
    advice: "use a whole number, -1 for the most that there may be",
};
