//! Where jobs run: one environment and one queue for machines that stay, one for spare ones, with GPUs or without.

use serde_json::{Map, Value, json};

use crate::assembly::Assembly;
use crate::intrinsic::{attribute, reference};
use crate::naming::logical_id;
use crate::policy::{trust, unconditional_trust};
use crate::template::Resource;

/// Machines that stay for as long as they are needed.
pub(super) const ON_DEMAND: &str = "onDemand";
/// Spare machines.
pub(super) const SPOT: &str = "spot";

/// The security group of all machines.
pub(crate) const SECURITY_GROUP: &str = "StpBatchInstanceSecurityGroup";

const SERVICE_ROLE: &str = "StpBatchServiceRole";
const SPOT_ROLE: &str = "StpBatchSpotFleetRole";
const INSTANCE_ROLE: &str = "StpBatchInstanceRole";
const INSTANCE_PROFILE: &str = "StpBatchInstanceInstanceProfile";
const LAUNCH_TEMPLATE: &str = "StpBatchInstanceLaunchTemplate";

/// The most virtual CPUs of an environment.
const MOST_CPUS: u32 = 1000;

/// Size of a machine's disk in GiB.
const DISK: u32 = 100;

/// Availability zones that machines are started in.
const ZONES: usize = 2;

/// Adds what jobs run on. Jobs of the same kind share it.
pub(super) fn add(has_gpu: bool, assembly: &mut Assembly<'_>) {
    add_roles(assembly);
    add_launch_template(assembly);
    let group = json!({
        "GroupName": assembly.names.physical("batch-instance-sg", 255),
        "GroupDescription": format!(
            "Stacktape generated security group for batch ec2 instances in stack {}",
            assembly.names.stack
        ),
        "VpcId": assembly.network.vpc,
    });
    assembly.add(SECURITY_GROUP, Resource::new("AWS::EC2::SecurityGroup", group));
    for kind in [ON_DEMAND, SPOT] {
        add_environment(kind, has_gpu, assembly);
    }
}

/// The ARN of a queue.
pub(super) fn queue_arn(kind: &str, has_gpu: bool, assembly: &Assembly<'_>) -> String {
    let name = queue_name(kind, has_gpu, assembly);
    assembly.names.arn("batch", &format!("job-queue/{name}"))
}

fn queue_name(kind: &str, has_gpu: bool, assembly: &Assembly<'_>) -> String {
    let gpu = if has_gpu { "gpu" } else { "" };
    assembly
        .names
        .physical(&format!("batch-{kind}-{gpu}-job-queue"), 128)
}

fn add_roles(assembly: &mut Assembly<'_>) {
    let names = assembly.names.clone();
    let roles = [
        (
            SERVICE_ROLE,
            trust("batch.amazonaws.com", &names),
            "AWSBatchServiceRole",
        ),
        (
            SPOT_ROLE,
            trust("spotfleet.amazonaws.com", &names),
            "AmazonEC2SpotFleetTaggingRole",
        ),
        (
            INSTANCE_ROLE,
            unconditional_trust("ec2.amazonaws.com"),
            "AmazonEC2ContainerServiceforEC2Role",
        ),
    ];
    for (id, trust, policy) in roles {
        let role = json!({
            "AssumeRolePolicyDocument": trust,
            "ManagedPolicyArns": [names.managed_policy(policy)],
            "Path": "/",
        });
        assembly.add(id, Resource::new("AWS::IAM::Role", role));
    }
    let profile = json!({ "Path": "/", "Roles": [reference(INSTANCE_ROLE)] });
    assembly.add(
        INSTANCE_PROFILE,
        Resource::new("AWS::IAM::InstanceProfile", profile),
    );
}

fn add_launch_template(assembly: &mut Assembly<'_>) {
    let disk = json!({ "Encrypted": true, "VolumeSize": DISK, "VolumeType": "gp3" });
    let template = json!({
        "LaunchTemplateName": assembly.names.physical("batch-instance-launch-template", 128),
        "LaunchTemplateData": {
            "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": disk }],
            // One hop does not reach into containers, so they cannot take the role of the instance.
            "MetadataOptions": { "HttpTokens": "required", "HttpPutResponseHopLimit": 1 },
        },
    });
    assembly.add(
        LAUNCH_TEMPLATE,
        Resource::new("AWS::EC2::LaunchTemplate", template),
    );
}

fn add_environment(kind: &str, has_gpu: bool, assembly: &mut Assembly<'_>) {
    let gpu = if has_gpu { "gpu" } else { "" };
    let id = |part: &str| logical_id(&["Stp", "batch", kind, gpu, part]);
    let tags = tags(assembly);
    let mut subnets = assembly.network.public_subnets.clone();
    subnets.truncate(ZONES);
    let environment = json!({
        "Type": "MANAGED",
        "State": "ENABLED",
        "ServiceRole": attribute(SERVICE_ROLE, "Arn"),
        "Tags": tags,
        "ComputeResources": {
            "Type": if kind == SPOT { "SPOT" } else { "EC2" },
            "AllocationStrategy": "BEST_FIT",
            "Ec2Configuration": [{ "ImageType": if has_gpu { "ECS_AL2023_NVIDIA" } else { "ECS_AL2023" } }],
            "InstanceRole": attribute(INSTANCE_PROFILE, "Arn"),
            "InstanceTypes": if has_gpu { json!(["p4d", "g5"]) } else { json!(["optimal"]) },
            "LaunchTemplate": { "LaunchTemplateId": reference(LAUNCH_TEMPLATE) },
            "MaxvCpus": MOST_CPUS,
            "MinvCpus": 0,
            "SecurityGroupIds": [reference(SECURITY_GROUP)],
            "SpotIamFleetRole": attribute(SPOT_ROLE, "Arn"),
            "Subnets": subnets,
            "Tags": tags,
        },
    });
    assembly.add(
        &id("ComputeEnvironment"),
        Resource::new("AWS::Batch::ComputeEnvironment", environment),
    );
    let queue = json!({
        "ComputeEnvironmentOrder": [{ "ComputeEnvironment": reference(&id("ComputeEnvironment")), "Order": 0 }],
        "JobQueueName": queue_name(kind, has_gpu, assembly),
        "Priority": 10,
        "State": "ENABLED",
    });
    assembly.add(&id("JobQueue"), Resource::new("AWS::Batch::JobQueue", queue));
}

/// The tags of everything, as Batch takes them: a mapping.
fn tags(assembly: &Assembly<'_>) -> Value {
    let mut tags = Map::new();
    if let Value::Array(listed) = assembly.tags() {
        for tag in listed {
            if let (Some(key), Some(value)) = (tag["Key"].as_str(), tag.get("Value")) {
                tags.insert(key.to_string(), value.clone());
            }
        }
    }
    Value::Object(tags)
}
