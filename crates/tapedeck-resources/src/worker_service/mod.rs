//! `worker-service`: a container that runs continuously and cannot be reached from outside.

pub(crate) mod compute;
pub(crate) mod containers;
mod fargate;
pub(crate) mod keys;
pub(crate) mod lower;
pub(crate) mod permissions;

use tapedeck_config::schema::{Connectable, ResourceType, Support, UNSUPPORTED};
use tapedeck_config::{Declared, Scope};
use tapedeck_model::naming::pascal_case;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "worker-service",
    doc: "A container that runs continuously and cannot be reached from outside.",
    properties: Some(&keys::WORKER_SERVICE),
    support: Support::Full,
    parameters: &[],
    connectable: Connectable::No(
        "a worker service cannot be reached; connect both to a queue, or make the other one a `private-service`",
    ),
    children: Some(children),
    check: Some(check),
    service: Some(lower::lower),
    ..UNSUPPORTED
};

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    compute::check(one, scope);
    compute::scaling(one, scope);
    containers::check(one, scope);
    permissions::check(one, scope);
    crate::shared::connections::check(one, scope);
}

/// The logical ids of what services of containers become in AWS.
pub(crate) fn children(one: &Declared<'_>) -> Vec<String> {
    let stem = pascal_case(&one.name.value);
    let mut endings = vec![
        "ScalableTarget".to_string(),
        "EcsServiceAverageCpuUtilizationScalingPolicy".to_string(),
        "EcsServiceAverageMemoryUtilizationScalingPolicy".to_string(),
        "Cluster".to_string(),
        "SecurityGroup".to_string(),
        "Service".to_string(),
    ];
    endings.extend(containers::log_groups(one.properties));
    endings.extend(["Role".to_string(), "TaskDefinition".to_string()]);
    if !one.properties.list("connectTo").is_empty() {
        // For clusters of MongoDB, if one is among them.
        endings.push("AtlasMongoDatabaseUser".to_string());
    }
    if compute::is_ec2(one.properties) {
        let of_ec2 = [
            "LaunchTemplate",
            "AutoScalingGroup",
            "CapacityProvider",
            "ClusterCapacityProviderAssociations",
            "ScheduledInstanceRefreshRule",
        ];
        endings.extend(of_ec2.map(str::to_string));
        if compute::has_warm_pool(one.properties) {
            endings.push("WarmPool".to_string());
        }
    }
    endings
        .into_iter()
        .map(|ending| format!("{stem}{ending}"))
        .collect()
}
