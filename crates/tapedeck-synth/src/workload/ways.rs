//! How containers are reached: ports, the rules that let callers in, names in Service Connect, and load balancers.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tapedeck_model::{Compute, Way, WayKind, Workload};

use super::{Ids, balancer};
use crate::assembly::Assembly;
use crate::intrinsic::reference;
use crate::naming::within;

/// The ports of an instance that Docker hands out to containers that share it.
const HANDED_OUT: (u16, u16) = (32768, 65535);

/// `PortMappings` of a container, each port once.
pub(crate) fn port_mappings(service: &Workload, container: &str) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let ways = service.ways.iter().filter(|way| way.container == container);
    ways.filter(|way| seen.insert(way.port))
        .map(|way| {
            // Tasks on an instance share its ports, so that each gets some that is free.
            let host = if is_on_instance(service) { 0 } else { way.port };
            let mut mapping = json!({
                "ContainerPort": way.port,
                "HostPort": host,
                "Name": port_name(way),
                "Protocol": "tcp",
            });
            // Only the proxies of Service Connect have a use for it.
            let spoken = service.ways.iter().filter(|other| {
                let is_this = other.container == container && other.port == way.port;
                is_this && matches!(other.kind, WayKind::ServiceConnect { .. })
            });
            if let Some(protocol) = spoken.filter_map(|other| other.protocol.as_ref()).next() {
                mapping["AppProtocol"] = Value::from(protocol.as_str());
            }
            mapping
        })
        .collect()
}

fn port_name(way: &Way) -> String {
    format!("port-{}", way.port)
}

/// Whether tasks share the network of an instance.
fn is_on_instance(service: &Workload) -> bool {
    matches!(service.compute, Compute::Ec2 { .. })
}

/// The rules that let callers in, each once.
pub(crate) fn rules(service: &Workload, ids: &Ids<'_>, assembly: &Assembly<'_>) -> Vec<Value> {
    let mut rules: Vec<Value> = Vec::new();
    for way in &service.ways {
        let (source, value, description) = match &way.kind {
            WayKind::ServiceConnect { .. } => (
                "CidrIp",
                Value::from(assembly.network.cidr_block.as_str()),
                "service connect port",
            ),
            WayKind::OwnLoadBalancer => (
                "SourceSecurityGroupId",
                reference(&ids.of(balancer::GROUP)),
                &*format!("from load balancer {} to", ids.name),
            ),
            WayKind::Internal | WayKind::Event { .. } => continue,
        };
        let (from, to) = match is_on_instance(service) {
            true => HANDED_OUT,
            false => (way.port, way.port),
        };
        let ports = match from == to {
            true => from.to_string(),
            false => format!("{from}-{to}"),
        };
        let rule = json!({
            "Description": format!("{description} {ports}"),
            "IpProtocol": "tcp",
            "FromPort": from,
            "ToPort": to,
            source: value,
        });
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

/// The name under which a container is reached in Service Connect.
pub(crate) fn alias(service: &Workload, way: &Way) -> Option<String> {
    let WayKind::ServiceConnect { alias } = &way.kind else {
        return None;
    };
    Some(alias.clone().unwrap_or_else(|| {
        let name = format!("{}-{}", service.name, way.container);
        within(name.to_lowercase().replace('_', "-"), 63)
    }))
}

/// The names and ports that a workload is reached by in Service Connect.
pub(crate) fn addresses(service: &Workload) -> Vec<String> {
    let ways = service.ways.iter();
    ways.filter_map(|way| Some(format!("{}:{}", alias(service, way)?, way.port)))
        .collect()
}

/// `Services` of `ServiceConnectConfiguration`: what a workload publishes.
pub(crate) fn published(service: &Workload, assembly: &Assembly<'_>) -> Vec<Value> {
    let aliased = assembly.workloads.iter().flat_map(|one| {
        let ways = one.ways.iter();
        ways.filter_map(|way| alias(one, way))
    });
    let aliased: Vec<String> = aliased.collect();
    let mut services = Vec::new();
    for way in &service.ways {
        let Some(alias) = alias(service, way) else {
            continue;
        };
        let flat = alias.replace('.', "-");
        // One name for several ports is fine for who calls, but in the namespace each has its own.
        let discovery = match aliased.iter().filter(|other| **other == alias).count() {
            0 | 1 => flat,
            _ => format!("{flat}-{}", way.port),
        };
        services.push(json!({
            "PortName": port_name(way),
            "DiscoveryName": within(discovery, 64),
            "ClientAliases": [{ "DnsName": alias, "Port": way.port }],
        }));
    }
    services
}
