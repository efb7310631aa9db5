//! Which task may connect to which service, as the firewall is told: from what services reach and where their tasks are.
//!
//! A service that others reach has one address; connections to it go to its tasks. The rules are in place before a task
//! that needs them starts.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, PoisonError};

use tapedeck_model::{ContainerSpec, HealthStatus, Task, TaskState};
use tapedeck_runtime::network::{self, Opening, Traffic, VirtualAddress};

use crate::fleet::{Fleet, Service, ServiceKey};
use crate::host::Host;
use crate::main_loop::Engine;

/// Rules, and the how manyth they are: older ones never replace newer ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directions {
    number: u64,
    traffic: Traffic,
}

impl Engine {
    /// The rules as they have to be now.
    pub(crate) fn directions(&mut self) -> Directions {
        self.look_at_traffic();
        self.directions.clone()
    }

    /// Says whether the rules have changed since they were last looked at.
    fn look_at_traffic(&mut self) -> bool {
        let traffic = self.fleet.traffic();
        let differs = self.directions.traffic != traffic;
        if differs {
            self.directions = Directions {
                number: self.directions.number + 1,
                traffic,
            };
        }
        differs
    }

    /// Has the firewall told in the background, if anything has changed.
    pub(crate) fn direct(&mut self) {
        if !self.look_at_traffic() {
            return;
        }
        let (host, directions) = (Arc::clone(&self.host), self.directions.clone());
        // What could not be told is told with the next change, and before the next task starts.
        tokio::task::spawn_blocking(move || host.direct(&directions));
    }

    /// The names by which a task knows what it reaches.
    pub(crate) fn names_for(&self, container: &ContainerSpec) -> BTreeMap<String, Ipv4Addr> {
        let named = container.reaches.iter().filter_map(|port| {
            let service = self.fleet.services.get(&ServiceKey::of(port))?;
            Some((port.alias.clone()?, service.address?))
        });
        named.collect()
    }
}

impl Host {
    /// Tells the firewall, unless it knows that much or more.
    pub(crate) fn direct(&self, directions: &Directions) -> Result<(), String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told >= directions.number {
            return Ok(());
        }
        network::direct(&self.network, &directions.traffic)
            .map_err(|error| format!("ResourceInitializationError: {}", crate::chain(&error)))?;
        *told = directions.number;
        Ok(())
    }
}

impl Fleet {
    /// Who may connect to whom.
    pub(crate) fn traffic(&self) -> Traffic {
        if self.services.values().all(|service| service.address.is_none()) {
            return Traffic::default();
        }
        Traffic {
            virtuals: self.services.values().flat_map(virtual_addresses).collect(),
            openings: self
                .services
                .values()
                .flat_map(|service| self.openings(service))
                .collect(),
        }
    }

    /// What the tasks of a service may connect to.
    fn openings(&self, service: &Service) -> Vec<Opening> {
        let mut openings = Vec::new();
        for task in service.unstopped() {
            let container = service.revisions.get(&task.revision);
            for port in container.into_iter().flat_map(|container| &container.reaches) {
                let reached = self.services.get(&ServiceKey::of(port));
                openings.extend(reached.and_then(|reached| reached.address).map(|to| Opening {
                    from: task.address,
                    to,
                    port: port.port,
                }));
            }
        }
        openings
    }
}

/// Where connections to a service go: to tasks that run and are not unhealthy. Those that stop keep the ones they have.
fn virtual_addresses(service: &Service) -> Vec<VirtualAddress> {
    let Some(address) = service.address else {
        return Vec::new();
    };
    let ports = service.container().ports.iter();
    let virtual_address = |port: &u16| {
        let at_port = |matches: fn(&Task) -> bool| {
            let listening = service.unstopped().filter(|task| matches(task));
            listening
                .map(|task| SocketAddrV4::new(task.address, *port))
                .collect()
        };
        VirtualAddress {
            address,
            port: *port,
            backends: at_port(is_ready),
            leaving: at_port(|task| matches!(task.state, TaskState::Stopping { .. })),
        }
    };
    ports.map(virtual_address).collect()
}

/// Whether new connections go to a task.
fn is_ready(task: &Task) -> bool {
    let healthy = task
        .health
        .as_ref()
        .is_none_or(|health| health.status == HealthStatus::Healthy);
    healthy && matches!(task.state, TaskState::Running { .. })
}
