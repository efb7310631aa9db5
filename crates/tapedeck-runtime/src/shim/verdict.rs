//! How a task ended, from how its containers did. Pure.

use tapedeck_model::{ContainerCondition, Timestamp};
use tapedeck_plan::containers::{Dependency, Ending, Unmet};

use super::contained::{Contained, End, STOPPED_EARLY};
use crate::definition::TaskExit;

/// `stoppedReason` of ECS, which is followed by the name of the container.
const ESSENTIAL: &str = "Essential container in task exited";

/// How the task ended.
pub(super) fn of(containers: &[Contained<'_>], ending: Option<Ending>, now: Timestamp) -> TaskExit {
    let several = containers.len() > 1;
    let main = containers.first();
    let started = main.and_then(|main| main.started);
    let mut exit = match ending {
        Some(Ending::NeverMet {
            container,
            dependency,
            why,
        }) => never_ran(now, never_met(containers, container, dependency, why)),
        Some(Ending::EssentialStopped(place)) => {
            let culprit = containers.get(place);
            let end = culprit.and_then(|culprit| culprit.end.as_ref());
            let mut exit = of_end(end, now);
            if let (true, Some(culprit)) = (several, culprit) {
                exit.failure = Some(named(exit.failure.take(), culprit.name, exit.exit_code));
            }
            exit
        }
        Some(Ending::Ordered { .. }) | None => of_end(main.and_then(|main| main.end.as_ref()), now),
    };
    exit.started = started;
    exit.oom_killed = containers.iter().any(is_oom_killed);
    let deaf = containers.iter().filter(|container| container.is_deaf);
    exit.unheard = deaf.map(|container| container.name.to_owned()).collect();
    if several {
        exit.stopped = now;
        exit.containers = containers.iter().map(Contained::status).collect();
    }
    exit
}

/// Of one that never ran.
pub(super) fn never_ran(stopped: Timestamp, failure: String) -> TaskExit {
    TaskExit {
        started: None,
        stopped,
        exit_code: None,
        oom_killed: false,
        failure: Some(failure),
        containers: Vec::new(),
        unheard: Vec::new(),
    }
}

fn of_end(end: Option<&End>, now: Timestamp) -> TaskExit {
    let Some(end) = end else {
        return never_ran(now, STOPPED_EARLY.to_owned());
    };
    TaskExit {
        started: None,
        stopped: end.stopped,
        exit_code: end.exit_code,
        oom_killed: end.oom_killed,
        failure: end.failure.clone(),
        containers: Vec::new(),
        unheard: Vec::new(),
    }
}

fn is_oom_killed(container: &Contained<'_>) -> bool {
    container.end.as_ref().is_some_and(|end| end.oom_killed)
}

fn named(failure: Option<String>, name: &str, exit_code: Option<i32>) -> String {
    match (failure, exit_code) {
        (Some(failure), _) => format!("{failure} (container {name})"),
        (None, Some(code)) => format!("{ESSENTIAL} ({name}, with code {code})"),
        (None, None) => format!("{ESSENTIAL} ({name})"),
    }
}

fn never_met(containers: &[Contained<'_>], waiting: usize, dependency: Dependency, why: Unmet) -> String {
    let name = |place: usize| containers.get(place).map_or("?", |one| one.name);
    let (waiting, other) = (name(waiting), name(dependency.on));
    let what = match dependency.condition {
        ContainerCondition::Start => "start",
        ContainerCondition::Complete => "end",
        ContainerCondition::Success => "succeed",
        ContainerCondition::Healthy => "be healthy",
    };
    let waits = format!("container {waiting} waits for {other} to {what}");
    let failure = containers
        .get(dependency.on)
        .and_then(|one| one.end.as_ref()?.failure.as_ref());
    match (why, failure) {
        (Unmet::NeverRan, Some(failure)) => format!("{failure} ({waits})"),
        (Unmet::NeverRan, None) => format!("CannotStartContainerError: {waits}, which never ran"),
        (Unmet::Ended(code), _) => {
            format!("CannotStartContainerError: {waits}, which ended with code {code}")
        }
        (Unmet::TimedOut, _) => format!("CannotStartContainerError: {waits}, which took longer than it may"),
        (Unmet::Missing, _) => format!("CannotStartContainerError: {waits}, which is not there"),
    }
}
