//! What people ask for: applying and deleting stacks. Stored before it is answered.

use tapedeck_api::{Refusal, Response, StackStatus};
use tapedeck_model::{StackName, StackSpec};

use crate::fleet::{Life, Service, ServiceKey};
use crate::main_loop::Engine;
use crate::store::StoreError;

impl Engine {
    /// Makes a stack the desired state. Services of it that are not named any more are deleted.
    pub(crate) fn apply(&mut self, stack: &StackSpec) -> Response {
        let mut changed: Vec<(ServiceKey, Service)> = Vec::new();
        for wanted in &stack.services {
            let key = ServiceKey {
                stack: stack.name.clone(),
                name: wanted.name.clone(),
            };
            match self.fleet.services.get(&key) {
                None => changed.push((key, Service::new(wanted.desired_count, wanted.container.clone()))),
                Some(known) => {
                    let mut next = known.clone();
                    if next.update(wanted.desired_count, &wanted.container) {
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
        self.set_desired(&stack.name, changed)
    }

    /// Begins to delete every service of a stack.
    pub(crate) fn delete(&mut self, name: &StackName) -> Response {
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
        self.set_desired(name, draining)
    }

    /// Stores services, then acts on them. When storing fails nothing is changed.
    fn set_desired(&mut self, name: &StackName, changed: Vec<(ServiceKey, Service)>) -> Response {
        let rows: Vec<(&ServiceKey, &Service)> =
            changed.iter().map(|(key, service)| (key, service)).collect();
        if !rows.is_empty()
            && let Err(error) = self.store.save_desired(&rows)
        {
            return refused(&error);
        }
        let keys: Vec<ServiceKey> = changed.iter().map(|(key, _)| key.clone()).collect();
        for (key, service) in changed {
            self.fleet.services.insert(key.clone(), service);
            self.touch(&key);
        }
        for key in &keys {
            self.reconcile(key);
        }
        let nothing = || StackStatus {
            name: name.clone(),
            version: *self.changes.borrow(),
            services: Vec::new(),
        };
        Response::Stack {
            stack: self.fleet.stack_status(name).unwrap_or_else(nothing),
        }
    }
}

fn refused(error: &StoreError) -> Response {
    Response::Refused {
        refusal: Refusal::Store {
            reason: crate::chain(error),
        },
    }
}
