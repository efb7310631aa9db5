//! To which services roles may be passed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Deployment, names};
use crate::template::{Resource, Template};
use crate::{naming, references};

/// Types that have their role taken by a service which the role itself need not trust: where it has one of its own, that role stays unused,
/// and may nevertheless be passed to it only by whoever is allowed to.
const TAKEN_BY: [(&str, &str); 2] = [
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "application-autoscaling.amazonaws.com",
    ),
    ("AWS::Batch::ComputeEnvironment", "batch.amazonaws.com"),
];

/// How types are named that name roles without having them passed: those that make roles, and policies that trust them.
const NOT_PASSING: [&str; 2] = ["AWS::IAM::", "AWS::S3::BucketPolicy"];

/// The service that runs tasks.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Statements that let roles be passed to the services that they are for.
pub(super) fn passed(template: &Template, deployment: &Deployment<'_>) -> Vec<Value> {
    let by_service = by_service(template, deployment);
    by_service
        .iter()
        .map(|(service, roles)| pass(roles, service))
        .collect()
}

/// The statement that lets those of tasks be passed, if there are any.
pub(super) fn passed_to_tasks(template: &Template, deployment: &Deployment<'_>) -> Option<Value> {
    let by_service = by_service(template, deployment);
    by_service.get(TASKS).map(|roles| pass(roles, TASKS))
}

/// Roles by the services that they are passed to: those of the template to whom they trust and to whom they are given, those of others, of
/// which no more is known, to the services whose resources name them.
fn by_service(template: &Template, deployment: &Deployment<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_service: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, role) in &template.resources {
        if role.kind != names::ROLE {
            continue;
        }
        for service in trusted(role).into_iter().chain(takers(id, template)) {
            let roles = by_service.entry(service).or_default();
            roles.extend(names::own(id, role, deployment));
        }
    }
    for resource in template.resources.values() {
        for role in named(resource, deployment) {
            by_service
                .entry(principal(&resource.kind))
                .or_default()
                .insert(role);
        }
    }
    by_service
}

/// A statement that lets roles be passed to a service.
pub(super) fn pass(roles: &BTreeSet<String>, service: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": roles,
        "Condition": { "StringEquals": { "iam:PassedToService": service } },
    })
}

/// The services that may assume a role.
fn trusted(role: &Resource) -> BTreeSet<String> {
    let statements = role.properties.pointer("/AssumeRolePolicyDocument/Statement");
    let statements = statements.and_then(Value::as_array).into_iter().flatten();
    let services = statements.filter_map(|statement| statement.pointer("/Principal/Service"));
    services
        .flat_map(|service| match service {
            Value::Array(several) => several.as_slice(),
            one => std::slice::from_ref(one),
        })
        .filter_map(|service| service.as_str().map(str::to_owned))
        .collect()
}

/// The services that a role is given to, whom it may not trust.
fn takers<'a>(id: &'a str, template: &'a Template) -> impl Iterator<Item = String> + 'a {
    template.resources.values().filter_map(move |resource| {
        let (_, service) = TAKEN_BY.iter().find(|(kind, _)| *kind == resource.kind)?;
        let is_given = references::of(&resource.properties).contains(id);
        is_given.then(|| (*service).to_owned())
    })
}

/// The roles of others that a resource names.
fn named(resource: &Resource, deployment: &Deployment<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if !NOT_PASSING.iter().any(|kind| resource.kind.starts_with(kind)) {
        let beginning = format!("arn:{}:iam::", naming::partition(deployment.region));
        collect(&resource.properties, &beginning, &mut found);
    }
    found
}

fn collect(value: &Value, beginning: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let is_role = |rest: &str| {
                rest.split_once(':')
                    .is_some_and(|(_, name)| name.starts_with("role/"))
            };
            if text.strip_prefix(beginning).is_some_and(is_role) {
                found.insert(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, beginning, found)),
        Value::Object(entries) => entries
            .values()
            .for_each(|value| collect(value, beginning, found)),
        _ => {}
    }
}

/// The service that acts in the roles which resources of a type name.
fn principal(kind: &str) -> String {
    let taken = TAKEN_BY.iter().find(|(one, _)| *one == kind);
    let service = match (taken, kind) {
        (Some((_, service)), _) => return (*service).to_owned(),
        (_, "AWS::Batch::JobDefinition") => "ecs-tasks".to_owned(),
        (_, "AWS::RDS::DBInstance") => "monitoring.rds".to_owned(),
        (_, "AWS::EC2::LaunchTemplate") => "ec2".to_owned(),
        (_, kind) => match kind.split("::").nth(1).unwrap_or_default() {
            "ECS" => "ecs-tasks".to_owned(),
            "StepFunctions" => "states".to_owned(),
            "KinesisFirehose" => "firehose".to_owned(),
            "Cognito" => "cognito-idp".to_owned(),
            service => service.to_lowercase(),
        },
    };
    format!("{service}.amazonaws.com")
}

#[cfg(test)]
mod tests;
