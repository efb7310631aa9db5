//! Jobs, which the engine runs: an emulator has neither their definitions nor queues. A step of a state machine that runs one
//! becomes a message to the engine, and waits until that says how it ended; so retries and what follows stay those of the
//! machine.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tapedeck_model::{MAIN_CONTAINER, ResourceName, Way, WayKind};

use super::{LocalStack, LocalWorkload, Reachable, evaluate, reach};
use crate::assembly::Assembly;
use crate::intrinsic::attribute;
use crate::template::{Resource, Template};
use crate::types::{self, JobParts};

/// The queue in which state machines leave what is to be run.
const INBOX: &str = "StpBatchJobInbox";

/// The type of state machines.
const MACHINE: &str = "AWS::StepFunctions::StateMachine";

/// A step that runs a job and waits for its end, and what it becomes.
const SUBMIT: &str = ":states:::batch:submitJob.sync";
const SEND: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";

/// Who starts the machine of a job that has events: the SDK that the template's code uses is not there.
const TRIGGER: &str = include_str!("jobs/trigger.js");

/// A definition of jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalJob {
    /// Its ARN, without a revision.
    pub definition_arn: String,
    /// The ARNs of the queues that jobs may be submitted to.
    pub queue_arns: Vec<String>,
    /// Seconds after which an attempt is ended.
    pub timeout_seconds: Option<u32>,
    /// The name of the queue in which state machines leave what is to be run.
    pub inbox: String,
}

/// A statement about jobs in the policies of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalGrant {
    /// Whether it allows; else it denies.
    pub allows: bool,
    /// The actions.
    pub actions: Vec<String>,
    /// What they are done with.
    pub resources: Vec<Value>,
}

/// The jobs of a stack, by name.
pub(super) type Jobs = BTreeMap<ResourceName, JobParts>;

/// The jobs of the stack of an assembly.
pub(super) fn all(assembly: &Assembly<'_>) -> Jobs {
    let resources = assembly.stack.resources.iter();
    resources
        .filter_map(|one| Some((one.name.clone(), types::job_parts(one, assembly)?)))
        .collect()
}

/// Puts what the engine will call things where references to them are, and adds the queue that it reads.
pub(super) fn settle(jobs: &Jobs, assembly: &mut Assembly<'_>) {
    if jobs.is_empty() {
        return;
    }
    let properties = json!({ "QueueName": inbox(assembly) });
    assembly.add(INBOX, Resource::new("AWS::SQS::Queue", properties));
    let resources = assembly.template.resources.values_mut();
    let properties = resources.map(|resource| &mut resource.properties);
    let outputs = assembly.template.outputs.values_mut();
    let variables = assembly.environments.values_mut();
    let variables = variables.flat_map(|containers| containers.values_mut().flatten());
    let values = properties
        .chain(outputs.map(|output| &mut output.value))
        .chain(variables.map(|(_, value)| value));
    for value in values {
        name(value, jobs);
    }
}

/// The name of the queue.
pub(super) fn inbox(assembly: &Assembly<'_>) -> String {
    assembly.names.physical("batch-job-inbox", 80)
}

/// Puts ARNs where references to definitions of jobs and their groups of logs are.
pub(super) fn name(value: &mut Value, jobs: &Jobs) {
    let text = {
        let referred = value.get("Ref").and_then(Value::as_str);
        let asked = evaluate::attribute_of(value);
        jobs.values()
            .find_map(|job| match (referred, asked, &job.log_group) {
                (Some(id), _, _) if id == job.definition_id => Some(job.definition_arn.clone()),
                (_, Some((id, "JobDefinitionArn")), _) if id == job.definition_id => {
                    Some(job.definition_arn.clone())
                }
                (_, Some((id, "Arn")), Some((group, arn))) if id == group => Some(arn.clone()),
                _ => None,
            })
    };
    match (text, value) {
        (Some(text), value) => *value = Value::String(text),
        (None, Value::Array(items)) => items.iter_mut().for_each(|item| name(item, jobs)),
        (None, Value::Object(object)) => object.values_mut().for_each(|inner| name(inner, jobs)),
        _ => {}
    }
}

/// Makes what an emulator is given of jobs what it can do.
pub(super) fn adapt(jobs: &Jobs, account: &str, template: &mut Template, inbox: &str) {
    if jobs.is_empty() {
        return;
    }
    let queue_url = format!("https://sqs.local.amazonaws.com/{account}/{inbox}");
    for (id, resource) in &mut template.resources {
        let is_trigger = jobs.values().any(|job| job.trigger_id.as_deref() == Some(id));
        match resource.kind.as_str() {
            MACHINE => lead_steps(&mut resource.properties, &queue_url),
            "AWS::IAM::Role" => drop_statements(&mut resource.properties),
            _ if is_trigger => resource.properties["Code"] = json!({ "ZipFile": TRIGGER }),
            _ => {}
        }
    }
}

