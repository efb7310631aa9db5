//! What tapedeck itself calls to deploy a stack. Every call of it is in one of these lists: a test sees to that.

use std::collections::BTreeSet;

use super::resolved::{self, Kind};
use super::{Allowed, Deployment, names};
use crate::naming::partition;
use crate::{Template, workload};

/// About the stack and its change sets.
const OF_STACK: [&str; 14] = [
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplate",
    "cloudformation:ListChangeSets",
    // A change set that has tags is one that tags.
    "cloudformation:TagResource",
    "cloudformation:UntagResource",
    "cloudformation:UpdateStack",
    "cloudformation:UpdateTerminationProtection",
    // A stack that got stuck is rolled back by whoever deploys it.
    "cloudformation:ContinueUpdateRollback",
];

/// About any stack: a config may take outputs, and the network, of another one.
const OF_STACKS: [&str; 2] = [
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
];

/// About everything, or nothing.
const OF_EVERYTHING: [&str; 2] = ["cloudformation:ListExports", "sts:GetCallerIdentity"];

/// Of an emulator is asked which types it has.
const OF_EMULATOR: &str = "cloudformation:ValidateTemplate";

/// Kept templates, to go back to.
const OF_TEMPLATES: [&str; 7] = [
    "s3:CreateBucket",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutObject",
    "s3:AbortMultipartUpload",
];

/// Code of functions.
const OF_CODE: [&str; 4] = [
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
];

/// Images. All but the last of these are by the protocol of registries, where they are not called by these names.
const OF_IMAGES: [&str; 8] = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
    // Before the repository goes.
    "ecr:ListImages",
];
const LOG_IN: &str = "ecr:GetAuthorizationToken";

/// Services, while they are rolled out.
const OF_SERVICES: [&str; 2] = ["ecs:DescribeServices", "ecs:UpdateService"];
const OF_TASKS: &str = "ecs:DescribeTasks";
const LIST_TASKS: &str = "ecs:ListTasks";
/// New definitions have the tags of those before.
const OF_DEFINITIONS: [&str; 2] = ["ecs:RegisterTaskDefinition", "ecs:TagResource"];
const DESCRIBE_DEFINITION: &str = "ecs:DescribeTaskDefinition";

/// The last lines of what failed.
const OF_LOGS: &str = "logs:FilterLogEvents";

/// What is known of secrets and parameters, never a value.
const OF_SECRETS: &str = "secretsmanager:DescribeSecret";
const OF_PARAMETERS: &str = "ssm:GetParameter";

/// What scripts are told that run before and after, and the role in which they run.
const READ_SECRET: &str = "secretsmanager:GetSecretValue";
const ASSUME: &str = "sts:AssumeRole";

/// Networks that are there already.
const OF_NETWORKS: [&str; 3] = [
    "ec2:DescribeRouteTables",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
];
const OF_ZONES: &str = "ec2:DescribeAvailabilityZones";

/// What other commands call, and no deployment.
pub const OTHER_COMMANDS: [&str; 17] = [
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingActivities",
    "application-autoscaling:DescribeScalingPolicies",
    "cloudwatch:GetMetricData",
    "ecs:ExecuteCommand",
    "s3:DeleteObjectVersion",
    "s3:ListBucketVersions",
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:ListSecrets",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RestoreSecret",
    // By what stands in for AWS on this machine.
    "sqs:DeleteMessage",
    "sqs:ReceiveMessage",
    "ssmmessages:OpenDataChannel",
    "states:SendTaskFailure",
    "states:SendTaskSuccess",
];

