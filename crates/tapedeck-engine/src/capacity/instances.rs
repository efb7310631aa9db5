//! The instances of a service: launched, drained, refreshed and terminated.

use std::sync::Arc;
use std::time::Duration;

use tapedeck_api::InstanceStatus;
use tapedeck_model::{Instance, InstanceId, InstanceState, Placement, RolloutState, TaskId};
use tapedeck_plan::events;
use tapedeck_plan::placement::{self, Changes, Group, Launch, Tempo};

use super::{Capacity, Shortage, container_of, loads};
use crate::clock::wall;
use crate::fleet::{Life, Service, ServiceKey};
use crate::main_loop::Engine;

/// Instances of a service for each task that it has at most, as in the group that Stacktape makes.
const INSTANCES_PER_TASK: usize = 4;

impl Engine {
    /// Has instances follow the tasks, until there is nothing left to do now. Says whether anything changed.
    pub(super) fn place_on_instances(
        &mut self,
        key: &ServiceKey,
        placed: &mut Vec<TaskId>,
        short: &mut Vec<Shortage>,
    ) -> bool {
        self.refresh_if_due(key);
        let mut changed = false;
        loop {
            let changes = self.decide_about_instances(key);
            let unplaced = changes.unplaced.clone();
            if !self.make(key, changes, placed) {
                let service = &self.fleet.services[key];
                short.extend(unplaced.into_iter().filter_map(|unplaced| {
                    let memory = container_of(service, service.tasks.get(&unplaced.task)?).memory;
                    Some((unplaced.task, memory, unplaced.obstacle))
                }));
                return changed;
            }
            changed = true;
        }
    }

    fn decide_about_instances(&self, key: &ServiceKey) -> Changes {
        let service = &self.fleet.services[key];
        let instances: Vec<Instance> = service.capacity.instances.values().cloned().collect();
        let loads = loads(service, &self.leaving);
        if instances.is_empty() && loads.is_empty() {
            return Changes::default();
        }
        let group = Group {
            instances: &instances,
            loads: &loads,
            most: INSTANCES_PER_TASK * most_tasks(service),
            room: self.budget().room(),
            warm_pool: service.container().ec2.as_ref().is_some_and(|ec2| ec2.warm_pool),
            refresh: service.capacity.refresh.began(),
            tempo: self.instance_tempo(service),
        };
        placement::decide(&group, self.clock.now())
    }

    /// How fast instances come and go. Those of a service that is being deleted go at once.
    fn instance_tempo(&self, service: &Service) -> Tempo {
        let tempo = if self.tempo.like_ecs {
            Tempo::ecs()
        } else {
            Tempo::fast()
        };
        let tempo = tempo.sped_up(self.tempo.speed);
        match service.life {
            Life::Active => tempo,
            Life::Draining => Tempo {
                idle: Duration::ZERO,
                ..tempo
            },
        }
    }

    /// Says whether anything changed: what cannot be written down is not done, and decided again on the period.
    fn make(&mut self, key: &ServiceKey, changes: Changes, placed: &mut Vec<TaskId>) -> bool {
        let mut changed = false;
        for (id, state) in changes.states {
            changed |= self.enter(key, &id, state);
        }
        for launch in changes.launches {
            changed |= self.launch_instance(key, launch);
        }
        for (task, instance, zone) in changes.placed {
            let placement = Placement {
                zone,
                instance: Some(instance),
            };
            if self.put(key, &task, placement) {
                placed.push(task);
                changed = true;
            }
        }
        if changes.refreshed {
            let ended = self.service_mut(key).capacity.refresh.ended();
            self.service_mut(key).capacity.refresh = ended;
            // If this cannot be written, the next engine finds that nothing is left to refresh.
            let _ = self
                .store
                .save_refresh(key, &self.fleet.services[key].capacity.refresh);
            changed = true;
        }
        if changed {
            self.touch(key);
        }
        changed
    }

