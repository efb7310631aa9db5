//! Random schedules of what users, tasks and the machine may do. `TAPEDECK_SCHEDULES=<n>` runs more than the default.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tapedeck_model::{HealthStatus, ResourceName, Revision, RolloutState, TaskState};
use tapedeck_plan::{Bounds, Desired, Pace};
use tapedeck_sim::schedule::play;
use tapedeck_sim::{Behaviour, Fate, World};

fn span(up_to_millis: u64) -> impl Strategy<Value = Duration> {
    (0..=up_to_millis).prop_map(Duration::from_millis)
}

fn fate() -> impl Strategy<Value = Fate> {
    let after = prop_oneof![span(300), span(5_000), span(100_000)];
    prop_oneof![
        4 => Just(Fate::Runs),
        1 => Just(Fate::FailsToStart),
        2 => (after, 0..3_i32).prop_map(|(after, code)| Fate::Exits { after, code }),
    ]
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let fates = prop_oneof![1 => Just(Vec::new()), 3 => vec(fate(), 1..4)];
    let health = prop_oneof![3 => Just(None), 2 => (span(20_000), status()).prop_map(Some)];
    let starts_in = prop_oneof![span(100), span(3_000)];
    (starts_in, span(2_000), fates, health).prop_map(|(starts_in, stops_in, fates, health)| Behaviour {
        starts_in,
        stops_in,
        fates,
        health,
    })
}

fn status() -> impl Strategy<Value = HealthStatus> {
    prop_oneof![3 => Just(HealthStatus::Healthy), 1 => Just(HealthStatus::Unhealthy)]
}

fn bounds() -> impl Strategy<Value = Bounds> {
    prop_oneof![
        4 => Just(Bounds::default()),
        3 => (0..=100_u32, 100..=200_u32).prop_map(|(minimum, maximum)| Bounds::new(minimum, maximum)),
    ]
}

fn world() -> World {
    World::new(ResourceName::new("mailer").expect("letters only"))
}

fn number_of_schedules() -> Option<u32> {
    std::env::var("TAPEDECK_SCHEDULES").ok()?.parse().ok()
}

/// Runs a property on random values, `default` of them or as many as `TAPEDECK_SCHEDULES` says.
fn check<S: Strategy>(default: u32, strategy: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let cases = number_of_schedules().unwrap_or(default);
    let mut runner = TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    if let Err(failure) = runner.run(&strategy, property) {
        panic!("{failure}");
    }
}

fn no_violations(world: &World) -> Result<(), TestCaseError> {
    match world.violations() {
        [] => Ok(()),
        [first, ..] => Err(TestCaseError::fail(first.clone())),
    }
}

#[test]
fn twenty_thousand_schedules_keep_the_promises() {
    let schedules = number_of_schedules().unwrap_or(20_000);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || {
                for seed in (first..u64::from(schedules)).step_by(usize::try_from(threads).unwrap()) {
                    if let Err(failure) = play(seed) {
                        panic!("{failure}");
                    }
                }
            });
        }
    });
}

#[test]
fn a_broken_revision_is_tried_a_bounded_number_of_times() {
    let fates = || {
        let exits = span(1_000).prop_map(|after| Fate::Exits { after, code: 1 });
        vec(prop_oneof![Just(Fate::FailsToStart), exits], 1..5)
    };
    check(
        300,
        (1..20_u32, span(500), fates()),
        |(count, starts_in, fates)| {
            let mut world = world();
            let behaviour = Behaviour {
                starts_in,
                fates,
                ..Behaviour::default()
            };
            // It held once, so that it is not given up.
            world.deploy(Desired::new(Revision(1), count));
            world.advance(Duration::from_secs(1));
            world.behave(Revision(1), behaviour);
            (1..=count).for_each(|number| world.kill(number, 1));
            world.advance(Duration::from_secs(60));
            no_violations(&world)?;
            let attempts = world.attempts(Revision(1)) - count;
            // Each wanted task once, then one at a time: after 1, 2, 4, 8, 16 and 32 s. Some were killed one after the other.
            prop_assert!(attempts <= 2 * count + 6, "{attempts} attempts for {count} tasks");
            world.advance(Duration::from_secs(3600));
            let hourly = world.attempts(Revision(1)) - count - attempts;
            prop_assert!((55..=65).contains(&hourly), "{hourly} attempts in an hour");
            Ok(())
        },
    );
}

