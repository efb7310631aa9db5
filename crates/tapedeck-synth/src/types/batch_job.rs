//! `batch-job`: a definition of a job, and a machine of Step Functions that runs it and tries it again.

mod compute;
mod machine;
mod parts;
mod trigger;

use serde_json::{Value, json};
use tapedeck_model::{Connection, Data, MAIN_CONTAINER, Resource as Declared};

use super::function::{keeps_logs, workload_policies};
use super::{Kind, Parameters, Target, forwarded, state_machine};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::connections;
use crate::intrinsic::attribute;
use crate::naming::within;
use crate::policy::{allow, trust};
use crate::shared::EXECUTION_ROLE;
use crate::template::Resource;

pub(super) use compute::SECURITY_GROUP;
pub(crate) use parts::{JobParts, parts};

pub(super) const KIND: Kind = Kind {
    name: "batch-job",
    build,
    parameters,
    grants,
    in_vpc: true,
};

/// Open files that a job may have.
const OPEN_FILES: u32 = 10_000;

/// `packaging` of a job; nothing for what is none.
pub(super) fn image(resource: &Declared) -> Option<&Data> {
    let container = resource.properties.get("container")?;
    container.get("packaging").filter(|_| resource.kind == KIND.name)
}

fn build(job: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let connections = connections::named(job.items("connectTo"));
    compute::add(has_gpu(job), assembly);
    add_log_group(job, assembly);
    forwarded::add(job, assembly)?;
    add_role(job, &connections, assembly)?;
    let definition = definition(job, &connections, assembly)?;
    assembly.add(
        &job.id("JobDefinition"),
        Resource::new("AWS::Batch::JobDefinition", definition),
    );
    machine::add(job, assembly);
    trigger::add(job, assembly)
}

/// The logical id of the function that its events call.
pub(super) fn function_id(job: &Target<'_>) -> String {
    trigger::function_id(job)
}

fn has_gpu(job: &Target<'_>) -> bool {
    job.number("resources.gpu").is_some_and(|count| count > 0)
}

/// The name of its definition.
fn definition_name(job: &Target<'_>, assembly: &Assembly<'_>) -> String {
    assembly
        .names
        .physical(&format!("{}-job-definition", job.name), 128)
}

fn log_group_path(job: &Target<'_>, assembly: &Assembly<'_>) -> String {
    format!("/stp/{}/batch/{}/process-logs", assembly.names.stack, job.name)
}

fn add_log_group(job: &Target<'_>, assembly: &mut Assembly<'_>) {
    if !keeps_logs(job) {
        return;
    }
    let properties = json!({
        "LogGroupName": within(log_group_path(job, assembly), 512),
        "RetentionInDays": job.number("logging.retentionDays").unwrap_or(90),
    });
    assembly.add(
        &job.id("LogGroup"),
        Resource::new("AWS::Logs::LogGroup", properties),
    );
}

fn add_role(
    job: &Target<'_>,
    connections: &[Connection],
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let name = format!("{}-{}", job.name, assembly.names.region);
    let properties = json!({
        "RoleName": assembly.names.physical(&name, 64),
        "Path": "/",
        "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com", &assembly.names),
        "Policies": workload_policies(job, connections, assembly)?,
    });
    assembly.add(&job.id("Role"), Resource::new("AWS::IAM::Role", properties));
    Ok(())
}

fn definition(
    job: &Target<'_>,
    connections: &[Connection],
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    let mut environment = connections::written(job.get("container.environment"), assembly)?;
    if let Some(version) = node_of_buildpack(job) {
        environment.tell_node(version);
    }
    connections::offer(connections, &mut environment, assembly)?;
    assembly
        .environments
        .entry(job.name.to_string())
        .or_default()
        .insert(MAIN_CONTAINER.to_string(), environment.all().to_vec());
    let (plain, secret) = environment.write(assembly)?;
    let mut container = json!({
        "Environment": plain,
        "JobRoleArn": job.attribute("Role", "Arn"),
        "LogConfiguration": logs(job, assembly),
        "Memory": job.number("resources.memory"),
        "Ulimits": [{ "Name": "nofile", "SoftLimit": OPEN_FILES, "HardLimit": OPEN_FILES }],
        "Vcpus": job.number("resources.cpu"),
    });
    if let Some(count) = job.number("resources.gpu") {
        container["ResourceRequirements"] = json!([{ "Type": "GPU", "Value": count.to_string() }]);
    }
    let is_private = add_image(job, &mut container, assembly)?;
    let reads_secrets = !secret.is_empty();
    if reads_secrets {
        container["Secrets"] = Value::Array(secret);
    }
    if reads_secrets || is_private {
        container["ExecutionRoleArn"] = attribute(EXECUTION_ROLE, "Arn");
        assembly.needs.containers = true;
    }
    let mut definition = json!({
        "Type": "container",
        "JobDefinitionName": definition_name(job, assembly),
        "PropagateTags": true,
        "ContainerProperties": container,
    });
    if let Some(seconds) = job.number("timeout") {
        definition["Timeout"] = json!({ "AttemptDurationSeconds": seconds });
    }
    Ok(definition)
}

