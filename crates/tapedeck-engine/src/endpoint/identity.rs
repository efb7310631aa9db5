//! Names that a task has for itself: ARNs as ECS makes them, and the ids of its endpoints, which nobody can guess.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tapedeck_model::{ContainerSpec, Region, ResourceName, StackName, TaskId};
use tapedeck_runtime::network::ENDPOINT_ADDRESS;

/// The region that tasks are told: what `$Region()` gives. No request of theirs reaches a region of AWS by accident.
pub(crate) const REGION: &str = Region::LOCAL;

/// The account, which is none.
const ACCOUNT: &str = "000000000000";

/// What the ids of endpoints are made with. Only the engine knows it; it never changes, so that ids outlive engines.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct EndpointKey(String);

impl EndpointKey {
    /// A new one.
    pub(crate) fn random() -> Self {
        let bytes: [u8; 32] = crate::random::bytes();
        Self(hexadecimal(&bytes))
    }

    /// The id of a container in the paths of its endpoints: 32 hexadecimal digits.
    pub(crate) fn id_of(&self, task: &TaskId, container: &str) -> String {
        let digest: [u8; 32] = Sha256::digest(format!("{}/{task}/{container}", self.0)).into();
        hexadecimal(&digest[..16])
    }

    /// Adds to the environment of a container what tells it where it is. What the user has set stays, but for the
    /// addresses of the endpoints.
    pub(crate) fn add_variables(
        &self,
        environment: &mut BTreeMap<String, String>,
        task: &TaskId,
        container: &str,
        task_of: &ContainerSpec,
    ) {
        let id = self.id_of(task, container);
        let address = format!("http://{ENDPOINT_ADDRESS}");
        for (name, path) in [
            ("ECS_CONTAINER_METADATA_URI_V4", "v4"),
            ("ECS_CONTAINER_METADATA_URI", "v3"),
            ("ECS_AGENT_URI", "api"),
        ] {
            environment.insert(name.to_owned(), format!("{address}/{path}/{id}"));
        }
        if task_of.role.is_some() {
            let path = format!("/v2/credentials/{id}");
            environment.insert("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI".to_owned(), path);
            environment
                .entry("AWS_ENDPOINT_URL_BATCH".to_owned())
                .or_insert(address);
        }
        let launch_type = LaunchType::of(task_of);
        for (name, value) in [
            ("AWS_EXECUTION_ENV", launch_type.execution_environment()),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
        ] {
            environment
                .entry(name.to_owned())
                .or_insert_with(|| value.to_owned());
        }
    }
}

/// What ECS would run a task on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaunchType {
    Fargate,
    Ec2,
}

impl LaunchType {
    /// That of a container.
    pub(crate) fn of(container: &ContainerSpec) -> Self {
        match container.ec2 {
            Some(_) => Self::Ec2,
            None => Self::Fargate,
        }
    }

    /// As ECS writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fargate => "FARGATE",
            Self::Ec2 => "EC2",
        }
    }

    fn execution_environment(self) -> &'static str {
        match self {
            Self::Fargate => "AWS_ECS_FARGATE",
            Self::Ec2 => "AWS_ECS_EC2",
        }
    }
}

/// The containers of a task of this service, by name. The first is that of the service itself.
pub(crate) fn container_names(service: &ResourceName, container: &ContainerSpec) -> Vec<String> {
    let sides = container.sides.iter().map(|side| side.name.clone());
    std::iter::once(service.to_string()).chain(sides).collect()
}

/// The cluster of a stack.
pub(crate) fn cluster_arn(stack: &StackName) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{stack}")
}

/// A task.
pub(crate) fn task_arn(stack: &StackName, task: &TaskId) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{stack}/{task}")
}

/// A container of a task.
pub(super) fn container_arn(stack: &StackName, task: &TaskId, container: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("{task}/{container}")).into();
    let hex = hexadecimal(&digest[..16]);
    let uuid = format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    );
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:container/{stack}/{task}/{uuid}")
}

/// What Docker would call a container: as on Fargate, the task and ten digits.
pub(super) fn docker_id(task: &TaskId, container: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(container).into();
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{task}-{:010}", number % 10_000_000_000)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
