//! Stories of tasks with several containers, on a virtual clock.

use std::time::Duration;

use tapedeck_model::ContainerCondition::{self, Complete, Healthy, Start, Success};
use tapedeck_model::{HealthStatus, Timestamp};

use super::{Container, Dependency, Directions, Ending, Phase, Step, Unmet, steer};

/// A task whose containers do what they are told at once, and nothing else by themselves.
struct World {
    containers: Vec<Container>,
    ending: Option<Ending>,
    now: Timestamp,
}

impl World {
    fn of(containers: Vec<Container>) -> Self {
        Self {
            containers,
            ending: None,
            now: Timestamp::from_millis(1_000),
        }
    }

    fn ask(&self) -> Directions {
        steer(&self.containers, self.ending, self.now)
    }

    /// Follows directions until there are none; returns what was done.
    fn settle(&mut self) -> Vec<Step> {
        let mut done = Vec::new();
        loop {
            let directions = self.ask();
            self.ending = directions.ending;
            if directions.steps.is_empty() {
                return done;
            }
            for step in directions.steps {
                match step {
                    Step::Start(place) => self.containers[place].phase = running(self.now),
                    Step::Ask(place) => self.containers[place].asked = Some(self.now),
                    Step::Kill(place) => self.containers[place].killed = true,
                }
                done.push(step);
            }
        }
    }

    fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
    }

    fn exit(&mut self, place: usize, code: i32) {
        let started = match self.containers[place].phase {
            Phase::Running { started, .. } => Some(started),
            _ => None,
        };
        self.containers[place].phase = Phase::Stopped {
            started,
            stopped: self.now,
            exit_code: Some(code),
        };
    }

    fn order(&mut self) {
        self.ending = Some(Ending::Ordered { at_once: false });
    }

    fn health(&mut self, place: usize, to: HealthStatus) {
        if let Phase::Running { health, .. } = &mut self.containers[place].phase {
            *health = to;
        }
    }
}

fn running(started: Timestamp) -> Phase {
    Phase::Running {
        started,
        health: HealthStatus::Unknown,
    }
}

