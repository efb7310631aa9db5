//! Containers that run together as a service of ECS: what services of every type are made of.

use crate::{
    Compute, Connection, Container, ContainerCondition, ContainerDependency, ContainerType, Data,
    IamStatement, MAIN_CONTAINER, Override, ResourceName, Scaling, SideContainer, WorkerService,
};

/// Containers that run together, as many times as its scaling says.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// The resource's key under `resources`.
    pub name: ResourceName,
    /// Its containers. Where one is the main one, it is the first.
    pub containers: Vec<WorkloadContainer>,
    /// On what each task runs.
    pub compute: Compute,
    /// How many tasks run.
    pub scaling: Scaling,
    /// What it may use, and is told about.
    pub connect_to: Vec<Connection>,
    /// Permissions of its own in AWS.
    pub iam_role_statements: Vec<IamStatement>,
    /// Whether tasks have no public address in AWS and reach the internet through a NAT.
    pub use_private_subnets_with_nat: bool,
    /// Whether a shell can be opened in a running task.
    pub enable_remote_sessions: bool,
    /// Changes to what it becomes in CloudFormation.
    pub overrides: Vec<Override>,
    /// How others reach its containers; none for a worker service.
    pub ways: Vec<Way>,
}

/// A container of a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadContainer {
    /// Its name, of its own in the task.
    pub name: String,
    /// Whether its end is the end of the task.
    pub essential: bool,
    /// When it runs, if the config says so: it does of side containers.
    pub container_type: Option<ContainerType>,
    /// What it waits for.
    pub depends_on: Vec<ContainerDependency>,
    /// What it is.
    pub container: Container,
}

/// How a port of a container is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// The container.
    pub container: String,
    /// The port on which it listens.
    pub port: u16,
    /// What it speaks, if the config says so: `http`, `http2` or `grpc`.
    pub protocol: Option<String>,
    /// From where.
    pub kind: WayKind,
}

/// From where a port of a container is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum WayKind {
    /// From other workloads of the stack, by a name.
    ServiceConnect {
        /// The name; made of those of the workload and the container where the config gives none.
        alias: Option<String>,
    },
    /// From the VPC, through a load balancer that is the workload's own.
    OwnLoadBalancer,
    /// From the other containers of the task.
    Internal,
    /// From a resource of the stack that hands requests out.
    Event {
        /// The type of the event, such as `http-api-gateway`.
        kind: String,
        /// Its properties, defaults filled in.
        properties: Data,
    },
}

impl Workload {
    /// The service that is made of the same containers; none when no container is the main one. How it is reached stays here.
    #[must_use]
    pub fn service(&self) -> Option<WorkerService> {
        let (main, others) = self.containers.split_first()?;
        if main.name != MAIN_CONTAINER {
            return None;
        }
        let sides = others.iter().map(|other| {
            Some(SideContainer {
                name: other.name.clone(),
                container_type: other.container_type?,
                essential: other.essential,
                depends_on: other.depends_on.clone(),
                container: other.container.clone(),
            })
        });
        Some(WorkerService {
            name: self.name.clone(),
            container: main.container.clone(),
            compute: self.compute.clone(),
            scaling: self.scaling,
            connect_to: self.connect_to.clone(),
            iam_role_statements: self.iam_role_statements.clone(),
            side_containers: sides.collect::<Option<_>>()?,
            use_private_subnets_with_nat: self.use_private_subnets_with_nat,
            enable_remote_sessions: self.enable_remote_sessions,
            overrides: self.overrides.clone(),
        })
    }
}

impl WorkerService {
    /// The service as containers that run together.
    #[must_use]
    pub fn workload(&self) -> Workload {
        let main = WorkloadContainer {
            name: MAIN_CONTAINER.to_string(),
            essential: true,
            container_type: None,
            depends_on: self.main_dependencies(),
            container: self.container.clone(),
        };
        let sides = self.side_containers.iter().map(|side| WorkloadContainer {
            name: side.name.clone(),
            essential: side.essential,
            container_type: Some(side.container_type),
            depends_on: side.depends_on.clone(),
            container: side.container.clone(),
        });
        Workload {
            name: self.name.clone(),
            containers: std::iter::once(main).chain(sides).collect(),
            compute: self.compute.clone(),
            scaling: self.scaling,
            connect_to: self.connect_to.clone(),
            iam_role_statements: self.iam_role_statements.clone(),
            use_private_subnets_with_nat: self.use_private_subnets_with_nat,
            enable_remote_sessions: self.enable_remote_sessions,
            overrides: self.overrides.clone(),
            ways: Vec::new(),
        }
    }

    /// What the main container waits for: every other that does not wait for it. Those that run on init have to have
    /// succeeded, the others to have started.
    #[must_use]
    pub fn main_dependencies(&self) -> Vec<ContainerDependency> {
        let waits_for_main = |side: &&crate::SideContainer| {
            side.depends_on
                .iter()
                .any(|dependency| dependency.container_name == MAIN_CONTAINER)
        };
        let sides = self.side_containers.iter();
        sides
            .filter(|side| !waits_for_main(side))
            .map(|side| ContainerDependency {
                container_name: side.name.clone(),
                condition: match side.container_type {
                    ContainerType::RunOnInit => ContainerCondition::Success,
                    ContainerType::AlwaysRunning => ContainerCondition::Start,
                },
            })
            .collect()
    }
}
