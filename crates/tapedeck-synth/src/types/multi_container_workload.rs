//! `multi-container-workload`: containers of the same rank. What it is made of stands in `workload`; here is what of it
//! has no template yet.

use serde_json::Value;
use tapedeck_model::{Compute, WayKind};

use super::{Kind, Parameters, Target, workload_grants};
use crate::SynthError;
use crate::assembly::Assembly;

pub(super) const KIND: Kind = Kind {
    name: "multi-container-workload",
    build,
    parameters,
    grants,
    in_vpc: true,
};

fn build(target: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    if target.is_used("deployment") {
        return Err(target.unsupported("`deployment`, which shifts traffic step by step"));
    }
    let mut containers = target.items("containers").iter();
    if containers.any(|container| container.get("loadBalancerHealthCheck").is_some()) {
        return Err(target.unsupported("`loadBalancerHealthCheck`, which is for events of load balancers"));
    }
    let workloads = assembly.workloads.iter();
    for workload in workloads.filter(|one| one.name.as_str() == target.name) {
        let is_on_instance = matches!(workload.compute, Compute::Ec2 { .. });
        for way in &workload.ways {
            match &way.kind {
                WayKind::Event { kind, .. } => {
                    return Err(target.unsupported(&format!("events of type `{kind}`")));
                }
                WayKind::Internal if is_on_instance => {
                    return Err(target.unsupported(
                        "events of type `workload-internal` with `instanceTypes`: there each container of a task has a `localhost` of its own",
                    ));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn parameters(_: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    Ok(Vec::new())
}

fn grants(target: &Target<'_>, assembly: &Assembly<'_>) -> Vec<Value> {
    workload_grants(target.name, assembly)
}