#[test]
fn a_broken_change_leaves_the_old_tasks_alone() {
    check(80, (1..6_u32, behaviour()), |(count, mut behaviour)| {
        behaviour.fates = vec![Fate::FailsToStart];
        let mut world = world();
        world.deploy(Desired::new(Revision(1), count));
        world.advance(Duration::from_secs(1));
        world.behave(Revision(2), behaviour);
        world.deploy(Desired::new(Revision(2), count));
        world.advance(Duration::from_secs(3600));
        no_violations(&world)?;
        prop_assert!(
            world.attempts(Revision(2)) <= 2 * count + 3,
            "it is given up after few"
        );
        prop_assert_eq!(world.desired().map(|desired| desired.revision), Some(Revision(1)));
        prop_assert_eq!(
            world.attempts(Revision(1)),
            count,
            "none of the old was started again"
        );
        let running = |revision| {
            let tasks = world
                .tasks()
                .iter()
                .filter(|task| task.revision == Revision(revision));
            tasks
                .filter(|task| matches!(task.state, TaskState::Running { .. }))
                .count()
        };
        prop_assert_eq!(u32::try_from(running(1)).unwrap(), count, "all of the old run");
        Ok(())
    });
}

#[test]
fn t07_a_first_deployment_that_fails_is_given_up() {
    let fates = || {
        let exits = span(499).prop_map(|after| Fate::Exits { after, code: 1 });
        vec(prop_oneof![Just(Fate::FailsToStart), exits], 1..5)
    };
    check(200, (1..20_u32, fates()), |(count, fates)| {
        let mut world = world();
        let behaviour = Behaviour {
            fates,
            ..Behaviour::default()
        };
        world.behave(Revision(1), behaviour);
        world.deploy(Desired::new(Revision(1), count));
        world.advance(Duration::from_secs(60));
        no_violations(&world)?;
        let attempts = world.attempts(Revision(1));
        prop_assert!(
            attempts <= count + 3.max(count.div_ceil(2)),
            "{attempts} attempts"
        );
        prop_assert_eq!(world.deployments().state(Revision(1)), RolloutState::Failed);
        world.advance(Duration::from_secs(3600));
        prop_assert_eq!(world.attempts(Revision(1)), attempts, "no further starts");
        Ok(())
    });
}

#[test]
fn t29_t30_a_rollout_never_dips_and_a_bad_one_ends_where_it_began() {
    let exits = span(249).prop_map(|after| Fate::Exits { after, code: 1 });
    let fates = vec(
        prop_oneof![Just(Fate::Runs), Just(Fate::FailsToStart), exits],
        0..4,
    );
    check(400, (1..9_u32, fates, bounds()), |(count, fates, bounds)| {
        let mut world = world();
        let floor = bounds.floor(count);
        let ceiling = bounds.ceiling(count);
        world.deploy(Desired {
            bounds,
            ..Desired::new(Revision(1), count)
        });
        world.advance(Duration::from_secs(70));
        let behaviour = Behaviour {
            fates,
            ..Behaviour::default()
        };
        world.behave(Revision(2), behaviour);
        world.deploy(Desired {
            bounds,
            ..Desired::new(Revision(2), count)
        });
        for _ in 0..200 {
            let of = |revision: u64, counts: fn(&TaskState) -> bool| {
                let tasks = world
                    .tasks()
                    .iter()
                    .filter(|task| task.revision == Revision(revision));
                tasks.filter(|task| counts(&task.state)).count()
            };
            let runs: fn(&TaskState) -> bool = |state| matches!(state, TaskState::Running { .. });
            let live = of(1, TaskState::is_live) + of(2, TaskState::is_live);
            prop_assert!(live <= ceiling, "{live} live tasks");
            // No task ends by itself once it counts as healthy.
            let running = of(1, runs) + of(2, runs);
            prop_assert!(running >= floor, "it dips to {running}");
            world.advance(Duration::from_millis(50));
        }
        no_violations(&world)
    });
}

#[test]
fn records_stay_bounded() {
    let mut world = world();
    let behaviour = Behaviour {
        fates: vec![Fate::Exits {
            after: Duration::from_secs(1),
            code: 0,
        }],
        ..Behaviour::default()
    };
    world.behave(Revision(1), behaviour);
    world.deploy(Desired::new(Revision(1), 40));
    world.advance(Duration::from_secs(24 * 3600));
    assert_eq!(world.violations(), [] as [&str; 0]);
    let stopped = world
        .tasks()
        .iter()
        .filter(|task| task.state.is_stopped())
        .count();
    let saturation = usize::try_from(Pace::fast().back_off.saturation()).unwrap();
    assert!(
        stopped <= Pace::fast().keep_stopped_count + saturation,
        "{stopped} records"
    );
    assert!(
        world.attempts(Revision(1)) < 40 * 2 + 24 * 60 + 40,
        "the delay does not shrink as records go"
    );
}
