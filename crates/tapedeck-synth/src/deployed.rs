//! What the template of a deployed stack says of its services, so that nothing else has to be known of it.

use std::collections::BTreeMap;

use serde_json::Value;
use tapedeck_model::{Cpu, MemoryMb};

/// What services of ECS are in a template.
pub const SERVICE_TYPE: &str = "AWS::ECS::Service";

/// The type of repositories of images.
pub const REPOSITORY_TYPE: &str = "AWS::ECR::Repository";

use crate::partial::FOUNDATION;

pub use crate::workload::service_id;

/// What ECS calls a whole vCPU.
const UNITS_OF_VCPU: f64 = 1024.0;

/// The log groups of the containers of a service, by container; those that log nothing are left out. `service` is a logical id.
#[must_use]
pub fn log_groups(template: &Value, service: &str) -> BTreeMap<String, String> {
    let groups = containers(template, service).filter_map(|container| {
        let group = container.pointer("/LogConfiguration/Options/awslogs-group")?;
        let group = match group {
            Value::String(name) => name.clone(),
            reference => {
                let id = reference.get("Ref")?.as_str()?;
                let properties = template.get("Resources")?.get(id)?.get("Properties")?;
                properties.get("LogGroupName")?.as_str()?.to_string()
            }
        };
        Some((container.get("Name")?.as_str()?.to_string(), group))
    });
    groups.collect()
}

/// The workload that a service is made of, as the names of its logs tell; else what its logical id begins with.
#[must_use]
pub fn workload(template: &Value, service: &str) -> String {
    let groups = log_groups(template, service);
    // `/stp/<stack>/ecs/<workload>/<container>/process-logs`
    let named = groups.values().find_map(|group| {
        let mut parts = group.split('/').skip(3);
        let kind = parts.next()?;
        parts.next().filter(|_| kind == "ecs")
    });
    let named = named.or_else(|| service.strip_suffix("Service"));
    named.unwrap_or(service).to_string()
}

/// The images of the containers of a service, by container, as far as they stand in the template. `service` is a logical id.
#[must_use]
pub fn images(template: &Value, service: &str) -> BTreeMap<String, String> {
    let images = containers(template, service).filter_map(|container| {
        let text = |key: &str| container.get(key)?.as_str().map(str::to_string);
        Some((text("Name")?, text("Image")?))
    });
    images.collect()
}

/// The logical id of the task definition of a service. `service` is a logical id.
#[must_use]
pub fn task_definition<'a>(template: &'a Value, service: &str) -> Option<&'a str> {
    let service = template.get("Resources")?.get(service)?;
    service.pointer("/Properties/TaskDefinition/Ref")?.as_str()
}

/// What each task of a service gets, as far as it stands in the template. `service` is a logical id.
#[must_use]
pub fn size(template: &Value, service: &str) -> (Option<Cpu>, Option<MemoryMb>) {
    let number = |key: &str| {
        let definition = template
            .get("Resources")?
            .get(task_definition(template, service)?)?;
        let text = definition.pointer("/Properties")?.get(key)?.as_str()?;
        text.parse::<u32>().ok()
    };
    let cpu = number("Cpu").and_then(|units| Cpu::from_vcpu(f64::from(units) / UNITS_OF_VCPU).ok());
    let memory = number("Memory").and_then(|mebibytes| MemoryMb::new(mebibytes).ok());
    (cpu, memory)
}

/// Whether the cluster of a service has Container Insights. `service` is a logical id.
#[must_use]
pub fn has_insights(template: &Value, service: &str) -> bool {
    let settings = || {
        let resources = template.get("Resources")?;
        let cluster = resources
            .get(service)?
            .pointer("/Properties/Cluster/Ref")?
            .as_str()?;
        let cluster = resources.get(cluster)?;
        cluster.pointer("/Properties/ClusterSettings")?.as_array()
    };
    let is_on = |setting: &Value| {
        setting.get("Name").and_then(Value::as_str) == Some("containerInsights")
            && matches!(
                setting.get("Value").and_then(Value::as_str),
                Some("enabled" | "enhanced")
            )
    };
    settings().into_iter().flatten().any(is_on)
}

/// The definitions of the containers of a service.
fn containers<'a>(template: &'a Value, service: &str) -> impl Iterator<Item = &'a Value> {
    let definitions = || {
        let definition = template
            .get("Resources")?
            .get(task_definition(template, service)?)?;
        definition.pointer("/Properties/ContainerDefinitions")?.as_array()
    };
    definitions().into_iter().flatten()
}

/// Whether there is nothing in a template but what has to be there before images can be pushed.
#[must_use]
pub fn is_foundation(template: &Value) -> bool {
    let resources = template.get("Resources").and_then(Value::as_object);
    resources.is_some_and(|resources| resources.keys().all(|id| FOUNDATION.contains(&id.as_str())))
}

/// Whether the only thing that two templates of a stack differ in are images of containers: then the code is another one, and nothing else.
#[must_use]
pub fn differ_in_images_alone(one: &Value, other: &Value) -> bool {
    one != other && without_images(one) == without_images(other)
}

fn without_images(template: &Value) -> Value {
    let mut template = template.clone();
    let resources = template.get_mut("Resources").and_then(Value::as_object_mut);
    for resource in resources.into_iter().flat_map(|resources| resources.values_mut()) {
        let containers = resource.pointer_mut("/Properties/ContainerDefinitions");
        for container in containers.and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                container.remove("Image");
            }
        }
    }
    template
}

#[cfg(test)]
mod tests;
