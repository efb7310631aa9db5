//! What a config file defines, validated: the source side of the model, before anything is packaged.

use serde::Serialize;

use crate::{
    BatchJob, Data, Expression, Hook, Late, ProjectName, Region, ResourceName, Script, StackName, StageName,
    WorkerService, Workload,
};

/// One stage of a project as its config file defines it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// The project.
    pub project: ProjectName,
    /// The stage.
    pub stage: StageName,
    /// Where it is to run.
    pub region: Region,
    /// Its worker services, in the order of the file.
    pub services: Vec<WorkerService>,
    /// Its other resources, in the order of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// Resources of CloudFormation as they were written, by their logical ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cloudformation_resources: Vec<CloudformationResource>,
    /// Settings of the stack.
    #[serde(skip_serializing_if = "StackSettings::is_default")]
    pub settings: StackSettings,
}

impl Stack {
    /// The name it is deployed under.
    #[must_use]
    pub fn name(&self) -> StackName {
        StackName::of(&self.project, &self.stage)
    }

    /// All that runs as a service: its worker services, then the resources of other types that have a main container.
    #[must_use]
    pub fn all_services(&self) -> Vec<WorkerService> {
        let others = self.resources.iter().filter_map(|one| one.workload.as_deref());
        let services = self.services.iter().cloned();
        services.chain(others.filter_map(Workload::service)).collect()
    }

    /// Its jobs.
    #[must_use]
    pub fn jobs(&self) -> Vec<BatchJob> {
        let jobs = self.resources.iter().filter_map(|one| one.job.as_deref());
        jobs.cloned().collect()
    }
}

/// A resource that is not a worker service. Its type has a table of keys, and the properties obey it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resource {
    /// Its key under `resources`.
    pub name: ResourceName,
    /// Its type, such as `sqs-queue`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its properties, defaults filled in.
    pub properties: Data,
    /// Changes to what it becomes in CloudFormation, by logical id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// The containers it is made of, for types that are made of some. All of it is in the properties, too.
    #[serde(skip)]
    pub workload: Option<Box<Workload>>,
    /// What each run of it is, for jobs. All of it is in the properties, too.
    #[serde(skip)]
    pub job: Option<Box<BatchJob>>,
}

/// Changes to one resource of the template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// Which resource.
    pub logical_id: String,
    /// Paths within its properties and the values to put there.
    pub changes: Data,
}

/// An entry of `cloudformationResources`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudformationResource {
    /// Its logical id.
    pub logical_id: String,
    /// The whole of it, `Type` and all.
    pub definition: Data,
}

/// Settings of the stack that no resource of its own has.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StackSettings {
    /// `stackConfig.outputs`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
    /// `stackConfig.tags`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// `stackConfig.vpc`.
    pub vpc: VpcSettings,
    /// `stackConfig.stackInfoDirectory`; none with `disableStackInfoSaving`.
    pub stack_info_directory: Option<String>,
    /// `deploymentConfig`, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Data>,
    /// `providerConfig`, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub providers: Option<Data>,
    /// `hooks`, in the order in which they run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
    /// `scripts`, in the order of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<Script>,
}

impl StackSettings {
    /// The folder that information about a deployed stack is saved in when nobody says otherwise.
    pub const STACK_INFO_DIRECTORY: &str = ".stacktape-stack-info/";

    /// The settings of a file that sets none.
    #[must_use]
    pub fn of_silence() -> Self {
        Self {
            stack_info_directory: Some(Self::STACK_INFO_DIRECTORY.to_string()),
            ..Self::default()
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::of_silence()
    }
}

/// An output of the stack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// Its name: letters and digits.
    pub name: String,
    /// Its value.
    pub value: Late<String>,
    /// What it is.
    pub description: Option<String>,
    /// Whether other stacks may import it.
    pub export: bool,
}

/// A tag of everything in the stack that takes tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// Its key.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The network of the stack in AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcSettings {
    /// In how many availability zones there is a NAT gateway when one is needed: 1 to 3.
    pub nat_availability_zones: u8,
    /// The VPC to use instead of one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reuse: Option<ReusedVpc>,
}

impl Default for VpcSettings {
    fn default() -> Self {
        Self {
            nat_availability_zones: 2,
            reuse: None,
        }
    }
}

/// A VPC that is there already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ReusedVpc {
    /// By its id.
    Id(String),
    /// That of another stack.
    OfStack {
        /// Its project.
        project_name: String,
        /// Its stage.
        stage: String,
    },
}

/// A raw IAM statement of `iamRoleStatements`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IamStatement {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The actions, at least one.
    pub actions: Vec<String>,
    /// The resources, at least one.
    pub resources: Vec<Late<String>>,
    /// When it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Data>,
}

/// What an IAM statement does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// It allows.
    #[default]
    Allow,
    /// It denies.
    Deny,
}

/// One entry of `connectTo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Connection {
    /// A resource of the file, by its name.
    Resource(String),
    /// The Simple Email Service: `aws:ses`.
    Ses,
}

/// One entry of an environment. Numbers and booleans were made text, as written in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentVariable {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Late<String>,
}

impl EnvironmentVariable {
    /// What the deployment has to find out before it knows the value.
    #[must_use]
    pub fn expression(&self) -> Option<&Expression> {
        match &self.value {
            Late::Known(_) => None,
            Late::Later(expression) => Some(expression),
        }
    }
}
