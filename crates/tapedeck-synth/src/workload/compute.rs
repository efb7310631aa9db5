//! Instances of EC2: what they start from, how many there are, how they are refreshed.

use serde_json::{Value, json};
use tapedeck_model::{Architecture, Compute, Workload};
use tapedeck_resources::catalogue::instances;

use super::{Ids, cluster};
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, base64, reference, substitute};
use crate::naming::within;
use crate::shared::{INSTANCE_PROFILE, REFRESH_ROLE};
use crate::template::Resource;

/// What an instance tells the agent before it starts.
const USER_DATA: &str = "#!/bin/bash
echo ECS_CLUSTER=${clusterName} >> /etc/ecs/ecs.config;
echo ECS_WARM_POOLS_CHECK=true >> /etc/ecs/ecs.config;
echo ECS_ENABLE_CONTAINER_METADATA=true >> /etc/ecs/ecs.config;";

/// Sunday, 03:00.
const WEEKLY: &str = "cron(0 3 ? * SUN *)";

/// The call that starts a refresh.
const REFRESH: &str = concat!(
    r#"{"AutoScalingGroupName":"${sub0}","Preferences":{"MinHealthyPercentage":100,"MaxHealthyPercentage":200,"#,
    r#""ScaleInProtectedInstances":"Refresh","SkipMatching":false}}"#,
);

/// Beginnings of names that AWS keeps for its own providers of capacity.
const RESERVED: [&str; 3] = ["aws", "ecs", "fargate"];

/// Adds what a service on EC2 runs on.
pub(crate) fn add(service: &Workload, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let Compute::Ec2 {
        instance_types,
        architecture,
        enable_warm_pool,
        ..
    } = &service.compute
    else {
        return;
    };
    let group = assembly.names.physical(&format!("{}-asg", ids.name), 126);
    let template = launch_template(instance_types, *architecture, &group, ids, assembly);
    assembly.add(&ids.of("LaunchTemplate"), template);
    let scaling_group = scaling_group(service, instance_types, &group, ids, assembly);
    assembly.add(&ids.of("AutoScalingGroup"), scaling_group);
    add_capacity_provider(service, ids, assembly);
    let refresh = refresh(ids, assembly);
    assembly.add(&ids.of("ScheduledInstanceRefreshRule"), refresh);
    if *enable_warm_pool {
        let pool = json!({
            "AutoScalingGroupName": reference(&ids.of("AutoScalingGroup")),
            "MaxGroupPreparedCapacity": service.scaling.max_instances,
            "MinSize": 0,
            "PoolState": "Stopped",
        });
        assembly.add(
            &ids.of("WarmPool"),
            Resource::new("AWS::AutoScaling::WarmPool", pool).after([ids.of("AutoScalingGroup")]),
        );
    }
}

fn launch_template(
    instance_types: &[String],
    architecture: Architecture,
    group: &str,
    ids: &Ids<'_>,
    assembly: &Assembly<'_>,
) -> Resource {
    let tags = assembly.tags_with(&[("stp:asg-name", group)]);
    let tagged =
        ["instance", "volume", "network-interface"].map(|kind| json!({ "ResourceType": kind, "Tags": tags }));
    let user_data = substitute(USER_DATA, vec![("clusterName".to_string(), cluster(ids))]);
    let mut data = json!({
        "IamInstanceProfile": { "Arn": attribute(INSTANCE_PROFILE, "Arn") },
        "ImageId": image(instance_types, architecture),
        "SecurityGroupIds": [reference(&ids.of("SecurityGroup"))],
        "TagSpecifications": tagged,
        "UserData": base64(&user_data),
        // One hop does not reach into containers, so they cannot take the role of the instance.
        "MetadataOptions": { "HttpTokens": "required", "HttpPutResponseHopLimit": 1 },
        "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": { "Encrypted": true, "VolumeType": "gp3" } }],
    });
    if let [only] = instance_types {
        data["InstanceType"] = Value::from(only.as_str());
    }
    Resource::new("AWS::EC2::LaunchTemplate", json!({ "LaunchTemplateData": data }))
}

