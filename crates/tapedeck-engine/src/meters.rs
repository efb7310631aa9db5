//! What tasks use: from counters of the kernel to shares of what they may use, kept for some minutes in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tapedeck_api::Usage;
use tapedeck_model::{Cpu, MemoryMb, TaskId, TaskState, Timestamp};
use tapedeck_plan::autoscale::TaskUse;
use tapedeck_plan::events;
use tapedeck_runtime::cgroup::{Sample, Sampler};

use crate::capacity;
use crate::fleet::ServiceKey;
use crate::main_loop::{Engine, Event};

/// How often tasks are looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// How many looks are remembered: five minutes.
const KEPT: usize = 300;

/// Two samples that are closer say nothing of the use between them.
const SHORTEST: Duration = Duration::from_millis(100);

/// What was read of one task, and when.
#[derive(Debug)]
pub(crate) struct Sampled {
    task: TaskId,
    at: Timestamp,
    sample: Option<Sample>,
}

/// What one task uses.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) at: Timestamp,
    pub(crate) sample: Sample,
    /// What it used in the last second, once there were two samples.
    pub(crate) used: Option<TaskUse>,
    pub(crate) history: VecDeque<Point>,
}

/// A remembered second: shares in ten thousandths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    at: Timestamp,
    shares: [u16; 4],
}

impl Point {
    fn of(at: Timestamp, shares: [f64; 4]) -> Self {
        Self {
            at,
            shares: shares.map(small),
        }
    }

    fn usage(&self) -> Usage {
        let [cpu, memory, throttled, pressure] = self.shares.map(|share| f32::from(share) / 100.0);
        Usage {
            at: self.at,
            cpu,
            memory,
            throttled,
            pressure,
        }
    }
}

/// The meters of all tasks.
#[derive(Debug)]
pub(crate) struct Meters {
    due: Timestamp,
    /// Whether tasks are being looked at right now.
    busy: bool,
    pub(crate) tasks: HashMap<TaskId, Meter>,
    services: BTreeMap<ServiceKey, VecDeque<Point>>,
}

impl Meters {
    /// No meters yet; the first look is due at once.
    pub(crate) fn starting(now: Timestamp) -> Self {
        Self {
            due: now,
            busy: false,
            tasks: HashMap::new(),
            services: BTreeMap::new(),
        }
    }

    /// When tasks are to be looked at again.
    pub(crate) fn due(&self) -> Timestamp {
        self.due
    }

    /// Takes what was read of a task with these limits.
    pub(crate) fn take(&mut self, sampled: &Sampled, started: Timestamp, (cpu, memory): (Cpu, MemoryMb)) {
        let Some(sample) = sampled.sample else { return };
        let meter = self.tasks.entry(sampled.task.clone()).or_default();
        let passed = sampled.at.since(meter.at);
        if meter.at == Timestamp::default() || passed < SHORTEST {
            if meter.at == Timestamp::default() {
                (meter.at, meter.sample) = (sampled.at, sample);
            }
            return;
        }
        let used = used_between(&meter.sample, &sample, passed, (cpu, memory));
        let used = TaskUse {
            age: sampled.at.since(started),
            ..used
        };
        (meter.at, meter.sample, meter.used) = (sampled.at, sample, Some(used));
        let shares = [used.cpu, used.memory, used.throttled, used.pressure];
        push(&mut meter.history, Point::of(sampled.at, shares));
    }

    /// What a task used, if it was looked at in this round.
    pub(crate) fn used_since(&self, task: &TaskId, earliest: Timestamp) -> Option<TaskUse> {
        let meter = self.tasks.get(task)?;
        meter.used.filter(|_| meter.at >= earliest)
    }

    /// Remembers the average of a service.
    pub(crate) fn note(&mut self, key: &ServiceKey, at: Timestamp, used: &[TaskUse]) {
        let length = f64::from(u32::try_from(used.len()).unwrap_or(u32::MAX));
        let mean = |each: fn(&TaskUse) -> f64| used.iter().map(each).sum::<f64>() / length;
        let shares = [
            mean(|used| used.cpu),
            mean(|used| used.memory),
            mean(|used| used.throttled),
            mean(|used| used.pressure),
        ];
        let history = self.services.entry(key.clone()).or_default();
        push(history, Point::of(at, shares));
    }

    /// Forgets tasks and services that are no more.
    fn retain(&mut self, is_task: impl Fn(&TaskId) -> bool, is_service: impl Fn(&ServiceKey) -> bool) {
        self.tasks.retain(|task, _| is_task(task));
        self.services.retain(|key, _| is_service(key));
    }

    /// The past of a task since then.
    pub(crate) fn history_of_task(&self, task: &TaskId, since: Timestamp) -> Vec<Usage> {
        usages(self.tasks.get(task).map(|meter| &meter.history), since)
    }

