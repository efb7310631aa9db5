//! What services share: roles and the repository of images. What is needed is one union over the stack.

use serde_json::{Value, json};
use tapedeck_model::{Compute, Container, Packaging, Stack, Workload};

use crate::SynthError;
use crate::assembly::{Assembly, Readable};
use crate::deployment_bucket;
use crate::intrinsic::reference;
use crate::naming::within;
use crate::policy::{allow, inline, trust, unconditional_trust};
use crate::template::Resource;
use crate::types;

/// Runs the agent's part of a task: pulls images, writes logs, reads secrets.
pub(crate) const EXECUTION_ROLE: &str = "StpEcsExecutionRole";
/// What instances may do.
pub(crate) const INSTANCE_PROFILE: &str = "StpEcsInstanceInstanceProfile";
/// Starts the weekly refresh of instances.
pub(crate) const REFRESH_ROLE: &str = "StpScheduledInstanceRefreshRole";

/// Images that no tag names any more are removed after a day.
const EXPIRY: &str = concat!(
    r#"{"rules":[{"rulePriority":1,"description":"Remove untagged images","selection":{"tagStatus":"untagged","#,
    r#""countType":"sinceImagePushed","countUnit":"days","countNumber":1},"action":{"type":"expire"}}]}"#,
);

const INSTANCE_ROLE: &str = "StpEcsInstanceRole";

/// What a stack needs of what is shared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    /// A VPC.
    pub(crate) vpc: bool,
    /// NAT gateways.
    pub(crate) nat: bool,
    /// A role that starts containers.
    pub(crate) containers: bool,
    /// Instances of EC2.
    pub(crate) instances: bool,
    /// A repository for images that are made here.
    pub(crate) repository: bool,
}

impl Needs {
    /// What a stack needs.
    pub(crate) fn of(stack: &Stack, services: &[Workload]) -> Self {
        let is_ec2 = |service: &Workload| matches!(service.compute, Compute::Ec2 { .. });
        let is_built = |container: &Container| !matches!(container.packaging, Packaging::PrebuiltImage(_));
        Self {
            vpc: !services.is_empty() || stack.resources.iter().any(types::needs_vpc),
            nat: services
                .iter()
                .any(|service| service.use_private_subnets_with_nat),
            containers: !services.is_empty(),
            instances: services.iter().any(is_ec2),
            repository: services.iter().flat_map(containers).any(is_built)
                || stack.resources.iter().any(types::builds_image),
        }
    }
}

/// The logical id of the repository of images.
pub(crate) const REPOSITORY: &str = "StpContainerRepository";

/// The containers of a workload.
pub(crate) fn containers(service: &Workload) -> impl Iterator<Item = &Container> {
    service.containers.iter().map(|one| &one.container)
}

/// Adds what is needed. Last, when it is known which secrets are read.
pub(crate) fn build(assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let needs = assembly.needs;
    if needs.containers {
        let credentials = registry_credentials(assembly)?;
        let role = execution_role(credentials, assembly);
        assembly.add(EXECUTION_ROLE, role);
    }
    if needs.instances {
        add_instance_role(assembly);
        add_refresh_role(assembly);
    }
    if needs.repository {
        let repository = repository(assembly);
        assembly.add(REPOSITORY, repository);
    }
    deployment_bucket::build(assembly);
    Ok(())
}

fn execution_role(credentials: Vec<Value>, assembly: &Assembly<'_>) -> Resource {
    let (mut secrets, mut parameters) = (Vec::new(), Vec::new());
    for readable in assembly.readable.values() {
        match readable {
            Readable::Secret(arn) => secrets.push(arn.clone()),
            Readable::Parameter(arn) => parameters.push(arn.clone()),
        }
    }
    let mut statements = Vec::new();
    if !secrets.is_empty() {
        statements.push(allow(&["secretsmanager:GetSecretValue"], secrets));
    }
    if !parameters.is_empty() {
        statements.push(allow(&["ssm:GetParameters"], parameters));
    }
    let mut policies = Vec::new();
    if !statements.is_empty() {
        policies.push(inline("container-secrets", statements));
    }
    if !credentials.is_empty() {
        policies.push(inline(
            "private-repo-credentials-secrets",
            vec![allow(&["secretsmanager:GetSecretValue"], credentials)],
        ));
    }
    let mut properties = json!({
        "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com", &assembly.names),
        "ManagedPolicyArns": [assembly.names.managed_policy("AmazonECSTaskExecutionRolePolicy")],
    });
    if !policies.is_empty() {
        properties["Policies"] = Value::Array(policies);
    }
    Resource::new("AWS::IAM::Role", properties)
}

/// The secrets with which images are pulled, each once.
fn registry_credentials(assembly: &mut Assembly<'_>) -> Result<Vec<Value>, SynthError> {
    let workloads = assembly.workloads;
    let mut found: Vec<Value> = Vec::new();
    for container in workloads.iter().flat_map(containers) {
        let Packaging::PrebuiltImage(image) = &container.packaging else {
            continue;
        };
        if let Some(arn) = &image.repository_credentials_secret_arn {
            let arn = assembly.value(arn)?;
            if !found.contains(&arn) {
                found.push(arn);
            }
        }
    }
    for image in types::private_images(assembly.stack) {
        let arn = assembly.data(image)?;
        if !found.contains(&arn) {
            found.push(arn);
        }
    }
    Ok(found)
}

fn add_instance_role(assembly: &mut Assembly<'_>) {
    let role = json!({
        "AssumeRolePolicyDocument": unconditional_trust("ec2.amazonaws.com"),
        "ManagedPolicyArns": [assembly.names.managed_policy("AmazonEC2ContainerServiceforEC2Role")],
        "Path": "/",
    });
    assembly.add(INSTANCE_ROLE, Resource::new("AWS::IAM::Role", role));
    let profile = json!({ "Path": "/", "Roles": [reference(INSTANCE_ROLE)] });
    assembly.add(
        INSTANCE_PROFILE,
        Resource::new("AWS::IAM::InstanceProfile", profile),
    );
}

fn add_refresh_role(assembly: &mut Assembly<'_>) {
    let groups = format!(
        "autoScalingGroup:*:autoScalingGroupName/{}-*",
        assembly.names.stack
    );
    let groups = assembly.names.arn("autoscaling", &groups);
    let permissions = allow(&["autoscaling:StartInstanceRefresh"], vec![Value::from(groups)]);
    let role = json!({
        "AssumeRolePolicyDocument": trust("scheduler.amazonaws.com", &assembly.names),
        "Policies": [inline("instance-refresh-permissions", vec![permissions])],
    });
    assembly.add(REFRESH_ROLE, Resource::new("AWS::IAM::Role", role));
}

fn repository(assembly: &Assembly<'_>) -> Resource {
    let name = format!("{}-stp-multi-container-workload-repo", assembly.names.hash);
    let properties = json!({
        "EmptyOnDelete": true,
        "ImageScanningConfiguration": { "ScanOnPush": true },
        "ImageTagMutability": "IMMUTABLE",
        "LifecyclePolicy": { "LifecyclePolicyText": EXPIRY },
        "RepositoryName": within(name, 256),
    });
    Resource::new("AWS::ECR::Repository", properties)
}
