//! Who a task is, as JSON. Source of names and forms: ECS developer guide, "task metadata endpoint version 4".

use serde_json::{Map, Value, json};
use tapedeck_api::StorageMetrics;
use tapedeck_model::{ContainerSpec, ContainerState, MAIN_CONTAINER, Task, TaskHealth, TaskState, Timestamp};
use tapedeck_runtime::network::hardware_address;
use tokio::sync::oneshot;

use super::identity::{LaunchType, cluster_arn, container_arn, container_names, docker_id, task_arn};
use crate::fleet::ServiceKey;
use crate::host::Host;
use crate::main_loop::Engine;

const MEBIBYTE: u64 = 1024 * 1024;

/// What the engine knows of a task that asks.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) key: ServiceKey,
    pub(crate) task: Task,
    pub(crate) container: ContainerSpec,
    pub(crate) now: Timestamp,
}

/// What is read from the machine to answer.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) subnet: String,
    pub(super) gateway: String,
    pub(super) name_servers: Vec<String>,
    pub(super) host_name: String,
    /// What the task has written, where that is limited.
    pub(super) storage: Option<StorageMetrics>,
}

impl Surroundings {
    pub(super) fn of(host: &Host, facts: &Facts) -> Self {
        let network = &host.network;
        let storage = match facts.task.state {
            TaskState::Running { pid, .. } => host.storage_of(pid),
            _ => None,
        };
        let servers = host.name_servers();
        let servers = servers
            .lines()
            .filter_map(|line| line.strip_prefix("nameserver "));
        Self {
            subnet: network.subnet.to_string(),
            gateway: format!("{}/{}", network.gateway, network.subnet.prefix()),
            name_servers: servers.map(|server| server.trim().to_owned()).collect(),
            host_name: Host::host_name(&facts.task),
            storage,
        }
    }
}

impl Engine {
    /// Tells what is known of a task that asks for it itself.
    pub(crate) fn answer_within(&self, task: &tapedeck_model::TaskId, reply: oneshot::Sender<Option<Facts>>) {
        let facts = self.fleet.owner_of(task).and_then(|key| {
            let service = self.fleet.services.get(&key)?;
            let task = service.tasks.get(task)?.clone();
            let container = service.revisions.get(&task.revision)?.clone();
            let now = self.clock.now();
            Some(Facts {
                key,
                task,
                container,
                now,
            })
        });
        // A connection that has ended does not need its answer.
        let _ = reply.send(facts);
    }
}

/// The whole task.
pub(super) fn task(facts: &Facts, surroundings: &Surroundings) -> Value {
    let Facts {
        key, task, container, ..
    } = facts;
    let mut whole = fields(json!({
        "Cluster": cluster_arn(&key.stack),
        "TaskARN": task_arn(&key.stack, &task.id),
        "Family": format!("{}-{}", key.stack, key.name),
        "Revision": task.revision.to_string(),
        "ServiceName": key.name.as_str(),
        "DesiredStatus": desired_status(&task.state),
        "KnownStatus": known_status(&whole_state(task)),
        "Limits": {
            "CPU": f64::from(container.cpu.millis()) / 1000.0,
            "Memory": container.memory.mebibytes(),
        },
        "AvailabilityZone": facts.task.placement.as_ref().map(|placement| placement.zone.to_string()),
        "LaunchType": LaunchType::of(container).name(),
        "FaultInjectionEnabled": false,
    }));
    if let Some(StorageMetrics {
        used_bytes,
        size_bytes,
    }) = surroundings.storage
    {
        let metrics = json!({ "Utilized": used_bytes / MEBIBYTE, "Reserved": size_bytes / MEBIBYTE });
        whole.insert("EphemeralStorageMetrics".to_owned(), metrics);
    }
    let containers = container_names(&key.name, container);
    let containers: Vec<Value> = containers
        .iter()
        .map(|name| self::container(facts, surroundings, name))
        .collect();
    whole.insert("Containers".to_owned(), containers.into());
    Value::Object(whole)
}

