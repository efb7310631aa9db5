//! The bucket that code of functions is uploaded to. A stack that uploads nothing has none.

use serde_json::{Value, json};

use crate::assembly::Assembly;
use crate::intrinsic::{attribute, reference, substitute};
use crate::policy::document;
use crate::template::Resource;
use crate::types;

/// The logical id of the bucket.
pub(crate) const BUCKET: &str = "StpDeploymentBucket";

/// The logical id of its policy.
pub(crate) const POLICY: &str = "StpDeploymentBucketPolicy";

/// Its name.
pub(crate) fn name(assembly: &Assembly<'_>) -> String {
    format!("stp-deployment-bucket-{}", assembly.names.hash)
}

/// Adds it, if some function has its code there.
pub(crate) fn build(assembly: &mut Assembly<'_>) {
    let elsewhere = |name: &str| {
        let found = assembly.lookups.artifacts.get(name);
        found.is_some_and(|artifact| artifact.bucket.is_some())
    };
    let mut functions = assembly.stack.resources.iter().filter(|one| types::has_code(one));
    if functions.all(|one| elsewhere(one.name.as_str())) {
        return;
    }
    let bucket = types::closed_bucket(&name(assembly));
    assembly.add(BUCKET, Resource::new("AWS::S3::Bucket", bucket));
    let arn = attribute(BUCKET, "Arn");
    let objects = substitute("${bucket}/*", vec![("bucket".to_string(), arn.clone())]);
    let encrypted_only = json!({
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, objects],
        "Condition": { "Bool": { "aws:SecureTransport": Value::from("false") } },
    });
    let policy = json!({ "Bucket": reference(BUCKET), "PolicyDocument": document(vec![encrypted_only]) });
    assembly.add(POLICY, Resource::new("AWS::S3::BucketPolicy", policy));
}
