//! `connectTo`: whether what it names can be connected to, and what it puts into the environment.

use std::collections::{HashMap, HashSet};

use tapedeck_config::parse::{Mapping, Value};
use tapedeck_config::schema::Connectable;
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Span, Spanned};
use tapedeck_model::Connection;
use tapedeck_model::naming::connection_variable;

use crate::private_service::is_behind_load_balancer;

/// The services of AWS that can be connected to.
const MACROS: [&str; 1] = ["aws:ses"];

/// Judges `connectTo` of a resource.
pub(crate) fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let variables = Variables::of(one.properties);
    let mut seen: HashMap<String, Span> = HashMap::new();
    for item in one.properties.spanned_items("connectTo") {
        let Some(text) = item.value.as_text().filter(|text| !text.is_empty()) else {
            continue;
        };
        let name = Spanned::new(text.to_string(), item.span);
        if let Some(first) = seen.insert(name.value.clone(), name.span) {
            scope.diagnostics.duplicate_entry(&name, "`connectTo`", first);
            continue;
        }
        target(one, &name, &variables, scope);
    }
}

fn target(one: &Declared<'_>, name: &Spanned<String>, variables: &Variables, scope: &mut Scope<'_>) {
    if name.value.starts_with("aws:") {
        if !MACROS.contains(&name.value.as_str()) {
            scope.diagnostics.unknown_macro(name, &MACROS);
        }
        return;
    }
    if name.value == one.name.value {
        let problem = "is the resource itself";
        let advice = match one.kind.name {
            "function" => "a function needs no connection to itself",
            "batch-job" => "a job needs no connection to itself",
            "multi-container-workload" => "a workload needs no connection to itself",
            _ => "a service needs no connection to itself",
        };
        scope.diagnostics.wrong_resource_type(name, problem, advice);
        return;
    }
    // `service.containerWorkload`: what a service is made of.
    let (resource, part) = match name.value.split_once('.') {
        Some((resource, part)) => (resource, Some(part)),
        None => (name.value.as_str(), None),
    };
    let declared = scope.resource(resource);
    let Some(other) = declared else {
        if !scope.is_unclear(resource) {
            let is_told = !scope.diagnostics.is_full();
            let known = scope.names_where(|other| {
                is_told
                    && matches!(other.kind.connectable, Connectable::Yes)
                    && other.name.value != one.name.value
            });
            let known: Vec<String> = known.into_iter().map(str::to_string).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            scope.diagnostics.unknown_resource(name, &known);
        }
        return;
    };
    match (part, other.kind.connectable) {
        (Some("containerWorkload"), _) if IS_SERVICE.contains(&other.kind.name) => {}
        (Some(part), _) => {
            let value = Spanned::new(part.to_string(), name.span);
            let advice = format!("name the resource alone: {resource}");
            scope
                .diagnostics
                .invalid_value(&value, "the part after the dot", Allowed::Advice(&advice));
        }
        (None, Connectable::No(advice)) => {
            let problem = format!(
                "is a resource of type `{}`, which cannot be connected to",
                other.kind.name
            );
            scope.diagnostics.wrong_resource_type(name, &problem, advice);
        }
        (None, Connectable::Yes) => {
            if has_no_proxy(one) && is_reached_by_name(other) {
                let problem = "is reached by its name, which only services and workloads know";
                let advice = "give it `loadBalancing: { type: application-load-balancer }`";
                scope.diagnostics.wrong_resource_type(name, problem, advice);
            }
            shadowed(variables, other, scope);
        }
    }
}

/// Whether nothing beside a resource knows the names of Service Connect.
fn has_no_proxy(one: &Declared<'_>) -> bool {
    matches!(one.kind.name, "function" | "batch-job")
}

/// Whether a resource has an address that only Service Connect knows.
fn is_reached_by_name(other: &Declared<'_>) -> bool {
    other.kind.name == "private-service" && !is_behind_load_balancer(other.properties)
}

/// The types that are made of a container workload.
const IS_SERVICE: [&str; 3] = ["worker-service", "web-service", "private-service"];

/// Variables that the user sets, by their names.
struct Variables(HashMap<String, Vec<Span>>);

impl Variables {
    fn of(properties: &Mapping) -> Self {
        let mut variables: HashMap<String, Vec<Span>> = HashMap::new();
        for name in variable_names(properties) {
            variables.entry(name.value).or_default().push(name.span);
        }
        Self(variables)
    }
}

/// Variables that the user sets, too: theirs count.
fn shadowed(variables: &Variables, other: &Declared<'_>, scope: &mut Scope<'_>) {
    if variables.0.is_empty() {
        return;
    }
    for parameter in other.kind.parameters_of(other.properties) {
        let name = connection_variable(&other.name.value, parameter.name);
        for span in variables.0.get(&name).into_iter().flatten() {
            let name = Spanned::new(name.clone(), *span);
            scope.diagnostics.shadowed_variable(&name, &other.name.value);
        }
    }
}

/// The names in `environment` of a resource and of its containers.
fn variable_names(properties: &Mapping) -> Vec<Spanned<String>> {
    let containers = properties.list("containers").iter();
    let inner = properties
        .mapping("container")
        .into_iter()
        .chain(containers.filter_map(|item| item.value.as_mapping()));
    std::iter::once(properties)
        .chain(inner)
        .flat_map(written_names)
        .collect()
}

/// The names in `environment`, in either of its forms.
fn written_names(properties: &Mapping) -> Vec<Spanned<String>> {
    match properties.get("environment").map(|value| &value.value) {
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|item| item.value.as_mapping()?.spanned_text("name"))
            .collect(),
        Some(Value::Mapping(mapping)) => mapping.entries.iter().map(|entry| entry.key.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The connections of checked properties, each once.
pub(crate) fn lower(properties: &Mapping) -> Vec<Connection> {
    let mut connections = Vec::new();
    let mut seen = HashSet::new();
    for name in properties.texts("connectTo") {
        if seen.insert(name.clone()) {
            connections.push(match name.as_str() {
                "aws:ses" => Connection::Ses,
                _ => Connection::Resource(name),
            });
        }
    }
    connections
}
