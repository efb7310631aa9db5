//! How long something may take, on the virtual clock.

use std::time::Duration;

use tapedeck_model::{ResourceName, Revision, RolloutState, TaskState};
use tapedeck_plan::Desired;
use tapedeck_sim::{Behaviour, World};

/// A service that has been steady for a minute; its tasks take so long to stop.
fn steady(count: u32, stops_in: Duration) -> World {
    let mut world = World::new(ResourceName::new("mailer").expect("letters only"));
    let behaviour = Behaviour {
        stops_in,
        ..Behaviour::default()
    };
    world.behave(Revision(1), behaviour);
    world.deploy(Desired::new(Revision(1), count));
    world.advance(Duration::from_secs(60));
    assert!(world.is_steady());
    world
}

#[test]
fn t18_all_tasks_are_told_within_100_ms_and_gone_after_their_timeout() {
    let mut world = steady(4, Duration::from_secs(10));
    let deleted = world.now();
    world.deploy(Desired::new(Revision(1), 0));
    let told = |world: &World| {
        let tasks = world.tasks().iter();
        let told = tasks.filter_map(|task| match task.state {
            TaskState::Stopping { stopping, .. } => Some(stopping.since(deleted)),
            _ => None,
        });
        told.collect::<Vec<Duration>>()
    };
    assert_eq!(told(&world).len(), 4);
    assert!(
        told(&world)
            .iter()
            .all(|after| *after <= Duration::from_millis(100))
    );
    world.advance(Duration::from_millis(9_900));
    assert!(!world.is_steady(), "they still stop");
    world.advance(Duration::from_millis(600));
    assert!(world.is_steady(), "nothing is left after 10.5 s");
    assert_eq!(world.violations(), [] as [&str; 0]);
}

#[test]
fn t39_a_task_that_is_given_free_ends_the_rollout_within_a_second() {
    let mut world = steady(2, Duration::from_millis(100));
    world.protect(1, Some(Duration::from_secs(3600)));
    world.deploy(Desired::new(Revision(2), 2));
    world.advance(Duration::from_secs(600));
    assert_eq!(world.deployments().state(Revision(2)), RolloutState::InProgress);
    let old = world
        .tasks()
        .iter()
        .filter(|task| task.revision == Revision(1) && task.state.is_live());
    assert_eq!(old.count(), 1, "only what is protected");
    world.protect(1, None);
    world.advance(Duration::from_secs(1));
    assert_eq!(world.deployments().state(Revision(2)), RolloutState::Completed);
    assert!(world.is_steady());
    assert_eq!(world.violations(), [] as [&str; 0]);
}
