//! `bucket`: files in S3, who may use them, and what becomes of them in time.

mod access;
mod lifecycle;

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::target::{get, number};
use super::{Kind, Parameters, Target, cdn};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::join;
use crate::naming::within;
use crate::policy::allow;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: NAME,
    build,
    parameters,
    grants,
    in_vpc: false,
};

/// The type in the config.
const NAME: &str = "bucket";

/// Regions where uploads cannot be accelerated.
const WITHOUT_ACCELERATION: [&str; 6] = [
    "ap-east-1",
    "ap-northeast-3",
    "af-south-1",
    "eu-north-1",
    "me-south-1",
    "eu-south-1",
];

/// The methods that S3 answers to pages of other origins.
const METHODS: [&str; 5] = ["GET", "HEAD", "PUT", "POST", "DELETE"];

/// The properties of a bucket that nobody but this stack uses: private, and encrypted also where an account says otherwise.
pub(crate) fn closed_bucket(name: &str) -> Value {
    json!({
        "BucketName": name,
        "BucketEncryption": { "ServerSideEncryptionConfiguration": [
            { "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } },
        ] },
        "PublicAccessBlockConfiguration": access_block(false),
    })
}

/// What nobody may do to a bucket: make it public, unless it is meant to be, and then by a policy alone.
fn access_block(is_public: bool) -> Value {
    json!({
        "BlockPublicAcls": true,
        "BlockPublicPolicy": !is_public,
        "IgnorePublicAcls": true,
        "RestrictPublicBuckets": !is_public,
    })
}

fn build(bucket: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let is_public = access::is_public(bucket);
    let mut properties = json!({
        "BucketName": name(bucket, assembly),
        "PublicAccessBlockConfiguration": access_block(is_public),
    });
    if !WITHOUT_ACCELERATION.contains(&assembly.names.region.as_str()) {
        properties["AccelerateConfiguration"] = json!({ "AccelerationStatus": "Enabled" });
    }
    if bucket.flag("versioning") {
        properties["VersioningConfiguration"] = json!({ "Status": "Enabled" });
    }
    if bucket.flag("encryption") {
        properties["BucketEncryption"] = json!({ "ServerSideEncryptionConfiguration": [
            { "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } },
        ] });
    }
    if bucket.flag("cors.enabled") {
        properties["CorsConfiguration"] = json!({ "CorsRules": cors_rules(bucket, assembly)? });
    }
    let rules = lifecycle::rules(bucket);
    if !rules.is_empty() {
        properties["LifecycleConfiguration"] = json!({ "Rules": rules });
    }
    if bucket.flag("enableEventBusNotifications") {
        properties["NotificationConfiguration"] =
            json!({ "EventBridgeConfiguration": { "EventBridgeEnabled": true } });
    }
    assembly.add(&bucket.id("Bucket"), Resource::new("AWS::S3::Bucket", properties));
    access::add_policy(bucket, assembly)?;
    if bucket.flag("cdn.enabled") {
        cdn::build(bucket, assembly)?;
    }
    Ok(())
}

/// The name of the bucket.
fn name(bucket: &Target<'_>, assembly: &Assembly<'_>) -> String {
    let name = format!(
        "{}-{}-{}",
        assembly.names.stack,
        bucket.name.to_lowercase(),
        assembly.names.hash
    );
    within(name, 63)
}

/// Which pages may use it; without rules, all.
fn cors_rules(bucket: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Vec<Value>, SynthError> {
    let rules = bucket.items("cors.corsRules");
    if rules.is_empty() {
        let all = json!({ "AllowedHeaders": ["*"], "AllowedMethods": METHODS, "AllowedOrigins": ["*"] });
        return Ok(vec![all]);
    }
    rules
        .iter()
        .map(|rule| cors_rule(bucket, rule, assembly))
        .collect()
}

fn cors_rule(bucket: &Target<'_>, rule: &Data, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
    let mut methods: Vec<&str> = match get(rule, "allowedMethods") {
        Some(Data::List(items)) => items.iter().filter_map(Data::as_text).collect(),
        _ => METHODS.to_vec(),
    };
    if methods.contains(&"*") {
        methods = METHODS.to_vec();
    }
    if let Some(method) = methods.iter().find(|method| !METHODS.contains(method)) {
        return Err(bucket.unsupported(&format!("`{method}` in `allowedMethods`, which S3 does not know")));
    }
    let mut written = json!({ "AllowedMethods": methods, "AllowedOrigins": ["*"] });
    for (key, property) in [
        ("allowedOrigins", "AllowedOrigins"),
        ("allowedHeaders", "AllowedHeaders"),
        ("exposedResponseHeaders", "ExposedHeaders"),
    ] {
        match get(rule, key) {
            Some(list @ Data::List(_)) => written[property] = assembly.data(list)?,
            Some(one) => written[property] = json!([assembly.data(one)?]),
            None => {}
        }
    }
    if let Some(seconds) = get(rule, "maxAge").and_then(number) {
        written["MaxAge"] = Value::from(seconds);
    }
    Ok(written)
}

fn parameters(bucket: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let mut parameters = vec![
        ("name".to_string(), bucket.reference("Bucket")),
        ("arn".to_string(), bucket.attribute("Bucket", "Arn")),
    ];
    if bucket.flag("cdn.enabled") {
        parameters.extend(cdn::parameters(bucket));
    }
    Ok(parameters)
}

fn grants(bucket: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    let arn = bucket.attribute("Bucket", "Arn");
    let objects = join("", vec![arn.clone(), "/*".into()]);
    vec![
        allow(&["s3:ListBucket", "s3:GetBucket*"], vec![arn]),
        allow(
            &["s3:*Object*", "s3:Abort*", "s3:*MultipartUpload*"],
            vec![objects],
        ),
    ]
}
