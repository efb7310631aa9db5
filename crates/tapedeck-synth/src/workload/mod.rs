//! What a worker service becomes: a cluster, a task definition, a service, and on EC2 the instances under it.

mod compute;
mod containers;
mod forwarding;
mod role;
mod scaling;
mod service;
mod volumes;

use serde_json::json;
use tapedeck_model::{Compute, Container, WorkerService};

use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::reference;
use crate::naming::logical_id;
use crate::template::Resource;
use crate::types;

pub(crate) use containers::NO_IMAGE_YET;

/// The name of the main container.
pub(crate) const MAIN: &str = "service-container";

/// Adds all that a worker service becomes.
pub(crate) fn build(service: &WorkerService, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let ids = Ids {
        name: service.name.as_str(),
    };
    let cluster = json!({ "ClusterName": assembly.names.physical(&format!("{}-cluster", ids.name), 255) });
    assembly.add(&ids.of("Cluster"), Resource::new("AWS::ECS::Cluster", cluster));
    add_security_group(&ids, assembly);
    let volumes = volumes::Volumes::of(service, &ids);
    volumes.add_access_points(assembly);
    containers::add_log_groups(service, &ids, assembly);
    forwarding::add(service, &ids, assembly)?;
    containers::add_task_definition(service, &ids, &volumes, assembly)?;
    role::add(service, &ids, &volumes, assembly)?;
    types::add_mongo_db_user(ids.name, &ids.of("Role"), &service.connect_to, assembly)?;
    scaling::add(service, &ids, assembly);
    if let Compute::Ec2 { .. } = service.compute {
        compute::add(service, &ids, assembly);
    }
    service::add(service, &ids, assembly);
    Ok(())
}

/// The logical ids of what a service becomes.
pub(crate) struct Ids<'a> {
    /// The name of the service.
    pub(crate) name: &'a str,
}

impl Ids<'_> {
    /// The id of a part.
    pub(crate) fn of(&self, part: &str) -> String {
        logical_id(&[self.name, part])
    }

    /// The id of the log group of a container.
    pub(crate) fn log_group(&self, container: &str) -> String {
        logical_id(&[self.name, container, "LogGroup"])
    }
}

/// The containers with their names, the main one first.
pub(crate) fn named_containers(service: &WorkerService) -> Vec<(&str, &Container)> {
    let sides = service
        .side_containers
        .iter()
        .map(|side| (side.name.as_str(), &side.container));
    std::iter::once((MAIN, &service.container)).chain(sides).collect()
}

/// The id of the security group of a service, for rules of what it connects to.
pub(crate) fn security_group_id(name: &str) -> String {
    logical_id(&[name, "SecurityGroup"])
}

fn add_security_group(ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let names = &assembly.names;
    let properties = json!({
        "GroupName": names.physical(&format!("{}-sg", ids.name), 255),
        "GroupDescription": format!("Security group associated with {} in stack {}", ids.name, names.stack),
        "VpcId": assembly.network.vpc,
    });
    assembly.add(
        &ids.of("SecurityGroup"),
        Resource::new("AWS::EC2::SecurityGroup", properties),
    );
}

/// The cluster of a service.
pub(crate) fn cluster(ids: &Ids<'_>) -> serde_json::Value {
    reference(&ids.of("Cluster"))
}
