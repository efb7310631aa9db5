//! Single rules of the decision.

use std::time::Duration;

use tapedeck_model::Timestamp;

use super::model::{Load, World};
use super::{HOUR, MINUTE};
use crate::autoscale::{Decision, NotScaled, Point, Record, Situation, TaskUse, Tempo, Window, decide};

pub(super) fn after_an_oom_kill(world: &World) -> Decision {
    let used = TaskUse {
        age: Duration::from_secs(60),
        cpu: 0.1,
        throttled: 0.0,
        pressure: 0.0,
        memory: 0.4,
        oom_kills: 1,
    };
    let mut window = world.window.clone();
    let at = Timestamp::from_millis((world.now + 1) * 1000);
    window.push(Point::of(at, &[used], 0));
    decide(&world.policy, &window, &world.record, ready(1), at)
}

fn ready(tasks: u32) -> Situation {
    Situation {
        desired: tasks,
        ready: tasks,
        in_flight: 0,
        deploying: false,
        revision: 1,
    }
}

/// What is decided by averages that were the same for so many periods: of `running` tasks, in per cent.
fn ecs(running: u32, (cpu, memory): (f64, f64), periods: u64) -> Decision {
    let world = World::ecs(running, (1, 10));
    let mut window = Window::new(&Tempo::ecs());
    let used = TaskUse {
        age: Duration::from_secs(600),
        cpu: cpu / 100.0,
        throttled: 0.0,
        pressure: 0.0,
        memory: memory / 100.0,
        oom_kills: 0,
    };
    let mut now = Timestamp::default();
    for second in 1..=periods * MINUTE {
        now = Timestamp::from_millis(second * 1000);
        window.push(Point::of(now, &vec![used; running as usize], 0));
    }
    decide(&world.policy, &window, &Record::default(), ready(running), now)
}

#[test]
fn ecs_adds_tasks_in_proportion() {
    assert_eq!(ecs(4, (100.0, 40.0), 3).wanted, 5);
    assert_eq!(ecs(4, (85.0, 95.0), 3).wanted, 5);
    assert_eq!(ecs(4, (81.0, 10.0), 3).wanted, 5, "there is no tolerance");
    assert_eq!(ecs(4, (100.0, 40.0), 2).wanted, 4, "two averages are not enough");
}

#[test]
fn ecs_removes_tasks_when_all_metrics_have_been_low_for_fifteen_minutes() {
    assert_eq!(ecs(5, (30.0, 30.0), 15).wanted, 2);
    assert_eq!(
        ecs(5, (30.0, 30.0), 14).not_scaled,
        Some(NotScaled::NotLowForLongEnough)
    );
    assert_eq!(
        ecs(5, (30.0, 75.0), 60).not_scaled,
        Some(NotScaled::WithinTargets)
    );
    let flapping = Some(NotScaled::AutoScalingAnticipatedFlapping);
    assert_eq!(ecs(2, (45.0, 20.0), 15).not_scaled, flapping);
    assert_eq!(
        ecs(1, (5.0, 5.0), 15).not_scaled,
        Some(NotScaled::AlreadyAtMinCapacity)
    );
    assert_eq!(
        ecs(10, (100.0, 5.0), 15).not_scaled,
        Some(NotScaled::AlreadyAtMaxCapacity)
    );
}

#[test]
fn ecs_waits_between_two_additions() {
    let mut world = World::ecs(1, (1, 5));
    world.run(HOUR, &Load::cpu(|_| 9.0));
    let steps = world.steps();
    assert_eq!(steps.iter().map(|step| step.2).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert!(
        steps.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 300),
        "{steps:?}"
    );
}

#[test]
fn tasks_that_cannot_be_placed_are_not_counted_on() {
    let mut world = World::fast(1, (1, 10));
    world.run(10, &Load::cpu(|_| 0.5));
    let mut window = world.window.clone();
    let mut decision = None;
    for second in 1..=5 {
        let at = Timestamp::from_millis((world.now + second) * 1000);
        let used = TaskUse {
            age: Duration::from_secs(60),
            cpu: 1.0,
            throttled: 0.0,
            pressure: 0.0,
            memory: 0.1,
            oom_kills: 0,
        };
        window.push(Point::of(at, &[used], 0));
        let situation = Situation {
            desired: 3,
            ..ready(1)
        };
        decision = Some(decide(&world.policy, &window, &Record::default(), situation, at));
    }
    let decision = decision.unwrap();
    assert_eq!(decision.not_scaled, Some(NotScaled::AlreadyAtDesiredCapacity));
}

#[test]
fn a_task_that_was_not_measured_is_not_taken_for_idle() {
    let mut window = Window::new(&Tempo::fast());
    let world = World::fast(3, (1, 10));
    let idle = TaskUse {
        age: Duration::from_secs(600),
        cpu: 0.1,
        throttled: 0.0,
        pressure: 0.0,
        memory: 0.1,
        oom_kills: 0,
    };
    let mut now = Timestamp::default();
    for second in 1..=200 {
        now = Timestamp::from_millis(second * 1000);
        window.push(Point::of(now, &[idle], 2));
    }
    let decision = decide(&world.policy, &window, &Record::default(), ready(3), now);
    let flapping = Some(NotScaled::AutoScalingAnticipatedFlapping);
    assert_eq!(decision.not_scaled, flapping, "{decision:?}");
}

#[test]
fn what_is_longer_ago_than_the_wait_counts_no_more() {
    let mut world = World::new(Tempo::fast().sped_up(20), 2, (1, 3));
    world.run(30, &Load::cpu(|_| 1.5)).run(20, &Load::cpu(|_| 0.1));
    assert_eq!(world.desired, 1, "{:?}", world.last);
}

#[test]
fn shorter_waits_are_in_proportion() {
    let Tempo::Fast(fast) = Tempo::fast().sped_up(10) else {
        panic!("another tempo")
    };
    assert_eq!(fast.scale_in_after, Duration::from_secs(12));
    assert_eq!(fast.confirmations, 3);
    let Tempo::Ecs(ecs) = Tempo::ecs().sped_up(60) else {
        panic!("another tempo")
    };
    assert_eq!(
        (ecs.period, ecs.cooldown),
        (Duration::from_secs(1), Duration::from_secs(5))
    );
}
