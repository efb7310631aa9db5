//! Logs on their way to somebody else: which services have a forwarder, and what it is told.
//!
//! ```text
//! logs/<stack>/<service>/<task>/forwarded.json      up to where an endpoint has acknowledged the log
//! forwarding/<stack>/<service>/assignment.json      where to, without any secret
//! forwarding/<stack>/<service>/spool/*.json         what could not be delivered
//! ```
//!
//! A forwarder is a thread of its own, which there is only where a service forwards: it may wait for the network as long as
//! it likes. It reads the same files as `logs` does, so a line waits on the disk and in no queue. **Invariant:** a
//! place is written down only after the endpoint has acknowledged all that is before it, or the spool holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use tapedeck_local::firehose::Courier;
use tapedeck_model::{LogDestination, ResourceName, StackName, TaskId, Timestamp};

use crate::fleet::{Service, ServiceKey};
use crate::main_loop::Engine;

mod files;
mod source;
mod worker;

#[cfg(test)]
mod tests;

/// What a forwarder has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    /// Where to.
    destination: LogDestination,
    /// For how long it keeps what it cannot deliver, in days.
    retention_days: u16,
    /// Lines from before are not sent.
    since: Timestamp,
}

/// What a forwarder is told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Order {
    /// Forward all logs of the service from now on.
    Follow(Assignment),
    /// Forward what is left of the logs of these tasks, which have stopped, and remove them; then end.
    Finish(BTreeSet<TaskId>),
}

#[derive(Debug)]
struct Forwarder {
    orders: mpsc::Sender<Order>,
    thread: JoinHandle<()>,
    /// What it follows; none once it is to end.
    follows: Option<Assignment>,
}

/// The forwarders of all services.
#[derive(Debug, Default)]
pub(crate) struct Forwarders {
    running: BTreeMap<ServiceKey, Forwarder>,
    /// Shared by all: it holds the certificates of the machine.
    courier: Arc<OnceLock<Courier>>,
    /// Whether what an earlier engine left was looked for.
    recovered: bool,
}

impl Engine {
    /// Sees to it that those services have a forwarder that are to have one.
    pub(crate) fn sync_forwarding(&mut self) {
        self.forwarders
            .running
            .retain(|_, forwarder| !forwarder.thread.is_finished());
        let wanted: BTreeMap<ServiceKey, Assignment> = self
            .fleet
            .services
            .iter()
            .filter_map(|(key, service)| Some((key.clone(), assignment_of(service)?)))
            .collect();
        for (key, assignment) in &wanted {
            self.follow(key, assignment);
        }
        for (key, forwarder) in &mut self.forwarders.running {
            // Of those that are gone from the fleet the rest is under way already.
            if !wanted.contains_key(key) && forwarder.follows.take().is_some() {
                let _ = forwarder.orders.send(Order::Finish(BTreeSet::new()));
            }
        }
        if !std::mem::replace(&mut self.forwarders.recovered, true) {
            self.recover_forwarding();
        }
    }

    /// Removes the logs of a service that was deleted: what is to be forwarded of them first goes on its way.
    pub(crate) fn give_up_logs(&mut self, key: &ServiceKey) {
        let forwarder = self.forwarders.running.get_mut(key);
        let order = Order::Finish(self.host.logged_tasks(key));
        let told = forwarder.is_some_and(|forwarder| {
            forwarder.follows = None;
            forwarder.orders.send(order).is_ok()
        });
        if !told {
            self.host.remove_logs(key);
        }
    }

    /// A forwarder has something to tell.
    pub(crate) fn forwarder_said(&mut self, key: &ServiceKey, message: &str) {
        if self.fleet.services.contains_key(key) {
            self.record_once(key, format!("(service {}) {message}", key.name));
        }
    }

    fn follow(&mut self, key: &ServiceKey, assignment: &Assignment) {
        let order = Order::Follow(assignment.clone());
        match self.forwarders.running.get_mut(key) {
            Some(forwarder) if forwarder.follows.as_ref() == Some(assignment) => {}
            Some(forwarder) => {
                // One that is just ending does not hear it: then there is another at the next look.
                if forwarder.orders.send(order).is_ok() {
                    forwarder.follows = Some(assignment.clone());
                }
            }
            None => self.start_forwarder(key, assignment.clone(), order),
        }
    }

    fn start_forwarder(&mut self, key: &ServiceKey, assignment: Assignment, order: Order) {
        let follows = matches!(order, Order::Follow(_)).then(|| assignment.clone());
        let (orders, inbox) = mpsc::channel();
        let (events, courier) = (self.events.clone(), &self.forwarders.courier);
        let worker = worker::Worker::new(key, &self.host.home, events, self.clock, (courier, assignment));
        let _ = orders.send(order);
        let thread = std::thread::Builder::new()
            .name("forward".to_owned())
            .spawn(move || worker.run(&inbox));
        match thread {
            Ok(thread) => {
                let forwarder = Forwarder {
                    orders,
                    thread,
                    follows,
                };
                self.forwarders.running.insert(key.clone(), forwarder);
            }
            // Tried again at the next look.
            Err(error) => self.forwarder_said(key, &format!("could not forward logs: {error}")),
        }
    }

    /// Goes on with what is left of services that do not forward any more, or are gone.
    fn recover_forwarding(&mut self) {
        for key in self.host.forwarded_services() {
            if self.forwarders.running.contains_key(&key) {
                continue;
            }
            let Some(assignment) = files::read(&files::assignment(&self.host.home, &key)) else {
                continue;
            };
            let tasks = match self.fleet.services.contains_key(&key) {
                true => BTreeSet::new(),
                false => self.host.logged_tasks(&key),
            };
            self.start_forwarder(&key, assignment, Order::Finish(tasks));
        }
    }
}

/// What a service wants to be done. What is run while it is being written is not sent anywhere.
fn assignment_of(service: &Service) -> Option<Assignment> {
    let policy = &service.logs.policy;
    let destination = policy.destination.as_ref().filter(|_| !service.attended)?;
    Some(Assignment {
        destination: destination.clone(),
        retention_days: policy.retention_days,
        since: service.logs.forwarded_since,
    })
}

impl crate::host::Host {
    /// The tasks of a service that have a log.
    fn logged_tasks(&self, key: &ServiceKey) -> BTreeSet<TaskId> {
        let logs = self.home.service_logs(&key.stack, &key.name);
        let names = files::names(&logs).into_iter();
        names.filter_map(|name| TaskId::new(name).ok()).collect()
    }

    /// The services of which something is remembered for forwarding.
    fn forwarded_services(&self) -> Vec<ServiceKey> {
        let root = self.home.all_forwarding();
        let mut found = Vec::new();
        for stack in files::names(&root) {
            let services = files::names(&root.join(&stack));
            let Ok(stack) = StackName::new(stack) else {
                continue;
            };
            let names = services
                .into_iter()
                .filter_map(|name| ResourceName::new(name).ok());
            found.extend(names.map(|name| ServiceKey {
                stack: stack.clone(),
                name,
            }));
        }
        found
    }
}
