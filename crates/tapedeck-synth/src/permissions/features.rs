//! What is taken only for features that a template asks for.

use serde_json::Value;

use crate::template::Resource;

/// What replicas of tables need, which are filled from the first one.
const OF_REPLICAS: [&str; 12] = [
    "AssociateTableReplica",
    "BatchWriteItem",
    "CreateTableReplica",
    "DeleteItem",
    "DeleteTableReplica",
    "DisassociateTableReplica",
    "GetItem",
    "PutItem",
    "Query",
    "ReadDataForReplication",
    "Scan",
    "UpdateItem",
];

/// Of a type, a part of actions, and a word in lower case: without a key that has it, nothing calls them.
const BY_KEY: [(&str, &str, &str); 47] = [
    (
        "AWS::Cognito::UserPool",
        "ServiceLinkedRole",
        "emailconfiguration",
    ),
    ("AWS::Cognito::UserPoolClient", "RolePolicy", "analytics"),
    ("AWS::Cognito::UserPoolClient", "ServiceLinkedRole", "analytics"),
    (
        "AWS::DynamoDB::GlobalTable",
        "application-autoscaling:",
        "autoscaling",
    ),
    ("AWS::DynamoDB::GlobalTable", "cloudwatch:", "autoscaling"),
    ("AWS::DynamoDB::GlobalTable", "kinesis:", "kinesis"),
    ("AWS::DynamoDB::GlobalTable", "ReplicaAutoScaling", "autoscaling"),
    ("AWS::DynamoDB::Table", "ImportTable", "import"),
    ("AWS::DynamoDB::Table", "kinesis:", "kinesis"),
    ("AWS::DynamoDB::Table", "logs:", "import"),
    ("AWS::DynamoDB::Table", "s3:", "import"),
    ("AWS::EC2::VPC", "CreateVpcEncryptionControl", "encryption"),
    ("AWS::EC2::VPCGatewayAttachment", "AttachVpnGateway", "vpngateway"),
    ("AWS::EC2::VPCGatewayAttachment", "DetachVpnGateway", "vpngateway"),
    ("AWS::ECS::Cluster", "ecs:PutAccountSetting", "clustersettings"),
    ("AWS::EFS::FileSystem", "CreateReplication", "replication"),
    ("AWS::EFS::FileSystem", "DeleteReplication", "replication"),
    ("AWS::ElastiCache::ReplicationGroup", "firehose:", "logdelivery"),
    ("AWS::ElastiCache::ReplicationGroup", "logs:", "logdelivery"),
    ("AWS::ElastiCache::ReplicationGroup", "s3:", "snapshotarns"),
    ("AWS::ElasticLoadBalancingV2::Listener", "cognito-idp:", "cognito"),
    (
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "cognito-idp:",
        "cognito",
    ),
    ("AWS::Kinesis::Stream", "StreamEncryption", "encryption"),
    (
        "AWS::KinesisFirehose::DeliveryStream",
        "StreamEncryption",
        "encryption",
    ),
    ("AWS::Lambda::Function", "CodeSigning", "codesigning"),
    ("AWS::Lambda::Function", "ec2:", "vpcconfig"),
    ("AWS::Lambda::Function", "elasticfilesystem:", "filesystem"),
    ("AWS::Lambda::Function", "lambda:GetLayerVersion", "layers"),
    (
        "AWS::Lambda::Function",
        "PassCapacityProvider",
        "capacityprovider",
    ),
    ("AWS::Lambda::Function", "s3:", "s3"),
    ("AWS::Logs::LogGroup", "AssociateKmsKey", "kms"),
    ("AWS::Logs::LogGroup", "firehose:", "dataprotection"),
    ("AWS::Logs::LogGroup", "LogDelivery", "dataprotection"),
    ("AWS::Logs::LogGroup", "PutDataProtection", "dataprotection"),
    ("AWS::Logs::LogGroup", "PutIndexPolicy", "indexpolic"),
    ("AWS::Logs::LogGroup", "PutResourcePolicy", "resourcepolic"),
    ("AWS::RDS::DBCluster", "RemoveFromGlobalCluster", "globalcluster"),
    ("AWS::RDS::DBCluster", "FromSnapshot", "snapshotidentifier"),
    ("AWS::RDS::DBCluster", "secretsmanager:", "managemaster"),
    ("AWS::RDS::DBCluster", "ToPointInTime", "source"),
    ("AWS::RDS::DBInstance", "CreateDBInstanceReadReplica", "source"),
    ("AWS::RDS::DBInstance", "FromDBSnapshot", "snapshotidentifier"),
    ("AWS::RDS::DBInstance", "secretsmanager:", "managemaster"),
    ("AWS::RDS::DBInstance", "ToPointInTime", "source"),
    ("AWS::S3::Bucket", "s3tables:", "metadata"),
    ("AWS::SNS::Topic", "iam:", "deliverystatus"),
    ("AWS::StepFunctions::StateMachine", "s3:", "s3location"),
];

/// Whether a resource needs an action of its type, for what the template says of it.
pub(super) fn is_needed(action: &str, resource: &Resource) -> bool {
    let kind = resource.kind.as_str();
    let has = |word: &str| mentions(&resource.properties, word);
    let property = |key: &str| resource.properties.get(key);
    match action.split_once(':') {
        Some(("kms", _)) if !kind.starts_with("AWS::KMS::") => has("kms"),
        Some(("lambda", _)) if kind == "AWS::ApplicationAutoScaling::ScalableTarget" => {
            property("ServiceNamespace").and_then(Value::as_str) == Some("lambda")
        }
        Some(("dynamodb", name)) if OF_REPLICAS.contains(&name) => {
            let replicas = property("Replicas").and_then(Value::as_array);
            replicas.is_some_and(|replicas| replicas.len() > 1)
        }
        _ => BY_KEY
            .iter()
            .filter(|(of, part, _)| *of == kind && action.contains(part))
            .all(|(_, _, word)| has(word)),
    }
}

/// Whether a key within a value has a word in it, in whatever case.
fn mentions(value: &Value, word: &str) -> bool {
    match value {
        Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| key.to_ascii_lowercase().contains(word) || mentions(value, word)),
        Value::Array(items) => items.iter().any(|item| mentions(item, word)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
