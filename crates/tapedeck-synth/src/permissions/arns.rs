//! For which resources an action has to be allowed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Deployment, handlers};
use crate::Template;
use crate::naming::partition;
use crate::template::Resource;

pub(super) const ROLE: &str = "AWS::IAM::Role";

/// The ARNs of resources of a type, without `arn:` and the partition. `{r}` is the region, `{a}` the account; anything else in braces is the
/// property with the name. What has no name in the template is given one by CloudFormation that begins with that of the stack.
const BY_TYPE: [(&str, &[&str]); 37] = [
    (
        "AWS::AutoScaling::AutoScalingGroup",
        &["autoscaling:{r}:{a}:autoScalingGroup:*:autoScalingGroupName/{AutoScalingGroupName}"],
    ),
    (
        "AWS::Batch::ComputeEnvironment",
        &["batch:{r}:{a}:compute-environment/{ComputeEnvironmentName}"],
    ),
    (
        "AWS::Batch::JobDefinition",
        &["batch:{r}:{a}:job-definition/{JobDefinitionName}*"],
    ),
    (
        "AWS::Batch::JobQueue",
        &[
            "batch:{r}:{a}:job-queue/{JobQueueName}",
            "batch:{r}:{a}:compute-environment/*",
        ],
    ),
    (
        "AWS::CloudWatch::Alarm",
        &["cloudwatch:{r}:{a}:alarm:{AlarmName}"],
    ),
    (
        "AWS::DynamoDB::GlobalTable",
        &[
            "dynamodb:*:{a}:table/{TableName}",
            "dynamodb:*:{a}:table/{TableName}/*",
            "dynamodb::{a}:global-table/{TableName}",
        ],
    ),
    (
        "AWS::DynamoDB::Table",
        &[
            "dynamodb:{r}:{a}:table/{TableName}",
            "dynamodb:{r}:{a}:table/{TableName}/*",
        ],
    ),
    (
        "AWS::ECR::Repository",
        &["ecr:{r}:{a}:repository/{RepositoryName}"],
    ),
    (
        "AWS::ECS::CapacityProvider",
        &["ecs:{r}:{a}:capacity-provider/{Name}", "ecs:{r}:{a}:cluster/*"],
    ),
    ("AWS::ECS::Cluster", &["ecs:{r}:{a}:cluster/{ClusterName}"]),
    (
        "AWS::ECS::Service",
        &[
            "ecs:{r}:{a}:service/*/{ServiceName}",
            "ecs:{r}:{a}:service-deployment/*/{ServiceName}/*",
        ],
    ),
    (
        "AWS::ECS::TaskDefinition",
        &["ecs:{r}:{a}:task-definition/{Family}:*"],
    ),
    (
        "AWS::Events::Archive",
        &[
            "events:{r}:{a}:archive/{ArchiveName}",
            "events:{r}:{a}:event-bus/*",
        ],
    ),
    ("AWS::Events::EventBus", &["events:{r}:{a}:event-bus/{Name}"]),
    (
        "AWS::Events::Rule",
        &["events:{r}:{a}:rule/{Name}", "events:{r}:{a}:rule/*/{Name}"],
    ),
    (
        "AWS::IAM::InstanceProfile",
        &["iam::{a}:instance-profile/{InstanceProfileName}"],
    ),
    (
        "AWS::IAM::ManagedPolicy",
        &["iam::{a}:policy/{ManagedPolicyName}"],
    ),
    (ROLE, &["iam::{a}:role/{RoleName}"]),
    ("AWS::KMS::Alias", &["kms:{r}:{a}:alias/*", "kms:{r}:{a}:key/*"]),
    ("AWS::KMS::Key", &["kms:{r}:{a}:key/*"]),
    ("AWS::Kinesis::Stream", &["kinesis:{r}:{a}:stream/{Name}"]),
    ("AWS::Kinesis::StreamConsumer", &["kinesis:{r}:{a}:stream/*"]),
    (
        "AWS::KinesisFirehose::DeliveryStream",
        &["firehose:{r}:{a}:deliverystream/{DeliveryStreamName}"],
    ),
    (
        "AWS::Lambda::EventSourceMapping",
        &["lambda:{r}:{a}:event-source-mapping:*"],
    ),
    (
        "AWS::Lambda::Function",
        &[
            "lambda:{r}:{a}:function:{FunctionName}",
            "lambda:{r}:{a}:function:{FunctionName}:*",
        ],
    ),
    (
        "AWS::Lambda::LayerVersion",
        &[
            "lambda:{r}:{a}:layer:{LayerName}",
            "lambda:{r}:{a}:layer:{LayerName}:*",
        ],
    ),
    (
        "AWS::Logs::LogGroup",
        &[
            "logs:{r}:{a}:log-group:{LogGroupName}",
            "logs:{r}:{a}:log-group:{LogGroupName}:*",
        ],
    ),
    (
        "AWS::OpenSearchService::Domain",
        &[
            "es:{r}:{a}:domain/{DomainName}",
            "es:{r}:{a}:domain/{DomainName}/*",
        ],
    ),
    (
        "AWS::Route53::HostedZone",
        &["route53:::hostedzone/*", "route53:::change/*"],
    ),
    ("AWS::S3::Bucket", &["s3:::{BucketName}", "s3:::{BucketName}/*"]),
    ("AWS::SNS::Topic", &["sns:{r}:{a}:{TopicName}"]),
    ("AWS::SQS::Queue", &["sqs:{r}:{a}:{QueueName}"]),
    ("AWS::SSM::Parameter", &["ssm:{r}:{a}:parameter/{Name}"]),
    (
        "AWS::Scheduler::Schedule",
        &["scheduler:{r}:{a}:schedule/*/{Name}"],
    ),
    (
        "AWS::SecretsManager::Secret",
        &["secretsmanager:{r}:{a}:secret:{Name}-*"],
    ),
    (
        "AWS::ServiceDiscovery::PrivateDnsNamespace",
        &["servicediscovery:{r}:{a}:*", "route53:::hostedzone/*"],
    ),
    (
        "AWS::StepFunctions::StateMachine",
        &["states:{r}:{a}:stateMachine:{StateMachineName}"],
    ),
];

