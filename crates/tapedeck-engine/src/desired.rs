//! What people ask for: applying and deleting stacks. Stored before it is answered.

use std::time::Duration;

use tapedeck_api::{Refusal, Response, StackStatus};
use tapedeck_model::{ResourceName, StackName, StackSpec};
use tapedeck_plan::events;
use tapedeck_runtime::failpoint;

use crate::clock::wall;
use crate::fleet::{Life, Service, ServiceKey};
use crate::main_loop::Engine;
use crate::store::StoreError;

impl Engine {
    /// Makes a stack the desired state until another is.
    pub(crate) fn apply(&mut self, stack: &StackSpec) -> Response {
        if self.holders.contains_key(&stack.name) {
            return Response::Refused {
                refusal: Refusal::Attended {
                    name: stack.name.clone(),
                },
            };
        }
        self.desire(stack, false, false)
    }

    /// Makes a stack the desired state. Services of it that are not named any more are deleted. With `anew` all others
    /// get a new revision.
    pub(crate) fn desire(&mut self, stack: &StackSpec, attended: bool, anew: bool) -> Response {
        if let Some(refusal) = self.never_fits(stack) {
            return Response::Refused { refusal };
        }
        let now = self.clock.now();
        let mut changed: Vec<(ServiceKey, Service)> = Vec::new();
        for wanted in &stack.services {
            let key = ServiceKey {
                stack: stack.name.clone(),
                name: wanted.name.clone(),
            };
            match self.fleet.services.get(&key) {
                None => {
                    let mut next = Service::new(wanted.desired_count, wanted.container.clone(), now);
                    next.attended = attended;
                    next.set_scaling(wanted.scaling);
                    next.set_logs(&wanted.logs, wall());
                    next.job.clone_from(&wanted.job);
                    self.address(&mut next, &services_of(&changed));
                    changed.push((key, next));
                }
                Some(known) => {
                    let mut next = known.clone();
                    next.attended = attended;
                    let mut differs = next.update(known.count_within(wanted), &wanted.container, now);
                    differs |= next.set_scaling(wanted.scaling);
                    differs |= next.set_logs(&wanted.logs, wall());
                    differs |= next.job != wanted.job;
                    next.job.clone_from(&wanted.job);
                    differs |= self.address(&mut next, &services_of(&changed));
                    // What was tried before it was deleted says nothing to whoever attends to it now.
                    let anew = anew || (attended && known.life == Life::Draining);
                    if anew && next.revision == known.revision {
                        next.renew(now);
                        differs = true;
                    }
                    if differs {
                        changed.push((key, next));
                    }
                }
            }
        }
        for (key, known) in self.fleet.of_stack(&stack.name) {
            let named = stack.services.iter().any(|wanted| wanted.name == key.name);
            if !named && known.life == Life::Active {
                changed.push((key.clone(), known.draining()));
            }
        }
        if let Err(error) = self.remember_resources(stack) {
            return refused(&error);
        }
        self.set_desired(&stack.name, changed)
    }

    fn remember_resources(&mut self, stack: &StackSpec) -> Result<(), StoreError> {
        let known = self
            .fleet
            .resources
            .get(&stack.name)
            .map_or(&[][..], Vec::as_slice);
        if known != stack.resources {
            self.store.save_resources(&stack.name, &stack.resources)?;
            self.fleet
                .resources
                .insert(stack.name.clone(), stack.resources.clone());
        }
        Ok(())
    }

