//! What was seen lately, condensed to a point a second, or to one a period in tempo `ecs`.

use std::collections::VecDeque;
use std::time::Duration;

use tapedeck_model::Timestamp;

use super::{Fast, Metric, STALE, Tempo};

/// A task that uses this share of its limit or more may want more than it gets.
const SATURATED: f64 = 0.9;

/// What one task used in the last second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TaskUse {
    /// How long it has been running.
    pub age: Duration,
    /// CPU time of what is reserved.
    pub cpu: f64,
    /// Share of the periods in which it was held back.
    pub throttled: f64,
    /// Share of the time in which a process of it waited for a processor.
    pub pressure: f64,
    /// Memory of the limit.
    pub memory: f64,
    /// Processes that were killed for want of memory.
    pub oom_kills: u64,
}

impl TaskUse {
    /// CPU that it would use without a limit, as far as that can be told: at most twice of what it gets.
    fn demand(&self) -> f64 {
        if self.cpu >= SATURATED {
            self.cpu * (1.0 + (self.throttled + self.pressure).clamp(0.0, 1.0))
        } else {
            self.cpu
        }
    }

    fn has_warmed_up(&self) -> bool {
        self.age >= Fast::WARM_UP
    }
}

/// All tasks of a service at one time, or on average over a period.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// Tasks that were measured.
    pub tasks: u32,
    /// Tasks that run and were not.
    pub missing: u32,
    /// CPU used, in tasks.
    pub cpu: f64,
    /// CPU that would be used without limits, in tasks.
    pub demand: f64,
    /// How much tasks were held back, on average.
    pub throttled: f64,
    /// Memory used, in tasks.
    pub memory: f64,
    /// Processes that were killed for want of memory.
    pub oom_kills: u64,
    /// Whether no task has warmed up yet, so that the CPU says nothing about load.
    pub warming: bool,
}

impl Point {
    /// Sums up what tasks use.
    #[must_use]
    pub fn of(at: Timestamp, used: &[TaskUse], missing: u32) -> Self {
        let tasks = u32::try_from(used.len()).unwrap_or(u32::MAX);
        let (warm, cold): (Vec<&TaskUse>, Vec<&TaskUse>) = used.iter().partition(|task| task.has_warmed_up());
        let warm_demand: f64 = warm.iter().map(|task| task.demand()).sum();
        let usual = if warm.is_empty() {
            f64::INFINITY
        } else {
            warm_demand / count(warm.len())
        };
        let cold_demand: f64 = cold.iter().map(|task| task.demand().min(usual)).sum();
        let sum = |each: fn(&TaskUse) -> f64| used.iter().map(each).sum::<f64>();
        Self {
            at,
            tasks,
            missing,
            cpu: sum(|task| task.cpu),
            demand: warm_demand + cold_demand,
            throttled: sum(|task| task.throttled) / count(used.len().max(1)),
            memory: sum(|task| task.memory),
            oom_kills: used.iter().map(|task| task.oom_kills).sum(),
            warming: warm.is_empty(),
        }
    }

    /// What all tasks use together, in tasks; of the CPU, as it was measured.
    pub(crate) fn used(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Cpu => self.cpu,
            Metric::Memory => self.memory,
        }
    }

    /// The same, with the estimate of what is beyond the limits.
    pub(crate) fn wanted(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Cpu => self.demand,
            Metric::Memory => self.memory,
        }
    }

    /// The average of the tasks.
    pub(crate) fn each(&self, sum: f64) -> f64 {
        sum / f64::from(self.tasks.max(1))
    }

    /// The load as scaling in sees it: a task that was not measured is taken to be at its target.
    pub(crate) fn cautious(&self, metric: Metric, target: f64) -> f64 {
        self.wanted(metric) + f64::from(self.missing) * target
    }
}

/// The points of the last minutes.
#[derive(Debug, Clone)]
pub struct Window {
    points: VecDeque<Point>,
    /// Points of the period that is not complete yet.
    gathered: Vec<Point>,
    /// Length of a period; none when every point counts.
    period: Option<Duration>,
    span: Duration,
    seen: Option<Timestamp>,
}

