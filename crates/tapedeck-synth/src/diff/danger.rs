//! Resources that hold what cannot be made again, and what becomes of it.

use serde::Serialize;
use serde_json::Value;

use super::Change;
use super::update::Update;

/// Types that hold something: what one is called, and what is in it.
const STATEFUL: [(&str, &str, &str); 34] = [
    ("AWS::Backup::BackupVault", "vault", "the backups in it"),
    (
        "AWS::Cognito::IdentityPool",
        "identity pool",
        "the identities in it",
    ),
    ("AWS::Cognito::UserPool", "user pool", "the users in it"),
    ("AWS::DocDB::DBCluster", "database", "the data in it"),
    ("AWS::DynamoDB::GlobalTable", "table", "the items in it"),
    ("AWS::DynamoDB::Table", "table", "the items in it"),
    ("AWS::EC2::EIP", "address", "what others let in by it"),
    ("AWS::EC2::Volume", "volume", "the files on it"),
    ("AWS::ECR::Repository", "repository", "the images in it"),
    ("AWS::EFS::FileSystem", "file system", "the files on it"),
    ("AWS::ElastiCache::CacheCluster", "cache", "what is kept in it"),
    (
        "AWS::ElastiCache::ReplicationGroup",
        "cache",
        "what is kept in it",
    ),
    ("AWS::ElastiCache::ServerlessCache", "cache", "what is kept in it"),
    ("AWS::Elasticsearch::Domain", "search domain", "the indices in it"),
    ("AWS::Events::Archive", "archive", "the events in it"),
    ("AWS::FSx::FileSystem", "file system", "the files on it"),
    (
        "AWS::KMS::Key",
        "key",
        "the means to read what was encrypted with it",
    ),
    ("AWS::Kinesis::Stream", "stream", "the records in it"),
    ("AWS::Logs::LogGroup", "log group", "the logs in it"),
    ("AWS::MSK::Cluster", "cluster", "the records in it"),
    ("AWS::MemoryDB::Cluster", "cache", "what is kept in it"),
    ("AWS::Neptune::DBCluster", "database", "the data in it"),
    (
        "AWS::OpenSearchService::Domain",
        "search domain",
        "the indices in it",
    ),
    ("AWS::QLDB::Ledger", "ledger", "the documents in it"),
    ("AWS::RDS::DBCluster", "database", "the data in it"),
    ("AWS::RDS::DBInstance", "database", "the data in it"),
    ("AWS::Redshift::Cluster", "database", "the data in it"),
    ("AWS::S3::Bucket", "bucket", "the objects in it"),
    ("AWS::SQS::Queue", "queue", "the messages in it"),
    ("AWS::SSM::Parameter", "parameter", "its value"),
    ("AWS::SecretsManager::Secret", "secret", "its value"),
    ("AWS::Timestream::Table", "table", "the records in it"),
    ("MongoDB::StpAtlasV1::Cluster", "database", "the data in it"),
    ("Upstash::DatabasesV1::Database", "database", "the data in it"),
];

/// What becomes of a resource that leaves the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is deleted.
    Deleted,
    /// It is deleted after a snapshot of it was made, which stays.
    Snapshot,
    /// It stays, without belonging to the stack.
    Kept,
}

/// Something that holds state is about to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Danger {
    /// What it is called: `queue`.
    pub noun: &'static str,
    /// What is lost with it: `the messages in it`.
    pub holds: &'static str,
    /// What becomes of the one that is there.
    pub fate: Fate,
    /// Whether it is certain.
    pub certain: bool,
}

/// What is lost by a change of a resource, if something is.
pub(super) fn of(before: Option<&Value>, after: Option<&Value>, change: &Change) -> Option<Danger> {
    let before = before?;
    let (fate, certain) = match change {
        Change::Added => return None,
        Change::Removed { fate } => (*fate, true),
        Change::Changed { update, .. } => match update {
            Update::Replacement => (replaced(after?), true),
            Update::MayBeReplaced => (replaced(after?), false),
            _ => return None,
        },
    };
    let kind = before["Type"].as_str()?;
    // The data of an instance of a cluster is the cluster's.
    if before["Properties"].get("DBClusterIdentifier").is_some() {
        return None;
    }
    let (_, noun, holds) = STATEFUL.iter().find(|(known, ..)| *known == kind)?;
    Some(Danger {
        noun,
        holds,
        fate,
        certain,
    })
}

/// What becomes of a resource that is in the template no more.
pub(super) fn removed(before: &Value) -> Fate {
    let properties = &before["Properties"];
    let is_database = match before["Type"].as_str() {
        Some("AWS::RDS::DBCluster") => true,
        Some("AWS::RDS::DBInstance") => properties.get("DBClusterIdentifier").is_none(),
        _ => false,
    };
    match before["DeletionPolicy"].as_str() {
        Some(policy) => fate(policy),
        None if is_database => Fate::Snapshot,
        None => Fate::Deleted,
    }
}

fn replaced(after: &Value) -> Fate {
    after["UpdateReplacePolicy"].as_str().map_or(Fate::Deleted, fate)
}

fn fate(policy: &str) -> Fate {
    match policy {
        "Retain" | "RetainExceptOnCreate" => Fate::Kept,
        "Snapshot" => Fate::Snapshot,
        _ => Fate::Deleted,
    }
}