/// The version of Node that its code is bundled for, if that is how its image comes about.
fn node_of_buildpack(job: &Target<'_>) -> Option<Option<u16>> {
    let packaging = "container.packaging";
    let is_buildpack = job.text(&format!("{packaging}.type")) == Some("stacktape-image-buildpack");
    let entry_file = job.text(&format!("{packaging}.properties.entryfilePath"))?;
    let version = job.number(&format!(
        "{packaging}.properties.languageSpecificConfig.nodeVersion"
    ));
    let is_javascript = super::function::is_javascript(entry_file);
    (is_buildpack && is_javascript).then(|| version.and_then(|version| u16::try_from(version).ok()))
}

/// Adds the image and what is run in it. Tells whether a secret is needed to pull it.
fn add_image(
    job: &Target<'_>,
    container: &mut Value,
    assembly: &mut Assembly<'_>,
) -> Result<bool, SynthError> {
    let of = |key: &str| job.get(&format!("container.packaging.properties.{key}"));
    if matches!(of("entryPoint"), Some(Data::List(items)) if !items.is_empty()) {
        let what = "`entryPoint`, for which Batch has no place; put it into the image, or into `command`";
        return Err(job.unsupported(what));
    }
    let is_prebuilt = job.text("container.packaging.type") == Some("prebuilt-image");
    container["Image"] = match of("image").filter(|_| is_prebuilt) {
        Some(image) => assembly.data(image)?,
        None => Value::from(assembly.lookups.image(job.name, MAIN_CONTAINER)),
    };
    if let Some(Data::List(command)) = of("command")
        && !command.is_empty()
    {
        let command: Result<Vec<Value>, SynthError> =
            command.iter().map(|word| assembly.data(word)).collect();
        container["Command"] = Value::Array(command?);
    }
    let Some(secret) = of("repositoryCredentialsSecretArn") else {
        return Ok(false);
    };
    let secret = assembly.data(secret)?;
    container["RepositoryCredentials"] = json!({ "CredentialsParameter": secret });
    Ok(true)
}

/// Where its output goes. What nobody keeps stays on the instance, and is overwritten there.
fn logs(job: &Target<'_>, assembly: &Assembly<'_>) -> Value {
    if !keeps_logs(job) {
        let options = json!({ "max-size": "10m", "max-file": "1" });
        return json!({ "LogDriver": "json-file", "Options": options });
    }
    json!({
        "LogDriver": "awslogs",
        "Options": {
            "awslogs-group": job.reference("LogGroup"),
            "awslogs-region": assembly.names.region,
            "awslogs-stream-prefix": "batch",
        },
    })
}

fn parameters(job: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let mut parameters = vec![
        ("jobDefinitionArn".to_string(), job.reference("JobDefinition")),
        ("stateMachineArn".to_string(), job.reference(machine::PART)),
    ];
    if keeps_logs(job) {
        parameters.push(("logGroupArn".to_string(), job.attribute("LogGroup", "Arn")));
    }
    Ok(parameters)
}

fn grants(job: &Target<'_>, assembly: &Assembly<'_>) -> Vec<Value> {
    let names = &assembly.names;
    let definition = format!("job-definition/{}*", definition_name(job, assembly));
    let definition = names.arn("batch", &definition);
    let submit = |kind: &str| {
        let queue = compute::queue_arn(kind, has_gpu(job), assembly);
        allow(
            &["batch:SubmitJob"],
            vec![Value::from(definition.as_str()), Value::from(queue)],
        )
    };
    let machine = job.reference(machine::PART);
    let jobs = names.arn("batch", "job/*");
    let mut statements = vec![
        submit(compute::SPOT),
        submit(compute::ON_DEMAND),
        // AWS knows no list of some jobs only.
        allow(&["batch:DescribeJobs", "batch:ListJobs"], vec![Value::from("*")]),
        allow(&["batch:TerminateJob"], vec![Value::from(jobs)]),
    ];
    statements.extend(state_machine::grants_of(
        &machine,
        &[
            "states:StartExecution",
            "states:StopExecution",
            "states:ListExecutions",
        ],
    ));
    statements
}
