//! `redis-cluster`: a replication group of ElastiCache.

use serde_json::{Value, json};

use super::target::rule;
use super::{Kind, Parameters, Target, no_grants};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::join;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "redis-cluster",
    build,
    parameters,
    grants: no_grants,
    in_vpc: true,
};

/// The port when none is given.
const PORT: u64 = 6379;

fn build(redis: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    if redis.is_used("logging.logForwarding") {
        return Err(redis.unsupported("`logForwarding` of its log"));
    }
    let port = redis.number("port").unwrap_or(PORT);
    add_surroundings(redis, port, assembly);
    let (stack, lower) = (assembly.names.stack.clone(), redis.name.to_lowercase());
    let password = match redis.get("defaultUserPassword") {
        Some(password) => assembly.data(password)?,
        None => Value::Null,
    };
    let version = redis.text("engineVersion").unwrap_or("6.2");
    let is_sharded = redis.flag("enableSharding");
    let replicas = redis.number("numReplicaNodes").unwrap_or(0);
    let failover = is_sharded || redis.flag("enableAutomaticFailover");
    let mut properties = json!({
        "ReplicationGroupId": crate::naming::within(format!("{stack}-{lower}"), 40),
        "ReplicationGroupDescription": format!("{stack}-{}", redis.name),
        "Engine": "redis",
        "EngineVersion": version,
        "CacheNodeType": redis.text("instanceSize"),
        "Port": port,
        "AuthToken": password,
        "AtRestEncryptionEnabled": true,
        "TransitEncryptionEnabled": true,
        "AutomaticFailoverEnabled": failover,
        "CacheParameterGroupName": redis.reference("ParameterGroup"),
        "CacheSubnetGroupName": redis.reference("SubnetGroup"),
        "SecurityGroupIds": [redis.reference("SecurityGroup")],
    });
    if is_sharded {
        properties["NumNodeGroups"] = Value::from(redis.number("numShards").unwrap_or(1));
        properties["ReplicasPerNodeGroup"] = Value::from(replicas);
    } else {
        properties["NumCacheClusters"] = Value::from(replicas + 1);
    }
    if let Some(days) = redis
        .number("automatedBackupRetentionDays")
        .filter(|days| *days > 0)
    {
        properties["SnapshotRetentionLimit"] = Value::from(days);
    }
    if !redis.flag("logging.disabled") {
        properties["LogDeliveryConfigurations"] = json!([{
            "DestinationDetails": { "CloudWatchLogsDetails": { "LogGroup": redis.reference("LogGroup") } },
            "DestinationType": "cloudwatch-logs",
            "LogFormat": redis.text("logging.format").unwrap_or("json"),
            "LogType": "slow-log",
        }]);
    }
    let group = Resource::new("AWS::ElastiCache::ReplicationGroup", properties)
        .with("UpdatePolicy", json!({ "UseOnlineResharding": true }));
    assembly.add(&redis.id("ReplicationGroup"), group);
    Ok(())
}

/// Adds what the group needs around it.
fn add_surroundings(redis: &Target<'_>, port: u64, assembly: &mut Assembly<'_>) {
    let stack = assembly.names.stack.clone();
    let name = redis.name;
    let version = redis.text("engineVersion").unwrap_or("6.2");
    let family = if version.starts_with('7') {
        "redis7"
    } else {
        "redis6.x"
    };
    let clustered = if redis.flag("enableSharding") { "yes" } else { "no" };
    let parameters = json!({
        "CacheParameterGroupFamily": family,
        "Description": format!("Parameter group for {name} replica group in {stack} stack."),
        "Properties": { "cluster-enabled": clustered },
    });
    assembly.add(
        &redis.id("ParameterGroup"),
        Resource::new("AWS::ElastiCache::ParameterGroup", parameters),
    );
    let subnets = json!({
        "Description": format!("{stack}-{name} subnet group"),
        "SubnetIds": assembly.network.public_subnets,
    });
    assembly.add(
        &redis.id("SubnetGroup"),
        Resource::new("AWS::ElastiCache::SubnetGroup", subnets),
    );
    let rules = match redis.text("accessibility.accessibilityMode") {
        Some("scoping-workloads-in-vpc") => redis.rules_of_services(port, assembly),
        _ => vec![rule(
            port,
            "CidrIp",
            &Value::from(assembly.network.cidr_block.as_str()),
        )],
    };
    redis.add_security_group("redis cluster", rules, assembly);
    if !redis.flag("logging.disabled") {
        let logs = json!({
            "LogGroupName": format!("/aws/vendedlogs/{stack}/redis/{name}/slow-log"),
            "RetentionInDays": redis.number("logging.retentionDays").unwrap_or(30),
        });
        assembly.add(&redis.id("LogGroup"), Resource::new("AWS::Logs::LogGroup", logs));
    }
}

fn parameters(redis: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let of = |name: &str| redis.attribute("ReplicationGroup", name);
    let password = match redis.get("defaultUserPassword") {
        Some(password) => assembly.data(password)?,
        None => Value::Null,
    };
    let address = |host: &str, port: &str| {
        let start = [
            "rediss://".into(),
            "default".into(),
            ":".into(),
            password.clone(),
            "@".into(),
        ];
        let mut parts = start.to_vec();
        parts.extend([of(host), ":".into(), of(port)]);
        join("", parts)
    };
    let named = |name: &str, value: Value| (name.to_string(), value);
    if redis.flag("enableSharding") {
        let (host, port) = ("ConfigurationEndPoint.Address", "ConfigurationEndPoint.Port");
        return Ok(vec![
            named("sharding", "enabled".into()),
            named("host", of(host)),
            named("port", of(port)),
            named("connectionString", address(host, port)),
        ]);
    }
    let (host, port) = ("PrimaryEndPoint.Address", "PrimaryEndPoint.Port");
    let reader = "ReaderEndPoint.Address";
    Ok(vec![
        named("sharding", "disabled".into()),
        named("host", of(host)),
        named("connectionString", address(host, port)),
        named("readerHost", of(reader)),
        named("readerConnectionString", address(reader, port)),
        named("port", of(port)),
        named("readerPort", of("ReaderEndPoint.Port")),
    ])
}