/// Adds what tapedeck calls itself.
pub(super) fn add(template: &Template, deployment: &Deployment<'_>, allowed: &mut Allowed) {
    let Deployment {
        stack,
        region,
        account,
        ..
    } = *deployment;
    let arn = |rest: String| format!("arn:{}:{rest}", partition(region));
    let everything = ["*".to_owned()];
    let mut allow = |actions: &[&str], arns: &[String]| {
        for action in actions {
            // Emulators do not know well for what calls to ECS are.
            let is_any = deployment.is_emulated && action.starts_with("ecs:");
            let arns = if is_any { &everything } else { arns };
            allowed
                .entry((*action).to_owned())
                .or_default()
                .extend(arns.iter().cloned());
        }
    };
    allow(&OF_EVERYTHING, &everything);
    if deployment.is_emulated {
        allow(&[OF_EMULATOR], &everything);
    }
    allow(
        &OF_STACK,
        &[arn(format!("cloudformation:{region}:{account}:stack/{stack}/*"))],
    );
    allow(
        &OF_STACKS,
        &[arn(format!("cloudformation:{region}:{account}:stack/*"))],
    );
    let bucket = |name: &str| [arn(format!("s3:::{name}")), arn(format!("s3:::{name}/*"))];
    allow(
        &OF_TEMPLATES,
        &bucket(&format!("tapedeck-templates-{account}-{region}")),
    );
    if let Some(code) = template.code_bucket() {
        allow(&OF_CODE, &bucket(code));
    }
    if let Some(repository) = template.image_repository() {
        allow(&[LOG_IN], &everything);
        allow(
            &OF_IMAGES,
            &[arn(format!("ecr:{region}:{account}:repository/{repository}"))],
        );
    }
    let of_type = |kind: &str| -> Vec<String> {
        let resources = template
            .resources
            .iter()
            .filter(|(_, resource)| resource.kind == kind);
        let arns: BTreeSet<String> = resources
            .flat_map(|(id, resource)| names::own(id, resource, deployment))
            .collect();
        arns.into_iter().collect()
    };
    let clusters = template
        .resources
        .values()
        .filter(|resource| resource.kind == "AWS::ECS::Cluster");
    let clusters = clusters.filter_map(|cluster| cluster.properties.get("ClusterName")?.as_str());
    let tasks: Vec<String> = clusters
        .map(|cluster| arn(format!("ecs:{region}:{account}:task/{cluster}/*")))
        .collect();
    let services = of_type("AWS::ECS::Service");
    if !services.is_empty() {
        allow(&OF_SERVICES, &services);
        allow(&[OF_TASKS], &tasks);
        allow(&[LIST_TASKS, DESCRIBE_DEFINITION], &everything);
        allow(&OF_DEFINITIONS, &of_type("AWS::ECS::TaskDefinition"));
        allow(&[OF_LOGS], &of_type("AWS::Logs::LogGroup"));
    }
    for name in deployment.lookups.secrets.keys() {
        allow(&[OF_SECRETS], &[resolved::secret(name, deployment)]);
    }
    for name in deployment.lookups.ssm_parameters.keys() {
        allow(&[OF_PARAMETERS], &[resolved::parameter(name, deployment)]);
    }
    for (kind, arn) in deployment
        .told
        .iter()
        .flat_map(|value| resolved::of(value, deployment))
    {
        match kind {
            Kind::Secret => allow(&[READ_SECRET], &[arn]),
            Kind::Parameter => allow(&[OF_PARAMETERS], &[arn]),
        }
    }
    for resource in deployment.roles_of {
        let id = workload::role_id(resource);
        if let Some(role) = template.resources.get(&id) {
            let arns: Vec<String> = names::own(&id, role, deployment).into_iter().collect();
            allow(&[ASSUME], &arns);
        }
    }
    if !deployment.lookups.vpcs.is_empty() {
        allow(&OF_NETWORKS, &everything);
    }
    if template.ids_of_type("AWS::EC2::Subnet").next().is_some() {
        allow(&[OF_ZONES], &everything);
    }
}

/// Every action that tapedeck itself may take for a deployment, whatever is in the stack.
#[must_use]
pub fn own_calls() -> BTreeSet<&'static str> {
    let single = [
        OF_EMULATOR,
        LOG_IN,
        OF_TASKS,
        LIST_TASKS,
        DESCRIBE_DEFINITION,
        OF_LOGS,
        OF_SECRETS,
        OF_PARAMETERS,
        READ_SECRET,
        ASSUME,
        OF_ZONES,
    ];
    let lists: [&[&str]; 10] = [
        &OF_STACK,
        &OF_STACKS,
        &OF_EVERYTHING,
        &OF_TEMPLATES,
        &OF_CODE,
        &OF_IMAGES,
        &OF_SERVICES,
        &OF_DEFINITIONS,
        &OF_NETWORKS,
        &single,
    ];
    lists.into_iter().flatten().copied().collect()
}
