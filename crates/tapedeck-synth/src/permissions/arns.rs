//! For which resources an action has to be allowed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::names::{filled, own};
use super::{Deployment, handlers};
use crate::naming::partition;
use crate::template::Resource;
use crate::{Template, references};

/// Services whose calls are about several resources at once, as those for a database are about its groups: each is allowed for all of the
/// service, and for what else may be meant, which is groups of AWS's own and backups.
const TOGETHER: [(&str, &[&str]); 2] = [
    (
        "elasticache",
        &[
            "elasticache:{r}:{a}:parametergroup:default*",
            "elasticache:{r}:{a}:snapshot:{s}*",
        ],
    ),
    (
        "rds",
        &[
            "rds:{r}:{a}:auto-backup:*",
            "rds:{r}:{a}:cluster-auto-backup:*",
            "rds:{r}:{a}:cluster-pg:default*",
            "rds:{r}:{a}:cluster-snapshot:{s}*",
            "rds:{r}:{a}:og:default*",
            "rds:{r}:{a}:pg:default*",
            "rds:{r}:{a}:snapshot:{s}*",
            "rds::{a}:global-cluster:*",
        ],
    ),
];

/// What machines are started from, which is of no account.
const IMAGES: [&str; 2] = ["ec2:{r}::image/*", "ec2:{r}::snapshot/*"];

/// Services whose resources are of no region.
const GLOBAL: [&str; 2] = ["cloudfront", "route53"];

/// The ARNs for which an action of a resource has to be allowed.
pub(super) fn of(
    action: &str,
    id: &str,
    resource: &Resource,
    template: &Template,
    deployment: &Deployment<'_>,
) -> BTreeSet<String> {
    let everything = || BTreeSet::from(["*".to_owned()]);
    if handlers::is_unscoped(action) {
        return everything();
    }
    let partition = partition(deployment.region);
    let service = action.split(':').next().unwrap_or_default();
    if action == "lambda:GetLayerVersion" && resource.kind != "AWS::Lambda::LayerVersion" {
        // Layers may be of others.
        return everything();
    }
    let makes_linked = action == "iam:PutRolePolicy" && resource.kind.starts_with("AWS::ElastiCache::");
    if action == "iam:CreateServiceLinkedRole" || makes_linked {
        let roles = format!(
            "arn:{partition}:iam::{}:role/aws-service-role/*",
            deployment.account
        );
        return BTreeSet::from([roles]);
    }
    let of_service = |arns: BTreeSet<String>| -> BTreeSet<String> {
        let prefix = format!("arn:{partition}:{service}:");
        arns.into_iter().filter(|arn| arn.starts_with(&prefix)).collect()
    };
    let all_filled = |patterns: &[&str]| -> BTreeSet<String> {
        let filled = patterns
            .iter()
            .map(|pattern| filled(pattern, id, resource, deployment));
        filled.collect()
    };
    let everywhere = || -> BTreeSet<String> {
        let others = template.resources.iter();
        of_service(
            others
                .flat_map(|(id, other)| own(id, other, deployment))
                .collect(),
        )
    };
    if let Some((_, more)) = TOGETHER.iter().find(|(together, _)| *together == service) {
        let mut arns = everywhere();
        arns.extend(all_filled(more));
        return arns;
    }
    let mut arns = of_service(own(id, resource, deployment));
    if arns.is_empty() && service == "s3" {
        arns = buckets(&resource.properties, template, deployment);
    }
    if arns.is_empty() {
        // What belongs to something else, as a policy to its queue: to what it names, or else to one of those in the template.
        let named = references::of(&resource.properties);
        let named = named
            .iter()
            .filter_map(|id| Some((id, template.resources.get(id)?)));
        arns = of_service(named.flat_map(|(id, other)| own(id, other, deployment)).collect());
    }
    if arns.is_empty() {
        arns = everywhere();
    }
    if !arns.is_empty() {
        return arns;
    }
    if action == "ec2:RunInstances" {
        arns = all_filled(&IMAGES);
    }
    let anything = match service {
        // Names of roles and buckets of other owners are not known.
        "iam" | "s3" => "*".to_owned(),
        global if GLOBAL.contains(&global) => format!("arn:{partition}:{service}:*"),
        _ => format!(
            "arn:{partition}:{service}:{}:{}:*",
            deployment.region, deployment.account
        ),
    };
    arns.insert(anything);
    arns
}

/// The buckets that a value names as such, with what is in them.
fn buckets(value: &Value, template: &Template, deployment: &Deployment<'_>) -> BTreeSet<String> {
    let partition = partition(deployment.region);
    match value {
        Value::Object(entries) => {
            let found = entries.iter().flat_map(|(key, value)| {
                let id = value.get("Ref").and_then(Value::as_str);
                let other = id.and_then(|id| Some((id, template.resources.get(id)?)));
                match (key.ends_with("Bucket"), value.as_str(), other) {
                    (true, Some(name), _) => ["", "/*"]
                        .map(|rest| format!("arn:{partition}:s3:::{name}{rest}"))
                        .into(),
                    (true, None, Some((id, other))) => own(id, other, deployment),
                    _ => buckets(value, template, deployment),
                }
            });
            found.collect()
        }
        Value::Array(items) => items
            .iter()
            .flat_map(|item| buckets(item, template, deployment))
            .collect(),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests;
