//! Whole stories of a service on instances.

use super::world::World;
use super::*;
use crate::Stage;

#[test]
fn t51_without_memory_each_task_has_an_instance_and_none_is_left_unused() {
    let mut world = World::of(&[c5_large()], 3481, 1);
    world.run(5);
    assert_eq!((world.packed(), world.healthy()), (vec![1], 1));
    world.desired.count = 2;
    world.run(5);
    assert_eq!((world.packed(), world.healthy()), (vec![1, 1], 2));
    world.desired.count = 1;
    world.run(5);
    assert_eq!(world.packed(), [1, 0], "an empty one stays for a while");
    world.run(60);
    assert_eq!(world.packed(), [1]);
    assert_eq!(world.launched, 2);
}

#[test]
fn t51_at_the_pace_of_ecs_instances_take_a_minute_and_stay_for_a_quarter_of_an_hour() {
    let mut world = World::of(&[c5_large()], 3481, 1);
    world.tempo = Tempo::ecs();
    world.run(59);
    assert_eq!(world.healthy(), 0);
    world.run(3);
    assert_eq!(world.healthy(), 1);
    world.desired.count = 0;
    world.run(14 * 60);
    assert_eq!(world.instances.len(), 1);
    world.run(62);
    assert_eq!(world.instances, []);
}

#[test]
fn t52_tasks_are_packed_and_the_emptier_instance_is_emptied() {
    let mut world = World::of(&[c5_large()], 1024, 5);
    world.run(5);
    assert_eq!(world.packed(), [3, 2]);
    let first = world.instances[0].id.clone();
    world.desired.count = 3;
    world.run(5);
    assert_eq!(world.packed(), [3, 0]);
    world.run(60);
    assert_eq!(world.packed(), [3]);
    assert_eq!(world.instances[0].id, first);
    world.desired.count = 6;
    world.run(5);
    world.desired.count = 4;
    world.run(5);
    assert_eq!(
        world.packed(),
        [3, 1],
        "both left the same one of two that were full"
    );
}

#[test]
fn t53_what_does_not_fit_waits_and_is_placed_without_anybody_doing_anything() {
    let mut world = World::of(&[c5_2xlarge(), c5_large()], 3481, 2);
    world.total = 6144;
    world.run(5);
    assert_eq!((world.packed(), world.healthy()), (vec![1], 1));
    assert_eq!(world.instances[0].machine.name, "c5.large");
    assert_eq!(world.unplaced[0].obstacle, Obstacle::Budget { least: 3993 });
    world.total = 8000;
    world.run(5);
    assert_eq!((world.packed(), world.healthy()), (vec![1, 1], 2));
    assert_eq!(world.unplaced, []);
}

/// The clock of the machine is a second before Sunday, 03:00 UTC.
fn before_sunday(world: &mut World) {
    let saturday = Timestamp::from_millis(1_795_921_199_000);
    world.wall_ahead = saturday.since(world.now);
}

#[test]
fn t55_every_instance_is_replaced_while_all_tasks_stay_healthy() {
    for (count, memory) in [(1, 3481), (4, 3481), (5, 1024)] {
        let mut world = World::of(&[c5_large()], memory, count);
        before_sunday(&mut world);
        world.wall_ahead -= Duration::from_secs(3600);
        world.run(10);
        let packed = world.packed();
        let old: Vec<InstanceId> = world.instances.iter().map(|one| one.id.clone()).collect();
        before_sunday(&mut world);
        world.fewest = usize::MAX;
        world.run(20);
        assert_eq!(world.refresh.began(), None, "it has come to its end");
        assert!(
            world.instances.iter().all(|one| !old.contains(&one.id)),
            "{count} tasks of {memory} MiB: {:?}",
            world.instances
        );
        assert_eq!(
            world.fewest,
            usize::try_from(count).unwrap(),
            "never fewer are healthy"
        );
        world.run(60);
        let mut after = world.packed();
        after.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(after, packed);
        let launched = world.launched;
        world.run(10);
        assert_eq!(world.launched, launched, "once");
    }
}

#[test]
fn t55_a_refresh_waits_for_room_and_for_deployments() {
    let mut world = World::of(&[c5_large()], 3481, 1);
    before_sunday(&mut world);
    world.wall_ahead -= Duration::from_secs(3600);
    world.total = 4000;
    world.run(5);
    before_sunday(&mut world);
    world.deploying = true;
    world.run(5);
    assert!(world.refresh.is_owed());
    world.deploying = false;
    world.run(5);
    assert_eq!(world.launched, 1, "there is no room for a second one");
    assert_eq!(world.healthy(), 1);
    world.total = 8000;
    world.run(10);
    assert_eq!((world.launched, world.packed()), (2, vec![1]));
    assert_eq!(world.refresh.began(), None);
}

#[test]
fn a_deployment_takes_instances_as_it_needs_them() {
    let mut world = World::of(&[c5_large()], 3481, 2);
    world.run(5);
    world.desired.revision = tapedeck_model::Revision(2);
    world.desired.stage = Stage::UnderWay {
        fallback: Some(tapedeck_model::Revision(1)),
    };
    world.fewest = usize::MAX;
    world.run(5);
    assert_eq!((world.fewest, world.launched), (2, 4));
    world.run(62);
    assert_eq!(world.packed(), [1, 1]);
}
