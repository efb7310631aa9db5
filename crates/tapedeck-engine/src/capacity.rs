//! Room for tasks: on instances, which come and go as they are needed ([`instances`]), or on this machine alone. Decided in
//! [`tapedeck_plan::placement`]; here it is written down, told and done.

mod instances;

use std::collections::{BTreeMap, HashSet};

use tapedeck_api::Refusal;
use tapedeck_model::{
    ContainerSpec, Cpu, Instance, InstanceId, MemoryMb, Placement, ServiceSpec, StackSpec, Task, TaskId,
    TaskState, Timestamp, Zone,
};
use tapedeck_plan::events;
use tapedeck_plan::placement::{self, Budget, Load, Obstacle, Refresh, Whereabouts};

use crate::fleet::{Service, ServiceKey};
use crate::main_loop::Engine;

/// The instances of one service, and what waits for room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Capacity {
    pub(crate) instances: BTreeMap<InstanceId, Instance>,
    pub(crate) refresh: Refresh,
    /// What its tasks wait for, a sentence each.
    pub(crate) waiting: Vec<String>,
    /// Whether a task has no room, so that this was told.
    is_short: bool,
}

/// A task that there is no room for, and why.
type Shortage = (TaskId, MemoryMb, Obstacle);

impl Engine {
    /// Finds room for the tasks of a service that have none, and has its instances follow. Says whether anything changed.
    pub(crate) fn place(&mut self, key: &ServiceKey) -> bool {
        let Some(service) = self.fleet.services.get(key) else {
            return false;
        };
        let waits = service.tasks.values().any(Task::is_unplaced);
        let is_quiet = !waits && service.capacity.instances.is_empty() && service.capacity.waiting.is_empty();
        if is_quiet || self.is_emptying() {
            return false;
        }
        let mut short = Vec::new();
        let mut placed = self.place_on_machine(key, &mut short);
        let changed = self.place_on_instances(key, &mut placed, &mut short) || !placed.is_empty();
        if !placed.is_empty() {
            self.record(key, events::started_tasks(&key.name, &placed));
        }
        self.tell_shortage(key, &short);
        changed
    }

    /// What the decision about tasks has to know of instances.
    pub(crate) fn whereabouts(&self, service: &Service) -> Whereabouts {
        if service.capacity.instances.is_empty() {
            return Whereabouts::default();
        }
        let instances: Vec<Instance> = service.capacity.instances.values().cloned().collect();
        Whereabouts::of(&instances, &loads(service, &self.leaving))
    }

    /// Where a new task on Fargate runs; none when this machine has no memory left for it.
    pub(crate) fn admit(&self, key: &ServiceKey, memory: MemoryMb) -> Option<Placement> {
        let service = self.fleet.services.get(key)?;
        self.budget().admits(memory.mebibytes()).then(|| Placement {
            zone: placement::poorest(zones(service)),
            instance: None,
        })
    }

    /// The first service of a stack whose tasks on Fargate are larger than all that tasks may have of this machine, and were
    /// not before. One on instances waits for another type, as it would on ECS.
    pub(crate) fn never_fits(&self, stack: &StackSpec) -> Option<Refusal> {
        let is_too_large = |wanted: &&ServiceSpec| {
            let memory = wanted.container.memory;
            let key = ServiceKey {
                stack: stack.name.clone(),
                name: wanted.name.clone(),
            };
            let known = self.fleet.services.get(&key);
            wanted.container.ec2.is_none()
                && u64::from(memory.mebibytes()) > self.memory_budget
                && known.is_none_or(|known| known.container().memory != memory)
        };
        let wanted = stack.services.iter().find(is_too_large)?;
        Some(Refusal::NeverFits {
            service: wanted.name.clone(),
            memory: wanted.container.memory.mebibytes(),
            budget: self.memory_budget,
        })
    }

