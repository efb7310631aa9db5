//! Who may use the files of a bucket: everybody, those that its statements name, and CDNs that show them.

use serde_json::{Value, json};
use tapedeck_model::{Data, Resource as Configured};

use super::{NAME, name};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, join};
use crate::policy::document;
use crate::template::Resource;
use crate::types::target::get;
use crate::types::{Target, cdn};

/// What everybody may do. To list what is there is never part of it.
fn actions_of_all(bucket: &Target<'_>) -> &'static [&'static str] {
    match bucket.text("accessibility.accessibilityMode") {
        Some("public-read") => &["s3:GetObject"],
        Some("public-read-write") => &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        _ => &[],
    }
}

/// Whether everybody may do something with it.
pub(super) fn is_public(bucket: &Target<'_>) -> bool {
    !actions_of_all(bucket).is_empty()
}

/// Adds the policy, if it says anything.
pub(super) fn add_policy(bucket: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let arn = bucket.attribute("Bucket", "Arn");
    let objects = join("", vec![arn.clone(), "/*".into()]);
    let mut statements = Vec::new();
    let actions = actions_of_all(bucket);
    if !actions.is_empty() {
        statements.push(json!({
            "Sid": "Everybody",
            "Effect": "Allow",
            "Principal": "*",
            "Action": actions,
            "Resource": objects,
        }));
    }
    for (index, identity) in identities(bucket, assembly).into_iter().enumerate() {
        let ending = if index == 0 {
            String::new()
        } else {
            index.to_string()
        };
        let allow = |sid: &str, action: &str, resource: &Value| {
            json!({
                "Sid": format!("{sid}{ending}"),
                "Effect": "Allow",
                "Principal": { "CanonicalUser": attribute(&identity, "S3CanonicalUserId") },
                "Action": [action],
                "Resource": resource,
            })
        };
        statements.push(allow("CloudfrontAccess", "s3:GetObject", &objects));
        // Who may not list is told 403 of what is not there, not 404.
        statements.push(allow("CloudfrontAccessList", "s3:ListBucket", &arn));
    }
    for item in bucket.items("accessibility.accessPolicyStatements") {
        statements.push(assembly.data(item)?);
    }
    if !statements.is_empty() {
        let policy = json!({ "Bucket": name(bucket, assembly), "PolicyDocument": document(statements) });
        let policy = Resource::new("AWS::S3::BucketPolicy", policy).after([bucket.id("Bucket")]);
        assembly.add(&bucket.id("BucketPolicy"), policy);
    }
    Ok(())
}

/// By which identities CDNs read the files: that of its own, and those of others that lead some paths here.
fn identities(bucket: &Target<'_>, assembly: &Assembly<'_>) -> Vec<String> {
    let leads_here = |route: &&Data| {
        let name = get(route, "routeTo.properties.bucketName").and_then(Data::as_text);
        name == Some(bucket.name)
    };
    let reads = |one: &Configured| {
        let cdn = Target::of(one);
        let is_own = cdn.name == bucket.name;
        let has_route = cdn
            .items("cdn.routeRewrites")
            .iter()
            .any(|route| leads_here(&route));
        one.kind == NAME && cdn.flag("cdn.enabled") && (is_own || has_route)
    };
    let mut found: Vec<Target<'_>> = assembly
        .stack
        .resources
        .iter()
        .filter(|one| reads(one))
        .map(Target::of)
        .collect();
    found.sort_by_key(|one| one.name != bucket.name);
    found.iter().map(cdn::identity_id).collect()
}
