//! What of a template an emulator of AWS is given: what it has, and what that needs. Networks, clusters and alarms are not
//! sent to it: the engine has its own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tapedeck_model::Stack;

use super::evaluate;
use crate::references;
use crate::template::{Resource, Template};
use crate::told::trust_account;

/// Types that are there for themselves.
const SENT: [&str; 25] = [
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolGroup",
    "AWS::Cognito::UserPoolResourceServer",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::SSM::Parameter",
    "AWS::StepFunctions::StateMachine",
];

/// Types that are sent where one of those needs them.
const NEEDED: [&str; 4] = [
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
];

/// Properties that are left out, by type: they are about what the emulator does not have.
const LEFT_OUT: [(&str, &str); 3] = [
    ("AWS::Lambda::Function", "VpcConfig"),
    ("AWS::Lambda::Function", "FileSystemConfigs"),
    ("AWS::Cognito::UserPool", "SmsConfiguration"),
];

/// Where code is uploaded to, which only functions need.
const DEPLOYMENT_BUCKET: &str = "StpDeploymentBucket";

/// Whether a role allows anything.
pub(super) fn grants_something(template: &Template, role: &str) -> bool {
    let policies = template
        .resources
        .get(role)
        .and_then(|role| role.properties.get("Policies")?.as_array());
    policies.is_some_and(|policies| !policies.is_empty())
}

/// The resources that an emulator is given; none when it is not needed. `roles` are those of tasks.
pub(super) fn select(
    stack: &Stack,
    template: &Template,
    roles: &[String],
    account: &str,
) -> BTreeMap<String, Resource> {
    let raw: BTreeSet<&str> = stack
        .cloudformation_resources
        .iter()
        .map(|raw| raw.logical_id.as_str())
        .collect();
    let is_sent = |id: &str, resource: &Resource| {
        raw.contains(id) || (SENT.contains(&resource.kind.as_str()) && !id.starts_with(DEPLOYMENT_BUCKET))
    };
    let resources = template.resources.iter();
    let mut wanted: BTreeSet<&str> = resources
        .filter(|(id, resource)| is_sent(id, resource))
        .map(|(id, _)| id.as_str())
        .collect();
    if wanted.is_empty() && !roles.iter().any(|role| grants_something(template, role)) {
        return BTreeMap::new();
    }
    wanted.extend(roles.iter().map(String::as_str));
    add_needed(&mut wanted, template);
    let selected = template
        .resources
        .iter()
        .filter(|(id, _)| wanted.contains(id.as_str()));
    let mut selected: BTreeMap<String, Resource> = selected
        .map(|(id, resource)| (id.clone(), pruned(resource, &wanted)))
        .collect();
    for role in roles {
        selected
            .entry(role.clone())
            .and_modify(|role| trust_account(role, account));
    }
    selected
}

/// Adds what is needed by what is wanted, and what that needs.
fn add_needed<'a>(wanted: &mut BTreeSet<&'a str>, template: &'a Template) {
    let mut next: Vec<&str> = wanted.iter().copied().collect();
    while let Some(id) = next.pop() {
        let Some(resource) = template.resources.get(id) else {
            continue;
        };
        let references = references::of(&without_left_out(resource));
        // The logs of a function are named after it: it waits for them, and does not name them.
        for reference in references.into_iter().chain(resource.depends_on.iter().cloned()) {
            if let Some((id, found)) = template.resources.get_key_value(&reference)
                && NEEDED.contains(&found.kind.as_str())
                && wanted.insert(id)
            {
                next.push(id);
            }
        }
    }
}

/// A resource without what is about things that are not sent.
fn pruned(resource: &Resource, wanted: &BTreeSet<&str>) -> Resource {
    let mut pruned = resource.clone();
    pruned.properties = without_left_out(resource);
    pruned.depends_on.retain(|id| wanted.contains(id.as_str()));
    if let Some(Value::Array(policies)) = pruned.properties.get_mut("Policies") {
        for policy in policies.iter_mut() {
            if let Some(Value::Array(statements)) = policy.pointer_mut("/PolicyDocument/Statement") {
                statements.retain(|statement| {
                    references::of(statement)
                        .iter()
                        .all(|id| wanted.contains(id.as_str()))
                });
            }
        }
        policies.retain(|policy| policy.pointer("/PolicyDocument/Statement") != Some(&json!([])));
    }
    pruned
}

fn without_left_out(resource: &Resource) -> Value {
    let mut properties = resource.properties.clone();
    if let Some(object) = properties.as_object_mut() {
        object.retain(|key, _| !LEFT_OUT.contains(&(resource.kind.as_str(), key.as_str())));
    }
    properties
}

/// Whether the emulator can tell what a reference stands for.
pub(super) fn answers(atom: &Value, template: &Template) -> bool {
    let id = match (atom.get("Ref"), evaluate::attribute_of(atom)) {
        (Some(Value::String(id)), _) => id,
        (_, Some((id, _))) => id,
        _ => return atom.get("Fn::ImportValue").is_some(),
    };
    template.resources.contains_key(id)
}

/// How the emulator is asked what a reference stands for: it lacks an attribute of pools of users.
pub(super) fn asked(atom: Value) -> Value {
    match evaluate::attribute_of(&atom) {
        Some((id, "ProviderURL")) => {
            json!({ "Fn::Sub": format!("https://cognito-idp.${{AWS::Region}}.amazonaws.com/${{{id}}}") })
        }
        _ => atom,
    }
}
