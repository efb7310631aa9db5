//! Logs that another service gets too: a stream of Firehose for each container, and a bucket for what it did not take.

use serde_json::{Value, json};
use tapedeck_model::{LogForwarding, Workload};

use super::{Ids, named_containers};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, reference, substitute};
use crate::naming::within;
use crate::policy::{allow, inline};
use crate::template::Resource;

const BUCKET: &str = "LogForwardingFailedRecordsBucket";
const BUCKET_ROLE: &str = "LogForwardingS3Role";

/// For how many days records that were not taken are kept.
const KEPT_DAYS: u32 = 30;

/// Adds what forwards the logs of a service.
pub(crate) fn add(service: &Workload, ids: &Ids<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    for (name, container) in named_containers(service) {
        let logging = &container.logging;
        if let Some(forwarding) = logging.forwarding.as_ref().filter(|_| !logging.disabled) {
            forward(forwarding, ids, &ids.log_group(name), assembly)?;
        }
    }
    Ok(())
}

/// Adds what forwards one group of logs. All groups of one workload share the bucket.
pub(crate) fn forward(
    forwarding: &LogForwarding,
    ids: &Ids<'_>,
    group: &str,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    add_bucket(ids, assembly);
    let destination = destination(forwarding, ids, assembly)?;
    let stream =
        json!({ "DeliveryStreamType": "DirectPut", "HttpEndpointDestinationConfiguration": destination });
    let stream_id = format!("{group}DeliveryStream");
    assembly.add(
        &stream_id,
        Resource::new("AWS::KinesisFirehose::DeliveryStream", stream),
    );
    add_subscription(group, &stream_id, assembly);
    Ok(())
}

fn add_bucket(ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let name = format!("{}-logs-{}", ids.name.to_lowercase(), assembly.names.hash);
    let bucket = json!({
        "BucketName": within(format!("{}-{name}", assembly.names.stack), 63),
        "BucketEncryption": { "ServerSideEncryptionConfiguration": [
            { "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } },
        ] },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true,
            "BlockPublicPolicy": true,
            "IgnorePublicAcls": true,
            "RestrictPublicBuckets": true,
        },
        "LifecycleConfiguration": { "Rules": [
            { "Id": "expire", "Status": "Enabled", "ExpirationInDays": KEPT_DAYS },
        ] },
    });
    assembly.add(&ids.of(BUCKET), Resource::new("AWS::S3::Bucket", bucket));
    let arn = attribute(&ids.of(BUCKET), "Arn");
    let objects = substitute("${bucketName}/*", vec![("bucketName".to_string(), arn.clone())]);
    let actions = [
        "s3:AbortMultipartUpload",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:PutObject",
    ];
    let condition =
        json!({ "StringEquals": { "sts:ExternalId": substitute("${AWS::AccountId}", Vec::new()) } });
    let role = role(
        "firehose.amazonaws.com",
        &condition,
        allow(&actions, vec![arn, objects]),
    );
    assembly.add(&ids.of(BUCKET_ROLE), role);
}

fn add_subscription(group: &str, stream: &str, assembly: &mut Assembly<'_>) {
    let source = format!(
        "arn:{}:logs:${{AWS::Region}}:${{AWS::AccountId}}:*",
        assembly.names.partition
    );
    let condition = json!({ "StringLike": { "aws:SourceArn": substitute(&source, Vec::new()) } });
    let put = allow(&["firehose:PutRecord"], vec![attribute(stream, "Arn")]);
    let role_id = format!("{group}CwToFirehoseRole");
    assembly.add(&role_id, role("logs.amazonaws.com", &condition, put));
    let filter = json!({
        "LogGroupName": reference(group),
        "FilterPattern": "",
        "DestinationArn": attribute(stream, "Arn"),
        "RoleArn": attribute(&role_id, "Arn"),
    });
    assembly.add(
        &format!("{group}SubscriptionFilter"),
        Resource::new("AWS::Logs::SubscriptionFilter", filter),
    );
}

/// A role of a service of AWS with one permission.
fn role(service: &str, condition: &Value, permission: Value) -> Resource {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }],
    });
    let properties = json!({
        "AssumeRolePolicyDocument": trust,
        "Policies": [inline("logs-to-s3", vec![permission])],
    });
    Resource::new("AWS::IAM::Role", properties)
}

/// What differs from one service of logs to another.
struct Endpoint {
    url: Value,
    access_key: Option<Value>,
    attributes: Vec<(String, Value)>,
    is_compressed: bool,
    buffer_mebibytes: u32,
    retry_seconds: u16,
}

impl Endpoint {
    fn of(forwarding: &LogForwarding, assembly: &mut Assembly<'_>) -> Result<Self, SynthError> {
        Ok(match forwarding {
            LogForwarding::HttpEndpoint {
                endpoint_url,
                access_key,
                parameters,
                gzip_encoding_enabled,
                retry_duration,
            } => Self {
                url: assembly.value(endpoint_url)?,
                access_key: access_key.as_ref().map(|key| assembly.value(key)).transpose()?,
                attributes: parameters
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), assembly.value(value)?)))
                    .collect::<Result<_, SynthError>>()?,
                is_compressed: *gzip_encoding_enabled,
                buffer_mebibytes: 1,
                retry_seconds: *retry_duration,
            },
            LogForwarding::Highlight {
                project_id,
                endpoint_url,
            } => Self {
                url: assembly.value(endpoint_url)?,
                access_key: None,
                attributes: vec![("x-highlight-project".to_string(), assembly.value(project_id)?)],
                is_compressed: true,
                buffer_mebibytes: 1,
                retry_seconds: 300,
            },
            LogForwarding::Datadog {
                api_key,
                endpoint_url,
            } => Self {
                url: assembly.value(endpoint_url)?,
                access_key: Some(assembly.value(api_key)?),
                attributes: Vec::new(),
                is_compressed: true,
                buffer_mebibytes: 4,
                retry_seconds: 60,
            },
        })
    }
}

fn destination(
    forwarding: &LogForwarding,
    ids: &Ids<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    let endpoint = Endpoint::of(forwarding, assembly)?;
    let name = match &endpoint.url {
        Value::String(url) => Value::from(url.trim_start_matches("https://")),
        later => later.clone(),
    };
    let mut configuration = json!({ "Url": endpoint.url, "Name": name });
    if let Some(key) = endpoint.access_key {
        configuration["AccessKey"] = key;
    }
    let mut request = json!({ "ContentEncoding": if endpoint.is_compressed { "GZIP" } else { "NONE" } });
    if !endpoint.attributes.is_empty() {
        let attributes = endpoint
            .attributes
            .into_iter()
            .map(|(name, value)| json!({ "AttributeName": name, "AttributeValue": value }));
        request["CommonAttributes"] = Value::Array(attributes.collect());
    }
    Ok(json!({
        "BufferingHints": { "IntervalInSeconds": 60, "SizeInMBs": endpoint.buffer_mebibytes },
        "EndpointConfiguration": configuration,
        "RequestConfiguration": request,
        "RetryOptions": { "DurationInSeconds": endpoint.retry_seconds },
        "S3BackupMode": "FailedDataOnly",
        "S3Configuration": {
            "BucketARN": attribute(&ids.of(BUCKET), "Arn"),
            "BufferingHints": { "IntervalInSeconds": 300, "SizeInMBs": 5 },
            "RoleARN": attribute(&ids.of(BUCKET_ROLE), "Arn"),
        },
    }))
}