fn container(essential: bool, depends_on: &[(usize, ContainerCondition)]) -> Container {
    Container {
        essential,
        depends_on: depends_on
            .iter()
            .map(|(on, condition)| Dependency {
                on: *on,
                condition: *condition,
            })
            .collect(),
        start_timeout: None,
        stop_timeout: Duration::from_secs(2),
        phase: Phase::Waiting,
        asked: None,
        killed: false,
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_single_container_starts_and_its_end_is_the_end() {
    let mut world = World::of(vec![container(true, &[])]);
    assert_eq!(world.settle(), [Step::Start(0)]);
    assert_eq!(world.settle(), []);
    world.exit(0, 0);
    let directions = world.ask();
    assert_eq!(directions.ending, Some(Ending::EssentialStopped(0)));
    assert!(directions.is_over);
}

#[test]
fn t10_a_dependency_that_is_not_healthy_in_time_stops_the_task() {
    let slow = Container {
        start_timeout: Some(5 * SECOND),
        ..container(false, &[])
    };
    let mut world = World::of(vec![container(true, &[(1, Healthy)]), slow]);
    assert_eq!(world.settle(), [Step::Start(1)]);
    world.health(1, HealthStatus::Unhealthy);
    world.pass(Duration::from_millis(4_999));
    assert_eq!(world.settle(), []);
    assert_eq!(world.ask().wake_at, Some(world.now + Duration::from_millis(1)));
    world.pass(Duration::from_millis(1));
    assert_eq!(world.settle(), [Step::Ask(1)]);
    let dependency = Dependency {
        on: 1,
        condition: Healthy,
    };
    let why = Unmet::TimedOut;
    let never = Ending::NeverMet {
        container: 0,
        dependency,
        why,
    };
    assert_eq!(world.ending, Some(never));
    // Too late: the first container is never made.
    world.health(1, HealthStatus::Healthy);
    assert_eq!(world.settle(), []);
    world.exit(1, 143);
    assert!(world.ask().is_over);
    assert_eq!(world.containers[0].phase, Phase::Waiting);
}

#[test]
fn a_dependency_that_becomes_healthy_lets_the_other_start() {
    let mut world = World::of(vec![container(true, &[(1, Healthy)]), container(true, &[])]);
    assert_eq!(world.settle(), [Step::Start(1)]);
    world.pass(90 * SECOND);
    assert_eq!(world.settle(), []);
    world.health(1, HealthStatus::Healthy);
    assert_eq!(world.settle(), [Step::Start(0)]);
    // Looked at once only.
    world.health(1, HealthStatus::Unhealthy);
    assert_eq!(world.settle(), []);
}

#[test]
fn t11_a_dependency_that_has_ended_has_also_started() {
    let mut world = World::of(vec![container(true, &[(1, Start)]), container(false, &[])]);
    world.containers[1].phase = Phase::Creating;
    assert_eq!(world.settle(), []);
    world.containers[1].phase = running(world.now);
    world.exit(1, 1);
    assert_eq!(world.settle(), [Step::Start(0)]);
}

#[test]
fn t11_a_dependency_that_has_failed_stops_the_task_at_once() {
    let mut world = World::of(vec![
        container(true, &[(1, Success), (2, Start)]),
        container(false, &[]),
        container(true, &[]),
    ]);
    assert_eq!(world.settle(), [Step::Start(1), Step::Start(2)]);
    world.exit(1, 1);
    assert_eq!(world.settle(), [Step::Ask(2)]);
    let why = Unmet::Ended(1);
    assert!(matches!(world.ending, Some(Ending::NeverMet { container: 0, why: found, .. }) if found == why));
}

#[test]
fn complete_is_any_end_and_success_is_a_good_one() {
    for (condition, code, starts) in [
        (Complete, 0, true),
        (Complete, 7, true),
        (Success, 0, true),
        (Success, 7, false),
    ] {
        let mut world = World::of(vec![container(true, &[(1, condition)]), container(false, &[])]);
        assert_eq!(world.settle(), [Step::Start(1)]);
        assert_eq!(world.settle(), []);
        world.exit(1, code);
        let expected: &[Step] = if starts { &[Step::Start(0)] } else { &[] };
        assert_eq!(world.settle(), expected, "{condition:?} {code}");
        assert_eq!(world.ending.is_none(), starts);
    }
}

#[test]
fn what_could_not_be_started_never_meets_anything() {
    for condition in [Start, Complete, Success, Healthy] {
        let mut world = World::of(vec![container(true, &[(1, condition)]), container(false, &[])]);
        world.containers[1].phase = Phase::Stopped {
            started: None,
            stopped: world.now,
            exit_code: None,
        };
        assert_eq!(world.settle(), []);
        let why = Unmet::NeverRan;
        assert!(matches!(world.ending, Some(Ending::NeverMet { why: found, .. }) if found == why));
        assert!(world.ask().is_over);
    }
}

#[test]
fn t12_what_others_wait_for_is_asked_after_them() {
    // 0 waits for 1, 1 for 2.
    let mut world = World::of(vec![
        container(true, &[(1, Start)]),
        container(true, &[(2, Start)]),
        container(true, &[]),
    ]);
    assert_eq!(world.settle(), [Step::Start(2), Step::Start(1), Step::Start(0)]);
    world.order();
    assert_eq!(world.settle(), [Step::Ask(0)]);
    world.pass(SECOND);
    assert_eq!(world.settle(), []);
    world.exit(0, 0);
    assert_eq!(world.settle(), [Step::Ask(1)]);
    world.pass(2 * SECOND);
    // Its time is counted from when it was asked.
    assert_eq!(world.settle(), [Step::Kill(1)]);
    assert_eq!(world.settle(), []);
    world.exit(1, 137);
    assert_eq!(world.settle(), [Step::Ask(2)]);
    assert!(!world.ask().is_over);
    world.exit(2, 0);
    assert!(world.ask().is_over);
}

#[test]
fn each_container_has_a_stop_timeout_of_its_own() {
    let patient = Container {
        stop_timeout: 10 * SECOND,
        ..container(true, &[])
    };
    let mut world = World::of(vec![container(true, &[]), patient]);
    let _ = world.settle();
    world.order();
    assert_eq!(world.settle(), [Step::Ask(0), Step::Ask(1)]);
    assert_eq!(world.ask().wake_at, Some(world.now + 2 * SECOND));
    world.pass(2 * SECOND);
    assert_eq!(world.settle(), [Step::Kill(0)]);
    assert_eq!(world.ask().wake_at, Some(world.now + 8 * SECOND));
    world.pass(8 * SECOND);
    assert_eq!(world.settle(), [Step::Kill(1)]);
}

#[test]
fn the_end_of_an_essential_container_ends_the_others_and_that_of_another_does_not() {
    let mut world = World::of(vec![
        container(true, &[]),
        container(true, &[]),
        container(false, &[]),
    ]);
    let _ = world.settle();
    world.exit(2, 3);
    assert_eq!(world.settle(), []);
    world.exit(1, 0);
    assert_eq!(world.settle(), [Step::Ask(0)]);
    world.pass(SECOND);
    // The first one to end stays the reason.
    world.exit(0, 0);
    assert_eq!(world.ask().ending, Some(Ending::EssentialStopped(1)));
}

#[test]
fn nothing_starts_once_the_task_ends() {
    let mut world = World::of(vec![container(true, &[(1, Success)]), container(false, &[])]);
    let _ = world.settle();
    world.order();
    assert_eq!(world.settle(), [Step::Ask(1)]);
    world.exit(1, 0);
    assert_eq!(world.settle(), []);
    assert!(world.ask().is_over);
}

#[test]
fn an_order_without_patience_kills_all_in_any_order() {
    let mut world = World::of(vec![container(true, &[(1, Start)]), container(true, &[])]);
    let _ = world.settle();
    world.ending = Some(Ending::Ordered { at_once: true });
    assert_eq!(world.settle(), [Step::Kill(0), Step::Kill(1)]);
    assert_eq!(world.settle(), []);
}

#[test]
fn a_dependency_on_nothing_is_never_met() {
    let mut world = World::of(vec![container(true, &[(7, Start)])]);
    assert_eq!(world.settle(), []);
    assert!(world.ask().is_over);
}
