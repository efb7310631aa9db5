//! Who calls whom in Service Connect. Only who calls somebody takes part: that costs a proxy beside each of its tasks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tapedeck_model::{Connection, Late, Workload};

use super::{service_id, ways};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;
use crate::types;

/// The workloads that one calls, by their names: those whose address it asked for while it was built, those it is
/// connected to, and those whose address it is told in so many words.
pub(crate) fn of(service: &Workload, assembly: &Assembly<'_>) -> BTreeSet<String> {
    let is_called = |other: &&Workload| {
        let addresses = ways::addresses(other);
        let is_connected = service.connect_to.iter().any(|connection| match connection {
            Connection::Resource(name) => name.split('.').next() == Some(other.name.as_str()),
            Connection::Ses => false,
        });
        other.name != service.name
            && !addresses.is_empty()
            && (assembly.called.contains(other.name.as_str())
                || is_connected
                || addresses.iter().any(|address| mentions(service, address)))
    };
    let called = assembly.workloads.iter().filter(is_called);
    called.map(|other| other.name.to_string()).collect()
}

/// Whether a variable has an address in it.
fn mentions(service: &Workload, address: &str) -> bool {
    let variables = service
        .containers
        .iter()
        .flat_map(|one| &one.container.environment);
    let is_part_of_name = |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
    let mentions = |text: &str| {
        text.match_indices(address).any(|(start, _)| {
            let (before, after) = (&text[..start], &text[start + address.len()..]);
            !before.ends_with(is_part_of_name) && !after.starts_with(|letter: char| letter.is_ascii_digit())
        })
    };
    variables
        .filter_map(|variable| match &variable.value {
            Late::Known(text) => Some(text),
            Late::Later(_) => None,
        })
        .any(|text| mentions(text))
}

/// Adds the namespace, and lets who calls start after who is called: a proxy knows the names of those that were there
/// before it.
pub(crate) fn settle(assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for service in assembly.workloads {
        for address in ways::addresses(service) {
            if let Some(first) = owners.insert(address.clone(), service.name.as_str()) {
                return Err(SynthError::DuplicateAddress {
                    first: first.to_string(),
                    second: service.name.to_string(),
                    address,
                });
            }
        }
    }
    if owners.is_empty() {
        return Ok(());
    }
    let namespace = json!({
        "Name": format!("{}-private-namespace", assembly.names.stack),
        "Tags": assembly.tags(),
        "Vpc": assembly.network.vpc,
    });
    assembly.add(
        types::NAMESPACE,
        Resource::new("AWS::ServiceDiscovery::PrivateDnsNamespace", namespace),
    );
    for (caller, called) in &assembly.calls {
        // Those that call each other cannot wait for each other.
        let first = called
            .iter()
            .filter(|other| !reaches(other, caller, &assembly.calls));
        let first: Vec<String> = first.map(|other| service_id(other)).collect();
        if let Some(service) = assembly.template.resources.get_mut(&service_id(caller)) {
            service.depends_on.splice(0..0, first);
        }
    }
    Ok(())
}

/// Whether calls lead from one to another.
fn reaches(from: &str, to: &str, calls: &BTreeMap<String, BTreeSet<String>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next) {
            open.extend(calls.get(next).into_iter().flatten().map(String::as_str));
        }
    }
    false
}
