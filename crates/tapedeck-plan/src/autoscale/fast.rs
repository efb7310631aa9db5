//! Scaling within seconds. Out in proportion to demand, in slowly.
//!
//! A task at its limit shows 100 %, whatever it would need; so how much it is held back is taken as a sign of what is
//! beyond. Tasks are removed when every metric has been low for a whole window, and when those that remain can carry the
//! peak of that window.

mod inward;

use std::time::Duration;

use tapedeck_model::Timestamp;

use super::decision::per_cent;
use super::window::Point;
use super::{Decision, Fast, Given, Metric, NotScaled, Reading, tasks_for};

/// Over how long demand is averaged.
const DEMAND: Duration = Duration::from_secs(5);

/// Over how long the utilization that people are shown is averaged.
const SHOWN: Duration = Duration::from_secs(60);

const METRICS: [Metric; 2] = [Metric::Cpu, Metric::Memory];

pub(crate) fn decide(given: &Given<'_>, tempo: &Fast) -> Decision {
    let useless_since = memory_is_no_guide(given);
    let readings: Vec<Reading> = METRICS
        .iter()
        .map(|metric| reading(given, tempo, *metric))
        .collect();
    let ignored = |metric| metric == Metric::Memory && useless_since.is_some();
    let wanting = readings
        .iter()
        .filter(|reading| !ignored(reading.metric))
        .filter_map(|reading| Some((reading.wants?, reading)))
        .max_by_key(|(wants, _)| *wants);
    if let Some((wants, reading)) = wanting {
        let (wants, reading) = (wants, *reading);
        return out(given, tempo, wants, &reading, readings);
    }
    let lifted = useless_since.is_some_and(|since| given.now.since(since) >= tempo.scale_in_after);
    let heeded: Vec<Metric> = METRICS
        .into_iter()
        .filter(|metric| !(ignored(*metric) && lifted))
        .collect();
    let rising = readings
        .iter()
        .find(|reading| ignored(reading.metric) && reading.wants.is_some());
    match (rising, lifted) {
        (Some(reading), false) => {
            let reason = format!(
                "memory is at {:.0} % of the limit of each task, and adding tasks twice did not make it fall: more would not \
                 either; give each task more memory",
                reading.demand
            );
            given.stay(NotScaled::MetricNotProportional, readings, reason)
        }
        _ => inward::decide(given, tempo, &heeded, readings),
    }
}

fn memory_is_no_guide(given: &Given<'_>) -> Option<Timestamp> {
    let each = given
        .window
        .mean(DEMAND, |point| point.each(point.wanted(Metric::Memory)));
    given
        .record
        .memory_is_no_guide_since(given.situation.revision, each)
}

fn reading(given: &Given<'_>, tempo: &Fast, metric: Metric) -> Reading {
    let window = given.window;
    let target = given.target(metric);
    let demand = window.mean(DEMAND, |point| point.each(point.wanted(metric)));
    Reading {
        metric,
        utilization: per_cent(window.mean(SHOWN, |point| point.each(point.used(metric)))),
        demand: per_cent(demand),
        target: given.policy.target(metric),
        low: per_cent(target * tempo.low),
        wants: wants(given, tempo, metric, demand),
    }
}

/// How many tasks a metric asks for that is above its target.
fn wants(given: &Given<'_>, tempo: &Fast, metric: Metric, demand: f64) -> Option<u32> {
    let target = given.target(metric);
    let latest = given.window.latest()?;
    if metric == Metric::Memory && latest.oom_kills > 0 {
        let present = given.situation.ready + given.situation.in_flight;
        return Some(tasks_for(latest.memory, target).max(present + 1));
    }
    let load = load_above(given, tempo, metric)?;
    (demand > target + 1e-9).then(|| tasks_for(load, target))
}

/// The load, in tasks, of a metric that has been above its target for long enough.
fn load_above(given: &Given<'_>, tempo: &Fast, metric: Metric) -> Option<f64> {
    let target = given.target(metric);
    let points = || given.window.points().rev();
    let above = |point: &&Point| {
        let is_evidence = metric == Metric::Memory || !point.warming;
        is_evidence && point.each(point.wanted(metric)) > target + 1e-9
    };
    let soaked = |point: &Point| point.each(point.cpu) >= 0.95 && point.throttled > 0.2;
    let is_hurried = metric == Metric::Cpu && points().take(2).all(soaked);
    let needed = if is_hurried { 2 } else { tempo.confirmations };
    let loads: Vec<f64> = points()
        .take(needed)
        .take_while(above)
        .map(|point| point.wanted(metric))
        .collect();
    let length = f64::from(u32::try_from(needed).unwrap_or(u32::MAX));
    (loads.len() == needed).then(|| loads.iter().sum::<f64>() / length)
}

fn out(given: &Given<'_>, tempo: &Fast, wants: u32, reading: &Reading, readings: Vec<Reading>) -> Decision {
    let (situation, bounds) = (given.situation, given.policy.bounds);
    let present = situation.ready + situation.in_flight;
    let step = (present * 2).max(present + 4);
    let wanted = wants.min(step).min(bounds.max_instances);
    let formula = formula(given, tempo, reading, wants);
    let since_out = given.record.last_out.map(|last| given.now.since(last));
    if situation.in_flight > 0 && since_out.is_some_and(|since| since < tempo.hold) {
        let reason = format!(
            "{formula}; {} still being started count first",
            tasks(situation.in_flight)
        );
        return given.stay(NotScaled::WaitingForCapacity, readings, reason);
    }
    if situation.desired >= bounds.max_instances {
        let reason = format!("{formula}; maxInstances is {}", bounds.max_instances);
        return given.stay(NotScaled::AlreadyAtMaxCapacity, readings, reason);
    }
    if wanted <= situation.desired {
        let reason = format!(
            "{formula}; {} are desired already, and {} run",
            situation.desired, situation.ready
        );
        return given.stay(NotScaled::AlreadyAtDesiredCapacity, readings, reason);
    }
    let mut reason = formula;
    if wanted == bounds.max_instances && wants > wanted {
        reason.push_str(&format!(", no more than maxInstances {wanted}"));
    } else if wanted < wants {
        reason.push_str(&format!(", {wanted} as the first step"));
    }
    given.change(wanted, readings, reason)
}

/// How the number of tasks that are wanted comes about.
fn formula(given: &Given<'_>, tempo: &Fast, reading: &Reading, wants: u32) -> String {
    let (key, target) = (reading.metric.key(), reading.target);
    let latest = given.window.latest().copied().unwrap_or_default();
    if reading.metric == Metric::Memory && latest.oom_kills > 0 {
        return format!(
            "{key} {target}: a process was killed for want of memory, which takes one task more: {wants}"
        );
    }
    format!(
        "{key} {target}: {} at {} of {}, ceil({:.2} / {:.2}) = {wants}",
        reading.metric,
        shown(reading.demand),
        tasks(latest.tasks),
        load_above(given, tempo, reading.metric).unwrap_or_default(),
        given.target(reading.metric),
    )
}

fn shown(per_cent: f64) -> String {
    format!("{per_cent} %")
}

fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}

fn tasks(count: u32) -> String {
    if count == 1 {
        "1 task".to_owned()
    } else {
        format!("{count} tasks")
    }
}
