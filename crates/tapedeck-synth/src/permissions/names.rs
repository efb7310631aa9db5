//! What resources are called: the ARNs of each, as far as the template says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Deployment;
use crate::naming::partition;
use crate::template::Resource;

/// The type of roles.
pub(super) const ROLE: &str = "AWS::IAM::Role";

/// The ARNs of resources of a type, without `arn:` and the partition. `{r}` is the region, `{a}` the account, `{s}` the stack; anything else in braces is the
/// property with the name. What has no name in the template is given one by CloudFormation that begins with that of the stack.
const BY_TYPE: [(&str, &[&str]); 46] = [
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
        "AWS::ElastiCache::ParameterGroup",
        &["elasticache:{r}:{a}:parametergroup:{CacheParameterGroupName}"],
    ),
    (
        "AWS::ElastiCache::ReplicationGroup",
        &[
            "elasticache:{r}:{a}:replicationgroup:{ReplicationGroupId}",
            "elasticache:{r}:{a}:cluster:{ReplicationGroupId}-*",
        ],
    ),
    (
        "AWS::ElastiCache::SubnetGroup",
        &["elasticache:{r}:{a}:subnetgroup:{CacheSubnetGroupName}"],
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
        "AWS::RDS::DBCluster",
        &["rds:{r}:{a}:cluster:{DBClusterIdentifier}"],
    ),
    (
        "AWS::RDS::DBClusterParameterGroup",
        &["rds:{r}:{a}:cluster-pg:{DBClusterParameterGroupName}"],
    ),
    ("AWS::RDS::DBInstance", &["rds:{r}:{a}:db:{DBInstanceIdentifier}"]),
    (
        "AWS::RDS::DBParameterGroup",
        &["rds:{r}:{a}:pg:{DBParameterGroupName}"],
    ),
    (
        "AWS::RDS::DBSubnetGroup",
        &["rds:{r}:{a}:subgrp:{DBSubnetGroupName}"],
    ),
    ("AWS::RDS::OptionGroup", &["rds:{r}:{a}:og:{OptionGroupName}"]),
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
        &["secretsmanager:{r}:{a}:secret:{Name}-??????"],
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

/// Types whose names, where CloudFormation gives them, do not begin with that of the stack. `{id}` is the logical id.
const NAMED_OTHERWISE: [(&str, &str); 8] = [
    ("AWS::Batch::ComputeEnvironment", "{id}-*"),
    ("AWS::Batch::JobDefinition", "{id}-*"),
    ("AWS::Batch::JobQueue", "{id}-*"),
    ("AWS::ElastiCache::ReplicationGroup", "*"),
    ("AWS::OpenSearchService::Domain", "*"),
    ("AWS::SSM::Parameter", "CFN-{id}-*"),
    ("AWS::SecretsManager::Secret", "{id}-*"),
    ("AWS::StepFunctions::StateMachine", "{id}-*"),
];

/// Services that take names in lower case alone.
const LOWER_CASE: [&str; 4] = ["AWS::ECR::", "AWS::ElastiCache::", "AWS::RDS::", "AWS::S3::"];

/// How long names are that CloudFormation gives, if it need not cut them, and how many letters it adds.
const LONGEST: usize = 63;
const ADDED: usize = 14;

/// How much of the name of the stack stays where it has to be cut.
const KEPT: usize = 24;

/// The ARNs of a resource itself; none where its type has no names.
pub(super) fn own(id: &str, resource: &Resource, deployment: &Deployment<'_>) -> BTreeSet<String> {
    let found = BY_TYPE.iter().find(|(kind, _)| *kind == resource.kind);
    let patterns = found.map(|(_, patterns)| *patterns).unwrap_or_default();
    patterns
        .iter()
        .map(|pattern| filled(pattern, id, resource, deployment))
        .collect()
}

pub(super) fn filled(pattern: &str, id: &str, resource: &Resource, deployment: &Deployment<'_>) -> String {
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
            "s" => arn.push_str(deployment.stack),
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
    let kind = resource.kind.as_str();
    if let Some((_, pattern)) = NAMED_OTHERWISE.iter().find(|(of, _)| *of == kind) {
        return pattern.replace("{id}", id);
    }
    let stack = deployment.stack;
    let given = match stack.len() + id.len() + 1 + ADDED <= LONGEST {
        true => format!("{stack}-{id}-*"),
        false => stack.chars().take(KEPT).chain(['*']).collect(),
    };
    match LOWER_CASE.iter().any(|service| kind.starts_with(service)) {
        true => given.to_lowercase(),
        false => given,
    }
}
