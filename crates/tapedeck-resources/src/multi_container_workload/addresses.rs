//! The names that `service-connect` gives to ports of containers.

use std::collections::HashMap;

use tapedeck_config::parse::Mapping;
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Span, Spanned};

use crate::private_service;
use crate::shared::balancing;
use crate::worker_service::lower;

/// A name and a port lead to one container. Told of all workloads at the first.
pub(super) fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    if !scope.is_first_of_type(one) {
        return;
    }
    let mut seen: HashMap<String, Span> = HashMap::new();
    for other in scope.declared {
        seen.extend(private_service::address(other).map(|address| (address, other.name.span)));
    }
    let workloads = scope.declared.iter();
    let containers = workloads
        .filter(|other| other.kind.name == one.kind.name)
        .flat_map(|other| lower::mappings(other.properties, "containers"));
    let mut taken: Vec<(Spanned<String>, Span)> = Vec::new();
    for event in containers.flat_map(|container| named(container).0) {
        let (Some(alias), Some(port)) = (event.spanned_text("alias"), event.scalar("containerPort")) else {
            continue;
        };
        let address = Spanned::new(format!("{}:{port}", alias.value), alias.span);
        match seen.get(&address.value) {
            Some(first) => taken.push((address, *first)),
            None => drop(seen.insert(address.value, alias.span)),
        }
    }
    for (address, first) in taken {
        scope.diagnostics.already_taken(&address, "the address", first);
    }
}

/// Ports that have a name already, and where they got it.
pub(super) type Twice = Vec<(Spanned<String>, Span)>;

/// The events that give ports of a container names. A port has one name: that is how ECS knows it.
pub(super) fn named(container: &Mapping) -> (Vec<&Mapping>, Twice) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let (mut once, mut twice) = (Vec::new(), Twice::new());
    for event in balancing::of_type(container, "service-connect") {
        let (Some(port), Some(written)) = (event.scalar("containerPort"), event.get("containerPort")) else {
            continue;
        };
        match seen.insert(port, written.span) {
            Some(first) => twice.push((Spanned::new(port.to_string(), written.span), first)),
            None => once.push(event),
        }
    }
    (once, twice)
}