    /// Looks again at services with tasks that wait for room, after some was freed.
    pub(crate) fn place_waiting(&mut self) {
        let waits = |service: &Service| service.tasks.values().any(Task::is_unplaced);
        let services = self.fleet.services.iter();
        let keys: Vec<ServiceKey> = services
            .filter(|(_, service)| waits(service))
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            self.reconcile(&key);
        }
    }

    /// What tasks may have of this machine's memory, and what they hold.
    pub(crate) fn budget(&self) -> Budget {
        let services = self.fleet.services.values();
        Budget {
            total: self.memory_budget,
            held: services.map(|service| held(service, &self.leaving)).sum(),
        }
    }

    /// Places what waits on Fargate, the oldest first.
    fn place_on_machine(&mut self, key: &ServiceKey, short: &mut Vec<Shortage>) -> Vec<TaskId> {
        let service = &self.fleet.services[key];
        let mut waiting: Vec<(Timestamp, TaskId, MemoryMb)> = service
            .tasks
            .values()
            .filter(|task| task.is_unplaced())
            .filter_map(|task| {
                let container = container_of(service, task);
                let is_on_fargate = container.ec2.is_none();
                is_on_fargate.then(|| (task.created, task.id.clone(), container.memory))
            })
            .collect();
        waiting.sort();
        let mut placed = Vec::new();
        for (_, task, memory) in waiting {
            match self.admit(key, memory) {
                Some(placement) => {
                    if self.put(key, &task, placement) {
                        placed.push(task);
                    }
                }
                None => {
                    let least = memory.mebibytes();
                    short.push((task, memory, Obstacle::Budget { least }));
                }
            }
        }
        placed
    }

    /// Writes down where a task is, then launches it.
    fn put(&mut self, key: &ServiceKey, task: &TaskId, placement: Placement) -> bool {
        let service = self.service_mut(key);
        let Some(known) = service.tasks.get(task).filter(|task| task.is_unplaced()) else {
            return false;
        };
        let placed = Task {
            placement: Some(placement),
            ..known.clone()
        };
        let container = container_of(service, &placed).clone();
        if !self.save_tasks(key, std::slice::from_ref(&placed)) {
            return false;
        }
        self.service_mut(key).tasks.insert(task.clone(), placed.clone());
        self.touch(key);
        self.launch(key, placed, container);
        true
    }

    /// Tells of tasks that there is no room for: the events once each time it comes to that, what they wait for always.
    fn tell_shortage(&mut self, key: &ServiceKey, short: &[Shortage]) {
        let mut obstacles: Vec<(MemoryMb, Obstacle, Vec<TaskId>)> = Vec::new();
        for (task, memory, obstacle) in short {
            match obstacles
                .iter_mut()
                .find(|(of, known, _)| (of, known) == (memory, obstacle))
            {
                Some((.., tasks)) => tasks.push(task.clone()),
                None => obstacles.push((*memory, *obstacle, vec![task.clone()])),
            }
        }
        // Counted over all tasks of this machine: only when it is asked for.
        let budget = (!obstacles.is_empty()).then(|| self.budget());
        let waiting = budget.iter().flat_map(|budget| {
            let sentence = |(memory, obstacle, tasks): &(MemoryMb, Obstacle, Vec<TaskId>)| {
                placement::waiting(tasks, memory.mebibytes(), *obstacle, budget)
            };
            obstacles.iter().map(sentence)
        });
        let service = self.service_mut(key);
        let waiting: Vec<String> = waiting.chain(service.capacity.changes_to_come()).collect();
        if service.capacity.waiting == waiting {
            return;
        }
        let was_short = std::mem::replace(&mut service.capacity.is_short, !obstacles.is_empty());
        service.capacity.waiting = waiting;
        let on_instances = service.container().ec2.is_some();
        let closest = service.capacity.instances.keys().next_back().cloned();
        self.touch(key);
        let Some((_, obstacle, _)) = obstacles.first().filter(|_| !was_short) else {
            return;
        };
        let what = match obstacle {
            Obstacle::Cpu => "CPU units",
            Obstacle::Memory | Obstacle::Budget { .. } | Obstacle::Most => "memory",
        };
        self.record(
            key,
            match on_instances {
                true => events::no_instance(&key.name, closest.as_ref().map(|id| (id, what))),
                false => events::no_capacity(&key.name),
            },
        );
    }
}

/// What a task has of the CPU: its own, or as much of that of its instance as is its share among those that run there. More
/// than the `processors` of this machine cannot be used.
pub(crate) fn cpu_share(service: &Service, task: &Task, processors: u32) -> Cpu {
    let container = container_of(service, task);
    let instance = task
        .instance()
        .filter(|_| container.ec2.as_ref().is_some_and(|ec2| ec2.shares_cpu))
        .and_then(|instance| service.capacity.instances.get(instance));
    let Some(instance) = instance else {
        return container.cpu;
    };
    let running = service.tasks.values().filter(|other| {
        other.instance() == Some(&instance.id) && matches!(other.state, TaskState::Running { .. })
    });
    let sharers = u32::try_from(running.count()).unwrap_or(u32::MAX);
    Cpu::of_machine(instance.machine.vcpus.min(processors)).shared_by(sharers)
}

/// What the revision of a task runs.
fn container_of<'s>(service: &'s Service, task: &Task) -> &'s ContainerSpec {
    service
        .revisions
        .get(&task.revision)
        .unwrap_or_else(|| service.container())
}

/// Zones of the tasks that are not told to stop.
fn zones(service: &Service) -> impl Iterator<Item = Zone> {
    let live = service.tasks.values().filter(|task| task.state.is_live());
    live.filter_map(|task| Some(task.placement.as_ref()?.zone))
}

/// Whether something of a task may be on this machine.
fn is_here(task: &Task, leaving: &HashSet<TaskId>) -> bool {
    !task.is_unplaced() && (!task.state.is_stopped() || leaving.contains(&task.id))
}

/// Memory that a service holds, in MiB: its tasks on Fargate, and its instances.
pub(crate) fn held(service: &Service, leaving: &HashSet<TaskId>) -> u64 {
    let tasks = service.tasks.values();
    let of_tasks: u64 = tasks
        .filter(|task| is_here(task, leaving) && task.instance().is_none())
        .map(|task| u64::from(container_of(service, task).memory.mebibytes()))
        .sum();
    let instances = service.capacity.instances.values();
    let of_instances: u64 = instances.map(|one| u64::from(one.machine.registered())).sum();
    of_tasks + of_instances
}

/// The tasks of a service that are on its instances, or are to be.
fn loads<'s>(service: &'s Service, leaving: &HashSet<TaskId>) -> Vec<Load<'s>> {
    let tasks = service.tasks.values();
    tasks
        .filter(|task| task.is_unplaced() || (is_here(task, leaving) && task.instance().is_some()))
        .filter_map(|task| {
            let container = container_of(service, task);
            let ec2 = container.ec2.as_ref()?;
            Some(Load {
                task: task.id.clone(),
                memory: container.memory.mebibytes(),
                cpu: (!ec2.shares_cpu).then_some(container.cpu),
                types: &ec2.types,
                created: task.created,
                on: task.instance().cloned(),
            })
        })
        .collect()
}
