//! On what a service runs, and how many of it: what relates the keys of `resources` and of `scaling`.

use std::collections::HashMap;

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::Support;
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Span, Spanned};
use tapedeck_model::{Compute, Cpu, MemoryMb};

use super::fargate;
use super::keys::COMPUTE;
use crate::catalogue::instances::{self, InstanceType};

/// Whether a service runs on EC2 instances.
pub(crate) fn is_ec2(properties: &Mapping) -> bool {
    properties
        .mapping("resources")
        .is_some_and(|resources| resources.has("instanceTypes"))
}

/// Whether stopped instances are kept ready for it.
pub(crate) fn has_warm_pool(properties: &Mapping) -> bool {
    properties
        .mapping("resources")
        .is_some_and(|resources| resources.flag("enableWarmPool"))
}

/// Judges `resources`.
pub(crate) fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let Some(entry) = one.properties.entry("resources") else {
        return;
    };
    let Some(resources) = entry.value.value.as_mapping() else {
        return;
    };
    if resources.has("instanceTypes") {
        instance_types(resources, scope);
        if let Some(architecture) = resources.entry("architecture") {
            scope.diagnostics.architecture_conflict(&architecture.key);
        }
    } else {
        fargate_size(entry.key.span, resources, one.kind.support, scope);
    }
    let types = resources.spanned_items("instanceTypes").len();
    if let Some(pool) = resources.entry("enableWarmPool")
        && resources.flag("enableWarmPool")
        && types != 1
    {
        scope.diagnostics.warm_pool(pool.key.span, types);
    }
}

/// A pair that Fargate does not offer is refused by AWS; here it gets a warning: the product page itself uses one.
fn fargate_size(at: Span, resources: &Mapping, support: Support, scope: &mut Scope<'_>) {
    let missing: Vec<&str> = ["cpu", "memory"]
        .into_iter()
        .filter(|key| !resources.has(key))
        .collect();
    // A key that was misspelt is not missing as well.
    if resources
        .entries
        .iter()
        .any(|entry| COMPUTE.key(&entry.key.value).is_none())
    {
        return;
    }
    if !missing.is_empty() {
        return scope.diagnostics.missing_compute(at, &missing);
    }
    let Some((cpu, memory)) = given_cpu(resources).zip(resources.integer::<u32>("memory")) else {
        return;
    };
    let millis = cpu.millis();
    let Some(value) = resources.get("memory") else {
        return;
    };
    if MemoryMb::new(memory).is_err() || fargate::is_offered(millis, memory) {
        return;
    }
    let given = fargate::shown(millis, memory);
    let nearest = fargate::nearest(millis, memory);
    let diagnostics = &mut *scope.diagnostics;
    match (scope.options.region.is_local(), support) {
        (true, Support::NotHere(_)) => diagnostics.unoffered_fargate_size(value.span, &given, &nearest),
        (true, _) => diagnostics.invalid_fargate_size(value.span, &given, &nearest),
        (false, _) => diagnostics.refused_fargate_size(value.span, &given, &nearest),
    }
}

fn given_cpu(resources: &Mapping) -> Option<Cpu> {
    Cpu::from_vcpu(resources.get("cpu")?.value.as_number()?).ok()
}

