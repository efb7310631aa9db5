//! `mongo-db-atlas-cluster`: a cluster of Atlas, in the project that all of a stack share.
//!
//! The types of CloudFormation are those that existing stacks have: whoever deploys has them registered in the account.

mod access;
mod project;

use serde_json::{Value, json};

use super::{Kind, Parameters, Target, no_grants};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;

pub(crate) use access::add_user;
pub(crate) use project::ACCESS_LIST;

pub(super) const KIND: Kind = Kind {
    name: NAME,
    build,
    parameters,
    grants: no_grants,
    in_vpc: true,
};

/// The type in the config.
pub(crate) const NAME: &str = "mongo-db-atlas-cluster";

/// The cluster, among what it becomes.
const CLUSTER: &str = "Cluster";

fn build(cluster: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    project::build(assembly)?;
    let shards = cluster.number("numShards").unwrap_or(1);
    let mut properties = json!({
        "ClusterType": if shards > 1 { "SHARDED" } else { "REPLICASET" },
        "MongoDBMajorVersion": cluster.text("version").unwrap_or("7.0"),
        "Name": name(cluster),
        "NumShards": shards,
        "ProjectId": project::reference(),
        "ProviderSettings": provider(cluster, assembly),
    });
    if is_dedicated(cluster) {
        properties["AutoScaling"] = auto_scaling(cluster);
    }
    if let Some(size) = cluster.number("diskSizeGB") {
        properties["DiskSizeGB"] = Value::from(size);
    }
    if cluster.get("replication").is_some() {
        properties["ReplicationSpecs"] = replication(cluster, shards, assembly);
    }
    for (key, property) in [
        ("enableBackups", "ProviderBackupEnabled"),
        ("enablePointInTimeRecovery", "PitEnabled"),
    ] {
        if cluster.flag(key) {
            properties[property] = Value::from(true);
        }
    }
    if cluster.flag("biConnector.enabled") {
        properties["BiConnector"] = json!({ "Enabled": true });
        if let Some(preference) = cluster.text("biConnector.readPreference") {
            properties["BiConnector"]["ReadPreference"] = Value::from(preference);
        }
    }
    project::add_keys(&mut properties, assembly)?;
    let mut resource = Resource::new("MongoDB::StpAtlasV1::Cluster", properties);
    if is_dedicated(cluster) {
        // The first dedicated cluster of a region makes its network, unless one is there.
        resource = resource.after([project::CONTAINER.to_string()]);
    }
    assembly.add(&cluster.id(CLUSTER), resource);
    access::add_administrator(cluster, assembly)
}

/// The name of the cluster at Atlas.
fn name(cluster: &Target<'_>) -> String {
    cluster.name.to_lowercase()
}

/// Whether its nodes are not shared with others.
fn is_dedicated(cluster: &Target<'_>) -> bool {
    !matches!(cluster.text("clusterTier"), Some("M2" | "M5"))
}

/// What Atlas calls a size: `R40` for `M40 Low-CPU (R40)`.
fn size(tier: &str) -> &str {
    let inner = tier.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(tier)
}

/// The smallest and the largest tier, when it is scaled between such.
fn bounds<'a>(cluster: &Target<'a>) -> Option<(&'a str, &'a str)> {
    let own = cluster.text("clusterTier").unwrap_or_default();
    let (least, most) = (
        cluster.text("autoScaling.minClusterTier"),
        cluster.text("autoScaling.maxClusterTier"),
    );
    let is_scaled = least.is_some() || most.is_some();
    is_scaled.then(|| (size(least.unwrap_or(own)), size(most.unwrap_or(own))))
}

/// Where its nodes are, and how large.
fn provider(cluster: &Target<'_>, assembly: &Assembly<'_>) -> Value {
    let mut settings = json!({
        "InstanceSizeName": size(cluster.text("clusterTier").unwrap_or_default()),
        "RegionName": project::region(assembly),
    });
    if is_dedicated(cluster) {
        settings["ProviderName"] = Value::from("AWS");
    } else {
        settings["ProviderName"] = Value::from("TENANT");
        settings["BackingProviderName"] = Value::from("AWS");
    }
    if let Some((least, most)) = bounds(cluster) {
        settings["AutoScaling"] = json!({ "Compute": { "MinInstanceSize": least, "MaxInstanceSize": most } });
    }
    settings
}

fn auto_scaling(cluster: &Target<'_>) -> Value {
    let mut scaling = json!({ "DiskGBEnabled": !cluster.flag("autoScaling.disableDiskScaling") });
    if bounds(cluster).is_some() {
        let shrinks = !cluster.flag("autoScaling.disableScaleDown");
        scaling["Compute"] = json!({ "Enabled": true, "ScaleDownEnabled": shrinks });
    }
    scaling
}

fn replication(cluster: &Target<'_>, shards: u64, assembly: &Assembly<'_>) -> Value {
    let nodes = |key: &str, default: u64| {
        let own = cluster.number(&format!("replication.{key}"));
        own.unwrap_or(default)
    };
    json!([{
        "NumShards": shards,
        "RegionsConfig": [{
            "AnalyticsNodes": nodes("numAnalyticsNodes", 0),
            "ElectableNodes": nodes("numElectableNodes", 3),
            // Of the only region, the highest there is.
            "Priority": 7,
            "ReadOnlyNodes": nodes("numReadOnlyNodes", 0),
            "RegionName": project::region(assembly),
        }],
    }])
}

fn parameters(cluster: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let address = cluster.attribute(CLUSTER, "SrvConnectionString");
    Ok(vec![("connectionString".to_string(), address)])
}
