//! Who may connect to what, by the security groups of the template.

use std::collections::BTreeSet;

use serde_json::Value;
use tapedeck_model::{Way, WayKind, Workload};

use super::{Database, Reachable};
use crate::assembly::Assembly;
use crate::intrinsic::reference;
use crate::{types, workload};

/// The addresses of a network that there is not: what is in none is let in where everybody is.
const OUTSIDE: &str = "nowhere";

/// What the tasks of a workload may connect to: the databases whose security groups let them in, and the other services that
/// are called within the network.
pub(super) fn reachable(
    caller: &Workload,
    databases: &[Database],
    assembly: &Assembly<'_>,
) -> BTreeSet<Reachable> {
    let group = reference(&workload::security_group_id(caller.name.as_str()));
    let databases = open_to(&group, assembly.network.cidr_block.as_str(), databases);
    let others = assembly
        .workloads
        .iter()
        .filter(|other| other.name != caller.name);
    let called = others.flat_map(|other| {
        let ways = other.ways.iter().filter(|way| is_called(way));
        ways.map(|way| Reachable {
            resource: other.name.clone(),
            port: way.port,
            alias: Some(name_of(other, way)),
        })
    });
    databases.into_iter().chain(called).collect()
}

/// What functions may connect to, all together: one program runs them.
pub(super) fn by_functions(databases: &[Database], assembly: &Assembly<'_>) -> BTreeSet<Reachable> {
    let functions = assembly.stack.resources.iter().filter(|one| types::has_code(one));
    let open = functions.flat_map(|one| match types::security_group_id(one) {
        Some(group) => open_to(&reference(&group), &assembly.network.cidr_block, databases),
        None => open_to(&Value::Null, OUTSIDE, databases),
    });
    open.collect()
}

/// The databases that jobs may connect to: all of them run in one security group.
pub(super) fn by_jobs(databases: &[Database], assembly: &Assembly<'_>) -> Vec<Reachable> {
    let resources = assembly.stack.resources.iter();
    let group = resources
        .filter(|one| types::job_parts(one, assembly).is_some())
        .find_map(types::security_group_id);
    let group = group.map_or(Value::Null, |group| reference(&group));
    open_to(&group, &assembly.network.cidr_block, databases)
}

/// The databases that let a member of a security group in, in a network of those addresses.
fn open_to(group: &Value, network: &str, databases: &[Database]) -> Vec<Reachable> {
    let open = databases
        .iter()
        .filter(|database| database.lets_in(group, network));
    let open = open.map(|database| Reachable {
        resource: database.service.clone(),
        port: database.port,
        alias: None,
    });
    open.collect()
}

/// Whether others in the network call a container in this way.
pub(super) fn is_called(way: &Way) -> bool {
    matches!(
        way.kind,
        WayKind::ServiceConnect { .. } | WayKind::OwnLoadBalancer
    )
}

/// The name by which a workload is called: that of Service Connect, or in place of the load balancer's its own.
pub(super) fn name_of(workload: &Workload, way: &Way) -> String {
    workload::alias(workload, way).unwrap_or_else(|| workload.name.as_str().to_lowercase())
}
