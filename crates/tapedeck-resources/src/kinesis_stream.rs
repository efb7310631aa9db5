//! `kinesis-stream`: records that several readers read in order.

use tapedeck_config::schema::{
    Connectable, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, REQUIRED, Range, ResourceType, Support,
    UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};

use crate::shared::relations;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "kinesis-stream",
    doc: "Records that several readers read in order, in Kinesis.",
    properties: Some(&STREAM),
    support: Support::Full,
    parameters: &[
        Parameter::text("arn", "ARN of the stream"),
        Parameter::text("name", "name of the stream"),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    ..UNSUPPORTED
};

static STREAM: Object = Object {
    name: "a stream",
    doc: "Records that several readers read in order, in Kinesis.",
    keys: &[
        Key {
            name: "capacityMode",
            kind: Kind::TextOneOf(&["ON_DEMAND", "PROVISIONED"]),
            default: Some("ON_DEMAND"),
            doc: "whether it grows by itself or has as many shards as are asked for",
            ..OPTIONAL
        },
        Key {
            name: "shardCount",
            kind: Kind::Integer(&SHARDS),
            default: Some("1"),
            doc: "number of shards, with `capacityMode: PROVISIONED`",
            ..OPTIONAL
        },
        Key {
            name: "retentionPeriodHours",
            kind: Kind::Integer(&HOURS),
            default: Some("24"),
            doc: "hours that records are kept",
            ..OPTIONAL
        },
        Key {
            name: "encryption",
            kind: Kind::Object(&ENCRYPTION),
            doc: "encryption at rest",
            ..OPTIONAL
        },
        Key {
            name: "enableEnhancedFanOut",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether each reader has a throughput of its own",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static SHARDS: Range = Range {
    min: 1,
    max: 100_000,
    advice: "use a whole number of shards from 1 on",
};

/// Source: API reference of Kinesis, action IncreaseStreamRetentionPeriod.
static HOURS: Range = Range {
    min: 24,
    max: 8760,
    advice: "use 24 to 8760 hours, 365 days at most",
};

static ENCRYPTION: Object = Object {
    name: "`encryption` of a stream",
    doc: "Encryption at rest.",
    keys: &[
        Key {
            name: "enabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether records are encrypted",
            ..REQUIRED
        },
        Key {
            name: "kmsKeyArn",
            kind: Kind::Text,
            doc: "ARN of a key of KMS; when left out, the key that AWS has for Kinesis",
            late: true,
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let is_on_demand = match one.properties.get("capacityMode") {
        Some(mode) => mode.value.as_text() == Some("ON_DEMAND"),
        None => true,
    };
    if is_on_demand {
        let reason = "only a stream with `capacityMode: PROVISIONED` has shards that are counted";
        relations::unused(one.properties, &["shardCount"], reason, scope);
    }
    relations::unused_when_disabled(one.properties.mapping("encryption"), &["kmsKeyArn"], scope);
}