/// Has the steps of a machine ask the engine, whichever way its definition is written.
fn lead_steps(properties: &mut Value, queue_url: &str) {
    if let Some(definition) = properties.get_mut("Definition") {
        lead(definition, queue_url);
    }
    let written = properties.get("DefinitionString").and_then(Value::as_str);
    let parsed: Option<Value> = written.and_then(|text| serde_json::from_str(text).ok());
    if let Some(mut definition) = parsed {
        lead(&mut definition, queue_url);
        properties["DefinitionString"] = Value::String(definition.to_string());
    }
}

fn lead(value: &mut Value, queue_url: &str) {
    if let Value::Object(step) = value
        && let Some(Value::String(resource)) = step.get("Resource")
        && resource.ends_with(SUBMIT)
    {
        let job = step.remove("Parameters").unwrap_or_else(|| json!({}));
        step.insert("Resource".to_string(), SEND.into());
        let message = json!({ "Token.$": "$$.Task.Token", "Job": job });
        step.insert(
            "Parameters".to_string(),
            json!({ "QueueUrl": queue_url, "MessageBody": message }),
        );
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| lead(item, queue_url)),
        Value::Object(object) => object.values_mut().for_each(|inner| lead(inner, queue_url)),
        _ => {}
    }
}

/// Drops statements about jobs alone: whoever asks an emulator for them is refused, and not told that they were run.
fn drop_statements(role: &mut Value) {
    let Some(Value::Array(policies)) = role.get_mut("Policies") else {
        return;
    };
    for policy in policies.iter_mut() {
        if let Some(Value::Array(statements)) = policy.pointer_mut("/PolicyDocument/Statement") {
            statements.retain(|statement| {
                let actions = texts(&statement["Action"]);
                actions.is_empty() || !actions.iter().all(|action| is_of_jobs(action))
            });
        }
    }
    policies.retain(|policy| policy.pointer("/PolicyDocument/Statement") != Some(&json!([])));
}

fn is_of_jobs(action: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default();
    service.eq_ignore_ascii_case("batch")
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// What the policies of a role say about jobs. What is allowed under a condition only is not allowed here.
pub(super) fn grants(role: &str, template: &Template) -> Vec<LocalGrant> {
    let role = template.resources.get(role);
    let policies = role.and_then(|role| role.properties.get("Policies")?.as_array());
    let statements = policies
        .into_iter()
        .flatten()
        .filter_map(|policy| policy.pointer("/PolicyDocument/Statement")?.as_array())
        .flatten();
    let granted = statements.filter_map(|statement| {
        let mut actions = texts(&statement["Action"]);
        actions.retain(|action| is_of_jobs(action) || action == "*");
        let allows = statement["Effect"] != "Deny";
        let resources = match &statement["Resource"] {
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        };
        let is_conditional = allows && statement.get("Condition").is_some();
        (!is_conditional && !actions.is_empty()).then_some(LocalGrant {
            allows,
            actions,
            resources,
        })
    });
    granted.collect()
}

impl LocalStack {
    /// Adds the jobs, each also as something that is made of a container.
    pub(super) fn add_jobs(&mut self, jobs: &Jobs, assembly: &mut Assembly<'_>) {
        for (name, parts) in jobs {
            let mut environments = assembly.environments.remove(name.as_str()).unwrap_or_default();
            environments.retain(|container, _| container == MAIN_CONTAINER);
            let is_there = self.template.resources.contains_key(&parts.role_id);
            let workload = LocalWorkload {
                environments,
                role: is_there.then(|| attribute(&parts.role_id, "Arn")),
                ports: BTreeSet::new(),
                reaches: self.reached_by_jobs(assembly),
                job_grants: grants(&parts.role_id, &assembly.template),
            };
            self.workloads.insert(name.clone(), workload);
            let job = LocalJob {
                definition_arn: parts.definition_arn.clone(),
                queue_arns: parts.queue_arns.clone(),
                timeout_seconds: parts.timeout_seconds,
                inbox: inbox(assembly),
            };
            self.jobs.insert(name.clone(), job);
        }
    }

    /// What jobs may connect to: databases that let their security group in, and load balancers. Names of Service Connect
    /// are known to services alone.
    fn reached_by_jobs(&self, assembly: &Assembly<'_>) -> BTreeSet<Reachable> {
        let is_balancer = |way: &&Way| matches!(way.kind, WayKind::OwnLoadBalancer);
        let services = assembly.workloads.iter();
        let balancers = services.flat_map(|one| {
            let ways = one.ways.iter().filter(is_balancer);
            ways.map(|way| Reachable {
                resource: one.name.clone(),
                port: way.port,
                alias: Some(reach::name_of(one, way)),
            })
        });
        let databases = reach::by_jobs(&self.databases, assembly);
        databases.into_iter().chain(balancers).collect()
    }
}

#[cfg(test)]
mod tests;
