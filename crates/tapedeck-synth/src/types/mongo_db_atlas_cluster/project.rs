//! What all clusters of a stack share: the project at Atlas, who reaches it, and the way between its network and ours.

use serde_json::{Value, json};
use tapedeck_model::{Connection, Data};

use super::NAME;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic;
use crate::template::Resource;
use crate::types::Target;
use crate::types::target::get;

const PROJECT: &str = "StpAtlasMongoProject";
/// The network of the clusters.
pub(super) const CONTAINER: &str = "StpAtlasMongoNetworkContainer";
/// Who reaches the clusters, among what it becomes.
pub(crate) const ACCESS_LIST: &str = "StpAtlasMongoProjectIpAccessList";
const PEERING: &str = "StpAtlasMongoNetworkPeering";

/// The addresses of the network of the clusters.
const ADDRESSES: &str = "10.0.0.0/21";

/// The project.
pub(super) fn reference() -> Value {
    intrinsic::reference(PROJECT)
}

/// The region, as Atlas calls it.
pub(super) fn region(assembly: &Assembly<'_>) -> String {
    assembly.names.region.to_ascii_uppercase().replace('-', "_")
}

/// A setting of the account at Atlas.
fn setting<'a>(path: &str, assembly: &Assembly<'a>) -> Option<&'a Data> {
    let providers = assembly.stack.settings.providers.as_ref()?;
    get(providers, &format!("mongoDbAtlas.{path}"))
}

/// Adds the keys of the account, where the config has them. Without, the types have their own.
pub(super) fn add_keys(properties: &mut Value, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    for (key, property) in [("publicKey", "PublicKey"), ("privateKey", "PrivateKey")] {
        if let Some(value) = setting(key, assembly) {
            properties["ApiKeys"][property] = assembly.data(value)?;
        }
    }
    Ok(())
}

/// Adds something of Atlas with the keys of the account.
fn add(
    (logical_id, kind): (&str, &str),
    mut properties: Value,
    after: Option<&str>,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    add_keys(&mut properties, assembly)?;
    let resource = Resource::new(&format!("MongoDB::StpAtlasV1::{kind}"), properties);
    assembly.add(logical_id, resource.after(after.map(str::to_string)));
    Ok(())
}

/// Adds all of it. A second time it changes nothing.
pub(super) fn build(assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let name = format!("{}-{}", assembly.names.stack, assembly.names.hash);
    let mut project = json!({ "Name": name });
    if let Some(organization) = setting("organizationId", assembly) {
        project["OrgId"] = assembly.data(organization)?;
    }
    add((PROJECT, "Project"), project, None, assembly)?;
    let list = json!({ "AccessList": access_list(assembly)?, "ProjectId": reference() });
    add(
        (ACCESS_LIST, "ProjectIpAccessList"),
        list,
        Some(PROJECT),
        assembly,
    )?;
    let container = json!({
        "AtlasCidrBlock": ADDRESSES,
        "ProjectId": reference(),
        "ProviderName": "AWS",
        "RegionName": region(assembly),
    });
    add(
        (CONTAINER, "NetworkContainer"),
        container,
        Some(PROJECT),
        assembly,
    )?;
    add_peering(assembly)
}

/// Adds the way between the two networks, which somebody has to accept once in the account.
fn add_peering(assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let peering = json!({
        "AccepterRegionName": assembly.names.region,
        "AwsAccountId": assembly.names.account,
        "ContainerId": intrinsic::reference(CONTAINER),
        "ProjectId": reference(),
        "ProviderName": "AWS",
        "RouteTableCidrBlock": assembly.network.cidr_block,
        "VpcId": assembly.network.vpc,
    });
    add((PEERING, "NetworkPeering"), peering, Some(CONTAINER), assembly)?;
    let kinds: &[&str] = match assembly.needs.nat {
        true => &["Public", "Private"],
        false => &["Public"],
    };
    for kind in kinds {
        for (zone, table) in assembly.network.route_tables(kind).into_iter().enumerate() {
            let route = json!({
                "DestinationCidrBlock": ADDRESSES,
                "RouteTableId": table,
                "VpcPeeringConnectionId": intrinsic::attribute(PEERING, "ConnectionId"),
            });
            assembly.add(
                &format!("StpAtlasMongo{kind}SubnetRoute{zone}"),
                Resource::new("AWS::EC2::Route", route),
            );
        }
    }
    Ok(())
}

/// Who reaches the clusters.
fn access_list(assembly: &mut Assembly<'_>) -> Result<Vec<Value>, SynthError> {
    let mode = setting("accessibility.accessibilityMode", assembly).and_then(Data::as_text);
    let block = |addresses: &str| json!({ "CidrBlock": addresses });
    let mut list = match mode.unwrap_or("internet") {
        "vpc" => vec![block(&assembly.network.cidr_block)],
        "scoping-workloads-in-vpc" => groups(assembly),
        "whitelisted-ips-only" => Vec::new(),
        _ => vec![block("0.0.0.0/0")],
    };
    match setting("accessibility.whitelistedIps", assembly) {
        Some(Data::List(items)) => {
            for item in items {
                list.push(match (item.as_text(), assembly.data(item)?) {
                    (Some(address), _) if !address.contains('/') => block(&format!("{address}/32")),
                    (_, value) => json!({ "CidrBlock": value }),
                });
            }
        }
        Some(one) => list.extend(one.as_text().map(|address| match address.contains('/') {
            true => block(address),
            false => block(&format!("{address}/32")),
        })),
        None => {}
    }
    Ok(list)
}

/// The groups of all services that are connected to a cluster, each once.
fn groups(assembly: &Assembly<'_>) -> Vec<Value> {
    let mut groups: Vec<String> = Vec::new();
    let clusters = assembly.stack.resources.iter().filter(|one| one.kind == NAME);
    for group in clusters.flat_map(|cluster| Target::of(cluster).groups_of_services(assembly)) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let entries = groups
        .iter()
        .map(|group| json!({ "AwsSecurityGroup": intrinsic::reference(group) }));
    entries.collect()
}

/// The clusters among connections, each once.
pub(super) fn connected<'a>(connections: &'a [Connection], assembly: &Assembly<'_>) -> Vec<&'a str> {
    let is_cluster = |name: &str| {
        let mut resources = assembly.stack.resources.iter();
        resources.any(|one| one.kind == NAME && one.name.as_str() == name)
    };
    let mut names: Vec<&str> = Vec::new();
    for connection in connections {
        if let Connection::Resource(name) = connection
            && is_cluster(name)
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    names
}
