//! Containers and the task definition that holds them.

use serde_json::{Value, json};
use tapedeck_model::{
    Architecture, Compute, Container, ContainerCondition, ContainerDependency, ContainerType, HealthCheck,
    LanguageConfig, Packaging, Workload, WorkloadContainer,
};
use tapedeck_resources::catalogue::instances;

use super::volumes::Volumes;
use super::{Ids, named_containers, ways};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::connections;
use crate::environment::Environment;
use crate::intrinsic::{attribute, reference};
use crate::naming::within;
use crate::shared::EXECUTION_ROLE;
use crate::template::Resource;

/// For how many seconds a container must have run to be started again; ECS takes no less.
const RESTARTED_AFTER: u32 = 60;

/// Adds a log group for each container that has one.
pub(crate) fn add_log_groups(service: &Workload, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    for (name, container) in named_containers(service) {
        if container.logging.disabled {
            continue;
        }
        let path = format!(
            "/stp/{}/ecs/{}/{name}/process-logs",
            assembly.names.stack, ids.name
        );
        let properties = json!({
            "LogGroupName": within(path, 512),
            "RetentionInDays": container.logging.retention_days,
        });
        assembly.add(
            &ids.log_group(name),
            Resource::new("AWS::Logs::LogGroup", properties),
        );
    }
}

/// Adds the task definition.
pub(crate) fn add_task_definition(
    service: &Workload,
    ids: &Ids<'_>,
    volumes: &Volumes<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let mut definitions = Vec::new();
    for (index, member) in service.containers.iter().enumerate() {
        let mut definition = definition(&member.name, &member.container, ids, assembly)?;
        let mut environment = environment(service, &member.container, assembly)?;
        assembly
            .environments
            .entry(ids.name.to_string())
            .or_default()
            .insert(member.name.clone(), environment.all().to_vec());
        node_options(&member.container, &mut environment);
        let (plain, secret) = environment.write(assembly)?;
        definition["Environment"] = Value::Array(plain);
        put(&mut definition, "Secrets", secret);
        put(
            &mut definition,
            "MountPoints",
            volumes.mount_points(&member.container),
        );
        put(
            &mut definition,
            "PortMappings",
            ways::port_mappings(service, &member.name),
        );
        definition["Essential"] = Value::from(member.essential);
        if is_restarted(member, service) {
            definition["RestartPolicy"] = json!({ "Enabled": true, "RestartAttemptPeriod": RESTARTED_AFTER });
        }
        put(&mut definition, "DependsOn", dependencies(member));
        if index == 0 {
            put(&mut definition, "ResourceRequirements", gpus(service));
        }
        definitions.push(definition);
    }
    let is_ec2 = matches!(service.compute, Compute::Ec2 { .. });
    let mut properties = json!({
        "Family": assembly.names.physical(&format!("{}-task-definition", ids.name), 255),
        "NetworkMode": if is_ec2 { "bridge" } else { "awsvpc" },
        "RequiresCompatibilities": [if is_ec2 { "EC2" } else { "FARGATE" }],
        "Memory": service.compute.memory().mebibytes().to_string(),
        "ExecutionRoleArn": attribute(EXECUTION_ROLE, "Arn"),
        "TaskRoleArn": attribute(&ids.of("Role"), "Arn"),
        "ContainerDefinitions": definitions,
        "RuntimePlatform": { "OperatingSystemFamily": "LINUX", "CpuArchitecture": architecture(&service.compute) },
    });
    if let Some(cpu) = service.compute.cpu() {
        properties["Cpu"] = Value::from((cpu.millis() * 1024 / 1000).to_string());
    }
    put(&mut properties, "Volumes", volumes.definitions());
    assembly.add(
        &ids.of("TaskDefinition"),
        Resource::new("AWS::ECS::TaskDefinition", properties),
    );
    Ok(())
}

/// Whether a container beside the main one is started again when it ends: it should always run, its end does not end the task,
/// and nothing waits for its end.
fn is_restarted(member: &WorkloadContainer, service: &Workload) -> bool {
    let waited_for = service.containers.iter().flat_map(|other| &other.depends_on);
    member.container_type == Some(ContainerType::AlwaysRunning)
        && !member.essential
        && waited_for
            .filter(|one| one.container_name == member.name)
            .all(|one| one.condition == ContainerCondition::Start)
}

