//! Caches of ElastiCache.

use serde_json::Value;
use tapedeck_model::Stack;

use super::{ADDRESS, Access, Database, DatabaseKind, PORT, found, port, text, value};
use crate::naming::logical_id;
use crate::template::Template;

const ATTRIBUTES: [(&str, &str); 6] = [
    ("PrimaryEndPoint.Address", ADDRESS),
    ("PrimaryEndPoint.Port", PORT),
    ("ReaderEndPoint.Address", ADDRESS),
    ("ReaderEndPoint.Port", PORT),
    ("ConfigurationEndPoint.Address", ADDRESS),
    ("ConfigurationEndPoint.Port", PORT),
];

pub(super) fn all(stack: &Stack, template: &Template) -> Vec<Database> {
    let found = found(
        stack,
        template,
        "ReplicationGroup",
        "AWS::ElastiCache::ReplicationGroup",
    );
    let caches = found.map(|(resource, id, main)| {
        let port = port(main).unwrap_or(6379);
        let engine = text(main, "Engine").unwrap_or("redis");
        let tls = match main.properties.get("TransitEncryptionEnabled") {
            Some(Value::Bool(true)) => "yes",
            _ => "no",
        };
        let group = logical_id(&[resource.as_str(), "SecurityGroup"]);
        let mut cache = Database {
            version: text(main, "EngineVersion").map(str::to_string),
            is_same_program: true,
            environment: vec![
                ("REDIS_PASSWORD", value(main, "AuthToken")),
                ("REDIS_PORT", port.to_string().into()),
                ("REDIS_TLS", tls.into()),
            ],
            access: Access::of(template, &group, "SecurityGroupIngress"),
            ..Database::new(resource, DatabaseKind::Redis, engine, port)
        };
        cache.answer(&id, &ATTRIBUTES);
        cache
    });
    caches.collect()
}
