//! A resource of type `worker-service` to the model.

use tapedeck_diagnostic::{Diagnostics, Spanned};
use tapedeck_model::{Cpu, EnvironmentVariable, MemoryMb, ResourceName, Scaling, StopTimeout, WorkerService};

use super::{fargate, integer, mapping, packaging, text};
use crate::parse::{Entry, Mapping, Value};

/// The service of an entry under `resources`. `None` when it is not whole, which has been reported.
pub(super) fn lower(resource: &Entry, diagnostics: &mut Diagnostics) -> Option<WorkerService> {
    let properties = mapping(resource.value.value.as_mapping()?, "properties")?;
    let size = mapping(properties, "resources").and_then(|resources| size(resources, diagnostics));
    let scaling = mapping(properties, "scaling").map(|scaling| self::scaling(scaling, diagnostics));
    let (cpu, memory) = size?;
    Some(WorkerService {
        name: ResourceName::new(resource.key.value.clone()).ok()?,
        packaging: mapping(properties, "packaging").and_then(packaging::lower)?,
        cpu,
        memory,
        environment: properties.get("environment").map(environment).unwrap_or_default(),
        scaling: scaling.unwrap_or_default(),
        stop_timeout: match properties.get("stopTimeout") {
            Some(_) => StopTimeout::from_secs(integer(properties, "stopTimeout")?).ok()?,
            None => StopTimeout::default(),
        },
    })
}

/// Cpu and memory. A pair that Fargate does not offer gets a warning: the product page itself uses one.
fn size(resources: &Mapping, diagnostics: &mut Diagnostics) -> Option<(Cpu, MemoryMb)> {
    let cpu = resources.entry("cpu")?;
    let cpu_size = Cpu::from_vcpu(cpu.value.value.as_number()?).ok()?;
    let memory = MemoryMb::new(integer(resources, "memory")?).ok()?;
    let (millis, mebibytes) = (cpu_size.millis(), memory.mebibytes());
    if resources.get("instanceTypes").is_none() && !fargate::is_offered(millis, mebibytes) {
        let given = fargate::shown(millis, mebibytes);
        let at = resources.get("memory")?.span;
        diagnostics.invalid_fargate_size(at, &given, &fargate::nearest(millis, mebibytes));
    }
    Some((cpu_size, memory))
}

/// The number of instances. `maxInstances` that is left out is `minInstances`, not 1.
fn scaling(scaling: &Mapping, diagnostics: &mut Diagnostics) -> Scaling {
    let min_instances = integer(scaling, "minInstances").unwrap_or(1);
    let max_instances = integer(scaling, "maxInstances").unwrap_or(min_instances);
    let (max, policy) = (scaling.entry("maxInstances"), scaling.entry("scalingPolicy"));
    if let Some(max) = max
        && (1..min_instances).contains(&max_instances)
    {
        let given = Spanned::new(max_instances.to_string(), max.value.span);
        let advice = format!("use at least `minInstances`, which is {min_instances}");
        diagnostics.out_of_range(&given, "`maxInstances`", &advice);
    }
    match (max, policy) {
        (_, Some(policy)) if max_instances > min_instances => {
            diagnostics.not_supported_yet(policy.key.span, "autoscaling by `scalingPolicy`");
        }
        (_, Some(policy)) => {
            let reason = "`minInstances` and `maxInstances` are equal, so there is nothing to scale";
            diagnostics.no_effect_yet(policy.key.span, "`scalingPolicy`", reason);
        }
        (Some(max), None) if min_instances > 0 && max_instances > min_instances => {
            let reason =
                format!("there is no autoscaling, so `minInstances` (here {min_instances}) instances run");
            diagnostics.no_effect_yet(max.key.span, "`maxInstances`", &reason);
        }
        _ => {}
    }
    Scaling {
        min_instances,
        max_instances,
    }
}

/// The environment in the order of the file, from either of its forms. Numbers and booleans stay as written.
fn environment(environment: &Spanned<Value>) -> Vec<EnvironmentVariable> {
    let variable = |name: &str, value: &Spanned<Value>| {
        let value = value.value.as_scalar()?.text.clone();
        Some(EnvironmentVariable {
            name: name.to_string(),
            value,
        })
    };
    match &environment.value {
        Value::List(items) => items
            .iter()
            .filter_map(|item| item.value.as_mapping())
            .filter_map(|item| variable(text(item, "name")?, item.get("value")?))
            .collect(),
        Value::Mapping(mapping) => mapping
            .entries
            .iter()
            .filter_map(|entry| variable(&entry.key.value, &entry.value))
            .collect(),
        Value::Scalar(_) => Vec::new(),
    }
}
