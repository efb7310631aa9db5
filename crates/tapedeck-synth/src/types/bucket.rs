//! `bucket`: files in S3.

use serde_json::{Value, json};

use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::join;
use crate::naming::within;
use crate::policy::allow;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "bucket",
    build,
    parameters,
    grants,
    in_vpc: false,
};

/// Keys that need more than the bucket itself.
const NOT_YET: [&str; 6] = [
    "cdn",
    "cors",
    "lifecycleRules",
    "directoryUpload",
    "enableEventBusNotifications",
    "accessibility.accessPolicyStatements",
];

/// Regions where uploads cannot be accelerated.
const WITHOUT_ACCELERATION: [&str; 6] = [
    "ap-east-1",
    "ap-northeast-3",
    "af-south-1",
    "eu-north-1",
    "me-south-1",
    "eu-south-1",
];

fn build(bucket: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    for key in NOT_YET {
        if bucket.is_used(key) {
            return Err(bucket.unsupported(&format!("`{key}`")));
        }
    }
    let mode = bucket
        .text("accessibility.accessibilityMode")
        .unwrap_or("private");
    if mode != "private" {
        return Err(bucket.unsupported(&format!("accessibility mode `{mode}`")));
    }
    let name = format!(
        "{}-{}-{}",
        assembly.names.stack,
        bucket.name.to_lowercase(),
        assembly.names.hash
    );
    let mut properties = json!({
        "BucketName": within(name, 63),
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true,
            "BlockPublicPolicy": true,
            "IgnorePublicAcls": true,
            "RestrictPublicBuckets": true,
        },
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
    assembly.add(&bucket.id("Bucket"), Resource::new("AWS::S3::Bucket", properties));
    Ok(())
}

fn parameters(bucket: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    Ok(vec![
        ("name".to_string(), bucket.reference("Bucket")),
        ("arn".to_string(), bucket.attribute("Bucket", "Arn")),
    ])
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
