//! What goes into the config: what was asked for by flags, and for the rest what suits most projects.

use tapedeck_model::{Cpu, MemoryMb, ProjectName, ResourceName};

use super::candidate::{Candidate, Packaging};
use super::name::service_name;
use crate::args::InitArgs;
use crate::exit::{ExitKind, Failure, OrFail};

/// The size of an instance that nobody asked to be larger: the smallest that Fargate offers.
pub(crate) const DEFAULT_VCPU: f64 = 0.25;

/// Instances when nobody says how many.
pub(crate) const DEFAULT_INSTANCES: u32 = 1;

/// What was asked for, each of it valid.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Wishes {
    /// The name of the service.
    pub(crate) service: Option<ResourceName>,
    /// The name of the project.
    pub(crate) project: Option<ProjectName>,
    /// CPU of each instance.
    pub(crate) cpu: Option<Cpu>,
    /// Memory of each instance.
    pub(crate) memory: Option<MemoryMb>,
    /// How many instances run.
    pub(crate) instances: Option<u32>,
}

impl Wishes {
    /// The flags.
    ///
    /// # Errors
    /// When one of them has a value that it cannot have.
    pub(crate) fn of(args: &InitArgs) -> Result<Self, Failure> {
        let service = args.service_name.as_ref().map(ResourceName::new).transpose();
        let project = args.project_name.as_ref().map(ProjectName::new).transpose();
        Ok(Self {
            service: service.or_fail(ExitKind::Usage)?,
            project: project.or_fail(ExitKind::Usage)?,
            cpu: args
                .cpu
                .map(Cpu::from_vcpu)
                .transpose()
                .or_fail(ExitKind::Usage)?,
            memory: args
                .memory
                .map(MemoryMb::new)
                .transpose()
                .or_fail(ExitKind::Usage)?,
            instances: args.min_instances,
        })
    }
}

/// What the config says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    /// The name of the service.
    pub(crate) service: ResourceName,
    /// The name of the project; the folder's when there is none.
    pub(crate) project: Option<ProjectName>,
    /// How the image comes about.
    pub(crate) packaging: Packaging,
    /// CPU of each instance.
    pub(crate) cpu: Cpu,
    /// Memory of each instance.
    pub(crate) memory: MemoryMb,
    /// How many instances run.
    pub(crate) instances: u32,
}

/// The config for a candidate. `folder` is the name of the project's folder.
pub(crate) fn draft(wishes: &Wishes, candidate: &Candidate, folder: &str) -> Draft {
    let cpu = wishes.cpu.unwrap_or_else(default_cpu);
    Draft {
        service: wishes
            .service
            .clone()
            .unwrap_or_else(|| service_name(candidate.name.as_deref(), folder)),
        project: wishes.project.clone(),
        packaging: candidate.packaging.clone(),
        cpu,
        memory: wishes.memory.unwrap_or_else(|| default_memory(cpu)),
        instances: wishes.instances.unwrap_or(DEFAULT_INSTANCES),
    }
}

/// The CPU of an instance when nobody says.
pub(crate) fn default_cpu() -> Cpu {
    Cpu::from_vcpu(DEFAULT_VCPU).expect("it is one of the sizes")
}

/// The least memory that Fargate offers with this CPU.
pub(crate) fn default_memory(cpu: Cpu) -> MemoryMb {
    MemoryMb::new(cpu.millis() * 2048 / 1000).expect("it is less than the greatest task has")
}
