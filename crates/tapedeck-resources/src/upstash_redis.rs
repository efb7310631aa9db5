//! `upstash-redis`: a Redis database at Upstash.

use tapedeck_config::schema::{
    Connectable, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, ResourceType, Support, UNSUPPORTED,
};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "upstash-redis",
    doc: "A Redis database at Upstash.",
    properties: Some(&DATABASE),
    support: Support::Partly(
        "a Redis of this machine's distribution stands in, with the REST protocol of Upstash, without TLS",
    ),
    parameters: &[
        Parameter::text("host", "host of the database"),
        Parameter::number("port", "port of the database"),
        Parameter::secret("password", "password of the database"),
        Parameter::secret("restToken", "token for its REST API"),
        Parameter::secret("readOnlyRestToken", "token for reading through its REST API"),
        Parameter::text("restUrl", "URL of its REST API"),
        Parameter::secret("redisUrl", "URL of the database, with the password"),
    ],
    connectable: Connectable::Yes,
    ..UNSUPPORTED
};

static DATABASE: Object = Object {
    name: "a database of Upstash",
    doc: "A Redis database at Upstash, in the account of `providerConfig.upstash`.",
    keys: &[Key {
        name: "enableEviction",
        kind: Kind::Boolean,
        default: Some("false"),
        doc: "whether old entries make room for new ones when the memory is full",
        ..OPTIONAL
    }],
    ..OBJECT
};