/// Services whose resources are of no region.
const GLOBAL: [&str; 2] = ["cloudfront", "route53"];

/// The ARNs for which an action of a resource has to be allowed.
pub(super) fn of(
    action: &str,
    id: &str,
    resource: &Resource,
    template: &Template,
    deployment: &Deployment<'_>,
) -> BTreeSet<String> {
    let everything = || BTreeSet::from(["*".to_owned()]);
    if handlers::is_unscoped(action) {
        return everything();
    }
    let partition = partition(deployment.region);
    let service = action.split(':').next().unwrap_or_default();
    if action == "lambda:GetLayerVersion" && resource.kind != "AWS::Lambda::LayerVersion" {
        // Layers may be of others.
        return everything();
    }
    if action == "iam:CreateServiceLinkedRole" {
        let roles = format!(
            "arn:{partition}:iam::{}:role/aws-service-role/*",
            deployment.account
        );
        return BTreeSet::from([roles]);
    }
    let of_service = |arns: BTreeSet<String>| -> BTreeSet<String> {
        let prefix = format!("arn:{partition}:{service}:");
        arns.into_iter().filter(|arn| arn.starts_with(&prefix)).collect()
    };
    let arns = of_service(own(id, resource, deployment));
    if !arns.is_empty() {
        return arns;
    }
    // What belongs to something else, as a policy to its queue: to one of those in the template.
    let others = template.resources.iter();
    let others = others
        .flat_map(|(id, other)| own(id, other, deployment))
        .collect();
    let arns = of_service(others);
    if !arns.is_empty() {
        return arns;
    }
    match service {
        // Names of roles and buckets of other owners are not known.
        "iam" | "s3" => everything(),
        global if GLOBAL.contains(&global) => BTreeSet::from([format!("arn:{partition}:{service}:*")]),
        _ => BTreeSet::from([format!(
            "arn:{partition}:{service}:{}:{}:*",
            deployment.region, deployment.account
        )]),
    }
}

/// The ARNs of a resource itself; none where its type has no names.
pub(super) fn own(id: &str, resource: &Resource, deployment: &Deployment<'_>) -> BTreeSet<String> {
    let found = BY_TYPE.iter().find(|(kind, _)| *kind == resource.kind);
    let patterns = found.map(|(_, patterns)| *patterns).unwrap_or_default();
    patterns
        .iter()
        .map(|pattern| filled(pattern, id, resource, deployment))
        .collect()
}

fn filled(pattern: &str, id: &str, resource: &Resource, deployment: &Deployment<'_>) -> String {
    let mut arn = format!("arn:{}:", partition(deployment.region));
    let mut rest = pattern;
    while let Some((before, (key, after))) = rest
        .split_once('{')
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        arn.push_str(before);
        match key {
            "r" => arn.push_str(deployment.region),
            "a" => arn.push_str(deployment.account),
            property => {
                let name = name(property, id, resource, deployment);
                // Some names may begin with the slash that is there already.
                let known = if arn.ends_with('/') {
                    name.trim_start_matches('/')
                } else {
                    &name
                };
                arn.push_str(known);
            }
        }
        rest = after;
    }
    arn + rest
}

/// The name that a property gives, or what one begins with that CloudFormation gives.
fn name(property: &str, id: &str, resource: &Resource, deployment: &Deployment<'_>) -> String {
    if let Some(name) = resource.properties.get(property).and_then(Value::as_str) {
        return name.to_owned();
    }
    let given = format!("{}-{id}", deployment.stack);
    // It is cut where names may be that long only.
    let given: String = given.chars().take(30).collect();
    match resource.kind.as_str() {
        "AWS::S3::Bucket" | "AWS::ECR::Repository" => given.to_lowercase() + "*",
        _ => given + "*",
    }
}
