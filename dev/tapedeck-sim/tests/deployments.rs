//! Deployments as ECS makes them, on the virtual clock. The numbers in the names are those of the conformance catalogue.

use std::time::Duration;

use tapedeck_model::{ResourceName, Revision, RolloutState, TaskState};
use tapedeck_plan::{Deployment, DeploymentConfiguration, Desired, Pace, Waiting};
use tapedeck_sim::{Behaviour, Fate, World};

fn desired(revision: u64, count: u32) -> Desired {
    Desired {
        revision: Revision(revision),
        count,
        attended: false,
        configuration: DeploymentConfiguration::default(),
        deployment: Deployment::Monitored,
        pace: Pace::fast(),
    }
}

fn limited(revision: u64, count: u32, minimum_healthy_percent: u32, maximum_percent: u32) -> Desired {
    Desired {
        configuration: DeploymentConfiguration {
            minimum_healthy_percent,
            maximum_percent,
        },
        ..desired(revision, count)
    }
}

/// A service that is steady on its first revision.
fn steady(wanted: Desired) -> World {
    let mut world = World::new(ResourceName::new("mailer").expect("letters only"));
    world.deploy(wanted);
    world.advance(Duration::from_secs(10));
    assert!(world.is_steady());
    world
}

fn with_fates(world: &mut World, revision: u64, fates: &[Fate]) {
    let behaviour = Behaviour {
        fates: fates.to_vec(),
        ..Behaviour::default()
    };
    world.behave(Revision(revision), behaviour);
}

fn running(world: &World, revision: u64) -> usize {
    let of_revision = world
        .tasks()
        .iter()
        .filter(|task| task.revision == Revision(revision));
    of_revision
        .filter(|task| matches!(task.state, TaskState::Running { .. }))
        .count()
}

fn live(world: &World) -> usize {
    world.tasks().iter().filter(|task| task.state.is_live()).count()
}

/// Lets time pass in small steps; tells the fewest tasks that ran and the most that lived.
fn watch(world: &mut World, span: Duration) -> (usize, usize) {
    let step = Duration::from_millis(10);
    let (mut fewest, mut most) = (usize::MAX, 0);
    for _ in 0..span.as_millis() / step.as_millis() {
        world.advance(step);
        let all = world.tasks().iter();
        let ran = all
            .filter(|task| matches!(task.state, TaskState::Running { .. }))
            .count();
        fewest = fewest.min(ran);
        most = most.max(live(world));
    }
    (fewest, most)
}

fn rollout(world: &World) -> RolloutState {
    world.deployments().expect("something is deployed").rollout
}

#[test]
fn t29_all_new_tasks_start_and_old_ones_go_as_they_become_healthy() {
    let mut world = steady(desired(1, 4));
    world.deploy(desired(2, 4));
    let (fewest, most) = watch(&mut world, Duration::from_secs(2));
    assert!(fewest >= 4, "{fewest} ran");
    assert_eq!(most, 8);
    assert_eq!((running(&world, 1), running(&world, 2)), (0, 4));
    assert_eq!(rollout(&world), RolloutState::Completed);
    assert_eq!(world.attempts(Revision(2)), 4);
    assert_eq!(world.violations(), [] as [&str; 0]);
}

#[test]
fn t30_tasks_that_are_never_healthy_trip_the_breaker_and_the_old_ones_run_throughout() {
    let mut world = steady(desired(1, 4));
    let exits = Fate::Exits {
        after: Duration::from_millis(300),
        code: 1,
    };
    with_fates(&mut world, 2, &[exits]);
    world.deploy(desired(2, 4));
    let (fewest, _) = watch(&mut world, Duration::from_secs(5));
    assert_eq!(fewest, 4);
    assert_eq!(world.attempts(Revision(1)), 4, "the same tasks");
    let tried = world.attempts(Revision(2));
    let deployments = world.deployments().expect("something is deployed");
    let failed = deployments.failed.clone().expect("it failed");
    assert_eq!(failed.revision, Revision(2));
    assert_eq!(
        failed.reason,
        "ECS deployment circuit breaker: tasks failed to start."
    );
    assert_eq!(
        (deployments.revision, deployments.rollout),
        (Revision(1), RolloutState::Completed)
    );
    world.advance(Duration::from_secs(3600));
    assert_eq!(
        world.attempts(Revision(2)),
        tried,
        "none of the bad revision after that"
    );
    assert_eq!(world.violations(), [] as [&str; 0]);
}

#[test]
fn t31_one_task_that_cannot_start_is_rolled_back_within_seconds() {
    let mut world = steady(desired(1, 1));
    with_fates(&mut world, 2, &[Fate::FailsToStart]);
    world.deploy(desired(2, 1));
    world.advance(Duration::from_secs(3));
    let deployments = world.deployments().expect("something is deployed");
    assert_eq!(deployments.revision, Revision(1));
    assert_eq!(world.attempts(Revision(2)), 3);
    assert_eq!((world.attempts(Revision(1)), running(&world, 1)), (1, 1));
}

