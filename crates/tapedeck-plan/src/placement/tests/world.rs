//! A service on instances: both decisions, taken step by step on a virtual clock.

use std::net::Ipv4Addr;
use std::time::Duration;

use tapedeck_model::{
    Instance, InstanceId, InstanceState, MachineType, Placement, Revision, StopCode, Task, TaskId, TaskState,
    Timestamp,
};

use super::super::*;
use super::at;
use crate::{Bounds, Breaker, Desired, Pace, Stage, Step, decide_placed};

/// How long a task takes to start, and to stop.
const SWIFT: Duration = Duration::from_millis(100);

pub(super) struct World {
    pub(super) now: Timestamp,
    /// How far the clock of the machine is from that of the engine.
    pub(super) wall_ahead: Duration,
    pub(super) desired: Desired,
    pub(super) types: Vec<MachineType>,
    pub(super) memory: u32,
    pub(super) total: u64,
    pub(super) tempo: Tempo,
    pub(super) instances: Vec<Instance>,
    pub(super) tasks: Vec<Task>,
    pub(super) refresh: Refresh,
    /// Whether a deployment runs elsewhere in the story.
    pub(super) deploying: bool,
    pub(super) launched: usize,
    pub(super) unplaced: Vec<Unplaced>,
    /// The fewest healthy tasks since this was last set.
    pub(super) fewest: usize,
    started: u64,
}

impl World {
    pub(super) fn of(types: &[MachineType], memory: u32, count: u32) -> Self {
        Self {
            now: at(0),
            wall_ahead: Duration::ZERO,
            desired: Desired {
                revision: Revision(1),
                count,
                grown: 0,
                attended: false,
                bounds: Bounds::default(),
                breaker: Breaker::default(),
                stage: Stage::Trusted,
                pace: Pace::fast(),
            },
            types: types.to_vec(),
            memory,
            total: 1_000_000,
            tempo: Tempo::fast(),
            instances: Vec::new(),
            tasks: Vec::new(),
            refresh: Refresh::default(),
            deploying: false,
            launched: 0,
            unplaced: Vec::new(),
            fewest: usize::MAX,
            started: 0,
        }
    }

    pub(super) fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while self.now < end {
            self.settle();
            self.now = self.now + Duration::from_millis(50);
            self.pass();
        }
        self.settle();
    }

    /// Tasks on each instance, oldest instance first.
    pub(super) fn packed(&self) -> Vec<usize> {
        let mut instances: Vec<&Instance> = self.instances.iter().collect();
        instances.sort_by_key(|one| (one.launched, one.id.clone()));
        let on = |one: &Instance| {
            self.live()
                .filter(|task| task.instance() == Some(&one.id))
                .count()
        };
        instances.into_iter().map(on).collect()
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.state.is_live())
    }

    pub(super) fn healthy(&self) -> usize {
        let settled = self.desired.pace.settled_after;
        self.live()
            .filter(|task| {
                matches!(task.state, TaskState::Running { started, .. } if self.now.since(started) >= settled)
            })
            .count()
    }

    fn settle(&mut self) {
        let wall = self.now + self.wall_ahead;
        self.refresh = self.refresh.after(wall, self.now, self.deploying);
        for round in 0.. {
            assert!(round < 1000, "it never comes to rest: {:?}", self.instances);
            let placed = self.place();
            if !self.plan() && !placed {
                break;
            }
        }
        self.fewest = self.fewest.min(self.healthy());
    }

    fn place(&mut self) -> bool {
        let types = self.types.clone();
        let loads = self.loads(&types);
        let held: u64 = self
            .instances
            .iter()
            .map(|one| u64::from(one.machine.registered()))
            .sum();
        let group = Group {
            instances: &self.instances,
            loads: &loads,
            most: 4 * 10,
            room: Budget {
                total: self.total,
                held,
            }
            .room(),
            warm_pool: false,
            refresh: self.refresh.began(),
            tempo: self.tempo,
        };
        let changes = decide(&group, self.now);
        let changed = !changes.is_empty();
        for (id, state) in changes.states {
            for instance in self.instances.iter_mut().filter(|one| one.id == id) {
                instance.state = state.clone();
            }
        }
        self.instances
            .retain(|one| one.state != InstanceState::Terminated);
        for (id, instance, zone) in changes.placed {
            for task in self.tasks.iter_mut().filter(|task| task.id == id) {
                task.placement = Some(Placement {
                    zone,
                    instance: Some(instance.clone()),
                });
                task.created = self.now;
            }
        }
        for launch in changes.launches {
            self.launched += 1;
            self.instances.push(Instance {
                id: InstanceId::from_bytes((self.launched as u64).to_be_bytes()),
                machine: launch.machine,
                zone: launch.zone,
                state: InstanceState::Pending { ready: launch.ready },
                launched: self.now,
                warm: launch.warm,
            });
        }
        if changes.refreshed {
            self.refresh = self.refresh.ended();
        }
        self.unplaced = changes.unplaced;
        changed
    }

    fn plan(&mut self) -> bool {
        let types = self.types.clone();
        let whereabouts = Whereabouts::of(&self.instances, &self.loads(&types));
        let plan = decide_placed(&self.desired, &self.tasks, &whereabouts, self.now);
        for step in &plan.steps {
            match step {
                Step::Start { revision } => {
                    self.started += 1;
                    let mut bytes = [0; 16];
                    bytes[8..].copy_from_slice(&self.started.to_be_bytes());
                    self.tasks.push(Task {
                        id: TaskId::from_bytes(bytes),
                        revision: *revision,
                        address: Ipv4Addr::LOCALHOST,
                        created: self.now,
                        placement: None,
                        protected_until: None,
                        job: None,
                        containers: Vec::new(),
                        health: None,
                        state: TaskState::Pending,
                    });
                }
                Step::Stop { task, code, reason } => self.stop(task, *code, reason),
                Step::Forget { task } => self.tasks.retain(|known| known.id != *task),
            }
        }
        !plan.steps.is_empty()
    }

    fn stop(&mut self, id: &TaskId, code: StopCode, reason: &str) {
        let now = self.now;
        for task in self.tasks.iter_mut().filter(|task| task.id == *id) {
            task.state = TaskState::Stopping {
                started: None,
                stopping: now,
                code,
                reason: reason.to_owned(),
            };
        }
    }

    fn loads<'a>(&self, types: &'a [MachineType]) -> Vec<Load<'a>> {
        let unstopped = self.tasks.iter().filter(|task| !task.state.is_stopped());
        unstopped
            .filter(|task| task.state.is_live() || task.placement.is_some())
            .map(|task| Load {
                task: task.id.clone(),
                memory: self.memory,
                cpu: None,
                types,
                created: task.created,
                on: task.instance().cloned(),
            })
            .collect()
    }

    /// What happens by itself.
    fn pass(&mut self) {
        let now = self.now;
        for task in &mut self.tasks {
            match &task.state {
                TaskState::Pending if task.placement.is_some() && now.since(task.created) >= SWIFT => {
                    task.state = TaskState::Running { started: now, pid: 1 };
                }
                TaskState::Stopping {
                    stopping,
                    code,
                    reason,
                    ..
                } if now.since(*stopping) >= SWIFT => {
                    task.state = TaskState::Stopped {
                        started: None,
                        stopped: now,
                        code: *code,
                        reason: reason.clone(),
                        exit_code: Some(143),
                    };
                }
                _ => {}
            }
        }
    }
}
