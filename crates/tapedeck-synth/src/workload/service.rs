//! The service: how tasks are placed, replaced and reached.

use serde_json::{Value, json};
use tapedeck_model::{Compute, Connection, WorkerService};

use super::{Ids, cluster, scaling};
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, reference};
use crate::template::Resource;
use crate::types;

/// Adds the service.
pub(crate) fn add(service: &WorkerService, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let mut properties = json!({
        "Cluster": cluster(ids),
        "TaskDefinition": reference(&ids.of("TaskDefinition")),
        "DeploymentConfiguration": {
            "DeploymentCircuitBreaker": { "Enable": true, "Rollback": true },
            "MaximumPercent": 200,
            "MinimumHealthyPercent": 100,
        },
        "EnableECSManagedTags": true,
        "EnableExecuteCommand": service.enable_remote_sessions,
        "PropagateTags": "SERVICE",
    });
    let mut after = Vec::new();
    if !scaling::is_scaled(service) {
        // Of a scaled service the number is the scaling's, and an update must not set it back.
        properties["DesiredCount"] = Value::from(service.scaling.min_instances);
    }
    let is_private = service.use_private_subnets_with_nat;
    match service.compute {
        Compute::Fargate { .. } => {
            properties["LaunchType"] = Value::from("FARGATE");
            properties["PlatformVersion"] = Value::from("LATEST");
            // On EC2 it would fight with the tasks being packed onto as few instances as can be.
            properties["AvailabilityZoneRebalancing"] = Value::from("ENABLED");
            properties["NetworkConfiguration"] = json!({ "AwsvpcConfiguration": {
                "Subnets": assembly.network.subnets(is_private),
                "AssignPublicIp": if is_private { "DISABLED" } else { "ENABLED" },
                "SecurityGroups": [reference(&ids.of("SecurityGroup"))],
            } });
        }
        Compute::Ec2 { .. } => {
            let provider = reference(&ids.of("CapacityProvider"));
            properties["CapacityProviderStrategy"] = json!([{ "CapacityProvider": provider, "Weight": 1 }]);
            properties["PlacementStrategies"] = json!([{ "Type": "binpack", "Field": "memory" }]);
            after.push(ids.of("ClusterCapacityProviderAssociations"));
            after.extend(assembly.network.routes(is_private));
        }
    }
    let reached: Vec<String> = reached_by_name(service, assembly);
    if !reached.is_empty() {
        properties["ServiceConnectConfiguration"] = json!({
            "Enabled": true,
            "Namespace": attribute(types::NAMESPACE, "Arn"),
        });
        after.splice(0..0, reached);
    }
    assembly.add(
        &ids.of("Service"),
        Resource::new("AWS::ECS::Service", properties).after(after),
    );
}

/// The services that this one reaches by their names, by the ids of what serves them.
fn reached_by_name(service: &WorkerService, assembly: &Assembly<'_>) -> Vec<String> {
    let connected = service
        .connect_to
        .iter()
        .filter_map(|connection| match connection {
            Connection::Resource(name) => types::served_by_name(name, assembly),
            Connection::Ses => None,
        });
    connected.collect()
}
