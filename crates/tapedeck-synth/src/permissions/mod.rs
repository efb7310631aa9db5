//! What whoever deploys a stack has to be allowed, as a policy of IAM: what tapedeck itself calls, and what CloudFormation calls in
//! the name of whoever calls it, for each type of resource in the template.
//!
//! Which actions those are is told by CloudFormation's own registry (`handlers.txt`), which of them cannot be allowed for single
//! resources by AWS's service authorization reference (`unscoped.txt`). Tests hold the former against the registry, and what
//! tapedeck calls against its sources.

mod arns;
mod features;
mod handlers;
mod names;
mod own;
mod resolved;
mod roles;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::Template;
use crate::lookups::Lookups;

pub use own::{OTHER_COMMANDS, own_calls};

/// The most characters of a managed policy, without white space.
pub const MANAGED_POLICY: usize = 6144;

/// Where a stack is deployed, and how.
#[derive(Debug, Clone, Copy)]
pub struct Deployment<'a> {
    /// Its name.
    pub stack: &'a str,
    /// Such as `eu-west-1`.
    pub region: &'a str,
    /// 12 digits, or `*` where it is not known.
    pub account: &'a str,
    /// The role that CloudFormation is given, if there is one: then it is this that makes the resources.
    pub role: Option<&'a str>,
    /// Whether an emulator takes the place of AWS: of that is asked which types it has.
    pub is_emulated: bool,
    /// What is known of AWS, and thus asked for.
    pub lookups: &'a Lookups,
    /// What scripts are told that run before and after, as a template would say it.
    pub told: &'a [Value],
    /// The resources in whose role such scripts run.
    pub roles_of: &'a [String],
}

/// Actions, each with the ARNs for which it is allowed.
type Allowed = BTreeMap<String, BTreeSet<String>>;

/// What has to be allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Permissions {
    /// The statements of a policy.
    statements: Vec<Value>,
    /// Types of resources of which it is not known what they need.
    pub unknown: BTreeSet<String>,
}

/// What whoever deploys needs.
#[must_use]
pub fn of_caller(template: &Template, deployment: &Deployment<'_>) -> Permissions {
    let mut allowed = Allowed::new();
    own::add(template, deployment, &mut allowed);
    let (mut passed, mut unknown) = (Vec::new(), BTreeSet::new());
    match deployment.role {
        Some(role) => {
            let role = BTreeSet::from([role.to_owned()]);
            passed.push(roles::pass(&role, "cloudformation.amazonaws.com"));
            // Code alone is swapped past CloudFormation.
            passed.extend(roles::passed_to_tasks(template, deployment));
        }
        None => (passed, unknown) = add_resources(template, deployment, &mut allowed),
    }
    Permissions::new(allowed, passed, unknown)
}

/// What the role needs that CloudFormation is given.
#[must_use]
pub fn of_role(template: &Template, deployment: &Deployment<'_>) -> Permissions {
    let mut allowed = Allowed::new();
    let (passed, unknown) = add_resources(template, deployment, &mut allowed);
    Permissions::new(allowed, passed, unknown)
}

/// What resources need, with the statements that let roles be passed, and the types that are not known.
fn add_resources(
    template: &Template,
    deployment: &Deployment<'_>,
    allowed: &mut Allowed,
) -> (Vec<Value>, BTreeSet<String>) {
    let mut unknown = BTreeSet::new();
    for (id, resource) in &template.resources {
        let Some(actions) = handlers::of(&resource.kind) else {
            unknown.insert(resource.kind.clone());
            continue;
        };
        for action in actions
            .iter()
            .filter(|action| features::is_needed(action, resource))
        {
            let arns = arns::of(action, id, resource, template, deployment);
            allowed.entry(action.clone()).or_default().extend(arns);
        }
    }
    resolved::add(template, deployment, allowed);
    (roles::passed(template, deployment), unknown)
}

impl Permissions {
    /// Actions that are allowed for the same are in one statement.
    fn new(allowed: Allowed, passed: Vec<Value>, unknown: BTreeSet<String>) -> Self {
        let mut grouped: BTreeMap<(String, BTreeSet<String>), BTreeSet<String>> = BTreeMap::new();
        for (action, arns) in allowed {
            let service = action.split(':').next().unwrap_or_default().to_owned();
            let arns = match arns.contains("*") {
                true => BTreeSet::from(["*".to_owned()]),
                false => arns,
            };
            grouped.entry((service, arns)).or_default().insert(action);
        }
        let statements = grouped
            .into_iter()
            .map(|((_, arns), actions)| json!({ "Effect": "Allow", "Action": actions, "Resource": arns }));
        Self {
            statements: statements.chain(passed).collect(),
            unknown,
        }
    }

    /// The policy, as one document.
    #[must_use]
    pub fn policy(&self) -> Value {
        document(&self.statements)
    }

    /// The same as several documents, each of which is small enough for a managed policy, as far as statements are not larger.
    #[must_use]
    pub fn policies(&self) -> Vec<Value> {
        let mut policies: Vec<Vec<Value>> = Vec::new();
        for statement in &self.statements {
            let fits = policies.last().is_some_and(|last| {
                let with: Vec<Value> = last.iter().chain([statement]).cloned().collect();
                document(&with).to_string().len() <= MANAGED_POLICY
            });
            match policies.last_mut().filter(|_| fits) {
                Some(last) => last.push(statement.clone()),
                None => policies.push(vec![statement.clone()]),
            }
        }
        policies.iter().map(|statements| document(statements)).collect()
    }
}

/// A policy of statements, each of which is given a name.
fn document(statements: &[Value]) -> Value {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let named = statements.iter().map(|statement| {
        let sid = sid(statement);
        let count = counts.entry(sid.clone()).or_default();
        *count += 1;
        let mut named = json!({ "Sid": format!("{sid}{count}") });
        if let (Some(named), Some(statement)) = (named.as_object_mut(), statement.as_object()) {
            named.extend(statement.clone());
        }
        named
    });
    json!({ "Version": "2012-10-17", "Statement": named.collect::<Vec<Value>>() })
}

/// What a statement is about: letters alone, as IAM wants.
fn sid(statement: &Value) -> String {
    let action = &statement["Action"];
    let first = action.get(0).unwrap_or(action).as_str().unwrap_or_default();
    match first.split_once(':') {
        Some(("iam", "PassRole")) => "PassRole".to_owned(),
        Some((service, _)) => {
            let words = service.split('-').map(|word| {
                let (head, tail) = word.split_at(word.len().min(1));
                head.to_uppercase() + tail
            });
            words.collect()
        }
        None => "Any".to_owned(),
    }
}