    /// Goes back to what the services of a stack, or one of them, ran before.
    pub(crate) fn roll_back(&mut self, name: &StackName, service: Option<&ResourceName>) -> Response {
        let refused = |refusal| Response::Refused { refusal };
        if self.fleet.of_stack(name).next().is_none() {
            return refused(Refusal::UnknownStack { name: name.clone() });
        }
        if self.holders.contains_key(name) {
            return refused(Refusal::Attended { name: name.clone() });
        }
        let active = || {
            self.fleet
                .of_stack(name)
                .filter(|(_, known)| known.life == Life::Active)
        };
        let latest = active().filter_map(|(_, known)| known.deployed()).max();
        let is_meant = |key: &ServiceKey, known: &Service| match service {
            Some(service) => *service == key.name,
            None => known.deployed() == latest,
        };
        if let Some(service) = service
            && !self.fleet.of_stack(name).any(|(key, _)| *service == key.name)
        {
            return refused(Refusal::UnknownService {
                stack: name.clone(),
                name: service.clone(),
            });
        }
        let now = self.clock.now();
        let mut changed = Vec::new();
        for (key, known) in active().filter(|(key, known)| is_meant(key, known)) {
            let mut next = known.clone();
            if next.roll_back(now) {
                changed.push((key.clone(), next));
            }
        }
        if changed.is_empty() {
            return refused(Refusal::NothingBefore { name: name.clone() });
        }
        self.set_desired(name, changed)
    }

    /// Begins to delete every service of a stack. With `at_once`, without giving its tasks time to end by themselves.
    pub(crate) fn delete(&mut self, name: &StackName, at_once: bool) -> Response {
        let response = self.begin_to_delete(name);
        match &response {
            Response::Refused {
                refusal: Refusal::Store { .. },
            } => {}
            _ => self.no_longer_attended(name),
        }
        if at_once {
            let services = self.fleet.of_stack(name);
            let tasks = services.flat_map(|(_, service)| service.unstopped());
            for link in tasks.filter_map(|task| self.links.get(&task.id)) {
                link.stop(Duration::ZERO);
            }
        }
        response
    }

    fn begin_to_delete(&mut self, name: &StackName) -> Response {
        if self.fleet.of_stack(name).next().is_none() {
            return Response::Refused {
                refusal: Refusal::UnknownStack { name: name.clone() },
            };
        }
        let draining = self
            .fleet
            .of_stack(name)
            .filter(|(_, known)| known.life == Life::Active)
            .map(|(key, known)| (key.clone(), known.draining()))
            .collect();
        failpoint::reach("delete.decided");
        let response = self.set_desired(name, draining);
        // Only now: whoever is not told that the stack goes keeps what is in it.
        if matches!(response, Response::Stack { .. })
            && let Err(error) = self.set_volumes_aside(name)
        {
            return Response::Refused {
                refusal: Refusal::Store {
                    reason: format!("the stack goes, but its volumes could not be set aside: {error}"),
                },
            };
        }
        self.remove_volumes_aside();
        response
    }

    /// Stores services, then acts on them. When storing fails nothing is changed.
    fn set_desired(&mut self, name: &StackName, changed: Vec<(ServiceKey, Service)>) -> Response {
        let rows: Vec<(&ServiceKey, &Service)> =
            changed.iter().map(|(key, service)| (key, service)).collect();
        failpoint::reach("desired.decided");
        if !rows.is_empty()
            && let Err(error) = self.store.save_desired(&rows)
        {
            return refused(&error);
        }
        failpoint::reach("desired.saved");
        let keys: Vec<ServiceKey> = changed.iter().map(|(key, _)| key.clone()).collect();
        for (key, service) in changed {
            let revision = service.revision;
            let before = self.fleet.services.insert(key.clone(), service);
            self.touch(&key);
            // A new deployment has a new number; back to an earlier one is only gone when one under way is given up.
            if before.is_some_and(|before| before.revision > revision) {
                self.record(&key, events::rolling_back(&key.name, revision));
            }
        }
        failpoint::reach("desired.known");
        for key in &keys {
            self.reconcile(key);
        }
        failpoint::reach("desired.answered");
        let nothing = || StackStatus {
            name: name.clone(),
            version: *self.changes.borrow(),
            attended: false,
            services: Vec::new(),
            resources: Vec::new(),
        };
        Response::Stack {
            stack: self.fleet.stack_status(name).unwrap_or_else(nothing),
        }
    }
}

fn services_of(changed: &[(ServiceKey, Service)]) -> Vec<&Service> {
    changed.iter().map(|(_, service)| service).collect()
}

fn refused(error: &StoreError) -> Response {
    Response::Refused {
        refusal: Refusal::Store {
            reason: crate::chain(error),
        },
    }
}
