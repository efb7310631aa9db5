//! What is filled in while a stack is deployed, in the name of whoever deploys it: `{{resolve:secretsmanager:…}}` and its like.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Allowed, Deployment};
use crate::Template;
use crate::naming::partition;

/// How a reference begins, whether in braces, for CloudFormation, or without, for EC2.
const BEGINNING: &str = "resolve:";

/// Where AWS has its own parameters, which are of no account.
const PUBLIC: &str = "aws/service/";

/// What follows the name of a secret, if anything does.
const PART: &str = ":SecretString";

/// The letters that Secrets Manager adds to a name, whatever they are.
const ENDING: &str = "-??????";

/// What a reference is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Secret,
    Parameter,
}

/// Adds what filling in the references of a template needs.
pub(super) fn add(template: &Template, deployment: &Deployment<'_>, allowed: &mut Allowed) {
    for resource in template.resources.values() {
        for (kind, arn) in of(&resource.properties, deployment) {
            let action = match kind {
                Kind::Secret => "secretsmanager:GetSecretValue",
                Kind::Parameter => "ssm:GetParameters",
            };
            allowed.entry(action.to_owned()).or_default().insert(arn);
        }
    }
}

/// The ARNs of what is filled in in a value.
pub(super) fn of(value: &Value, deployment: &Deployment<'_>) -> BTreeSet<(Kind, String)> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    let references = found
        .iter()
        .filter_map(|reference| match reference.split_once(':')? {
            ("secretsmanager", rest) => {
                let name = rest.split_once(PART).map_or(rest, |(name, _)| name);
                Some((Kind::Secret, secret(name, deployment)))
            }
            ("ssm" | "ssm-secure", rest) => Some((Kind::Parameter, parameter(rest, deployment))),
            _ => None,
        });
    references.collect()
}

/// The ARN of a secret, by its name.
pub(super) fn secret(name: &str, deployment: &Deployment<'_>) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    let (region, account) = (deployment.region, deployment.account);
    let partition = partition(region);
    format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}{ENDING}")
}

/// The ARN of a parameter, by its name, a version behind it or not.
pub(super) fn parameter(reference: &str, deployment: &Deployment<'_>) -> String {
    let name = match reference.split_once(":parameter/") {
        Some((_, name)) => name,
        None => reference,
    };
    let name = name.split(':').next().unwrap_or_default().trim_start_matches('/');
    let account = match name.starts_with(PUBLIC) {
        true => "",
        false => deployment.account,
    };
    let region = deployment.region;
    format!(
        "arn:{}:ssm:{region}:{account}:parameter/{name}",
        partition(region)
    )
}

/// The references in a value, without what they begin with.
fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let references = text.split(BEGINNING).skip(1);
            let inner = references.filter_map(|rest| rest.split("}}").next());
            found.extend(inner.map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(entries) => entries.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
