//! `upstash-redis`: a database of Upstash, made by a type that Upstash's account has registered.

use serde_json::{Value, json};

use super::{Kind, Parameters, Target, no_grants};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::join;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "upstash-redis",
    build,
    parameters,
    grants: no_grants,
    in_vpc: false,
};

fn build(database: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let providers = assembly.stack.settings.providers.as_ref();
    let credential =
        |key: &str| providers.and_then(|data| super::target::get(data, &format!("upstash.{key}")));
    let (email, key) = (credential("accountEmail"), credential("apiKey"));
    let mut credentials = json!({});
    for (name, value) in [("Email", email), ("Key", key)] {
        if let Some(value) = value {
            credentials[name] = assembly.data(value)?;
        }
    }
    let mut properties = json!({
        "DatabaseName": format!("{}-{}-{}", assembly.names.stack, assembly.names.hash, database.name),
        "Region": assembly.names.region,
    });
    if credentials != json!({}) {
        properties["ApiCredentials"] = credentials;
    }
    if database.flag("enableEviction") {
        properties["Eviction"] = Value::from(true);
    }
    assembly.add(
        &database.id("Database"),
        Resource::new("Upstash::DatabasesV1::Database", properties),
    );
    Ok(())
}

fn parameters(database: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let of = |name: &str| database.attribute("Database", name);
    // What stands in on this machine has no certificate.
    let (rest, redis) = match assembly.lookups.is_local {
        true => ("http://", "redis://:"),
        false => ("https://", "rediss://:"),
    };
    let address = |start: Vec<Value>| {
        let mut parts = start;
        parts.extend([of("Endpoint"), ":".into(), of("Port")]);
        join("", parts)
    };
    Ok(vec![
        ("host".to_string(), of("Endpoint")),
        ("port".to_string(), of("Port")),
        ("password".to_string(), of("Password")),
        ("restToken".to_string(), of("RestToken")),
        ("readOnlyRestToken".to_string(), of("ReadOnlyRestToken")),
        ("restUrl".to_string(), address(vec![rest.into()])),
        (
            "redisUrl".to_string(),
            address(vec![redis.into(), of("Password"), "@".into()]),
        ),
    ])
}
