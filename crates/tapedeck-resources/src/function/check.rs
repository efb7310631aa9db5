//! Rules that relate several keys of a `function`, or a function and what it connects to.

use tapedeck_config::parse::Mapping;
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Spanned, quoted};

use super::keys::RUNTIME;
use crate::private_service::is_behind_load_balancer;
use crate::shared::{alarms, cdn, connections, cors, events, packaging, reach, relations};
use crate::worker_service::containers;
use crate::worker_service::permissions;

/// Source: developer guide of Lambda, "Lambda runtimes".
const RUNTIMES: [&str; 26] = [
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "java8",
    "java8.al2",
    "java11",
    "java17",
    "java21",
    "java25",
    "dotnet6",
    "dotnet7",
    "dotnet8",
    "dotnet10",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "provided.al2",
    "provided.al2023",
];

/// The most layers and tags. Source: quotas of Lambda.
const MOST_LAYERS: usize = 5;
const MOST_TAGS: usize = 50;

pub(super) fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    permissions::check(one, scope);
    connections::check(one, scope);
    containers::secrets(properties, scope);
    events::check(properties, scope);
    cdn::check(properties, scope);
    alarms::check(properties, scope);
    code(one, scope);
    limits(properties, scope);
    if let Some(url) = properties.mapping("url") {
        cors::check(url, scope);
        let settings = ["authMode", "cors", "responseStreamEnabled"];
        relations::unused_when_disabled(Some(url), &settings, scope);
    }
    if !properties.flag("joinDefaultVpc") {
        let mounts = properties.entry("volumeMounts");
        if mounts.is_some_and(|entry| entry.value.value.as_list() != Some(&[])) {
            relations::only_with(properties, &["volumeMounts"], "`joinDefaultVpc: true`", scope);
        }
        private_targets(properties, scope);
    }
}

/// A package that is there already does not tell what runs it.
fn code(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    let Some(packaging) = properties.mapping("packaging") else {
        return;
    };
    packaging::check(packaging, scope);
    if packaging.text("type") == Some("custom-artifact") && !properties.has("runtime") {
        let meaning = "what runs the package, such as `runtime: nodejs22.x`";
        let parent = "a function that is a `custom-artifact`";
        scope.diagnostics.missing_key(one.at, parent, "runtime", meaning);
    }
    if let Some(runtime) = properties.spanned_text("runtime")
        && (RUNTIME.holds)(&runtime.value)
        && !RUNTIMES.contains(&runtime.value.as_str())
    {
        scope.diagnostics.unknown_version(
            &runtime,
            "the runtime",
            "nodejs24.x, python3.14, java25, dotnet10 and ruby3.4",
        );
    }
}

fn limits(properties: &Mapping, scope: &mut Scope<'_>) {
    for (key, most) in [("layers", MOST_LAYERS), ("tags", MOST_TAGS)] {
        let count = properties.spanned_items(key).len();
        if let Some(entry) = properties.entry(key).filter(|_| count > most) {
            scope.diagnostics.too_many(entry.key.span, key, count, most);
        }
    }
    if let (Some(reserved), Some(provisioned)) = (
        properties.integer::<u32>("reservedConcurrency"),
        properties.integer::<u32>("provisionedConcurrency"),
    ) && let Some(value) = properties.get("reservedConcurrency")
        && reserved < provisioned
    {
        let (reserved, provisioned) = (reserved.to_string(), provisioned.to_string());
        scope.diagnostics.reversed_bounds(
            value.span,
            ("reservedConcurrency", &reserved),
            ("provisionedConcurrency", &provisioned),
        );
    }
}

/// What lives in the network of the stack is not reached from outside of it.
fn private_targets(properties: &Mapping, scope: &mut Scope<'_>) {
    for item in properties.spanned_items("connectTo") {
        let Some(name) = item.value.as_text() else {
            continue;
        };
        let Some(target) = scope.resource(name) else {
            continue;
        };
        let mode = reach::mode(target.properties);
        let is_private = match target.kind.name {
            "relational-database" | "open-search-domain" => {
                matches!(mode, Some("vpc" | reach::SCOPING))
            }
            "redis-cluster" => true,
            "private-service" => is_behind_load_balancer(target.properties),
            _ => false,
        };
        if is_private {
            let name = Spanned::new(name.to_string(), item.span);
            let subject = format!(
                "reaching {}, which is in the network of the stack,",
                quoted(&name.value)
            );
            let help = "add it, or let the resource be reached from everywhere";
            scope
                .diagnostics
                .missing_setting_for(name.span, &subject, "`joinDefaultVpc: true`", help);
        }
    }
}
