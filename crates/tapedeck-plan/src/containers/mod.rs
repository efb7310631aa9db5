//! In which order the containers of one task start and stop. Start at [`steer`].
//!
//! ```text
//!  Waiting ──dependencies met──▶ Creating ──▶ Running ──▶ Stopped
//!     └─────── the task ends ───────┴─ asked once all that wait for it are gone, killed after its stop timeout ──▲
//! ```
//!
//! A task ends when somebody orders it, when an essential container has stopped, or when a container waits for what will
//! never be. Nothing that has not started starts then. Source: the API reference of ECS, data type `ContainerDependency`,
//! and the dependency graph of its agent.
//!
//! It is apart from [`decide`](crate::decide) because it is asked by the shim of each task, not by the engine: a task whose
//! engine is gone ends in order too.

mod ending;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tapedeck_model::{ContainerCondition, HealthStatus, Timestamp};

pub use ending::{Ending, Unmet};

/// A container of a task, and what it was last seen doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Whether its end is the end of the task.
    pub essential: bool,
    /// What it waits for before it is made.
    pub depends_on: Vec<Dependency>,
    /// How long what waits for it to end or to become healthy goes on waiting, from its start on.
    pub start_timeout: Option<Duration>,
    /// Time between the signal that asks it to end and SIGKILL.
    pub stop_timeout: Duration,
    /// What it was last seen doing.
    pub phase: Phase,
    /// When it was asked to end, if it was.
    pub asked: Option<Timestamp>,
    /// Whether it was killed because it was not gone in time.
    pub killed: bool,
}

/// What one container waits for another to have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The place of the other among the containers of the task.
    pub on: usize,
    /// What it has to have done.
    pub condition: ContainerCondition,
}

/// What a container was last seen doing. It never goes back up this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing of it exists.
    Waiting,
    /// It is being made.
    Creating,
    /// Its program runs.
    Running {
        /// Since when.
        started: Timestamp,
        /// What its health check says.
        health: HealthStatus,
    },
    /// No process of it is left, or none ever was.
    Stopped {
        /// When its program had started, if it had.
        started: Option<Timestamp>,
        /// When that was.
        stopped: Timestamp,
        /// Exit code of its PID 1; none when it never ran.
        exit_code: Option<i32>,
    },
}

/// Something to do to one container, named by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Make it and start its program.
    Start(usize),
    /// Send its stop signal, as soon as its program runs.
    Ask(usize),
    /// Kill all of it.
    Kill(usize),
}

/// What to do now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "directions do nothing until they are followed"]
pub struct Directions {
    /// In this order.
    pub steps: Vec<Step>,
    /// Why the task ends, if it does; to be given again the next time.
    pub ending: Option<Ending>,
    /// Whether nothing of the task is left or will come.
    pub is_over: bool,
    /// When to ask again although nothing has happened.
    pub wake_at: Option<Timestamp>,
}

/// Decides what to do with the containers of one task. `ending` is what was decided or ordered before.
///
/// Reads no clock and performs no effect: equal arguments, equal directions.
pub fn steer(containers: &[Container], ending: Option<Ending>, now: Timestamp) -> Directions {
    let (found, deadline) = ending::find(containers, now);
    match ending.or(found) {
        Some(ending) => wind_down(containers, ending, now),
        None => Directions {
            steps: places(containers, |container| {
                container.phase == Phase::Waiting && is_ready(container, containers)
            })
            .map(Step::Start)
            .collect(),
            wake_at: deadline,
            ..Directions::default()
        },
    }
}

impl Container {
    /// Whether something of it exists, or is about to.
    fn is_there(&self) -> bool {
        matches!(self.phase, Phase::Creating | Phase::Running { .. })
    }
}

/// Whether all that a container waits for has been.
fn is_ready(container: &Container, all: &[Container]) -> bool {
    container.depends_on.iter().all(|dependency| {
        all.get(dependency.on)
            .is_some_and(|other| is_met(dependency.condition, other))
    })
}

fn is_met(condition: ContainerCondition, other: &Container) -> bool {
    match (condition, other.phase) {
        (ContainerCondition::Start, Phase::Running { .. }) => true,
        (ContainerCondition::Start, Phase::Stopped { started, .. }) => started.is_some(),
        (ContainerCondition::Complete, Phase::Stopped { exit_code, .. }) => exit_code.is_some(),
        (ContainerCondition::Success, Phase::Stopped { exit_code, .. }) => exit_code == Some(0),
        (ContainerCondition::Healthy, Phase::Running { health, .. }) => health == HealthStatus::Healthy,
        _ => false,
    }
}

/// Stops what is there, each container after all that wait for it.
fn wind_down(containers: &[Container], ending: Ending, now: Timestamp) -> Directions {
    let mut directions = Directions {
        is_over: !containers.iter().any(Container::is_there),
        ..Directions::default()
    };
    let at_once = ending == Ending::Ordered { at_once: true };
    for place in places(containers, Container::is_there) {
        let container = &containers[place];
        let kill_at = container.asked.map(|asked| asked + container.stop_timeout);
        match kill_at {
            _ if container.killed => {}
            _ if at_once => directions.steps.push(Step::Kill(place)),
            Some(at) if at <= now => directions.steps.push(Step::Kill(place)),
            Some(at) => directions.wake_at = Some(directions.wake_at.map_or(at, |soonest| soonest.min(at))),
            None if has_dependents(place, containers) => {}
            None => directions.steps.push(Step::Ask(place)),
        }
    }
    directions.ending = Some(ending);
    directions
}

/// Whether something is there that waited for this container before it started.
fn has_dependents(place: usize, containers: &[Container]) -> bool {
    let depends = |other: &Container| other.depends_on.iter().any(|dependency| dependency.on == place);
    containers.iter().any(|other| other.is_there() && depends(other))
}

fn places(containers: &[Container], wanted: impl Fn(&Container) -> bool) -> impl Iterator<Item = usize> {
    containers
        .iter()
        .enumerate()
        .filter(move |(_, container)| wanted(container))
        .map(|(place, _)| place)
}