impl Window {
    /// An empty window, as long as the tempo needs it.
    #[must_use]
    pub fn new(tempo: &Tempo) -> Self {
        let (period, span) = match tempo {
            Tempo::Fast(fast) => (None, fast.scale_in_after.max(Duration::from_secs(60))),
            Tempo::Ecs(ecs) => {
                let periods = u32::try_from(ecs.low_periods).unwrap_or(u32::MAX);
                (Some(ecs.period), ecs.period * periods)
            }
        };
        Self {
            points: VecDeque::new(),
            gathered: Vec::new(),
            period,
            span,
            seen: None,
        }
    }

    /// Adds a point; says whether it is time to decide. After a gap, what was before counts no more.
    pub fn push(&mut self, point: Point) -> bool {
        if self.seen.is_some_and(|seen| point.at.since(seen) > STALE) {
            self.points.clear();
            self.gathered.clear();
        }
        self.seen = Some(point.at);
        let Some(period) = self.period else {
            self.keep(point);
            return true;
        };
        self.gathered.push(point);
        let began = self.gathered[0].at;
        // A point stands for the second before it.
        if point.at.since(began) + Duration::from_secs(1) < period {
            return false;
        }
        let gathered = std::mem::take(&mut self.gathered);
        self.keep(mean(&gathered));
        true
    }

    /// When something was measured last.
    #[must_use]
    pub fn seen(&self) -> Option<Timestamp> {
        self.seen
    }

    fn keep(&mut self, point: Point) {
        self.points.push_back(point);
        while self
            .points
            .front()
            .is_some_and(|first| point.at.since(first.at) > self.span)
        {
            self.points.pop_front();
        }
    }

    pub(crate) fn latest(&self) -> Option<&Point> {
        self.points.back()
    }

    pub(crate) fn points(&self) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        self.points.iter()
    }

    /// The points of the last so many seconds, oldest first.
    pub(crate) fn recent(&self, span: Duration) -> impl Iterator<Item = &Point> {
        let end = self.latest().map(|point| point.at).unwrap_or_default();
        self.points
            .iter()
            .filter(move |point| end.since(point.at) <= span)
    }

    /// The same, newest first and without the one that began them.
    pub(crate) fn last(&self, span: Duration) -> impl Iterator<Item = &Point> {
        let end = self.latest().map(|point| point.at).unwrap_or_default();
        self.points
            .iter()
            .rev()
            .take_while(move |point| end.since(point.at) < span)
    }

    /// The mean over the last so many seconds of something of each point.
    pub(crate) fn mean(&self, span: Duration, each: impl Fn(&Point) -> f64) -> f64 {
        let (sum, length) = self
            .last(span)
            .fold((0.0, 0), |(sum, length), point| (sum + each(point), length + 1));
        sum / f64::from(length.max(1))
    }
}

fn mean(points: &[Point]) -> Point {
    let length = count(points.len().max(1));
    let sum = |each: fn(&Point) -> f64| points.iter().map(each).sum::<f64>() / length;
    let last = points.last().copied().unwrap_or_default();
    // Averages are over what tasks use each, as their number may change within a period.
    let each = |of: fn(&Point) -> f64| {
        let total: f64 = points.iter().map(|point| point.each(of(point))).sum();
        total / length * f64::from(last.tasks)
    };
    Point {
        at: last.at,
        tasks: last.tasks,
        missing: last.missing,
        cpu: each(|point| point.cpu),
        demand: each(|point| point.demand),
        throttled: sum(|point| point.throttled),
        memory: each(|point| point.memory),
        oom_kills: points.iter().map(|point| point.oom_kills).sum(),
        warming: points.iter().all(|point| point.warming),
    }
}

fn count(length: usize) -> f64 {
    f64::from(u32::try_from(length).unwrap_or(u32::MAX))
}
