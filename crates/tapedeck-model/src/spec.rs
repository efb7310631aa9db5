//! What the engine is asked to run: a packaged stack. The same shape whatever the source was.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ContainerDependency, Cpu, Ec2Spec, HealthCheck, JobGrant, JobSpec, LogPolicy, MemoryMb, ResourceName,
    Scaling, SecretName, SecretTemplate, StackName, StopTimeout,
};

/// A text that is not `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: it has the form sha256:<64 lower-case hexadecimal digits>")]
pub struct InvalidDigest(pub String);

/// The digest of an OCI manifest in the image store of this machine. Source: OCI image spec, descriptors.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageDigest(String);

impl ImageDigest {
    /// Checks and wraps a digest.
    ///
    /// # Errors
    /// [`InvalidDigest`] for anything but a SHA-256 digest in the form of the OCI image spec.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidDigest> {
        let text = text.into();
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text))
        } else {
            Err(InvalidDigest(text))
        }
    }

    /// The digest with its `sha256:`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hexadecimal digits alone.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// The first twelve digits, enough for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.hex()[..12]
    }
}

impl fmt::Display for ImageDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl TryFrom<String> for ImageDigest {
    type Error = InvalidDigest;
    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        Self::new(text)
    }
}

impl From<ImageDigest> for String {
    fn from(digest: ImageDigest) -> Self {
        digest.0
    }
}

/// The number of a version of a service's [`ContainerSpec`]: 1, 2, 3 …, as revisions of an ECS task definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A packaged stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackSpec {
    /// Its name.
    pub name: StackName,
    /// Its services. A service that is deployed but not named here is deleted.
    pub services: Vec<ServiceSpec>,
    /// What else is in it, for whoever asks. The engine only remembers it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<LocalResource>,
}

/// A resource of a stack that is no service, and what stands in for it on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalResource {
    /// Its name.
    pub name: ResourceName,
    /// Its type, such as `sqs-queue`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What stands in for it, such as `PostgreSQL 15.18`.
    pub stand_in: String,
    /// What can be asked of it, in the order of the variables that tell it.
    pub parameters: Vec<LocalParameter>,
    /// The image that its code was taken from, which the next build goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageDigest>,
}

/// A parameter of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalParameter {
    /// Its name, such as `connectionString`.
    pub name: String,
    /// What it is made of.
    pub value: SecretTemplate,
    /// Whether it is nobody's business.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// One service of a packaged stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// Its name.
    pub name: ResourceName,
    /// How many tasks are to run; of a service that is scaled, at first. Changing it makes no new revision.
    pub desired_count: u32,
    /// Between which bounds it is scaled, and by what. None when the number of tasks is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// What becomes of its output. Changing it makes no new revision.
    #[serde(default, skip_serializing_if = "LogPolicy::is_default")]
    pub logs: LogPolicy,
    /// What makes it a definition of jobs, if it is one: then its tasks are attempts of jobs. Changing it makes no new revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobSpec>,
    /// What each task runs. Changing anything in it makes a new revision.
    pub container: ContainerSpec,
}

/// What a task runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// The image, in the store of this machine.
    pub image: ImageDigest,
    /// Variables added to those of the image.
    pub environment: BTreeMap<String, String>,
    /// Variables whose values are made of secrets when a task starts, instead of those of the same names above. Only
    /// this is kept and compared: another value of a secret makes no new revision, and is what later tasks get.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretTemplate>,
    /// CPU quota; where tasks share the CPU of their instance, all of that of the smallest type.
    pub cpu: Cpu,
    /// Memory limit.
    pub memory: MemoryMb,
    /// Time between SIGTERM and SIGKILL.
    pub stop_timeout: StopTimeout,
    /// Whether its output is thrown away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discards_output: bool,
    /// The instances that tasks run on; none on Fargate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ec2: Option<Ec2Spec>,
    /// How to tell whether it is healthy. One that the image names counts for nothing, as on ECS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// What the main container waits for before it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<ContainerDependency>,
    /// What runs beside it, within the same limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<SideSpec>,
    /// The ports on which it listens for others. Where there are any, its service has one address that stays the same, behind
    /// which its tasks are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// Folders in its main container that outlive its tasks. No two tasks have them at once: with any, a task is stopped before
    /// the one that replaces it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mount_points: Vec<MountPoint>,
    /// What its tasks may connect to within this machine. Nothing else there answers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reaches: Vec<ServicePort>,
    /// What it runs in place of the command of its image, after the entry point of that; nothing for the command itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// What its tasks may do with jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub job_grants: Vec<JobGrant>,
    /// The role that its tasks act in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<TaskRole>,
}

/// A folder that outlives the tasks of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MountPoint {
    /// The name of the folder, of its own in the service.
    pub volume: ResourceName,
    /// Where it is in the container, absolute.
    pub container_path: String,
}

/// A port of a service, which may be of another stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePort {
    /// The stack of the service.
    pub stack: StackName,
    /// The service.
    pub service: ResourceName,
    /// The port.
    pub port: u16,
    /// A name by which tasks know its address, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
}

/// A role, and who gives credentials for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskRole {
    /// Its ARN.
    pub arn: String,
    /// The address of AWS or of what stands in for it; none for AWS itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,
    /// The region that is asked.
    pub region: String,
    /// A secret with the `accessKeyId` and `secretAccessKey` of who may assume the role.
    pub assumed_by: SecretName,
}

/// A container beside the main one of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SideSpec {
    /// Its name, of its own in the task.
    pub name: String,
    /// Its image, in the store of this machine.
    pub image: ImageDigest,
    /// Variables added to those of the image.
    pub environment: BTreeMap<String, String>,
    /// Variables whose values are made of secrets when a task starts, instead of those of the same names above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretTemplate>,
    /// Whether its end is the end of the task.
    pub essential: bool,
    /// What it waits for before it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<ContainerDependency>,
    /// Time between SIGTERM and SIGKILL.
    pub stop_timeout: StopTimeout,
    /// How to tell whether it is healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Whether its output is thrown away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discards_output: bool,
}

impl ContainerSpec {
    /// The images of all containers, that of the main one first.
    pub fn images(&self) -> impl Iterator<Item = &ImageDigest> {
        std::iter::once(&self.image).chain(self.sides.iter().map(|side| &side.image))
    }
}
