//! The instances of one service: tasks are packed onto them, they are launched when a task has no room, and end when none
//! has been on them for a while.

use std::collections::BTreeMap;
use std::time::Duration;

use tapedeck_model::{Cpu, Instance, InstanceId, InstanceState, MachineType, TaskId, Timestamp, Zone};

use super::zone::poorest;

/// How fast instances come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tempo {
    /// From the launch of an instance until it is in service.
    pub launch: Duration,
    /// The same of one from the warm pool.
    pub warm_launch: Duration,
    /// How long no task has been on an instance that ends.
    pub idle: Duration,
}

impl Tempo {
    /// At once, and a minute.
    #[must_use]
    pub const fn fast() -> Self {
        Self {
            launch: Duration::ZERO,
            warm_launch: Duration::ZERO,
            idle: Duration::from_secs(60),
        }
    }

    /// As on AWS: a minute, a quarter of one from the warm pool; gone after a quarter of an hour.
    #[must_use]
    pub const fn ecs() -> Self {
        Self {
            launch: Duration::from_secs(60),
            warm_launch: Duration::from_secs(15),
            idle: Duration::from_secs(15 * 60),
        }
    }

    /// The same, with all waits so many times as short.
    #[must_use]
    pub fn sped_up(self, times: u32) -> Self {
        let times = times.max(1);
        Self {
            launch: self.launch / times,
            warm_launch: self.warm_launch / times,
            idle: self.idle / times,
        }
    }
}

/// A task that takes up room, or waits for some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load<'a> {
    /// Which one.
    pub task: TaskId,
    /// Its memory in MiB.
    pub memory: u32,
    /// CPU of its own; none when it shares that of its instance.
    pub cpu: Option<Cpu>,
    /// The types that it may be on, the preferred one first.
    pub types: &'a [MachineType],
    /// When it was decided to start it: who came first is placed first.
    pub created: Timestamp,
    /// The instance that it is on, or none while it waits.
    pub on: Option<InstanceId>,
}

/// The instances of a service and who wants to be on them.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// Those that are there.
    pub instances: &'a [Instance],
    /// Those that are on them or wait.
    pub loads: &'a [Load<'a>],
    /// How many instances there may be.
    pub most: usize,
    /// Memory of this machine that is left for more instances, in MiB.
    pub room: u64,
    /// Whether stopped instances are kept ready.
    pub warm_pool: bool,
    /// When the refresh began that is under way, if one is.
    pub refresh: Option<Timestamp>,
    /// How fast they come and go.
    pub tempo: Tempo,
}

/// What to do now. Nothing of it is left to do when it is decided again after it was done, with the new instances.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// New states of instances. Those that have terminated are to be forgotten.
    pub states: Vec<(InstanceId, InstanceState)>,
    /// Tasks to place.
    pub placed: Vec<(TaskId, InstanceId, Zone)>,
    /// Instances to launch.
    pub launches: Vec<Launch>,
    /// Tasks that go on waiting, and not for an instance that is on its way.
    pub unplaced: Vec<Unplaced>,
    /// Whether the refresh has come to its end.
    pub refreshed: bool,
}

impl Changes {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.states.is_empty() && self.placed.is_empty() && self.launches.is_empty() && !self.refreshed
    }
}

/// An instance to launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// What it has.
    pub machine: MachineType,
    /// Where.
    pub zone: Zone,
    /// When it will be in service.
    pub ready: Timestamp,
    /// Whether it comes from the warm pool.
    pub warm: bool,
}

/// A task that cannot be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// Which one.
    pub task: TaskId,
    /// Why.
    pub obstacle: Obstacle,
}

/// Why no instance can be launched for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// None of the types has as much memory as it needs.
    Memory,
    /// None of the types has as much CPU as it needs.
    Cpu,
    /// This machine has no memory left for an instance of any of the types.
    Budget {
        /// What the smallest of them registers, in MiB.
        least: u32,
    },
    /// There are as many instances as there may be.
    Most,
}

/// Decides about the instances of one service.
#[must_use = "changes do nothing until they are made"]
pub fn decide(group: &Group<'_>, now: Timestamp) -> Changes {
    let mut packing = Packing::of(group, now);
    packing.place_waiting();
    packing.refresh();
    packing.settle_states();
    packing.changes
}

/// An instance, also one that is only just being launched, and what is on it or meant for it.
#[derive(Debug)]
struct Slot<'a> {
    instance: Option<&'a Instance>,
    state: InstanceState,
    machine: &'a MachineType,
    launched: Timestamp,
    memory: u64,
    cpu: u64,
    tasks: usize,
    zone: Zone,
}

