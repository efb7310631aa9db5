//! Scaling as ECS does it: alarms on averages of a minute, target tracking, cooldowns of five minutes.
//!
//! Sources: Application Auto Scaling user guide, "target tracking scaling policies"; the alarms that it makes.

use std::time::Duration;

use tapedeck_model::Timestamp;

use super::decision::per_cent;
use super::window::Point;
use super::{Decision, Ecs, Given, Metric, NotScaled, Reading, tasks_for};

const METRICS: [Metric; 2] = [Metric::Cpu, Metric::Memory];

pub(crate) fn decide(given: &Given<'_>, tempo: &Ecs) -> Decision {
    let readings: Vec<Reading> = METRICS
        .iter()
        .map(|metric| reading(given, tempo, *metric))
        .collect();
    let wanting = readings
        .iter()
        .filter_map(|reading| Some((reading.wants?, *reading)))
        .max_by_key(|(wants, _)| *wants);
    match wanting {
        Some((wants, reading)) => out(given, tempo, wants, &reading, readings),
        None => inward(given, tempo, readings),
    }
}

fn value(point: &Point, metric: Metric) -> f64 {
    point.each(point.used(metric))
}

fn running(given: &Given<'_>) -> u32 {
    given
        .window
        .latest()
        .map_or(0, |point| point.tasks + point.missing)
}

fn reading(given: &Given<'_>, tempo: &Ecs, metric: Metric) -> Reading {
    let target = given.target(metric);
    let latest = given.window.latest().map_or(0.0, |point| value(point, metric));
    let above = alarmed(given, tempo.high_periods, |point| {
        value(point, metric) > target + 1e-9
    });
    Reading {
        metric,
        utilization: per_cent(latest),
        demand: per_cent(latest),
        target: given.policy.target(metric),
        low: per_cent(target * tempo.low),
        wants: above.then(|| tasks_for(latest * f64::from(running(given)), target)),
    }
}

/// Whether the last so many points are all as an alarm has it.
fn alarmed(given: &Given<'_>, periods: usize, is_so: impl Fn(&Point) -> bool) -> bool {
    given.window.points().len() >= periods && given.window.points().rev().take(periods).all(is_so)
}

fn out(given: &Given<'_>, tempo: &Ecs, wants: u32, reading: &Reading, readings: Vec<Reading>) -> Decision {
    let (situation, bounds) = (given.situation, given.policy.bounds);
    let wanted = wants.min(bounds.max_instances);
    let formula = format!(
        "{} {}: {} was above it for {} averages of {}; ceil({} x {} / {}) = {wants}",
        reading.metric.key(),
        reading.target,
        reading.metric,
        tempo.high_periods,
        seconds(tempo.period),
        running(given),
        reading.utilization,
        reading.target,
    );
    if situation.desired >= bounds.max_instances {
        let reason = format!("{formula}; maxInstances is {}", bounds.max_instances);
        return given.stay(NotScaled::AlreadyAtMaxCapacity, readings, reason);
    }
    if wanted <= situation.desired {
        let reason = format!("{formula}; {} are desired already", situation.desired);
        return given.stay(NotScaled::AlreadyAtDesiredCapacity, readings, reason);
    }
    let added = wanted - situation.desired;
    if recent(given, given.record.last_out, tempo.cooldown) && added <= given.record.last_added {
        let reason = format!(
            "{formula}; only a larger step than the last one counts within {} of it",
            seconds(tempo.cooldown)
        );
        return given.stay(NotScaled::InCooldown, readings, reason);
    }
    given.change(wanted, readings, formula)
}

fn inward(given: &Given<'_>, tempo: &Ecs, readings: Vec<Reading>) -> Decision {
    let (situation, bounds) = (given.situation, given.policy.bounds);
    let is_low =
        |point: &Point, metric: Metric| value(point, metric) < given.target(metric) * tempo.low - 1e-9;
    let latest_low = |metric: &Metric| given.window.latest().is_some_and(|point| is_low(point, *metric));
    if let Some(metric) = METRICS.iter().find(|metric| !latest_low(metric)) {
        let reason = format!("{metric} is not low, and not high for long enough");
        return given.stay(NotScaled::WithinTargets, readings, reason);
    }
    if situation.desired <= bounds.min_instances {
        let reason = format!("everything is low, but minInstances is {}", bounds.min_instances);
        return given.stay(NotScaled::AlreadyAtMinCapacity, readings, reason);
    }
    let low = |point: &Point| METRICS.iter().all(|metric| is_low(point, *metric));
    if !alarmed(given, tempo.low_periods, low) {
        let reason = format!(
            "everything is low, but not yet for {} averages of {}",
            tempo.low_periods,
            seconds(tempo.period)
        );
        return given.stay(NotScaled::NotLowForLongEnough, readings, reason);
    }
    if situation.deploying {
        let reason = "everything is low, but nothing is removed while a rollout goes on".to_owned();
        return given.stay(NotScaled::DeploymentInProgress, readings, reason);
    }
    let needs = |reading: &Reading| {
        tasks_for(
            reading.utilization / 100.0 * f64::from(running(given)),
            given.target(reading.metric),
        )
    };
    let carry = readings.iter().map(needs).max().unwrap_or(situation.desired);
    let wanted = carry.max(bounds.min_instances);
    if wanted >= situation.desired {
        let reason = format!("everything is low, but it takes {carry} tasks to stay under the targets");
        return given.stay(NotScaled::AutoScalingAnticipatedFlapping, readings, reason);
    }
    if recent(given, given.record.last_in, tempo.cooldown) {
        let reason = format!(
            "everything is low, but tasks were removed within {}",
            seconds(tempo.cooldown)
        );
        return given.stay(NotScaled::InCooldown, readings, reason);
    }
    let reason = format!(
        "every metric was low for {} averages of {}; {carry} tasks keep them under the targets",
        tempo.low_periods,
        seconds(tempo.period)
    );
    given.change(wanted, readings, reason)
}

fn recent(given: &Given<'_>, at: Option<Timestamp>, wait: Duration) -> bool {
    at.is_some_and(|at| given.now.since(at) < wait)
}

fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}
