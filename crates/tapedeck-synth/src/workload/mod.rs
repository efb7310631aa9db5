//! What services of containers become: a cluster, a task definition, a service, and on EC2 the instances under it.

mod balancer;
mod calls;
mod compute;
mod containers;
mod forwarding;
mod role;
mod scaling;
mod service;
mod volumes;
mod ways;

use serde_json::{Value, json};
use tapedeck_model::{Compute, Container, Stack, WorkerService, Workload};

use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::reference;
use crate::naming::{logical_id, within};
use crate::template::Resource;
use crate::types;

pub(crate) use forwarding::{Forwarded, forward};
pub(crate) use volumes::Volumes;

pub(crate) use balancer::BALANCER;
pub(crate) use calls::settle as settle_calls;
pub(crate) use ways::alias;

/// The workloads of a stack: its worker services, then what else is made of containers.
pub(crate) fn all(stack: &Stack) -> Vec<Workload> {
    let others = stack.resources.iter().filter_map(|one| one.workload.as_deref());
    let services = stack.services.iter().map(WorkerService::workload);
    services.chain(others.cloned()).collect()
}

/// Adds all that a workload becomes.
pub(crate) fn build(service: &Workload, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    assembly.called.clear();
    let ids = Ids {
        name: service.name.as_str(),
    };
    let cluster = json!({ "ClusterName": cluster_name(&assembly.names.stack, ids.name) });
    assembly.add(&ids.of("Cluster"), Resource::new("AWS::ECS::Cluster", cluster));
    add_security_group(service, &ids, assembly);
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
    balancer::add(service, &ids, assembly);
    service::add(service, &ids, assembly);
    Ok(())
}

/// The logical id of the service that a workload becomes.
#[must_use]
pub fn service_id(name: &str) -> String {
    logical_id(&[name, "Service"])
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

/// The containers with their names.
pub(crate) fn named_containers(service: &Workload) -> Vec<(&str, &Container)> {
    let containers = service.containers.iter();
    containers
        .map(|one| (one.name.as_str(), &one.container))
        .collect()
}

/// The id of the role of the tasks of a service.
pub(crate) fn role_id(name: &str) -> String {
    logical_id(&[name, "Role"])
}

/// The id of the security group of a service, for rules of what it connects to.
pub(crate) fn security_group_id(name: &str) -> String {
    logical_id(&[name, "SecurityGroup"])
}

fn add_security_group(service: &Workload, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let names = &assembly.names;
    let mut properties = json!({
        "GroupName": names.physical(&format!("{}-sg", ids.name), 255),
        "GroupDescription": format!("Security group associated with {} in stack {}", ids.name, names.stack),
        "VpcId": assembly.network.vpc,
    });
    let rules = ways::rules(service, ids, assembly);
    if !rules.is_empty() {
        properties["SecurityGroupIngress"] = Value::Array(rules);
    }
    assembly.add(
        &ids.of("SecurityGroup"),
        Resource::new("AWS::EC2::SecurityGroup", properties),
    );
}

/// The name of the cluster of a service.
pub(crate) fn cluster_name(stack: &str, service: &str) -> String {
    within(format!("{stack}-{service}-cluster"), 255)
}

/// The cluster of a service.
pub(crate) fn cluster(ids: &Ids<'_>) -> Value {
    reference(&ids.of("Cluster"))
}
