//! `function`: code in Lambda, with a role, a group of logs and perhaps a URL.

mod code;
mod network;
mod url;

use serde_json::{Value, json};
use tapedeck_model::{Connection, Data, Resource as Declared};

use super::lambda::Lambda;
use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::connections;
use crate::policy::{allow, inline};
use crate::template::Resource;

pub(super) use code::is_javascript;
pub(super) use network::{joins_network, security_group_id};

pub(super) const KIND: Kind = Kind {
    name: "function",
    build,
    parameters,
    grants,
    in_vpc: false,
};

/// Settings that have no template yet, and what to do without them.
const UNSUPPORTED: [(&str, &str); 5] = [
    ("cdn", "`cdn`; put a distribution into `cloudformationResources`"),
    (
        "deployment",
        "`deployment`; without it all traffic goes to the new code at once",
    ),
    (
        "provisionedConcurrency",
        "`provisionedConcurrency`; put a version and an alias into `cloudformationResources`",
    ),
    (
        "alarms",
        "`alarms`; put alarms on metrics of AWS/Lambda into `cloudformationResources`",
    ),
    (
        "logging.logForwarding",
        "`logForwarding` of a function; put a subscription filter on its `logGroupArn` into `cloudformationResources`",
    ),
];

/// Memory for files that every function has, in MiB.
const STORAGE: u64 = 512;

fn build(function: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    for (key, what) in UNSUPPORTED {
        if function.is_used(key) {
            return Err(function.unsupported(what));
        }
    }
    if function.is_used("events") {
        return Err(function.unsupported("`events`; put what starts it into `cloudformationResources`"));
    }
    let connections = connections::named(function.items("connectTo"));
    let mut properties = code::properties(function, assembly)?;
    properties["MemorySize"] = Value::from(function.number("memory").unwrap_or(1024));
    properties["Timeout"] = Value::from(function.number("timeout").unwrap_or(20));
    properties["Architectures"] = json!([function.text("architecture").unwrap_or("x86_64")]);
    properties["Environment"] = json!({ "Variables": variables(function, &connections, assembly)? });
    limits(function, &mut properties, assembly)?;
    if joins(function) {
        network::add(function, &mut properties, assembly)?;
    }
    let lambda = Lambda {
        name: function.name.to_string(),
        retention_days: keeps_logs(function).then(|| function.number("logging.retentionDays").unwrap_or(90)),
        role_name: function.name.to_string(),
        policies: policies(function, &connections, assembly)?,
        managed_policies: network::managed_policies(function, assembly),
    };
    lambda.add(properties, assembly);
    add_destinations(function, assembly)?;
    url::add(function, assembly)
}

fn joins(function: &Target<'_>) -> bool {
    function.flag("joinDefaultVpc")
}

/// Whether what it writes is kept.
pub(super) fn keeps_logs(workload: &Target<'_>) -> bool {
    !workload.flag("logging.disabled")
}

/// Its own variables, and those of what it is connected to.
fn variables(
    function: &Target<'_>,
    connections: &[Connection],
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    let mut environment = connections::written(function.get("environment"), assembly)?;
    if let Some(version) = code::node_of_buildpack(function) {
        environment.tell_node(version);
    }
    connections::offer(connections, &mut environment, assembly)?;
    environment.variables()
}

/// What is set only where somebody asks for it.
fn limits(
    function: &Target<'_>,
    properties: &mut Value,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    if let Some(size) = function.number("storage").filter(|size| *size != STORAGE) {
        properties["EphemeralStorage"] = json!({ "Size": size });
    }
    if let Some(most) = function.number("reservedConcurrency") {
        properties["ReservedConcurrentExecutions"] = Value::from(most);
    }
    let layers = function.items("layers").iter().map(|layer| assembly.data(layer));
    let layers: Vec<Value> = layers.collect::<Result<_, _>>()?;
    if !layers.is_empty() {
        properties["Layers"] = Value::Array(layers);
    }
    Ok(())
}

/// The policies of its role that follow from the config.
fn policies(
    function: &Target<'_>,
    connections: &[Connection],
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let mut policies = workload_policies(function, connections, assembly)?;
    let told = destinations(function, assembly)?;
    if !told.is_empty() {
        let arns = told.into_iter().map(|(_, arn)| arn).collect();
        // An ARN is that of a queue, a topic, a bus, a function or a bucket; the other actions do not apply to it.
        let actions = [
            "events:PutEvents",
            "lambda:InvokeFunction",
            "s3:PutObject",
            "sns:Publish",
            "sqs:SendMessage",
        ];
        policies.push(inline("destinations", vec![allow(&actions, arns)]));
    }
    Ok(policies)
}

/// Permissions that are written in the config, and those of connections.
pub(super) fn workload_policies(
    workload: &Target<'_>,
    connections: &[Connection],
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let written = workload.items("iamRoleStatements").iter();
    let written: Result<Vec<Value>, SynthError> = written.map(|one| assembly.data(one)).collect();
    let named = [
        ("custom-iam-role-statements", written?),
        (
            "custom-allow-access-to-policy-statements",
            connections::grants(connections, assembly)?,
        ),
    ];
    let policies = named.into_iter().filter(|(_, statements)| !statements.is_empty());
    Ok(policies
        .map(|(name, statements)| inline(name, statements))
        .collect())
}

/// Who is told what became of a run: `OnSuccess` and `OnFailure` with ARNs.
fn destinations(
    function: &Target<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Vec<(&'static str, Value)>, SynthError> {
    let mut told = Vec::new();
    for (key, property) in [
        ("destinations.onSuccess", "OnSuccess"),
        ("destinations.onFailure", "OnFailure"),
    ] {
        if let Some(arn) = function.get(key) {
            told.push((property, assembly.data(arn)?));
        }
    }
    Ok(told)
}

fn add_destinations(function: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let told = destinations(function, assembly)?;
    if told.is_empty() {
        return Ok(());
    }
    let mut destinations = json!({});
    for (property, arn) in told {
        destinations[property] = json!({ "Destination": arn });
    }
    let properties = json!({
        "FunctionName": function.reference("Function"),
        "Qualifier": "$LATEST",
        "DestinationConfig": destinations,
    });
    assembly.add(
        &function.id("EventInvokeConfig"),
        Resource::new("AWS::Lambda::EventInvokeConfig", properties),
    );
    Ok(())
}

fn parameters(function: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let mut parameters = Vec::new();
    if url::is_on(function) {
        parameters.push(("url".to_string(), function.attribute("Url", "FunctionUrl")));
    }
    if keeps_logs(function) {
        parameters.push(("logGroupArn".to_string(), function.attribute("LogGroup", "Arn")));
    }
    parameters.push(("arn".to_string(), function.attribute("Function", "Arn")));
    Ok(parameters)
}

fn grants(function: &Target<'_>, assembly: &Assembly<'_>) -> Vec<Value> {
    let arn = || vec![Value::from(Lambda::arn(function.name, assembly))];
    let mut statements = vec![allow(&["lambda:InvokeFunction"], arn())];
    if url::is_on(function) {
        statements.push(allow(&["lambda:InvokeFunctionUrl"], arn()));
    }
    statements
}

/// A property of a resource that was not looked at yet.
fn flag(resource: &Declared, key: &str) -> bool {
    matches!(resource.properties.get(key), Some(Data::Boolean(true)))
}
