//! A checked `multi-container-workload` to the model.

use tapedeck_config::parse::Mapping;
use tapedeck_config::{Declared, complete, overrides};
use tapedeck_model::{ResourceName, Way, WayKind, Workload, WorkloadContainer};

use super::WAYS;
use crate::shared::{connections, lower as shared};
use crate::worker_service::{compute, lower};

/// The containers of a workload, none of which is the main one.
pub(super) fn workload(one: &Declared<'_>) -> Option<Workload> {
    let properties = one.properties;
    let mut ways = Vec::new();
    for container in lower::mappings(properties, "containers") {
        for event in lower::mappings(container, "events") {
            ways.push(way(container, event)?);
        }
    }
    Some(Workload {
        name: ResourceName::new(one.name.value.clone()).ok()?,
        containers: lower::mappings(properties, "containers")
            .map(member)
            .collect::<Option<_>>()?,
        compute: compute::lower(properties.mapping("resources")?)?,
        scaling: lower::scaling(properties)?,
        connect_to: connections::lower(properties),
        iam_role_statements: lower::statements(properties)?,
        use_private_subnets_with_nat: properties.flag("usePrivateSubnetsWithNAT"),
        enable_remote_sessions: properties.flag("enableRemoteSessions"),
        overrides: overrides(one.whole),
        ways,
    })
}

fn member(container: &Mapping) -> Option<WorkloadContainer> {
    Some(WorkloadContainer {
        name: container.text("name")?.to_string(),
        essential: !container.has("essential") || container.flag("essential"),
        container_type: None,
        depends_on: lower::dependencies(container)?,
        container: shared::container(container)?,
    })
}

/// How an event reaches a container.
fn way(container: &Mapping, event: &Mapping) -> Option<Way> {
    let properties = event.mapping("properties")?;
    let kind = event.text("type")?;
    Some(Way {
        container: container.text("name")?.to_string(),
        port: properties.integer("containerPort")?,
        protocol: properties.text("protocol").map(str::to_string),
        kind: match kind {
            "service-connect" => WayKind::ServiceConnect {
                alias: properties.text("alias").map(str::to_string),
            },
            "workload-internal" => WayKind::Internal,
            _ => WayKind::Event {
                kind: kind.to_string(),
                properties: complete(properties, WAYS.object(kind)?),
            },
        },
    })
}