/// The newest image for these types. EC2 itself looks it up at each launch, so that a refresh brings what is patched.
fn image(instance_types: &[String], architecture: Architecture) -> String {
    let has_gpu = |name: &String| instances::find(name).is_some_and(|found| found.gpus > 0);
    let variant = match architecture {
        _ if instance_types.iter().any(has_gpu) && architecture != Architecture::Arm => "gpu/",
        Architecture::Arm => "arm64/",
        _ => "",
    };
    format!("resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/{variant}recommended/image_id")
}

fn scaling_group(
    service: &Workload,
    instance_types: &[String],
    group: &str,
    ids: &Ids<'_>,
    assembly: &Assembly<'_>,
) -> Resource {
    let template = ids.of("LaunchTemplate");
    let launch = json!({
        "LaunchTemplateId": reference(&template),
        "Version": attribute(&template, "LatestVersionNumber"),
    });
    let mut properties = json!({
        "AutoScalingGroupName": group,
        "MinSize": "0",
        "MaxSize": (u64::from(service.scaling.max_instances) * 4).to_string(),
        "NewInstancesProtectedFromScaleIn": true,
        "InstanceMaintenancePolicy": { "MinHealthyPercentage": 100, "MaxHealthyPercentage": 200 },
        "VPCZoneIdentifier": assembly.network.subnets(service.use_private_subnets_with_nat),
    });
    if let [_] = instance_types {
        properties["LaunchTemplate"] = launch;
    } else {
        let overrides: Vec<Value> = instance_types
            .iter()
            .map(|name| json!({ "InstanceType": name }))
            .collect();
        properties["MixedInstancesPolicy"] = json!({
            "InstancesDistribution": { "OnDemandAllocationStrategy": "prioritized" },
            "LaunchTemplate": { "LaunchTemplateSpecification": launch, "Overrides": overrides },
        });
    }
    let ready = assembly.network.gateway().into_iter().chain([ids.of("Cluster")]);
    Resource::new("AWS::AutoScaling::AutoScalingGroup", properties).after(ready)
}

fn add_capacity_provider(service: &Workload, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let group = ids.of("AutoScalingGroup");
    let mut provider = json!({
        "AutoScalingGroupProvider": {
            "AutoScalingGroupArn": reference(&group),
            "ManagedDraining": "ENABLED",
            "ManagedScaling": {
                "Status": "ENABLED",
                "TargetCapacity": 100,
                "MaximumScalingStepSize": service.scaling.max_instances,
            },
            "ManagedTerminationProtection": "ENABLED",
        },
        "Tags": assembly.tags(),
    });
    // AWS would make the name of the stack's, and refuse it.
    if RESERVED
        .iter()
        .any(|start| assembly.names.stack.starts_with(start))
    {
        let name = format!("stp-{}-{}-cp", assembly.names.stack, ids.name);
        provider["Name"] = Value::from(within(name, 255));
    }
    assembly.add(
        &ids.of("CapacityProvider"),
        Resource::new("AWS::ECS::CapacityProvider", provider).after([group]),
    );
    let associations = json!({
        "Cluster": cluster(ids),
        "CapacityProviders": [reference(&ids.of("CapacityProvider"))],
        "DefaultCapacityProviderStrategy": [],
    });
    assembly.add(
        &ids.of("ClusterCapacityProviderAssociations"),
        Resource::new("AWS::ECS::ClusterCapacityProviderAssociations", associations)
            .after([ids.of("Cluster")]),
    );
}

/// Replaces all instances once a week, without a program of ours in between.
fn refresh(ids: &Ids<'_>, assembly: &Assembly<'_>) -> Resource {
    let partition = assembly.names.partition;
    let group = reference(&ids.of("AutoScalingGroup"));
    Resource::new(
        "AWS::Scheduler::Schedule",
        json!({
            "State": "ENABLED",
            "FlexibleTimeWindow": { "Mode": "OFF" },
            "ScheduleExpression": WEEKLY,
            "ScheduleExpressionTimezone": "UTC",
            "Target": {
                "Arn": format!("arn:{partition}:scheduler:::aws-sdk:autoscaling:startInstanceRefresh"),
                "RoleArn": attribute(REFRESH_ROLE, "Arn"),
                "Input": substitute(REFRESH, vec![("sub0".to_string(), group)]),
            },
        }),
    )
}
