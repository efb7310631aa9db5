//! Removing tasks: slowly, and never so many that they would be missed at once.

use std::collections::VecDeque;
use std::time::Duration;

use tapedeck_model::Timestamp;

use super::super::decision::per_cent;
use super::super::{Decision, Fast, Given, Metric, NotScaled, Reading, tasks_for};
use super::{DEMAND, seconds, shown, tasks};

/// Over how long what is called low is averaged.
const LOW: Duration = Duration::from_secs(10);

/// Seconds between two points, at most; more is a gap.
const STEP: Duration = Duration::from_secs(2);

/// Decides how many tasks are removed, if any, by the metrics that are heeded.
pub(super) fn decide(given: &Given<'_>, tempo: &Fast, heeded: &[Metric], readings: Vec<Reading>) -> Decision {
    let (situation, bounds, window) = (given.situation, given.policy.bounds, given.window);
    let low_now =
        |metric: &Metric| cautious_mean(given, *metric, LOW) < given.target(*metric) * tempo.low - 1e-9;
    if let Some(metric) = heeded.iter().find(|metric| !low_now(metric)) {
        let reason = format!(
            "{metric} is at {}, not below {} and not above {}",
            shown(per_cent(cautious_mean(given, *metric, LOW))),
            shown(per_cent(given.target(*metric) * tempo.low)),
            shown(per_cent(given.target(*metric))),
        );
        return given.stay(NotScaled::WithinTargets, readings, reason);
    }
    if situation.desired <= bounds.min_instances {
        let reason = format!("everything is low, but minInstances is {}", bounds.min_instances);
        let code = NotScaled::AlreadyAtMinCapacity;
        return given.stay(code, readings, reason);
    }
    let span = tempo.scale_in_after;
    let covered = window
        .points()
        .next()
        .is_some_and(|first| given.now.since(first.at) + STEP >= span);
    let was_low = |metric: &Metric| stayed_low(given, tempo, *metric);
    if !covered || !heeded.iter().all(was_low) {
        let reason = format!("everything is low, but not yet for {}", seconds(span));
        return given.stay(NotScaled::NotLowForLongEnough, readings, reason);
    }
    if situation.deploying {
        let reason = "everything is low, but nothing is removed while a rollout goes on".to_owned();
        return given.stay(NotScaled::DeploymentInProgress, readings, reason);
    }
    remove(given, tempo, heeded, readings)
}

/// How many can go, now that everything has been low for long enough.
fn remove(given: &Given<'_>, tempo: &Fast, heeded: &[Metric], readings: Vec<Reading>) -> Decision {
    let (situation, bounds, span) = (given.situation, given.policy.bounds, tempo.scale_in_after);
    let needs = |metric: &Metric| {
        let target = given.target(*metric);
        let peak = peak(given, tempo, *metric);
        (tasks_for(peak, target * tempo.safe), peak, *metric)
    };
    let Some((carry, peak, metric)) = heeded.iter().map(needs).max_by_key(|(carry, ..)| *carry) else {
        return given.stay(NotScaled::WithinTargets, readings, "no metric is left".to_owned());
    };
    let fewest = carry.max(bounds.min_instances);
    if fewest >= situation.desired {
        let fewer = situation.desired.saturating_sub(1).max(1);
        let reason = format!(
            "everything is low, but with {} the peak of the last {} would put {metric} at {}, and {} is where adding begins",
            tasks(fewer),
            seconds(span),
            shown(per_cent(peak / f64::from(fewer))),
            shown(per_cent(given.target(metric))),
        );
        return given.stay(NotScaled::AutoScalingAnticipatedFlapping, readings, reason);
    }
    let recent = |at: Option<Timestamp>, wait: Duration| at.is_some_and(|at| given.now.since(at) < wait);
    if recent(given.record.last_out, tempo.after_out) || recent(given.record.last_in, tempo.between_removals)
    {
        let reason = "everything is low, but the last change is too recent".to_owned();
        return given.stay(NotScaled::InCooldown, readings, reason);
    }
    let step = (situation.desired / 10).max(1);
    let wanted = fewest.max(situation.desired - step);
    let reason = format!(
        "all metrics were low for {}; its peak takes ceil({peak:.2} / {:.2}) = {carry} by {metric}, and at most {step} at a time \
         is removed",
        seconds(span),
        given.target(metric) * tempo.safe,
    );
    given.change(wanted, readings, reason)
}

/// The average of each task, those that were not measured taken to be at their target.
fn cautious_mean(given: &Given<'_>, metric: Metric, span: Duration) -> f64 {
    let target = given.target(metric);
    given.window.mean(span, |point| {
        point.cautious(metric, target) / f64::from((point.tasks + point.missing).max(1))
    })
}

/// Whether the moving average was low in the whole window, and nothing in it was without evidence.
fn stayed_low(given: &Given<'_>, tempo: &Fast, metric: Metric) -> bool {
    let target = given.target(metric);
    let mut recent = VecDeque::new();
    let mut sum = 0.0;
    for point in given.window.recent(tempo.scale_in_after) {
        if point.warming && metric == Metric::Cpu {
            return false;
        }
        let each = point.cautious(metric, target) / f64::from((point.tasks + point.missing).max(1));
        recent.push_back((point.at, each));
        sum += each;
        while let Some((at, old)) = recent.front().copied() {
            if point.at.since(at) < LOW {
                break;
            }
            recent.pop_front();
            sum -= old;
        }
        let length = f64::from(u32::try_from(recent.len()).unwrap_or(u32::MAX));
        if sum / length >= target * tempo.low {
            return false;
        }
    }
    true
}

/// The highest load of the window, averaged over some seconds.
fn peak(given: &Given<'_>, tempo: &Fast, metric: Metric) -> f64 {
    let target = given.target(metric);
    let loads: Vec<(Timestamp, f64)> = given
        .window
        .recent(tempo.scale_in_after)
        .map(|point| (point.at, point.cautious(metric, target)))
        .collect();
    let mut peak: f64 = 0.0;
    let mut first = 0;
    let mut sum = 0.0;
    for (index, (at, load)) in loads.iter().enumerate() {
        sum += load;
        while at.since(loads[first].0) >= DEMAND {
            sum -= loads[first].1;
            first += 1;
        }
        let length = u32::try_from(index - first + 1).unwrap_or(u32::MAX);
        peak = peak.max(sum / f64::from(length));
    }
    peak
}