#[test]
fn t32_the_threshold_is_half_of_the_latest_count_within_bounds() {
    for (count, threshold) in [(1, 3), (4, 3), (7, 4), (10, 5), (25, 13), (400, 200), (800, 200)] {
        assert_eq!(
            DeploymentConfiguration::failure_threshold(count),
            threshold,
            "{count}"
        );
    }
    let mut world = steady(desired(1, 4));
    let late = Fate::Exits {
        after: Duration::from_millis(400),
        code: 1,
    };
    with_fates(&mut world, 2, &[late]);
    world.deploy(desired(2, 4));
    world.advance(Duration::from_millis(100));
    world.deploy(desired(2, 10));
    world.advance(Duration::from_millis(100));
    assert_eq!(rollout(&world), RolloutState::InProgress);
    world.advance(Duration::from_secs(10));
    let failed = world
        .deployments()
        .and_then(|deployments| deployments.failed.clone());
    assert!(failed.expect("it failed").failed_tasks >= 5);
}

#[test]
fn t33_a_healthy_task_makes_up_for_failures_before_it() {
    let mut world = steady(desired(1, 1));
    let fails = Fate::FailsToStart;
    let holds_for_a_while = Fate::Exits {
        after: Duration::from_millis(5_000),
        code: 1,
    };
    with_fates(
        &mut world,
        2,
        &[fails, fails, holds_for_a_while, fails, fails, Fate::Runs],
    );
    world.deploy(desired(2, 1));
    world.advance(Duration::from_secs(120));
    let deployments = world.deployments().expect("something is deployed");
    assert_eq!(deployments.failed, None);
    assert_eq!(deployments.revision, Revision(2));
    assert_eq!(running(&world, 2), 1);
}

#[test]
fn t34_limits_without_room_are_told_and_narrow_ones_go_one_by_one() {
    let mut world = steady(limited(1, 1, 100, 150));
    world.deploy(limited(2, 1, 100, 150));
    world.advance(Duration::from_secs(3600));
    assert_eq!(world.attempts(Revision(2)), 0);
    assert_eq!(running(&world, 1), 1);
    let plan = world.look().expect("something is deployed");
    assert!(
        plan.waiting.contains(&Waiting::ForConfiguration),
        "{:?}",
        plan.waiting
    );

    let mut world = steady(limited(1, 3, 50, 125));
    world.deploy(limited(2, 3, 50, 125));
    let (fewest, most) = watch(&mut world, Duration::from_secs(10));
    assert_eq!((fewest, most), (2, 3));
    assert_eq!((running(&world, 1), running(&world, 2)), (0, 3));
    assert_eq!(world.violations(), [] as [&str; 0]);
}

#[test]
fn t35_an_old_task_lost_while_the_new_revision_fails_is_replaced_by_the_old_revision() {
    let mut world = steady(desired(1, 2));
    let exits = Fate::Exits {
        after: Duration::from_millis(400),
        code: 1,
    };
    with_fates(&mut world, 2, &[exits]);
    world.deploy(desired(2, 2));
    world.advance(Duration::from_millis(200));
    world.kill(1, 137);
    let (fewest, _) = watch(&mut world, Duration::from_secs(1));
    assert!(fewest >= 1);
    assert_eq!(running(&world, 1), 2, "within a second");
    assert_eq!(world.attempts(Revision(1)), 3);
}

#[test]
fn t36_more_tasks_wanted_in_the_middle_end_as_exactly_so_many_of_the_new_revision() {
    let mut world = steady(desired(1, 2));
    let slow = Behaviour {
        starts_in: Duration::from_secs(2),
        ..Behaviour::default()
    };
    world.behave(Revision(2), slow);
    world.deploy(desired(2, 2));
    world.advance(Duration::from_secs(1));
    world.deploy(desired(2, 4));
    let (fewest, most) = watch(&mut world, Duration::from_secs(10));
    assert!(fewest >= 2 && most <= 8, "{fewest} {most}");
    assert_eq!((running(&world, 1), running(&world, 2)), (0, 4));
    assert!(world.is_steady());
}

#[test]
fn t37_a_second_deployment_abandons_the_first() {
    let mut world = steady(desired(1, 3));
    let slow = Behaviour {
        starts_in: Duration::from_secs(2),
        ..Behaviour::default()
    };
    world.behave(Revision(2), slow);
    world.deploy(desired(2, 3));
    world.advance(Duration::from_secs(1));
    world.deploy(desired(3, 3));
    let (fewest, most) = watch(&mut world, Duration::from_secs(10));
    assert!(fewest >= 3 && most <= 6, "{fewest} {most}");
    assert_eq!(
        [1, 2, 3].map(|revision| running(&world, revision)),
        [0, 0, 3],
        "only the newest is left"
    );
    assert_eq!(rollout(&world), RolloutState::Completed);
}
