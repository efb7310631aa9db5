//! What each type of resource becomes, a file each: its resources, its parameters, what connecting to it grants.

mod alarms;
mod batch_job;
mod bucket;
mod cdn;
mod dynamo_db_table;
mod efs_filesystem;
mod event_bus;
mod events;
mod forwarded;
mod function;
mod kinesis_stream;
mod lambda;
mod mongo_db_atlas_cluster;
mod multi_container_workload;
mod mutual;
mod open_search_domain;
mod private_service;
mod redis_cluster;
mod relational_database;
mod sns_topic;
mod sqs_queue;
mod state_machine;
mod target;
mod triggers;
mod upstash_kafka_topic;
mod upstash_redis;
mod user_auth_pool;

use serde_json::Value;
use tapedeck_model::naming::connection_variable;
use tapedeck_model::{Data, Resource, Stack};

use crate::SynthError;
use crate::assembly::Assembly;

pub(crate) use batch_job::{JobParts, parts as job_parts};
pub(crate) use bucket::closed_bucket;
pub(crate) use mongo_db_atlas_cluster::ACCESS_LIST as MONGO_DB_ATLAS_ACCESS_LIST;
pub(crate) use mongo_db_atlas_cluster::NAME as MONGO_DB_ATLAS_CLUSTER;
pub(crate) use mongo_db_atlas_cluster::add_user as add_mongo_db_user;
pub(crate) use mutual::untie;
pub(crate) use target::{Target, get};
pub(crate) use triggers::notify;
pub(crate) use upstash_kafka_topic::KAFKA_TOPIC;

/// The namespace in which services reach each other by name.
pub(crate) const NAMESPACE: &str = "StpDiscoveryService";

/// A parameter with its name.
pub(crate) type Parameters = Vec<(String, Value)>;

/// What a type becomes.
pub(crate) struct Kind {
    name: &'static str,
    /// Adds its resources.
    build: fn(&Target<'_>, &mut Assembly<'_>) -> Result<(), SynthError>,
    /// What can be asked of it, in the order in which variables are made.
    parameters: fn(&Target<'_>, &mut Assembly<'_>) -> Result<Parameters, SynthError>,
    /// What connecting to it allows.
    grants: fn(&Target<'_>, &Assembly<'_>) -> Vec<Value>,
    /// Whether it lives in the VPC.
    in_vpc: bool,
}

static KINDS: &[Kind] = &[
    batch_job::KIND,
    bucket::KIND,
    dynamo_db_table::KIND,
    efs_filesystem::KIND,
    event_bus::KIND,
    function::KIND,
    kinesis_stream::KIND,
    mongo_db_atlas_cluster::KIND,
    multi_container_workload::KIND,
    open_search_domain::KIND,
    private_service::KIND,
    redis_cluster::KIND,
    relational_database::KIND,
    sns_topic::KIND,
    sqs_queue::KIND,
    state_machine::KIND,
    upstash_kafka_topic::KIND,
    upstash_redis::KIND,
    user_auth_pool::KIND,
];

/// Nothing to add.
fn no_grants(_: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    Vec::new()
}

fn find(kind: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|one| one.name == kind)
}

fn kind_of(resource: &Resource) -> Result<&'static Kind, SynthError> {
    find(&resource.kind).ok_or_else(|| SynthError::of_type(resource.name.as_str(), &resource.kind))
}

/// Whether a type of resource has a template.
#[cfg(test)]
pub(crate) fn is_built(kind: &str) -> bool {
    let is_built = |kind: &Kind| kind.name != upstash_kafka_topic::KIND.name;
    find(kind).is_some_and(is_built) || kind == "worker-service"
}

/// Whether a resource lives in the VPC.
pub(crate) fn needs_vpc(resource: &Resource) -> bool {
    find(&resource.kind).is_some_and(|kind| kind.in_vpc) || function::joins_network(resource)
}

/// Whether an image is made for a resource.
pub(crate) fn builds_image(resource: &Resource) -> bool {
    batch_job::image(resource)
        .is_some_and(|packaging| packaging.get("type").and_then(Data::as_text) != Some("prebuilt-image"))
}

/// Whether a resource has code that is uploaded.
pub(crate) fn has_code(resource: &Resource) -> bool {
    resource.kind == function::KIND.name
}

/// The logical id of the function that the events of a resource call.
fn called_function(resource: &Resource) -> Option<String> {
    let target = Target::of(resource);
    match target.kind {
        kind if kind == function::KIND.name => Some(target.id("Function")),
        kind if kind == batch_job::KIND.name => Some(batch_job::function_id(&target)),
        _ => None,
    }
}

