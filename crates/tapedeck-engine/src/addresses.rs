//! Who has which address of the engine's network: tasks from the lowest on, services that others reach from the highest down.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::fleet::Service;
use crate::main_loop::Engine;

impl Engine {
    /// The lowest address that nobody holds.
    pub(crate) fn free_task_address(&self) -> Option<Ipv4Addr> {
        let held = self.held_addresses();
        let mut addresses = self.host.network.task_addresses();
        addresses.find(|address| !held.contains(address))
    }

    /// Gives a service with ports its address, unless it has one; says whether that changed it. It keeps the address
    /// until it is deleted, whatever becomes of its tasks and ports. `others` are services that are about to be known.
    pub(crate) fn address(&self, service: &mut Service, others: &[&Service]) -> bool {
        if service.address.is_some() || service.container().ports.is_empty() {
            return false;
        }
        let mut held = self.held_addresses();
        held.extend(others.iter().filter_map(|other| other.address));
        let addresses = self.host.network.task_addresses();
        service.address = addresses.filter(|address| !held.contains(address)).last();
        service.address.is_some()
    }

    fn held_addresses(&self) -> BTreeSet<Ipv4Addr> {
        let services = self.fleet.services.values();
        let of_tasks = services
            .clone()
            .flat_map(|service| service.tasks.values())
            .filter(|task| !task.state.is_stopped() || self.leaving.contains(&task.id))
            .map(|task| task.address);
        services
            .filter_map(|service| service.address)
            .chain(of_tasks)
            .collect()
    }
}
