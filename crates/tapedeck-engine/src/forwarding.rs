//! Logs on their way to somebody else: which containers of services have a forwarder, and what it is told.
//!
//! ```text
//! logs/<stack>/<service>/<task>/forwarded.json      up to where an endpoint has acknowledged the log
//! forwarding/<stack>/<service>/assignment.json      where to, without any secret
//! forwarding/<stack>/<service>/spool/*.json         what could not be delivered
//! forwarding/<stack>/<service>/containers/<name>/   the same of a container beside the main one
//! ```
//!
//! A forwarder is a thread of its own, which there is only where a container forwards: it may wait for the network as long as
//! it likes. It reads the same files as `logs` does, so a line waits on the disk and in no queue. **Invariant:** a
//! place is written down only after the endpoint has acknowledged all that is before it, or the spool holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use tapedeck_local::firehose::Courier;
use tapedeck_model::{LogDestination, ResourceName, StackName, TaskId, Timestamp};

use crate::fleet::{LogRules, Service, ServiceKey};
use crate::log_group::{LogGroup, names};
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
    /// Forward all logs of the container from now on.
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
    running: BTreeMap<LogGroup, Forwarder>,
    /// Shared by all: it holds the certificates of the machine.
    courier: Arc<OnceLock<Courier>>,
    /// Whether what an earlier engine left was looked for.
    recovered: bool,
}

impl Engine {
    /// Sees to it that those containers have a forwarder that are to have one.
    pub(crate) fn sync_forwarding(&mut self) {
        self.forwarders
            .running
            .retain(|_, forwarder| !forwarder.thread.is_finished());
        let services = self.fleet.services.iter();
        let wanted: BTreeMap<LogGroup, Assignment> = services
            .flat_map(|(key, service)| assignments_of(key, service))
            .collect();
        for (group, assignment) in &wanted {
            self.follow(group, assignment);
        }
        for (group, forwarder) in &mut self.forwarders.running {
            // Of those that are gone from the fleet the rest is under way already.
            if !wanted.contains_key(group) && forwarder.follows.take().is_some() {
                let _ = forwarder.orders.send(Order::Finish(BTreeSet::new()));
            }
        }
        if !std::mem::replace(&mut self.forwarders.recovered, true) {
            self.recover_forwarding();
        }
    }

    /// Removes the logs of a service that was deleted: what is to be forwarded of them first goes on its way.
    pub(crate) fn give_up_logs(&mut self, key: &ServiceKey) {
        let running = &mut self.forwarders.running;
        if !running.keys().any(|group| group.key == *key) {
            return self.host.remove_logs(key);
        }
        let home = &self.host.home;
        let _ = fs_err::remove_file(home.output_discarded(&key.stack, &key.name));
        for group in LogGroup::with_logs(key, home) {
            let tasks = group.tasks(home);
            let told = running.get_mut(&group).is_some_and(|forwarder| {
                forwarder.follows = None;
                forwarder.orders.send(Order::Finish(tasks.clone())).is_ok()
            });
            if !told {
                group.remove_logs(home, &tasks);
            }
        }
    }

    /// A forwarder has something to tell.
    pub(crate) fn forwarder_said(&mut self, key: &ServiceKey, message: &str) {
        if self.fleet.services.contains_key(key) {
            self.record_once(key, format!("(service {}) {message}", key.name));
        }
    }

    fn follow(&mut self, group: &LogGroup, assignment: &Assignment) {
        let order = Order::Follow(assignment.clone());
        match self.forwarders.running.get_mut(group) {
            Some(forwarder) if forwarder.follows.as_ref() == Some(assignment) => {}
            Some(forwarder) => {
                // One that is just ending does not hear it: then there is another at the next look.
                if forwarder.orders.send(order).is_ok() {
                    forwarder.follows = Some(assignment.clone());
                }
            }
            None => self.start_forwarder(group, assignment.clone(), order),
        }
    }

    fn start_forwarder(&mut self, group: &LogGroup, assignment: Assignment, order: Order) {
        let follows = matches!(order, Order::Follow(_)).then(|| assignment.clone());
        let (orders, inbox) = mpsc::channel();
        let (events, courier) = (self.events.clone(), &self.forwarders.courier);
        let worker = worker::Worker::new(group, &self.host.home, events, self.clock, (courier, assignment));
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
                self.forwarders.running.insert(group.clone(), forwarder);
            }
            // Tried again at the next look.
            Err(error) => self.forwarder_said(&group.key, &format!("could not forward logs: {error}")),
        }
    }

    /// Goes on with what is left of services that do not forward any more, or are gone.
    fn recover_forwarding(&mut self) {
        for group in self.host.forwarded_groups() {
            if self.forwarders.running.contains_key(&group) {
                continue;
            }
            let Some(assignment) = files::read(&files::assignment(&self.host.home, &group)) else {
                continue;
            };
            let tasks = match self.fleet.services.contains_key(&group.key) {
                true => BTreeSet::new(),
                false => group.tasks(&self.host.home),
            };
            self.start_forwarder(&group, assignment, Order::Finish(tasks));
        }
    }
}

/// What a service wants to be done for each of its containers. What is run while it is being written is not sent anywhere.
fn assignments_of(key: &ServiceKey, service: &Service) -> Vec<(LogGroup, Assignment)> {
    let LogRules {
        policy,
        forwarded_since,
        sides_since,
    } = &service.logs;
    let assignment = |side: Option<&str>, since: Option<&Timestamp>| {
        Some(Assignment {
            destination: policy.destination_of(side).filter(|_| !service.attended)?.clone(),
            retention_days: policy.retention_days_of(side),
            since: since.copied().unwrap_or_default(),
        })
    };
    let main = assignment(None, Some(forwarded_since)).map(|main| (LogGroup::of_main(key), main));
    let sides = policy.sides.keys().filter_map(|name| {
        let side = assignment(Some(name), sides_since.get(name))?;
        Some((LogGroup::of_side(key, name), side))
    });
    main.into_iter().chain(sides).collect()
}

impl crate::host::Host {
    /// Whose forwarding something is remembered of.
    fn forwarded_groups(&self) -> Vec<LogGroup> {
        let root = self.home.all_forwarding();
        let mut found = Vec::new();
        for stack in names(&root) {
            let services = names(&root.join(&stack));
            let Ok(stack) = StackName::new(stack) else {
                continue;
            };
            for name in services
                .into_iter()
                .filter_map(|name| ResourceName::new(name).ok())
            {
                let stack = stack.clone();
                let sides = names(&self.home.containers_forwarding(&stack, &name));
                let key = ServiceKey { stack, name };
                found.push(LogGroup::of_main(&key));
                found.extend(sides.iter().map(|side| LogGroup::of_side(&key, side)));
            }
        }
        found
    }
}