    fn enter(&mut self, key: &ServiceKey, id: &InstanceId, state: InstanceState) -> bool {
        let Some(known) = self.service_mut(key).capacity.instances.get(id) else {
            return false;
        };
        let next = Instance {
            state,
            ..known.clone()
        };
        if next.state != InstanceState::Terminated {
            let is_saved = self.store.save_instance(key, &next).is_ok();
            if is_saved {
                self.service_mut(key).capacity.instances.insert(id.clone(), next);
            }
            return is_saved;
        }
        if self.store.remove_instance(id).is_err() {
            return false;
        }
        self.service_mut(key).capacity.instances.remove(id);
        self.record(key, events::terminating(&key.name, id));
        let (host, id) = (Arc::clone(&self.host), id.clone());
        // What cannot be removed now is removed by the next engine.
        tokio::task::spawn_blocking(move || host.remove_instance(&id));
        true
    }

    fn launch_instance(&mut self, key: &ServiceKey, launch: Launch) -> bool {
        let instance = Instance {
            id: crate::random::instance_id(),
            machine: launch.machine,
            zone: launch.zone,
            state: InstanceState::Pending { ready: launch.ready },
            launched: self.clock.now(),
            warm: launch.warm,
        };
        if self.store.save_instance(key, &instance).is_err() {
            return false;
        }
        self.record(key, events::launching(&key.name, &instance));
        let instances = &mut self.service_mut(key).capacity.instances;
        instances.insert(instance.id.clone(), instance);
        true
    }

    /// Begins the weekly refresh when it is due and nothing is being deployed.
    fn refresh_if_due(&mut self, key: &ServiceKey) {
        let now = self.clock.now();
        let service = self.service_mut(key);
        if service.life == Life::Draining || service.capacity.instances.is_empty() {
            return;
        }
        let is_deploying = service.rollout() == RolloutState::InProgress;
        let known = &service.capacity.refresh;
        let after = known.after(wall(), now, is_deploying);
        let differs = after.differs_from(known);
        service.capacity.refresh = after;
        if differs {
            // If this cannot be written, another engine may refresh once more.
            let _ = self
                .store
                .save_refresh(key, &self.fleet.services[key].capacity.refresh);
        }
    }

    /// Removes the groups of instances that an earlier engine had terminated and not removed yet.
    pub(crate) fn remove_forgotten_instances(&self) {
        let services = self.fleet.services.values();
        let known: Vec<&InstanceId> = services
            .flat_map(|service| service.capacity.instances.keys())
            .collect();
        for instance in self.host.instances_here() {
            if !known.contains(&&instance) {
                self.host.remove_instance(&instance);
            }
        }
    }
}

impl Capacity {
    /// What instances wait for, a sentence each.
    pub(super) fn changes_to_come(&self) -> Vec<String> {
        let instances = self.instances.values();
        let sentence = |one: &Instance| match &one.state {
            InstanceState::Pending { .. } => Some(format!(
                "instance {} ({}) is being launched; tasks are placed on it when it is in service",
                one.id, one.machine.name
            )),
            InstanceState::Draining => Some(format!(
                "instance {} is drained; it ends when its tasks have been replaced elsewhere",
                one.id
            )),
            InstanceState::InService { .. } | InstanceState::Terminated => None,
        };
        let owed = self
            .refresh
            .is_owed()
            .then(|| "the weekly refresh of instances waits for the end of the deployment".to_owned());
        instances.filter_map(sentence).chain(owed).collect()
    }

    /// The instances, as clients are told.
    pub(crate) fn statuses(&self, service: &Service) -> Vec<InstanceStatus> {
        let mut instances: Vec<&Instance> = self.instances.values().collect();
        instances.sort_by_key(|one| (one.launched, one.id.clone()));
        let status = |one: &Instance| {
            let unstopped = service.unstopped();
            let here: Vec<_> = unstopped
                .filter(|task| task.instance() == Some(&one.id))
                .collect();
            InstanceStatus {
                instance: one.clone(),
                tasks: here.iter().map(|task| task.id.clone()).collect(),
                memory_used: here
                    .iter()
                    .map(|task| container_of(service, task).memory.mebibytes())
                    .sum(),
                memory_registered: one.machine.registered(),
            }
        };
        instances.into_iter().map(status).collect()
    }
}

/// How many tasks there may be.
fn most_tasks(service: &Service) -> usize {
    let bounds = service.scaler.as_ref().map(|scaler| scaler.bounds.max_instances);
    let most = bounds.unwrap_or(0).max(service.desired_count).max(1);
    usize::try_from(most).unwrap_or(usize::MAX)
}