    /// The past of a service since then.
    pub(crate) fn history_of_service(&self, key: &ServiceKey, since: Timestamp) -> Vec<Usage> {
        usages(self.services.get(key), since)
    }
}

impl Engine {
    /// Has the counters of all running tasks read, in the background.
    pub(crate) fn sample_if_due(&mut self) {
        let now = self.clock.now();
        if now < self.meters.due {
            return;
        }
        self.meters.due = (self.meters.due + PERIOD).max(now + PERIOD / 2);
        if self.meters.busy {
            return;
        }
        let tasks: Vec<(TaskId, String, Option<Sample>)> = self
            .fleet
            .services
            .values()
            .flat_map(|service| service.tasks.values())
            .filter(|task| matches!(task.state, TaskState::Running { .. }))
            .map(|task| {
                let before = self.meters.tasks.get(&task.id).map(|meter| meter.sample);
                let group = self.host.cgroup_of(&task.id, task.instance());
                (task.id.clone(), group, before)
            })
            .collect();
        self.meters.busy = true;
        let (host, events, clock) = (Arc::clone(&self.host), self.events.clone(), self.clock);
        tokio::task::spawn_blocking(move || {
            let mut sampler = Sampler::new(&host.cgroups);
            let read = |(task, group, before): (TaskId, String, Option<Sample>)| Sampled {
                sample: sampler.sample(&group, before.as_ref()),
                at: clock.now(),
                task,
            };
            let samples = tasks.into_iter().map(read).collect();
            let _ = events.send(Event::Sampled(samples));
        });
    }

    /// Takes what was read, and has the number of tasks follow it.
    pub(crate) fn sampled(&mut self, samples: Vec<Sampled>) {
        self.meters.busy = false;
        let earliest = samples.iter().map(|sampled| sampled.at).min();
        self.tell_of_memory(&samples);
        let by_task: HashMap<&TaskId, &Sampled> =
            samples.iter().map(|sampled| (&sampled.task, sampled)).collect();
        for service in self.fleet.services.values() {
            for task in service.tasks.values() {
                let (Some(sampled), TaskState::Running { started, .. }) =
                    (by_task.get(&task.id), &task.state)
                else {
                    continue;
                };
                let container = service
                    .revisions
                    .get(&task.revision)
                    .unwrap_or_else(|| service.container());
                let cpu = capacity::cpu_share(service, task, self.processors);
                self.meters.take(sampled, *started, (cpu, container.memory));
            }
        }
        let fleet = &self.fleet;
        self.meters.retain(
            |task| by_task.contains_key(task),
            |key| fleet.services.contains_key(key),
        );
        self.scale_all(earliest.unwrap_or_else(|| self.clock.now()));
    }
}

impl Engine {
    /// Tells of tasks that have lost processes for want of memory since they were looked at last.
    fn tell_of_memory(&mut self, samples: &[Sampled]) {
        for sampled in samples {
            let kills = sampled.sample.map_or(0, |sample| sample.oom_kills);
            let known = self.meters.tasks.get(&sampled.task);
            if kills == known.map_or(0, |meter| meter.sample.oom_kills) {
                continue;
            }
            if let Some(key) = self.fleet.owner_of(&sampled.task) {
                // Once: an engine that has just started has looked at nothing yet.
                self.record_once(&key, events::out_of_memory(&key.name, &sampled.task, kills));
            }
        }
    }
}

fn used_between(before: &Sample, now: &Sample, passed: Duration, (cpu, memory): (Cpu, MemoryMb)) -> TaskUse {
    let ran = now.cpu.saturating_sub(before.cpu).as_secs_f64();
    let reserved = passed.as_secs_f64() * f64::from(cpu.millis()) / 1000.0;
    let periods = now.periods.saturating_sub(before.periods);
    let throttled = now.throttled.saturating_sub(before.throttled);
    TaskUse {
        age: Duration::ZERO,
        cpu: ran / reserved.max(1e-9),
        throttled: ratio(throttled, periods).min(1.0),
        pressure: now.pressure.unwrap_or(0.0),
        memory: ratio(now.memory, memory.bytes()),
        oom_kills: now.oom_kills.saturating_sub(before.oom_kills),
    }
}

#[expect(clippy::cast_precision_loss, reason = "both are far below 2^53")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn small(share: f64) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    let small = (share * 10_000.0).round().clamp(0.0, f64::from(u16::MAX)) as u16;
    small
}

fn push(history: &mut VecDeque<Point>, point: Point) {
    if history.len() >= KEPT {
        history.pop_front();
    }
    history.push_back(point);
}

fn usages(history: Option<&VecDeque<Point>>, since: Timestamp) -> Vec<Usage> {
    let points = history.into_iter().flatten();
    points
        .filter(|point| point.at >= since)
        .map(Point::usage)
        .collect()
}

#[cfg(test)]
mod tests;