impl Slot<'_> {
    fn takes_tasks(&self) -> bool {
        matches!(
            self.state,
            InstanceState::Pending { .. } | InstanceState::InService { .. }
        )
    }

    fn is_in_service(&self) -> bool {
        matches!(self.state, InstanceState::InService { .. })
    }

    fn left(&self) -> u64 {
        u64::from(self.machine.registered()).saturating_sub(self.memory)
    }

    fn has_room(&self, memory: u64, cpu: u64) -> bool {
        let cpu_left = u64::from(self.machine.cpu().millis()).saturating_sub(self.cpu);
        memory <= self.left() && cpu <= cpu_left
    }

    fn take(&mut self, load: &Load<'_>) {
        self.memory += u64::from(load.memory);
        self.cpu += cpu_of(load);
        self.tasks += 1;
    }
}

fn cpu_of(load: &Load<'_>) -> u64 {
    load.cpu.map_or(0, |cpu| u64::from(cpu.millis()))
}

#[derive(Debug)]
struct Packing<'a> {
    group: &'a Group<'a>,
    now: Timestamp,
    slots: Vec<Slot<'a>>,
    room: u64,
    changes: Changes,
}

impl<'a> Packing<'a> {
    fn of(group: &'a Group<'a>, now: Timestamp) -> Self {
        let mut slots: Vec<Slot<'a>> = group
            .instances
            .iter()
            .map(|instance| Slot {
                instance: Some(instance),
                state: match &instance.state {
                    InstanceState::Pending { ready } if *ready <= now => InstanceState::InService {
                        empty_since: Some(now),
                    },
                    state => state.clone(),
                },
                machine: &instance.machine,
                launched: instance.launched,
                memory: 0,
                cpu: 0,
                tasks: 0,
                zone: instance.zone,
            })
            .filter(|slot| slot.state != InstanceState::Terminated)
            .collect();
        let index: BTreeMap<&InstanceId, usize> = slots
            .iter()
            .enumerate()
            .filter_map(|(at, slot)| Some((&slot.instance?.id, at)))
            .collect();
        let on = |load: &&Load<'_>| load.on.as_ref().and_then(|on| index.get(on)).copied();
        let taken: Vec<(usize, &Load<'_>)> = group
            .loads
            .iter()
            .filter_map(|load| Some((on(&load)?, load)))
            .collect();
        for (at, load) in taken {
            slots[at].take(load);
        }
        Self {
            group,
            now,
            slots,
            room: group.room,
            changes: Changes::default(),
        }
    }

    fn place_waiting(&mut self) {
        let mut waiting: Vec<&Load<'a>> = self.group.loads.iter().filter(|load| load.on.is_none()).collect();
        waiting.sort_by(|one, other| (one.created, &one.task).cmp(&(other.created, &other.task)));
        for load in waiting {
            if let Some(at) = self.best_slot(load) {
                let slot = &mut self.slots[at];
                slot.take(load);
                if let Some(instance) = slot.instance.filter(|_| slot.is_in_service()) {
                    let placed = (load.task.clone(), instance.id.clone(), instance.zone);
                    self.changes.placed.push(placed);
                }
            } else if let Err(obstacle) = self.launch(load, cpu_of(load), u64::from(load.memory)) {
                let task = load.task.clone();
                self.changes.unplaced.push(Unplaced { task, obstacle });
            } else if let Some(launched) = self.slots.last_mut() {
                launched.take(load);
            }
        }
    }

    /// Among instances that fit, that with the least memory left; of several alike the oldest. Those in service before those
    /// that are on their way, and during a refresh fresh ones before all others.
    fn best_slot(&self, load: &Load<'_>) -> Option<usize> {
        let is_stale = |slot: &Slot<'_>| self.group.refresh.is_some_and(|began| slot.launched < began);
        let is_of_type = |slot: &Slot<'_>| load.types.iter().any(|one| one.name == slot.machine.name);
        let fitting = self.slots.iter().enumerate().filter(|(_, slot)| {
            slot.takes_tasks() && is_of_type(slot) && slot.has_room(u64::from(load.memory), cpu_of(load))
        });
        fitting
            .min_by_key(|(_, slot)| {
                let id = slot.instance.map(|instance| &instance.id);
                (
                    is_stale(slot),
                    !slot.is_in_service(),
                    slot.left(),
                    slot.launched,
                    id,
                )
            })
            .map(|(at, _)| at)
    }

    /// Launches an instance of the first type that is large enough and that this machine has the memory for.
    fn launch(&mut self, load: &Load<'a>, cpu: u64, memory: u64) -> Result<(), Obstacle> {
        let enough_memory = |one: &&MachineType| u64::from(one.registered()) >= memory;
        let enough_cpu = |one: &&MachineType| u64::from(one.cpu().millis()) >= cpu;
        let large: Vec<&'a MachineType> = load.types.iter().filter(enough_memory).collect();
        if large.is_empty() {
            return Err(Obstacle::Memory);
        }
        let fitting: Vec<&'a MachineType> = large.into_iter().filter(enough_cpu).collect();
        let Some(least) = fitting.iter().map(|one| one.registered()).min() else {
            return Err(Obstacle::Cpu);
        };
        if self.slots.len() >= self.group.most {
            return Err(Obstacle::Most);
        }
        let affordable = |one: &&MachineType| u64::from(one.registered()) <= self.room;
        let Some(machine) = fitting.into_iter().find(affordable) else {
            return Err(Obstacle::Budget { least });
        };
        self.room -= u64::from(machine.registered());
        // The pool is filled once there is an instance to take as a model.
        let warm = self.group.warm_pool && self.slots.iter().any(Slot::is_in_service);
        let tempo = self.group.tempo;
        let ready = self.now + if warm { tempo.warm_launch } else { tempo.launch };
        let zone = poorest(self.slots.iter().map(|slot| slot.zone));
        self.slots.push(Slot {
            instance: None,
            state: InstanceState::Pending { ready },
            machine,
            launched: self.now,
            memory: 0,
            cpu: 0,
            tasks: 0,
            zone,
        });
        self.changes.launches.push(Launch {
            machine: machine.clone(),
            zone,
            ready,
            warm,
        });
        Ok(())
    }

    /// One old instance after the other: a fresh one comes first, then the old one is drained.
    fn refresh(&mut self) {
        let Some(began) = self.group.refresh else { return };
        let is_stale = |slot: &Slot<'_>| slot.launched < began;
        if self
            .slots
            .iter()
            .any(|slot| slot.state == InstanceState::Draining && slot.tasks > 0)
        {
            return;
        }
        let next = (0..self.slots.len())
            .filter(|at| is_stale(&self.slots[*at]) && self.slots[*at].is_in_service())
            .min_by_key(|at| (self.slots[*at].tasks > 0, self.slots[*at].launched));
        let Some(next) = next else {
            self.changes.refreshed = !self.slots.iter().any(is_stale);
            return;
        };
        let (memory, cpu) = (self.slots[next].memory, self.slots[next].cpu);
        let is_fresh = |slot: &Slot<'_>| !is_stale(slot) && slot.takes_tasks();
        let has_room = |slot: &Slot<'_>| is_fresh(slot) && slot.has_room(memory, cpu);
        let ready = self
            .slots
            .iter()
            .any(|slot| slot.is_in_service() && has_room(slot));
        if self.slots[next].tasks == 0 || ready {
            self.slots[next].state = InstanceState::Draining;
            return;
        }
        if self.slots.iter().any(has_room) {
            return;
        }
        let instance = self.slots[next].instance.map(|instance| &instance.id);
        let largest = self
            .group
            .loads
            .iter()
            .filter(|load| load.on.as_ref() == instance)
            .max_by_key(|load| load.memory);
        let Some(largest) = largest else { return };
        // A smaller type than the old one has to do where it is all that there is room for.
        let surged = self.launch(largest, cpu, memory);
        let surged = surged.or_else(|_| self.launch(largest, cpu_of(largest), u64::from(largest.memory)));
        if let Err(obstacle) = surged {
            let task = largest.task.clone();
            self.changes.unplaced.push(Unplaced { task, obstacle });
        }
    }

    fn settle_states(&mut self) {
        for slot in &self.slots {
            let Some(instance) = slot.instance else { continue };
            let state = match &slot.state {
                InstanceState::Draining if slot.tasks == 0 => InstanceState::Terminated,
                InstanceState::InService { empty_since } if slot.tasks == 0 => {
                    let since = empty_since.unwrap_or(self.now);
                    if self.now.since(since) >= self.group.tempo.idle {
                        InstanceState::Terminated
                    } else {
                        InstanceState::InService {
                            empty_since: Some(since),
                        }
                    }
                }
                InstanceState::InService { .. } => InstanceState::InService { empty_since: None },
                state => state.clone(),
            };
            if state != instance.state {
                self.changes.states.push((instance.id.clone(), state));
            }
        }
    }
}
