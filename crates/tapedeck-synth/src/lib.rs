//! A stack to a CloudFormation template: a function of values, so the same stack and the same lookups give the same bytes.
//!
//! Start at [`synthesize`]. Logical ids and physical names come from `naming` alone: existing stacks have them already,
//! and a changed one replaces a resource. What a type of resource becomes stands in `types`, a file each; what runs
//! containers in `workload`.

mod assembly;
mod chores;
mod connections;
pub mod cost;
pub mod deployed;
mod deployment_bucket;
pub mod diff;
mod environment;
mod error;
mod evaluate;
mod expression;
mod ignored;
mod intrinsic;
mod limits;
pub mod local;
mod lookups;
mod naming;
mod network;
mod overrides;
mod partial;
pub mod permissions;
mod policy;
mod references;
mod scripts;
mod shared;
mod template;
pub mod told;
mod types;
mod workload;
mod yaml;

use assembly::Assembly;
use tapedeck_model::{Stack, Workload};

pub use chores::chores;
pub use error::SynthError;
pub use ignored::{Ignored, ignored};
pub use limits::DIRECT_BYTES;
pub use lookups::{
    ArtifactLookup, Lookups, OutputLookup, ParameterLookup, SecretLookup, VpcLookup, image_key,
};
pub use partial::tags;
pub use references::{Problem, problems};
pub use scripts::ScriptVariables;
pub use template::{NOT_YET_KNOWN, Output, Resource, Template};

/// The template of a stack. What only AWS knows is in `lookups`.
///
/// # Errors
/// When an answer is missing, or the stack asks for something that a template cannot say.
pub fn synthesize(stack: &Stack, lookups: &Lookups) -> Result<Template, SynthError> {
    let workloads = workload::all(stack);
    let mut assembly = assemble(stack, &workloads, lookups)?;
    told::add(&mut assembly)?;
    limits::check(&assembly.template)?;
    Ok(assembly.template)
}

/// All of a stack, in a template that may be larger than CloudFormation takes.
fn assemble<'a>(
    stack: &'a Stack,
    workloads: &'a [Workload],
    lookups: &'a Lookups,
) -> Result<Assembly<'a>, SynthError> {
    let mut assembly = Assembly::new(stack, workloads, lookups)?;
    network::build(&mut assembly);
    for resource in &stack.resources {
        types::build(resource, &mut assembly)?;
    }
    for service in workloads {
        workload::build(service, &mut assembly)?;
    }
    workload::settle_calls(&mut assembly)?;
    types::notify(&mut assembly);
    types::untie(&mut assembly);
    shared::build(&mut assembly)?;
    for raw in &stack.cloudformation_resources {
        assembly.add_raw(raw)?;
    }
    overrides::apply(&mut assembly)?;
    assembly.add_outputs()?;
    references::settle(&mut assembly.template)?;
    Ok(assembly)
}

#[cfg(test)]
mod tests;
