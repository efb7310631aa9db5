//! What is promised about scaling, on a virtual clock. The numbers are those of the catalogue of promises.

mod model;
mod rules;

use tapedeck_model::Scaling;

use crate::autoscale::{Metric, NotScaled};
use model::{Load, World};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

#[test]
fn t40_saturated_tasks_get_company_within_five_seconds() {
    let mut world = World::fast(4, (1, 5));
    world.run(5, &Load::cpu(|_| 8.0));
    assert_eq!(world.steps(), [(2, 4, 5)]);
}

#[test]
fn t40_ecs_takes_three_averages_of_a_minute() {
    let mut world = World::ecs(4, (1, 5));
    world.run(3 * MINUTE - 1, &Load::cpu(|_| 8.0));
    assert_eq!(world.steps(), [], "not earlier");
    world.run(2, &Load::cpu(|_| 8.0));
    assert_eq!(world.steps(), [(180, 4, 5)]);
    assert!(
        world.changes[0].1.reason.contains("ceil(4 x 100 / 80) = 5"),
        "{}",
        world.changes[0].1.reason
    );
}

#[test]
fn t41_one_task_with_the_work_of_five_becomes_five_within_twelve_seconds() {
    let mut world = World::fast(1, (1, 5));
    world.run(12, &Load::cpu(|_| 5.0));
    assert_eq!(world.desired, 5, "{:?}", world.steps());
    world.run(5 * MINUTE, &Load::cpu(|_| 4.0));
    assert_eq!(
        world.steps().last().unwrap().2,
        5,
        "never more: {:?}",
        world.steps()
    );
    let reason = &world.changes[0].1.reason;
    assert!(
        reason.contains("keepAvgCpuUtilizationUnder 80: CPU at ") && reason.contains("ceil(2.00 / 0.80) = 3"),
        "{reason}"
    );
}

#[test]
fn t42_one_metric_is_enough_to_add_tasks() {
    let mut world = World::fast(2, (1, 5));
    let load = Load::cpu(|_| 1.0).memory(|_, tasks| if tasks == 2 { 0.9 } else { 0.7 });
    world.run(10, &load);
    assert_eq!(world.steps(), [(3, 2, 3)]);
    assert!(
        world.changes[0]
            .1
            .reason
            .starts_with("keepAvgMemoryUtilizationUnder 80: memory"),
        "{}",
        world.changes[0].1.reason
    );
}

#[test]
fn t42_every_metric_has_to_be_low_to_remove_tasks() {
    let mut world = World::fast(3, (1, 5));
    world.run(HOUR, &Load::cpu(|_| 0.3).memory(|_, _| 0.7));
    assert_eq!(world.steps(), [], "memory is above 64 %");
    world.run(
        5 * MINUTE,
        &Load::cpu(|_| 0.3).memory(|_, tasks| 1.2 / [1.0, 1.0, 2.0, 3.0][tasks]),
    );
    assert_eq!(world.steps().iter().map(|step| step.2).collect::<Vec<_>>(), [2]);
}

#[test]
fn t43_between_the_thresholds_nothing_happens() {
    let mut world = World::fast(4, (1, 5));
    world.run(
        HOUR,
        &Load::cpu(|second| 4.0 * [0.65, 0.7, 0.79][(second / 20 % 3) as usize]),
    );
    assert_eq!(world.steps(), []);
    world.run(HOUR, &Load::cpu(|_| 3.2));
    assert_eq!(world.steps(), [], "80 % is not above 80 %");
    assert_eq!(
        world.last.as_ref().unwrap().not_scaled,
        Some(NotScaled::WithinTargets)
    );
    let mut world = World::ecs(4, (1, 5));
    world.run(HOUR, &Load::cpu(|_| 3.2));
    assert_eq!(world.steps(), []);
}

#[test]
fn t44_tasks_are_removed_one_by_one_and_never_too_many() {
    let mut world = World::fast(5, (1, 5));
    world.run(HOUR, &Load::cpu(|_| 1.2));
    let steps = world.steps();
    assert_eq!(steps.iter().map(|step| step.2).collect::<Vec<_>>(), [4, 3, 2]);
    assert!(steps[0].0 >= 119, "{steps:?}");
    assert!(
        steps.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 15),
        "{steps:?}"
    );
    let last = world.last.as_ref().unwrap();
    assert_eq!(last.not_scaled, Some(NotScaled::AutoScalingAnticipatedFlapping));
    assert!(last.reason.contains("120 %"), "{}", last.reason);
}

