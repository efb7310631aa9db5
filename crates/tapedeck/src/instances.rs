//! EC2 instances of a config, as the engine imitates them.

use tapedeck_image::Platform;
use tapedeck_model::{Architecture, Compute, Cpu, Ec2Spec, MachineType, MemoryMb, WorkerService};
use tapedeck_resources::catalogue::instances;

/// The instances that a service runs on, if it does.
pub(crate) fn of(compute: &Compute) -> Option<Ec2Spec> {
    let Compute::Ec2 {
        instance_types,
        cpu,
        enable_warm_pool,
        ..
    } = compute
    else {
        return None;
    };
    let known = instance_types.iter().filter_map(|name| instances::find(name));
    let types = known.filter_map(|one| {
        Some(MachineType {
            name: one.name.to_owned(),
            vcpus: one.vcpus,
            memory: MemoryMb::new(one.memory).ok()?,
        })
    });
    Some(Ec2Spec {
        types: types.collect(),
        shares_cpu: cpu.is_none(),
        warm_pool: *enable_warm_pool,
    })
}

/// CPU of each task: its own, or all that an instance of the smallest type has for its tasks.
pub(crate) fn cpu(compute: &Compute, ec2: Option<&Ec2Spec>) -> Option<Cpu> {
    let shared = || ec2?.types.iter().map(MachineType::cpu).min();
    compute.cpu().or_else(shared)
}

/// What to tell of a service whose instances have another processor than this machine.
pub(crate) fn foreign(service: &WorkerService) -> Option<String> {
    let Compute::Ec2 {
        instance_types,
        architecture,
        ..
    } = &service.compute
    else {
        return None;
    };
    let is_ours = match architecture {
        Architecture::X86 => Platform::host() == Platform::Amd64,
        Architecture::Arm => Platform::host() == Platform::Arm64,
    };
    (!is_ours).then(|| {
        format!(
            "service {}: instances of type {} have the processor {}; here its image is one for the processor of this machine",
            service.name,
            instance_types.join(", "),
            architecture.name()
        )
    })
}

#[cfg(test)]
mod tests;
