//! The service: how tasks are placed, replaced and reached.

use serde_json::{Value, json};
use tapedeck_model::{Compute, Workload};

use super::{Ids, balancer, calls, cluster, scaling, ways};
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, reference};
use crate::template::Resource;
use crate::types;

/// Adds the service.
pub(crate) fn add(service: &Workload, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
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
    let balanced = balancer::of(service, ids);
    if !balanced.is_empty() {
        properties["LoadBalancers"] = balanced.iter().map(|one| one.entry.clone()).collect();
        after.extend(balanced.into_iter().flat_map(|one| one.after));
    }
    if let Some(configuration) = service_connect(service, assembly) {
        properties["ServiceConnectConfiguration"] = configuration;
    }
    assembly.add(
        &ids.of("Service"),
        Resource::new("AWS::ECS::Service", properties).after(after),
    );
}

/// `ServiceConnectConfiguration`, of a service that others call or that calls others.
fn service_connect(service: &Workload, assembly: &mut Assembly<'_>) -> Option<Value> {
    let published = ways::published(service, assembly);
    let called = calls::of(service, assembly);
    if published.is_empty() && called.is_empty() {
        return None;
    }
    let mut configuration = json!({
        "Enabled": true,
        "Namespace": attribute(types::NAMESPACE, "Arn"),
    });
    if !published.is_empty() {
        configuration["Services"] = Value::Array(published);
    }
    assembly.calls.insert(service.name.to_string(), called);
    Some(configuration)
}