#[test]
fn t45_a_square_wave_does_not_make_tasks_come_and_go() {
    for (tasks, full) in [(1, 1.0), (2, 2.0), (4, 4.0)] {
        let mut world = World::fast(tasks, (1, 10));
        world.run(
            5 * MINUTE,
            &Load::cpu(move |second| if second / 10 % 2 == 0 { full } else { 0.0 }),
        );
        assert!(world.changes.len() <= 2, "{:?}", world.steps());
    }
}

#[test]
fn t46_without_measurements_nothing_is_concluded() {
    let mut world = World::fast(5, (1, 5));
    let idle = Load::cpu(|_| 0.1);
    world.run(60, &idle);
    world.measuring = false;
    world.run(HOUR, &idle);
    assert_eq!(world.steps(), []);
    assert_eq!(
        world.last.as_ref().unwrap().not_scaled,
        Some(NotScaled::InsufficientData)
    );
    world.measuring = true;
    world.run(100, &idle);
    assert_eq!(world.steps(), [], "what was before the gap counts no more");
    world.run(100, &idle);
    assert_eq!(world.desired, 1, "{:?}", world.steps());
}

#[test]
fn t47_a_rollout_stops_removals_and_no_additions() {
    let mut world = World::fast(3, (1, 5));
    world.deploying = true;
    world.run(10 * MINUTE, &Load::cpu(|_| 0.1));
    assert_eq!(world.steps(), []);
    let last = world.last.as_ref().unwrap();
    assert_eq!(last.not_scaled, Some(NotScaled::DeploymentInProgress));
    world.run(5, &Load::cpu(|_| 5.0));
    assert_eq!(world.desired, 5);
}

#[test]
fn t48_bounds_hold_at_once() {
    let mut world = World::fast(5, (1, 5));
    world.policy.bounds.max_instances = 2;
    world.run(1, &Load::cpu(|_| 5.0));
    assert_eq!(world.steps(), [(1, 5, 2)]);
    world.policy.bounds = Scaling {
        min_instances: 3,
        max_instances: 9,
        ..world.policy.bounds
    };
    world.run(1, &Load::cpu(|_| 0.0));
    assert_eq!(world.steps(), [(1, 5, 2), (2, 2, 3)]);
}

#[test]
fn t49_memory_that_more_tasks_do_not_relieve_is_given_up() {
    let mut world = World::fast(1, (1, 10));
    world.run(10 * MINUTE, &Load::cpu(|_| 0.1).memory(|_, _| 0.85));
    let added = world
        .changes
        .iter()
        .filter(|(_, change)| change.wanted > change.before);
    assert_eq!(added.count(), 2, "{:?}", world.steps());
    assert_eq!(world.desired, 1, "not kept at the top: {:?}", world.steps());
}

#[test]
fn t49_giving_up_is_told() {
    let mut world = World::fast(1, (1, 10));
    world.run(60, &Load::cpu(|_| 0.1).memory(|_, _| 0.85));
    let last = world.last.as_ref().unwrap();
    assert_eq!(last.not_scaled, Some(NotScaled::MetricNotProportional));
    assert!(
        last.reason.contains("give each task more memory"),
        "{}",
        last.reason
    );
}

#[test]
fn t50_what_new_tasks_burn_while_they_start_is_not_taken_for_load() {
    let mut world = World::fast(1, (1, 10));
    let load = Load {
        boot: 4,
        ..Load::cpu(|second| if second < 10 { 0.4 } else { 1.2 })
    };
    world.run(2 * MINUTE, &load);
    assert_eq!(world.changes.len(), 1, "{:?}", world.steps());
}

#[test]
fn the_first_tasks_of_a_service_may_burn_while_they_start() {
    let mut world = World::fast(1, (1, 10));
    world.tasks = vec![world.now];
    let load = Load {
        boot: 4,
        ..Load::cpu(|_| 0.3)
    };
    world.run(MINUTE, &load);
    assert_eq!(world.steps(), []);
}

#[test]
fn a_killed_process_asks_for_one_task_more() {
    let mut world = World::fast(1, (1, 10));
    world.run(5, &Load::cpu(|_| 0.1).memory(|_, _| 0.5));
    assert_eq!(world.steps(), []);
    let decision = rules::after_an_oom_kill(&world);
    assert_eq!((decision.before, decision.wanted), (1, 2));
    let memory = decision
        .readings
        .iter()
        .find(|reading| reading.metric == Metric::Memory);
    assert_eq!(memory.unwrap().wants, Some(2));
}
