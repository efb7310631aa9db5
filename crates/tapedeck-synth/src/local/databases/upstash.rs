//! Databases of Upstash: a Redis, and in front of it a server that speaks Upstash's REST protocol and Redis's own on one port.

use tapedeck_model::Stack;

use super::{ADDRESS, Database, DatabaseKind, OwnSecret, PORT, Variables, found};
use crate::template::{Resource, Template};

/// The port on which both protocols are spoken.
const PUBLIC_PORT: u16 = 6379;
/// The port on which the Redis itself listens, within its task.
const INNER_PORT: &str = "6380";

/// What fits into the memory of its task, also while Redis rewrites its file.
const MEMORY: &str = "100mb";

pub(super) fn all(stack: &Stack, template: &Template) -> Vec<Database> {
    let databases = found(stack, template, "Database", "Upstash::DatabasesV1::Database");
    let databases = databases.map(|(resource, id, main)| {
        let secret = OwnSecret::of(stack, resource, &["password", "restToken", "readOnlyRestToken"]);
        let [password, token, read_only] =
            ["password", "restToken", "readOnlyRestToken"].map(|key| secret.value(key));
        let rest: Variables = vec![
            ("REDIS_PASSWORD", password.as_str().into()),
            ("REDIS_PORT", PUBLIC_PORT.to_string().into()),
            ("UPSTASH_REDIS_PORT", INNER_PORT.into()),
            ("UPSTASH_TOKEN", token.as_str().into()),
            ("UPSTASH_READ_ONLY_TOKEN", read_only.as_str().into()),
        ];
        let mut database = Database {
            is_same_program: true,
            environment: vec![
                ("REDIS_PASSWORD", password.as_str().into()),
                ("REDIS_PORT", INNER_PORT.into()),
                ("REDIS_TLS", "no".into()),
                ("REDIS_MAXMEMORY", MEMORY.into()),
                ("REDIS_MAXMEMORY_POLICY", policy(main).into()),
            ],
            rest: Some(rest),
            secret: Some(secret),
            ..Database::new(resource, DatabaseKind::Redis, "Redis of Upstash", PUBLIC_PORT)
        };
        database.answer(
            &id,
            &[
                ("Endpoint", ADDRESS),
                ("Port", PORT),
                ("Password", &password),
                ("RestToken", &token),
                ("ReadOnlyRestToken", &read_only),
            ],
        );
        database
    });
    databases.collect()
}

/// What happens when the memory is full.
fn policy(main: &Resource) -> &'static str {
    match main
        .properties
        .get("Eviction")
        .and_then(serde_json::Value::as_bool)
    {
        Some(true) => "allkeys-lru",
        _ => "noeviction",
    }
}