/// One container of it.
pub(super) fn container(facts: &Facts, surroundings: &Surroundings, name: &str) -> Value {
    let Facts {
        key, task, container, ..
    } = facts;
    let family = format!("{}-{}", key.stack, key.name);
    let side = container.sides.iter().find(|side| side.name == name);
    let image = side.map_or(&container.image, |side| &side.image);
    let state = state_of(task, side.map_or(MAIN_CONTAINER, |side| &side.name));
    let mut one = fields(json!({
        "DockerId": docker_id(&task.id, name),
        "Name": name,
        "DockerName": name,
        "Image": format!("{name}@{image}"),
        "ImageID": image.as_str(),
        "Labels": {
            "com.amazonaws.ecs.cluster": cluster_arn(&key.stack),
            "com.amazonaws.ecs.container-name": name,
            "com.amazonaws.ecs.task-arn": task_arn(&key.stack, &task.id),
            "com.amazonaws.ecs.task-definition-family": family,
            "com.amazonaws.ecs.task-definition-version": task.revision.to_string(),
        },
        "DesiredStatus": desired_status(&task.state),
        "KnownStatus": known_status(&state),
        "Limits": {
            "CPU": u64::from(container.cpu.millis()) * 1024 / 1000,
            "Memory": container.memory.mebibytes(),
        },
        "CreatedAt": text_of(task.created),
        "Type": "NORMAL",
        "ContainerARN": container_arn(&key.stack, &task.id, name),
        "Networks": [{
            "NetworkMode": "awsvpc",
            "IPv4Addresses": [task.address],
            "AttachmentIndex": 0,
            "MACAddress": mac_address(task),
            "IPv4SubnetCIDRBlock": surroundings.subnet,
            "DomainNameServers": surroundings.name_servers,
            "PrivateDNSName": surroundings.host_name,
            "SubnetGatewayIpv4Address": surroundings.gateway,
        }],
        "Snapshotter": "overlayfs",
    }));
    if let Some(started) = started(&state) {
        one.insert("StartedAt".to_owned(), text_of(started).into());
    }
    if let ContainerState::Stopped {
        stopped, exit_code, ..
    } = &state
    {
        one.insert("FinishedAt".to_owned(), text_of(*stopped).into());
        one.insert("ExitCode".to_owned(), json!(exit_code));
    }
    if let (None, Some(health)) = (side, &task.health) {
        one.insert("Health".to_owned(), health_of(health));
    }
    Value::Object(one)
}

/// What is known of a container; of the only one of a task, that is what is known of the task.
fn state_of(task: &Task, name: &str) -> ContainerState {
    let known = task.containers.iter().find(|known| known.name == name);
    known.map_or_else(|| whole_state(task), |known| known.state.clone())
}

fn whole_state(task: &Task) -> ContainerState {
    match &task.state {
        TaskState::Pending => ContainerState::Pending,
        TaskState::Running { started, pid } => ContainerState::Running {
            started: *started,
            pid: *pid,
        },
        TaskState::Stopping { started, .. } => ContainerState::Stopping { started: *started },
        TaskState::Stopped {
            started,
            stopped,
            exit_code,
            ..
        } => ContainerState::Stopped {
            started: *started,
            stopped: *stopped,
            exit_code: *exit_code,
            reason: None,
        },
    }
}

/// What the health check of the main container says.
fn health_of(health: &TaskHealth) -> Value {
    let mut told = fields(json!({ "status": health.status }));
    if let Some(since) = health.since {
        told.insert("statusSince".to_owned(), text_of(since).into());
    }
    if let Some(last) = health.results.last() {
        told.insert("output".to_owned(), last.output.as_str().into());
    }
    Value::Object(told)
}

/// A time as ECS writes it.
pub(super) fn text_of(at: Timestamp) -> String {
    let millis = i64::try_from(at.millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| at.to_string(), |at| format!("{at:.3}"))
}

fn started(state: &ContainerState) -> Option<Timestamp> {
    match state {
        ContainerState::Pending => None,
        ContainerState::Running { started, .. } => Some(*started),
        ContainerState::Stopping { started } | ContainerState::Stopped { started, .. } => *started,
    }
}

fn desired_status(state: &TaskState) -> &'static str {
    match state {
        TaskState::Pending | TaskState::Running { .. } => "RUNNING",
        TaskState::Stopping { .. } | TaskState::Stopped { .. } => "STOPPED",
    }
}

/// Who asks runs; what was told to stop does until it has.
fn known_status(state: &ContainerState) -> &'static str {
    match state {
        ContainerState::Pending => "PENDING",
        ContainerState::Running { .. } | ContainerState::Stopping { .. } => "RUNNING",
        ContainerState::Stopped { .. } => "STOPPED",
    }
}

fn mac_address(task: &Task) -> String {
    let bytes = hardware_address(task.address);
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}

/// The fields of what was written as an object.
fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
