//! A checked `worker-service` to the model.

use tapedeck_config::parse::{Mapping, Value};
use tapedeck_config::{Declared, Scope, late_text, overrides};
use tapedeck_model::{
    ContainerCondition, ContainerDependency, ContainerType, Effect, IamStatement, Late, ResourceName,
    Scaling, SideContainer, WorkerService,
};

use super::{compute, containers};
use crate::shared::{connections, lower};

/// The service of a resource. `None` when it is not whole, which has been reported.
pub(super) fn lower(one: &Declared<'_>, _scope: &mut Scope<'_>) -> Option<WorkerService> {
    service(one)
}

/// A service of one main container.
pub(crate) fn service(one: &Declared<'_>) -> Option<WorkerService> {
    let properties = one.properties;
    Some(WorkerService {
        name: ResourceName::new(one.name.value.clone()).ok()?,
        container: lower::container(properties)?,
        compute: compute::lower(properties.mapping("resources")?)?,
        scaling: scaling(properties)?,
        connect_to: connections::lower(properties),
        iam_role_statements: statements(properties)?,
        side_containers: mappings(properties, "sideContainers")
            .map(side_container)
            .collect::<Option<_>>()?,
        use_private_subnets_with_nat: properties.flag("usePrivateSubnetsWithNAT"),
        enable_remote_sessions: properties.flag("enableRemoteSessions"),
        overrides: overrides(one.whole),
    })
}

/// `iamRoleStatements`.
pub(crate) fn statements(properties: &Mapping) -> Option<Vec<IamStatement>> {
    mappings(properties, "iamRoleStatements").map(statement).collect()
}

/// The mappings of a list.
pub(crate) fn mappings<'a>(properties: &'a Mapping, key: &str) -> impl Iterator<Item = &'a Mapping> {
    properties
        .list(key)
        .iter()
        .filter_map(|item| item.value.as_mapping())
}

/// `scaling`.
pub(crate) fn scaling(properties: &Mapping) -> Option<Scaling> {
    let mut scaling = Scaling::default();
    let Some(given) = properties.mapping("scaling") else {
        return Some(scaling);
    };
    (scaling.min_instances, scaling.max_instances) = compute::bounds(given);
    if let Some(policy) = given.mapping("scalingPolicy") {
        let percent = |key: &str, default: u8| match policy.has(key) {
            true => policy.integer(key),
            false => Some(default),
        };
        scaling.keep_avg_cpu_utilization_under = percent(
            "keepAvgCpuUtilizationUnder",
            scaling.keep_avg_cpu_utilization_under,
        )?;
        scaling.keep_avg_memory_utilization_under = percent(
            "keepAvgMemoryUtilizationUnder",
            scaling.keep_avg_memory_utilization_under,
        )?;
    }
    Some(scaling)
}

fn statement(statement: &Mapping) -> Option<IamStatement> {
    let resources = statement.spanned_items("Resource");
    Some(IamStatement {
        sid: statement.text("Sid").map(str::to_string),
        effect: match statement.text("Effect") {
            Some("Deny") => Effect::Deny,
            _ => Effect::Allow,
        },
        actions: statement.texts("Action"),
        resources: resources
            .into_iter()
            .map(|item| late_text(&item.value))
            .collect::<Option<Vec<Late<String>>>>()?,
        condition: statement.get("Condition").map(|value| value.value.to_data()),
    })
}

fn side_container(side: &Mapping) -> Option<SideContainer> {
    Some(SideContainer {
        name: side.text("name")?.to_string(),
        container_type: match side.text("containerType")? {
            "run-on-init" => ContainerType::RunOnInit,
            _ => ContainerType::AlwaysRunning,
        },
        essential: containers::is_essential(side),
        depends_on: dependencies(side)?,
        container: lower::container(side)?,
    })
}

/// `dependsOn` of a container.
pub(crate) fn dependencies(container: &Mapping) -> Option<Vec<ContainerDependency>> {
    mappings(container, "dependsOn").map(dependency).collect()
}

fn dependency(dependency: &Mapping) -> Option<ContainerDependency> {
    Some(ContainerDependency {
        container_name: dependency.text("containerName")?.to_string(),
        condition: match dependency.get("condition").map(|value| &value.value) {
            Some(Value::Scalar(scalar)) => match scalar.text.as_str() {
                "COMPLETE" => ContainerCondition::Complete,
                "SUCCESS" => ContainerCondition::Success,
                "HEALTHY" => ContainerCondition::Healthy,
                _ => ContainerCondition::Start,
            },
            _ => return None,
        },
    })
}
