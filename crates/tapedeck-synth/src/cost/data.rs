//! What keeps data and is paid for by the hour or by its size.

use serde_json::Value;

use super::bill::{Bill, Range, is_true, number, several};

/// Adds what keeps data. Says whether it is that.
pub(super) fn add(id: &str, kind: &str, resource: &Value, bill: &mut Bill<'_>) -> bool {
    let properties = &resource["Properties"];
    match kind {
        "AWS::RDS::DBInstance" => add_database(id, properties, bill),
        "AWS::ElastiCache::ReplicationGroup" => add_cache(id, properties, bill),
        "AWS::OpenSearchService::Domain" => add_domain(id, properties, bill),
        "AWS::Kinesis::Stream" => add_stream(id, properties, bill),
        "AWS::SecretsManager::Secret" => bill.charge(id, "1 secret".to_string(), "secret", (1.0, 1.0)),
        "AWS::KMS::Key" => bill.charge(id, "1 key".to_string(), "key", (1.0, 1.0)),
        "AWS::EFS::FileSystem" => {
            if let Some(speed) = number(&properties["ProvisionedThroughputInMibps"]) {
                bill.unknown(id, &format!("{speed} MiB/s of provisioned throughput"));
            }
            return false;
        }
        "AWS::DynamoDB::GlobalTable" | "AWS::DynamoDB::Table" => {
            if properties["BillingMode"] != "PAY_PER_REQUEST" {
                bill.unknown(id, "provisioned capacity for reads and writes");
            }
            return false;
        }
        "MongoDB::StpAtlasV1::Cluster" => {
            bill.not_counted(id, "a cluster, whose price MongoDB Atlas sets".to_string())
        }
        "Upstash::DatabasesV1::Database" => {
            bill.not_counted(id, "a database, whose price Upstash sets".to_string())
        }
        _ => return false,
    }
    true
}

fn add_database(id: &str, properties: &Value, bill: &mut Bill<'_>) {
    let class = properties["DBInstanceClass"].as_str().unwrap_or("db.?");
    let cluster = bill
        .referred(&properties["DBClusterIdentifier"])
        .map(|(_, cluster)| cluster);
    if class == "db.serverless" {
        let bounds = cluster.map_or(
            &Value::Null,
            |cluster| &cluster["Properties"]["ServerlessV2ScalingConfiguration"],
        );
        let bound = |key: &str| number(&bounds[key]).unwrap_or_default();
        let units = (bound("MinCapacity"), bound("MaxCapacity"));
        bill.charge(id, several(units, "capacity unit"), "serverless-database", units);
        return;
    }
    let source = bill.referred(&properties["SourceDBInstanceIdentifier"]);
    let engine = match (properties["Engine"].as_str(), source) {
        (Some(engine), _) => engine,
        (None, Some((_, source))) => source["Properties"]["Engine"].as_str().unwrap_or_default(),
        (None, None) => "",
    };
    let copies = if is_true(&properties["MultiAZ"]) { 2.0 } else { 1.0 };
    let of_engine = if engine == "mariadb" { "mysql" } else { engine };
    let what = format!("{} of {class} ({engine})", several((copies, copies), "instance"));
    bill.charge(id, what, &format!("{of_engine} {class}"), (copies, copies));
    if let Some(size) = number(&properties["AllocatedStorage"]).filter(|_| cluster.is_none()) {
        let most = number(&properties["MaxAllocatedStorage"]).unwrap_or(size);
        let sizes: Range = (size * copies, most.max(size) * copies);
        let what = format!("{} of storage", several(sizes, "GB"));
        match properties["StorageType"].as_str() {
            None | Some("gp2" | "gp3") => bill.charge(id, what, "database-gb", sizes),
            Some(other) => bill.unknown(id, &format!("{what} of type {other}")),
        }
    }
}

fn add_cache(id: &str, properties: &Value, bill: &mut Bill<'_>) {
    let of = |key: &str| number(&properties[key]);
    let nodes = match of("NumNodeGroups") {
        Some(groups) => groups * (1.0 + of("ReplicasPerNodeGroup").unwrap_or_default()),
        None => of("NumCacheClusters").unwrap_or(1.0),
    };
    let class = properties["CacheNodeType"].as_str().unwrap_or("cache.?");
    let what = format!("{} of {class}", several((nodes, nodes), "node"));
    // Valkey costs less, and by how much is not in the table.
    match properties["Engine"] == "valkey" {
        true => bill.unknown(id, &what),
        false => bill.charge(id, what, class, (nodes, nodes)),
    }
}

fn add_domain(id: &str, properties: &Value, bill: &mut Bill<'_>) {
    let cluster = &properties["ClusterConfig"];
    let groups = [
        ("InstanceType", "InstanceCount"),
        ("DedicatedMasterType", "DedicatedMasterCount"),
        ("WarmType", "WarmCount"),
    ];
    let count = number(&cluster["InstanceCount"]).unwrap_or(1.0);
    for (kind, number_of) in groups {
        if let Some(kind) = cluster[kind].as_str() {
            let count = number(&cluster[number_of]).unwrap_or(1.0);
            let what = format!("{} of {kind}", several((count, count), "instance"));
            bill.charge(id, what, kind, (count, count));
        }
    }
    if let Some(size) = number(&properties["EBSOptions"]["VolumeSize"]) {
        bill.unknown(id, &format!("{} GB of storage", size * count));
    }
}

fn add_stream(id: &str, properties: &Value, bill: &mut Bill<'_>) {
    if properties["StreamModeDetails"]["StreamMode"] == "ON_DEMAND" {
        bill.charge(
            id,
            "1 stream on demand".to_string(),
            "stream-on-demand",
            (1.0, 1.0),
        );
        bill.by_use(id, "data in and out", None);
    } else {
        let shards = number(&properties["ShardCount"]).unwrap_or(1.0);
        bill.charge(
            id,
            several((shards, shards), "shard"),
            "stream-shard",
            (shards, shards),
        );
        bill.by_use(id, "records that are put", None);
    }
}
