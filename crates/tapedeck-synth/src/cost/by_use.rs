//! What is paid by use, and what costs nothing of its own.

use serde_json::Value;

use super::bill::Bill;

/// Types that are paid by use: what is paid for, and the price of it where it is one number.
const BY_USE: [(&str, &str, Option<&str>); 32] = [
    ("AWS::ApiGateway::RestApi", "requests and traffic", None),
    ("AWS::ApiGatewayV2::Api", "requests and traffic", None),
    (
        "AWS::Batch::ComputeEnvironment",
        "instances or tasks while jobs run",
        None,
    ),
    ("AWS::CloudFront::Distribution", "requests and traffic", None),
    ("AWS::CloudFront::Function", "invocations", None),
    ("AWS::Cognito::IdentityPool", "active users", None),
    ("AWS::Cognito::UserPool", "active users and messages", None),
    ("AWS::DynamoDB::GlobalTable", "reads, writes and storage", None),
    ("AWS::DynamoDB::Table", "reads, writes and storage", None),
    ("AWS::ECR::Repository", "stored images", Some("images-gb")),
    ("AWS::EFS::FileSystem", "stored files", Some("files-gb")),
    ("AWS::EFS::FileSystem", "what is read and written", None),
    ("AWS::Events::Archive", "archived events", None),
    ("AWS::Events::EventBus", "events that programs put", None),
    (
        "AWS::KinesisFirehose::DeliveryStream",
        "data that is delivered",
        None,
    ),
    (
        "AWS::Kinesis::StreamConsumer",
        "hours and data of a consumer",
        None,
    ),
    ("AWS::Lambda::Function", "requests and seconds of memory", None),
    ("AWS::Lambda::LayerVersion", "stored code", None),
    ("AWS::Logs::LogGroup", "logs that are written", Some("log-gb")),
    ("AWS::Logs::LogGroup", "logs that are kept", Some("log-stored-gb")),
    ("AWS::OpenSearchService::Domain", "traffic between zones", None),
    ("AWS::RDS::DBCluster", "storage, reads and writes", None),
    (
        "AWS::RDS::DBInstance",
        "backups beyond the size of the database",
        None,
    ),
    ("AWS::S3::Bucket", "stored objects", Some("objects-gb")),
    ("AWS::S3::Bucket", "requests and traffic", None),
    ("AWS::SNS::Topic", "messages and their delivery", None),
    ("AWS::SQS::Queue", "requests", None),
    ("AWS::Scheduler::Schedule", "invocations", None),
    ("AWS::SecretsManager::Secret", "requests", None),
    (
        "AWS::StepFunctions::StateMachine",
        "transitions or executions",
        None,
    ),
    ("AWS::ECS::Service", "traffic out of AWS and between zones", None),
    (
        "AWS::AutoScaling::WarmPool",
        "disks of instances that wait",
        Some("disk-gb"),
    ),
];

/// Services whose resources cost nothing.
const FREE_SERVICES: [&str; 4] = [
    "AWS::CloudFormation::",
    "AWS::IAM::",
    "AWS::AutoScaling::",
    "Custom::",
];

/// Types that cost nothing of their own.
const FREE: [&str; 49] = [
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::Batch::JobDefinition",
    "AWS::Batch::JobQueue",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::CloudFrontOriginAccessIdentity",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolGroup",
    "AWS::Cognito::UserPoolIdentityProvider",
    "AWS::Cognito::UserPoolUICustomizationAttachment",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECS::CapacityProvider",
    "AWS::ECS::Cluster",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ECS::TaskDefinition",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::MountTarget",
    "AWS::ElastiCache::ParameterGroup",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::Rule",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Logs::LogStream",
    "AWS::Logs::ResourcePolicy",
    "AWS::Logs::SubscriptionFilter",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::RDS::OptionGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy",
];

/// Partners' types that cost nothing of their own.
const FREE_OF_PARTNERS: [&str; 5] = [
    "MongoDB::StpAtlasV1::DatabaseUser",
    "MongoDB::StpAtlasV1::NetworkContainer",
    "MongoDB::StpAtlasV1::NetworkPeering",
    "MongoDB::StpAtlasV1::Project",
    "MongoDB::StpAtlasV1::ProjectIpAccessList",
];

/// Names what of a resource is paid by use. Says whether something is.
pub(super) fn add(id: &str, kind: &str, resource: &Value, bill: &mut Bill<'_>) -> bool {
    // The storage of an instance of a cluster is the cluster's.
    if kind == "AWS::RDS::DBInstance" && resource["Properties"].get("DBClusterIdentifier").is_some() {
        return true;
    }
    let mut found = false;
    for (_, what, price) in BY_USE.iter().filter(|(known, ..)| *known == kind) {
        bill.by_use(id, what, *price);
        found = true;
    }
    found
}

/// Whether a type costs nothing of its own.
pub(super) fn is_free(kind: &str) -> bool {
    FREE.contains(&kind)
        || FREE_OF_PARTNERS.contains(&kind)
        || FREE_SERVICES.iter().any(|start| kind.starts_with(start))
}
