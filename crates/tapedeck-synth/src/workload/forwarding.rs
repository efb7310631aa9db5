//! Logs that another service gets too: a stream of Firehose for each container, a bucket for what it did not take, and a log
//! that says why.

use serde_json::{Value, json};
use tapedeck_model::{LogForwarding, Workload};

use super::{Ids, named_containers};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::environment::add_secret;
use crate::intrinsic::{attribute, join, reference, substitute};
use crate::naming::within;
use crate::policy::{allow, inline};
use crate::template::Resource;
use crate::types::closed_bucket;

const BUCKET: &str = "LogForwardingFailedRecordsBucket";
const BUCKET_ROLE: &str = "LogForwardingS3Role";
const ERRORS: &str = "LogForwardingErrors";

/// For how many days records that were not taken are kept.
const KEPT_DAYS: u32 = 30;

/// A group of logs that is forwarded.
pub(crate) struct Forwarded<'a> {
    /// What writes it.
    pub(crate) name: &'a str,
    /// Its logical id.
    pub(crate) group: String,
    /// Where to.
    pub(crate) to: &'a LogForwarding,
}

/// Adds what forwards the logs of a service.
pub(crate) fn add(service: &Workload, ids: &Ids<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let mut forwarded = Vec::new();
    for (name, container) in named_containers(service) {
        let logging = &container.logging;
        if let Some(to) = logging.forwarding.as_ref().filter(|_| !logging.disabled) {
            let group = ids.log_group(name);
            forwarded.push(Forwarded { name, group, to });
        }
    }
    forward(&forwarded, ids, assembly)
}

/// Adds what forwards the logs of one workload.
pub(crate) fn forward(
    forwarded: &[Forwarded<'_>],
    ids: &Ids<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    if forwarded.is_empty() {
        return Ok(());
    }
    add_bucket(ids, assembly);
    add_error_log(ids, assembly);
    let mut keys = Vec::new();
    for one in forwarded {
        let errors = add_error_stream(one, ids, assembly);
        let endpoint = Endpoint::of(one.to, assembly)?;
        let key = endpoint.access_key.as_ref().map(|key| add_key(key, assembly));
        let destination = destination(endpoint, key.as_ref(), &errors, ids);
        if let Some(key) = key.filter(|key| !keys.contains(key)) {
            keys.push(key);
        }
        let stream =
            json!({ "DeliveryStreamType": "DirectPut", "HttpEndpointDestinationConfiguration": destination });
        let stream_id = format!("{}DeliveryStream", one.group);
        assembly.add(
            &stream_id,
            Resource::new("AWS::KinesisFirehose::DeliveryStream", stream),
        );
        add_subscription(&one.group, &stream_id, assembly);
    }
    add_bucket_role(keys, ids, assembly);
    Ok(())
}

fn add_bucket(ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let name = format!("{}-logs-{}", ids.name.to_lowercase(), assembly.names.hash);
    let mut bucket = closed_bucket(&within(format!("{}-{name}", assembly.names.stack), 63));
    bucket["LifecycleConfiguration"] = json!({ "Rules": [
        { "Id": "expire", "Status": "Enabled", "ExpirationInDays": KEPT_DAYS },
    ] });
    // A bucket with something in it would keep the stack from being deleted.
    let bucket = Resource::new("AWS::S3::Bucket", bucket)
        .with("DeletionPolicy", "Retain".into())
        .with("UpdateReplacePolicy", "Retain".into());
    assembly.add(&ids.of(BUCKET), bucket);
}

/// Adds the log of what could not be delivered, and why.
fn add_error_log(ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let path = format!(
        "/stp/{}/ecs/{}/log-forwarding-errors",
        assembly.names.stack, ids.name
    );
    let group = json!({ "LogGroupName": within(path, 512), "RetentionInDays": KEPT_DAYS });
    assembly.add(&ids.of(ERRORS), Resource::new("AWS::Logs::LogGroup", group));
}

/// Adds the part of that log that is about a container, and tells how Firehose names it.
fn add_error_stream(one: &Forwarded<'_>, ids: &Ids<'_>, assembly: &mut Assembly<'_>) -> Value {
    let id = format!("{}DeliveryErrors", one.group);
    let stream = json!({ "LogGroupName": reference(&ids.of(ERRORS)), "LogStreamName": one.name });
    assembly.add(&id, Resource::new("AWS::Logs::LogStream", stream));
    json!({ "Enabled": true, "LogGroupName": reference(&ids.of(ERRORS)), "LogStreamName": reference(&id) })
}

/// Adds a secret with the key of an endpoint, in the form in which Firehose reads it, and tells its ARN.
fn add_key(key: &Value, assembly: &mut Assembly<'_>) -> Value {
    let text = match key {
        Value::String(text) => json!({ "api_key": text }).to_string().into(),
        later => join("", vec![r#"{"api_key":""#.into(), later.clone(), r#""}"#.into()]),
    };
    reference(&add_secret(&text, assembly))
}

/// Adds the role with which Firehose reads keys, delivers, and keeps what it could not deliver.
fn add_bucket_role(keys: Vec<Value>, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
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
    let mut permissions = vec![
        allow(&actions, vec![arn, objects]),
        allow(&["logs:PutLogEvents"], vec![attribute(&ids.of(ERRORS), "Arn")]),
    ];
    if !keys.is_empty() {
        permissions.push(allow(&["secretsmanager:GetSecretValue"], keys));
    }
    let role = role("firehose.amazonaws.com", &condition, permissions);
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
    assembly.add(&role_id, role("logs.amazonaws.com", &condition, vec![put]));
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

/// A role of a service of AWS.
fn role(service: &str, condition: &Value, permissions: Vec<Value>) -> Resource {
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
        "Policies": [inline("logs-to-s3", permissions)],
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

fn destination(endpoint: Endpoint, key: Option<&Value>, errors: &Value, ids: &Ids<'_>) -> Value {
    let name = match &endpoint.url {
        Value::String(url) => Value::from(url.trim_start_matches("https://")),
        later => later.clone(),
    };
    let mut request = json!({ "ContentEncoding": if endpoint.is_compressed { "GZIP" } else { "NONE" } });
    if !endpoint.attributes.is_empty() {
        let attributes = endpoint
            .attributes
            .into_iter()
            .map(|(name, value)| json!({ "AttributeName": name, "AttributeValue": value }));
        request["CommonAttributes"] = Value::Array(attributes.collect());
    }
    let role = attribute(&ids.of(BUCKET_ROLE), "Arn");
    let mut destination = json!({
        "BufferingHints": { "IntervalInSeconds": 60, "SizeInMBs": endpoint.buffer_mebibytes },
        "CloudWatchLoggingOptions": errors,
        "EndpointConfiguration": { "Url": endpoint.url, "Name": name },
        "RequestConfiguration": request,
        "RetryOptions": { "DurationInSeconds": endpoint.retry_seconds },
        "RoleARN": role,
        "S3BackupMode": "FailedDataOnly",
        "S3Configuration": {
            "BucketARN": attribute(&ids.of(BUCKET), "Arn"),
            "BufferingHints": { "IntervalInSeconds": 300, "SizeInMBs": 5 },
            "CloudWatchLoggingOptions": errors,
            "RoleARN": role,
        },
    });
    if let Some(key) = key {
        destination["SecretsManagerConfiguration"] =
            json!({ "Enabled": true, "RoleARN": role, "SecretARN": key });
    }
    destination
}
