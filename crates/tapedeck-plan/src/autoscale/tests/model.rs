//! A service under load, on a virtual clock: tasks share the work evenly, and start within a second.

use std::time::Duration;

use tapedeck_model::{Scaling, Timestamp};

use crate::autoscale::{Decision, Fast, Point, Policy, Record, Situation, TaskUse, Tempo, Window, decide};

/// What is done to the service, by second.
pub(crate) struct Load {
    /// CPU that is wanted, in tasks.
    pub(crate) cpu: Box<dyn Fn(u64) -> f64>,
    /// Memory that each task uses, given how many there are.
    pub(crate) memory: Box<dyn Fn(u64, usize) -> f64>,
    /// How long a new task burns all the CPU it gets, whatever there is to do.
    pub(crate) boot: u64,
}

impl Load {
    pub(crate) fn cpu(cpu: impl Fn(u64) -> f64 + 'static) -> Self {
        Self {
            cpu: Box::new(cpu),
            memory: Box::new(|_, _| 0.1),
            boot: 0,
        }
    }

    pub(crate) fn memory(mut self, memory: impl Fn(u64, usize) -> f64 + 'static) -> Self {
        self.memory = Box::new(memory);
        self
    }
}

/// One service.
pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) window: Window,
    pub(crate) record: Record,
    pub(crate) now: u64,
    pub(crate) desired: u32,
    /// When each task began to run.
    pub(crate) tasks: Vec<u64>,
    pub(crate) deploying: bool,
    pub(crate) measuring: bool,
    /// Every change, with its second.
    pub(crate) changes: Vec<(u64, Decision)>,
    pub(crate) last: Option<Decision>,
}

/// Tasks that have been running for long.
const EARLIER: u64 = 1000;

impl World {
    pub(crate) fn new(tempo: Tempo, tasks: u32, (min, max): (u32, u32)) -> Self {
        let bounds = Scaling {
            min_instances: min,
            max_instances: max,
            ..Scaling::default()
        };
        Self {
            policy: Policy { bounds, tempo },
            window: Window::new(&tempo),
            record: Record::default(),
            now: EARLIER,
            desired: tasks,
            tasks: vec![0; tasks as usize],
            deploying: false,
            measuring: true,
            changes: Vec::new(),
            last: None,
        }
    }

    pub(crate) fn fast(tasks: u32, bounds: (u32, u32)) -> Self {
        Self::new(Tempo::fast(), tasks, bounds)
    }

    pub(crate) fn ecs(tasks: u32, bounds: (u32, u32)) -> Self {
        Self::new(Tempo::ecs(), tasks, bounds)
    }

    /// Seconds since the beginning.
    pub(crate) fn elapsed(&self) -> u64 {
        self.now - EARLIER
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, seconds: u64, load: &Load) -> &mut Self {
        for _ in 0..seconds {
            self.second(load);
        }
        self
    }

    fn second(&mut self, load: &Load) {
        self.now += 1;
        let running: Vec<u64> = self
            .tasks
            .iter()
            .map(|began| self.now.saturating_sub(*began))
            .filter(|age| *age > 0)
            .collect();
        let booted = running.iter().filter(|age| **age > load.boot).count().max(1);
        #[expect(clippy::cast_precision_loss, reason = "a handful of tasks")]
        let share = (load.cpu)(self.elapsed()) / booted as f64;
        let used: Vec<TaskUse> = running
            .iter()
            .map(|age| {
                let wants = if *age > load.boot { share } else { 2.0 };
                TaskUse {
                    age: Duration::from_secs(*age),
                    cpu: wants.min(1.0),
                    throttled: if wants > 1.0 { 1.0 } else { 0.0 },
                    pressure: 0.0,
                    memory: (load.memory)(self.elapsed(), running.len()),
                    oom_kills: 0,
                }
            })
            .collect();
        let at = Timestamp::from_millis(self.now * 1000);
        if self.measuring && !self.window.push(Point::of(at, &used, 0)) {
            return;
        }
        self.decide(at, &running);
    }

    fn decide(&mut self, at: Timestamp, running: &[u64]) {
        let is_warm = |age: &&u64| **age >= Fast::WARM_UP.as_secs();
        let ready = u32::try_from(running.iter().filter(is_warm).count()).unwrap();
        let all = u32::try_from(self.tasks.len()).unwrap();
        let situation = Situation {
            desired: self.desired,
            ready,
            in_flight: all - ready,
            deploying: self.deploying,
            revision: 1,
        };
        let decision = decide(&self.policy, &self.window, &self.record, situation, at);
        self.record = self.record.after(&decision, 1);
        self.desired = decision.wanted;
        self.tasks.resize(self.desired as usize, self.now);
        if decision.is_change() {
            self.changes.push((self.elapsed(), decision.clone()));
        }
        self.last = Some(decision);
    }

    /// What was changed: second, from, to.
    pub(crate) fn steps(&self) -> Vec<(u64, u32, u32)> {
        let step = |(at, decision): &(u64, Decision)| (*at, decision.before, decision.wanted);
        self.changes.iter().map(step).collect()
    }
}
