//! How the number of tasks follows what they use. A service whose number is fixed needs none of it.

use serde_json::json;
use tapedeck_model::Workload;

use super::{Ids, cluster};
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, join, reference};
use crate::template::Resource;

const TARGET: &str = "ScalableTarget";

/// Whether a service is scaled: its bounds differ, or somebody overrides how it is.
pub(crate) fn is_scaled(service: &Workload) -> bool {
    let of_scaling = |id: &str| id.ends_with(TARGET) || id.ends_with("ScalingPolicy");
    service.scaling.min_instances < service.scaling.max_instances
        || service
            .overrides
            .iter()
            .any(|change| of_scaling(&change.logical_id))
}

/// Adds the target and its policies.
pub(crate) fn add(service: &Workload, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    if !is_scaled(service) {
        return;
    }
    let resource = join(
        "/",
        vec![
            "service".into(),
            cluster(ids),
            attribute(&ids.of("Service"), "Name"),
        ],
    );
    let target = json!({
        "MinCapacity": service.scaling.min_instances,
        "MaxCapacity": service.scaling.max_instances,
        "ResourceId": resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "ServiceNamespace": "ecs",
    });
    assembly.add(
        &ids.of(TARGET),
        Resource::new("AWS::ApplicationAutoScaling::ScalableTarget", target),
    );
    let policies = [
        (
            "ECSServiceAverageCPUUtilization",
            service.scaling.keep_avg_cpu_utilization_under,
        ),
        (
            "ECSServiceAverageMemoryUtilization",
            service.scaling.keep_avg_memory_utilization_under,
        ),
    ];
    for (metric, under) in policies {
        let policy = json!({
            "PolicyName": assembly.names.physical(&format!("{}-{metric}", ids.name), 256),
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": reference(&ids.of(TARGET)),
            "TargetTrackingScalingPolicyConfiguration": {
                "PredefinedMetricSpecification": { "PredefinedMetricType": metric },
                "TargetValue": under,
            },
        });
        assembly.add(
            &ids.of(&format!("{metric}-ScalingPolicy")),
            Resource::new("AWS::ApplicationAutoScaling::ScalingPolicy", policy),
        );
    }
}