/// Puts a list where there is something in it.
fn put(target: &mut Value, key: &str, items: Vec<Value>) {
    if !items.is_empty() {
        target[key] = Value::Array(items);
    }
}

fn architecture(compute: &Compute) -> &'static str {
    let (Compute::Fargate { architecture, .. } | Compute::Ec2 { architecture, .. }) = compute;
    match architecture {
        Architecture::Arm => "ARM64",
        _ => "X86_64",
    }
}

/// The GPUs of the instances that a service runs on go to its first container.
fn gpus(service: &Workload) -> Vec<Value> {
    let Compute::Ec2 { instance_types, .. } = &service.compute else {
        return Vec::new();
    };
    let types = instance_types
        .iter()
        .map(|name| instances::find(name).map_or(0, |found| found.gpus));
    match types.min() {
        None | Some(0) => Vec::new(),
        Some(count) => vec![json!({ "Type": "GPU", "Value": count.to_string() })],
    }
}

fn definition(
    name: &str,
    container: &Container,
    ids: &Ids<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    let mut definition = json!({
        "Name": name,
        "Image": assembly.lookups.image(ids.name, name),
        "StopTimeout": container.stop_timeout.duration().as_secs(),
    });
    let texts = |texts: &[String]| texts.iter().map(|text| Value::from(text.as_str())).collect();
    match &container.packaging {
        Packaging::PrebuiltImage(image) => {
            definition["Image"] = assembly.value(&image.image)?;
            put(&mut definition, "Command", texts(&image.command));
            put(&mut definition, "EntryPoint", texts(&image.entry_point));
            if let Some(secret) = &image.repository_credentials_secret_arn {
                let secret = assembly.value(secret)?;
                definition["RepositoryCredentials"] = json!({ "CredentialsParameter": secret });
            }
        }
        Packaging::CustomDockerfile(file) => {
            put(&mut definition, "Command", texts(&file.command));
            put(&mut definition, "EntryPoint", texts(&file.entry_point));
        }
        Packaging::ExternalBuildpack(buildpack) => put(&mut definition, "Command", texts(&buildpack.command)),
        _ => {}
    }
    if let Some(check) = &container.health_check {
        definition["HealthCheck"] = health_check(check);
    }
    if !container.logging.disabled {
        definition["LogConfiguration"] = json!({
            "LogDriver": "awslogs",
            "Options": {
                "awslogs-region": assembly.names.region,
                "awslogs-group": reference(&ids.log_group(name)),
                "awslogs-stream-prefix": "ecs",
            },
        });
    }
    Ok(definition)
}

/// A check as it was asked for; what is as ECS has it anyway is left out.
fn health_check(check: &HealthCheck) -> Value {
    let mut written = json!({ "Command": check.command });
    let members = [
        ("Interval", check.interval_seconds, 30),
        ("Timeout", check.timeout_seconds, 5),
        ("Retries", check.retries, 3),
        ("StartPeriod", check.start_period_seconds, 0),
    ];
    for (key, value, default) in members {
        if value != default {
            written[key] = Value::from(value);
        }
    }
    written
}

/// What a container waits for before it starts.
fn dependencies(member: &WorkloadContainer) -> Vec<Value> {
    let dependency = |one: &ContainerDependency| json!({ "ContainerName": one.container_name, "Condition": one.condition });
    member.depends_on.iter().map(dependency).collect()
}

/// The variables of a container: its own, and of what the service is connected to those that it does not set itself.
fn environment(
    service: &Workload,
    container: &Container,
    assembly: &mut Assembly<'_>,
) -> Result<Environment, SynthError> {
    let mut environment = Environment::default();
    for variable in &container.environment {
        let value = assembly.value(&variable.value)?;
        environment.set(&variable.name, value);
    }
    connections::offer(&service.connect_to, &mut environment, assembly)?;
    Ok(environment)
}

/// What Node is told, so that errors show the lines of the source and modules of either kind can be loaded.
fn node_options(container: &Container, environment: &mut Environment) {
    let Packaging::StacktapeImageBuildpack(buildpack) = &container.packaging else {
        return;
    };
    let LanguageConfig::Javascript(settings) = &buildpack.language else {
        return;
    };
    environment.tell_node(settings.node_version);
}
