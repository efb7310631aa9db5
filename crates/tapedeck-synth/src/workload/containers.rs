//! Containers and the task definition that holds them.

use serde_json::{Value, json};
use tapedeck_model::{
    Architecture, Compute, Connection, Container, ContainerCondition, ContainerType, HealthCheck,
    LanguageConfig, Packaging, SideContainer, WorkerService,
};
use tapedeck_resources::catalogue::instances;

use super::volumes::Volumes;
use super::{Ids, MAIN, named_containers};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::environment::Environment;
use crate::intrinsic::{attribute, reference};
use crate::naming::within;
use crate::shared::EXECUTION_ROLE;
use crate::template::Resource;
use crate::types;

/// What stands for an image until it is made.
const NO_IMAGE_YET: &str = "<<not-yet-known>>";

/// The version of Node that a worker gets when it asks for none.
const DEFAULT_NODE: u16 = 24;

/// For how many seconds a container must have run to be started again; ECS takes no less.
const RESTARTED_AFTER: u32 = 60;

/// Adds a log group for each container that has one.
pub(crate) fn add_log_groups(service: &WorkerService, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
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
    service: &WorkerService,
    ids: &Ids<'_>,
    volumes: &Volumes<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let mut definitions = Vec::new();
    for (name, container) in named_containers(service) {
        let mut definition = definition(name, container, ids, assembly)?;
        let environment = environment(service, container, assembly)?;
        let (plain, secret) = environment.write(assembly)?;
        definition["Environment"] = Value::Array(plain);
        put(&mut definition, "Secrets", secret);
        put(&mut definition, "MountPoints", volumes.mount_points(container));
        let side = service.side_containers.iter().find(|side| side.name == name);
        definition["Essential"] = Value::from(side.is_none_or(|side| side.essential));
        if side.is_some_and(|side| is_restarted(side, service)) {
            definition["RestartPolicy"] = json!({ "Enabled": true, "RestartAttemptPeriod": RESTARTED_AFTER });
        }
        put(
            &mut definition,
            "DependsOn",
            match side {
                Some(side) => written_dependencies(side),
                None => main_dependencies(service),
            },
        );
        if name == MAIN {
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
fn is_restarted(side: &SideContainer, service: &WorkerService) -> bool {
    let waited_for = service.side_containers.iter().flat_map(|other| &other.depends_on);
    side.container_type == ContainerType::AlwaysRunning
        && !side.essential
        && waited_for
            .filter(|one| one.container_name == side.name)
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

/// The GPUs of the instances that a service runs on go to its main container.
fn gpus(service: &WorkerService) -> Vec<Value> {
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
        "Image": NO_IMAGE_YET,
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

/// The main container waits for those beside it, but for those that wait for it.
fn main_dependencies(service: &WorkerService) -> Vec<Value> {
    let waits = |side: &&SideContainer| side.depends_on.iter().all(|one| one.container_name != MAIN);
    let dependency = |side: &SideContainer| {
        let condition = match side.container_type {
            ContainerType::RunOnInit => "SUCCESS",
            ContainerType::AlwaysRunning => "START",
        };
        json!({ "ContainerName": side.name, "Condition": condition })
    };
    service
        .side_containers
        .iter()
        .filter(waits)
        .map(dependency)
        .collect()
}

fn written_dependencies(side: &SideContainer) -> Vec<Value> {
    let dependency = |one: &tapedeck_model::ContainerDependency| json!({ "ContainerName": one.container_name, "Condition": one.condition });
    side.depends_on.iter().map(dependency).collect()
}

/// The variables of a container: its own, and of what the service is connected to those that it does not set itself.
fn environment(
    service: &WorkerService,
    container: &Container,
    assembly: &mut Assembly<'_>,
) -> Result<Environment, SynthError> {
    let mut environment = Environment::default();
    for variable in &container.environment {
        let value = assembly.value(&variable.value)?;
        environment.set(&variable.name, value);
    }
    node_options(container, &mut environment);
    for connection in &service.connect_to {
        let Connection::Resource(name) = connection else {
            continue;
        };
        for (variable, value) in types::variables(name, assembly)? {
            environment.offer(&variable, value);
        }
    }
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
    let mut flags = vec!["--enable-source-maps"];
    if settings.node_version.map_or(DEFAULT_NODE, u16::from) >= 22 {
        flags.extend(["--experimental-require-module", "--experimental-detect-module"]);
    }
    let own = match environment.get("NODE_OPTIONS") {
        Some(Value::String(own)) => own.clone(),
        Some(_) => return,
        None => String::new(),
    };
    flags.retain(|flag| !own.split_whitespace().any(|known| known == *flag));
    if flags.is_empty() {
        return;
    }
    let all: Vec<&str> = own.split_whitespace().chain(flags).collect();
    environment.take("NODE_OPTIONS");
    environment.set("NODE_OPTIONS", Value::from(all.join(" ")));
}
