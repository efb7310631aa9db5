//! `sns-topic`: messages that all subscribers get.

use tapedeck_config::schema::{
    Connectable, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, ResourceType, Support, UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};

use crate::shared::relations;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "sns-topic",
    doc: "Messages that all subscribers get, in SNS.",
    properties: Some(&TOPIC),
    support: Support::Full,
    parameters: &[
        Parameter::text("arn", "ARN of the topic"),
        Parameter::text("name", "name of the topic"),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    ..UNSUPPORTED
};

static TOPIC: Object = Object {
    name: "a topic",
    doc: "Messages that all subscribers get, in SNS.",
    keys: &[
        Key {
            name: "smsDisplayName",
            kind: Kind::Text,
            doc: "who a text message says that it is from",
            example: Some("MyShop"),
            ..OPTIONAL
        },
        Key {
            name: "fifoEnabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether messages keep their order and none comes twice",
            ..OPTIONAL
        },
        Key {
            name: "contentBasedDeduplication",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether two messages with the same content count as one",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    if !one.properties.flag("fifoEnabled") {
        let of_fifo = ["contentBasedDeduplication"];
        relations::only_with(one.properties, &of_fifo, "`fifoEnabled: true`", scope);
    }
}