fn instance_types(resources: &Mapping, scope: &mut Scope<'_>) {
    let items = resources.spanned_items("instanceTypes");
    if items.is_empty()
        && let Some(entry) = resources.entry("instanceTypes")
    {
        return scope
            .diagnostics
            .empty_section(entry.key.span, "`instanceTypes`", &[]);
    }
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let mut known: Vec<(&'static InstanceType, Span)> = Vec::new();
    for item in items {
        let Some(text) = item.value.as_text().filter(|text| !text.is_empty()) else {
            continue;
        };
        let name = Spanned::new(text.to_string(), item.span);
        if let Some(first) = seen.insert(text, item.span) {
            scope.diagnostics.duplicate_entry(&name, "`instanceTypes`", first);
            continue;
        }
        match instances::find(text) {
            Some(one) => known.push((one, item.span)),
            None if scope.diagnostics.is_full() => scope.diagnostics.unknown_instance_type(&name, None),
            None => {
                let guess = scope.diagnostics.guess(text, &instances::alike(text));
                scope.diagnostics.unknown_instance_type(&name, guess);
            }
        }
    }
    architectures(&known, scope);
    memory(resources, &known, scope);
}

fn architectures(known: &[(&'static InstanceType, Span)], scope: &mut Scope<'_>) {
    let Some(((first, _), rest)) = known.split_first() else {
        return;
    };
    for (one, span) in rest {
        if one.architecture != first.architecture {
            let name = Spanned::new(one.name.to_string(), *span);
            let first = (first.name, first.architecture.name());
            scope
                .diagnostics
                .mixed_architectures(&name, one.architecture.name(), first);
        }
    }
}

/// The smallest type decides how much memory there is.
fn memory(resources: &Mapping, known: &[(&'static InstanceType, Span)], scope: &mut Scope<'_>) {
    let smallest = known.iter().map(|(one, _)| *one).min_by_key(|one| one.memory);
    let given = resources.get("memory").zip(resources.integer::<u32>("memory"));
    if let (Some(smallest), Some((value, given))) = (smallest, given)
        && given > smallest.usable_memory()
    {
        scope
            .diagnostics
            .memory_too_large(value.span, given, smallest.name, smallest.usable_memory());
    }
}

/// Judges `scaling`.
pub(crate) fn scaling(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let Some(scaling) = one.properties.mapping("scaling") else {
        return;
    };
    let (min, max) = bounds(scaling);
    let (max_entry, policy) = (scaling.entry("maxInstances"), scaling.entry("scalingPolicy"));
    if let Some(entry) = max_entry
        && (1..min).contains(&max)
    {
        let (min, max) = (min.to_string(), max.to_string());
        return scope.diagnostics.scaling_bounds(entry.value.span, &min, &max);
    }
    // Of what is not run here at all, that has been said.
    let is_run_here = scope.options.region.is_local() && !matches!(one.kind.support, Support::NotHere(_));
    if !is_run_here || min == 0 {
        return;
    }
    if let Some(policy) = policy.filter(|_| max <= min) {
        let reason = "`minInstances` and `maxInstances` are equal, so there is nothing to scale";
        scope
            .diagnostics
            .no_effect_yet(policy.key.span, "`scalingPolicy`", reason);
    }
}

/// The numbers of instances. `maxInstances` that is left out is `minInstances`, not 1.
pub(super) fn bounds(scaling: &Mapping) -> (u32, u32) {
    let min = scaling.integer("minInstances").unwrap_or(1);
    (min, scaling.integer("maxInstances").unwrap_or(min))
}

/// What checked `resources` come to.
pub(crate) fn lower(resources: &Mapping) -> Option<Compute> {
    let memory = || MemoryMb::new(resources.integer("memory")?).ok();
    if !resources.has("instanceTypes") {
        let arm = resources.text("architecture") == Some("arm64");
        return Some(Compute::Fargate {
            cpu: given_cpu(resources)?,
            memory: memory()?,
            architecture: if arm {
                tapedeck_model::Architecture::Arm
            } else {
                tapedeck_model::Architecture::X86
            },
        });
    }
    let mut instance_types = resources.texts("instanceTypes");
    let mut seen = std::collections::HashSet::new();
    instance_types.retain(|name| seen.insert(name.clone()));
    let known: Vec<&InstanceType> = instance_types
        .iter()
        .filter_map(|name| instances::find(name))
        .collect();
    let smallest = known.iter().min_by_key(|one| one.memory)?;
    Some(Compute::Ec2 {
        cpu: given_cpu(resources),
        memory: match resources.has("memory") {
            true => memory()?,
            false => MemoryMb::new(smallest.usable_memory()).ok()?,
        },
        architecture: known.first()?.architecture,
        enable_warm_pool: resources.flag("enableWarmPool"),
        instance_types,
    })
}