/// The secrets with which images of resources are pulled.
pub(crate) fn private_images(stack: &Stack) -> impl Iterator<Item = &Data> {
    let packaging = stack.resources.iter().filter_map(batch_job::image);
    packaging.filter_map(|packaging| packaging.get("properties")?.get("repositoryCredentialsSecretArn"))
}

/// The id of the security group in which a resource runs code, for rules of what it connects to.
pub(crate) fn security_group_id(resource: &Resource) -> Option<String> {
    if resource.kind == batch_job::KIND.name {
        return Some(batch_job::SECURITY_GROUP.to_string());
    }
    function::joins_network(resource).then(|| function::security_group_id(resource.name.as_str()))
}

/// Adds what a resource becomes.
pub(crate) fn build(resource: &Resource, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let kind = kind_of(resource)?;
    let target = Target::of(resource);
    (kind.build)(&target, assembly)?;
    // Functions and jobs have a role of this name; of services of containers, the workload sees to it.
    let connections = crate::connections::named(target.items("connectTo"));
    add_mongo_db_user(target.name, &target.id("Role"), &connections, assembly)
}

fn resource<'a>(name: &str, assembly: &Assembly<'a>) -> Result<&'a Resource, SynthError> {
    let stack = assembly.stack;
    let found = stack.resources.iter().find(|one| one.name.as_str() == name);
    found.ok_or_else(|| SynthError::UnknownResource {
        name: name.to_string(),
    })
}

/// A parameter of a resource.
pub(crate) fn parameter(
    name: &str,
    parameter: &str,
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    let parameters = parameters(resource(name, assembly)?, assembly)?;
    let known: Vec<String> = parameters.iter().map(|(name, _)| name.clone()).collect();
    let value = parameters.into_iter().find(|(known, _)| known == parameter);
    value
        .map(|(_, value)| value)
        .ok_or_else(|| SynthError::UnknownParameter {
            resource: name.to_string(),
            parameter: parameter.to_string(),
            known: known.join(", "),
        })
}

/// The parameters of a resource.
pub(crate) fn parameters(resource: &Resource, assembly: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let kind = kind_of(resource)?;
    (kind.parameters)(&Target::of(resource), assembly)
}

/// The variables that tell about a resource.
pub(crate) fn variables(name: &str, assembly: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let (base, is_part) = match name.split_once('.') {
        Some((base, _)) => (base, true),
        None => (name, false),
    };
    if is_part
        && assembly
            .stack
            .services
            .iter()
            .any(|one| one.name.as_str() == base)
    {
        return Ok(Vec::new());
    }
    let mut parameters = parameters(resource(base, assembly)?, assembly)?;
    // What a service is made of tells its address alone.
    parameters.retain(|(parameter, _)| !is_part || parameter == "address");
    let variables = parameters
        .into_iter()
        .map(|(parameter, value)| (connection_variable(name, &parameter), value));
    Ok(variables.collect())
}

/// What connecting to a resource allows.
pub(crate) fn grants(name: &str, assembly: &mut Assembly<'_>) -> Result<Vec<Value>, SynthError> {
    if is_workload(name, assembly) {
        let name = name.split('.').next().unwrap_or(name);
        return Ok(workload_grants(name, assembly));
    }
    let found = resource(name, assembly)?;
    let kind = kind_of(found)?;
    Ok((kind.grants)(&Target::of(found), assembly))
}

/// Whether a name is that of what a service is made of.
fn is_workload(name: &str, _assembly: &Assembly<'_>) -> bool {
    name.ends_with(".containerWorkload")
}

/// What is allowed with a service of containers: to look at it and to change it.
fn workload_grants(name: &str, assembly: &Assembly<'_>) -> Vec<Value> {
    let cluster = format!("service/{}-{name}-cluster*", assembly.names.stack);
    let service = Value::from(assembly.names.arn("ecs", &cluster));
    let cluster = format!("cluster/{}-{name}-cluster*", assembly.names.stack);
    let mut list = crate::policy::allow(&["ecs:ListServices"], vec![Value::from("*")]);
    list["Condition"] =
        serde_json::json!({ "ArnLike": { "ecs:cluster": assembly.names.arn("ecs", &cluster) } });
    vec![
        crate::policy::allow(&["ecs:DescribeServices", "ecs:UpdateService"], vec![service]),
        list,
    ]
}
