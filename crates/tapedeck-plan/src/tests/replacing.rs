//! Which unhealthy tasks are replaced, and when.

use tapedeck_model::{HealthStatus, TaskHealth};

use super::*;

fn with(status: HealthStatus, since: f64, task: Task) -> Task {
    let healthy = (status == HealthStatus::Healthy).then(|| at(since));
    let health = TaskHealth {
        status,
        since: Some(at(since)),
        first_healthy: healthy,
        ..TaskHealth::default()
    };
    Task {
        health: Some(health),
        ..task
    }
}

fn healthy(number: u8, started: f64) -> Task {
    with(HealthStatus::Healthy, started + 1.0, running(number, 1, started))
}

fn unhealthy(number: u8, started: f64, since: f64) -> Task {
    with(HealthStatus::Unhealthy, since, running(number, 1, started))
}

fn unknown(number: u8, started: f64) -> Task {
    with(HealthStatus::Unknown, started, running(number, 1, started))
}

#[test]
fn only_a_health_check_that_passed_makes_healthy() {
    let plan = decide(&want(1, 1), &[unknown(1, 0.0)], at(600.0));
    assert_eq!(plan.progress.healthy, 0);
    assert!(!plan.progress.steady);
    assert_eq!(plan.steps, []);
    assert_eq!(
        plan.waiting[0].to_string(),
        "waiting for the health check of task 01010101 to pass"
    );
    assert!(decide(&want(1, 1), &[healthy(1, 0.0)], at(1.0)).progress.steady);
}

#[test]
fn t24_the_replacement_is_started_first() {
    let tasks = [unhealthy(1, 0.0, 50.0), healthy(2, 0.0)];
    let plan = decide(&want(1, 2), &tasks, at(60.0));
    assert_eq!((starts(&plan), stops(&plan)), (vec![1], vec![]));
    assert_eq!((plan.replacing, plan.progress.unhealthy), (1, 1));

    let tasks = [unhealthy(1, 0.0, 50.0), healthy(2, 0.0), unknown(3, 60.0)];
    let plan = decide(&want(1, 2), &tasks, at(70.0));
    assert_eq!(plan.steps, []);
    assert!(plan.waiting.iter().any(
        |wait| wait.to_string() == "task 01010101 is unhealthy and runs until replaced by healthy tasks"
    ));

    let tasks = [unhealthy(1, 0.0, 50.0), healthy(2, 0.0), healthy(3, 60.0)];
    let plan = decide(&want(1, 2), &tasks, at(70.0));
    let Step::Stop { task, code, reason } = &plan.steps[0] else {
        panic!("{plan:#?}")
    };
    assert_eq!(*task, id(1));
    assert_eq!(*code, StopCode::ServiceSchedulerInitiated);
    assert_eq!(reason, "Task failed container health checks");
}

#[test]
fn t25_without_room_one_after_the_other_makes_room() {
    let narrow = Desired {
        bounds: Bounds::new(50, 100),
        ..want(1, 2)
    };
    let tasks = [unhealthy(1, 0.0, 50.0), unhealthy(2, 0.0, 50.0)];
    let plan = decide(&narrow, &tasks, at(60.0));
    assert_eq!((starts(&plan).len(), stops(&plan).len()), (1, 1));

    let tasks = [unhealthy(1, 0.0, 50.0), unknown(3, 60.0)];
    assert_eq!(
        decide(&narrow, &tasks, at(61.0)).steps,
        [],
        "not before it is healthy"
    );
}

#[test]
fn t26_a_task_that_recovers_is_kept() {
    let tasks = [healthy(1, 0.0), healthy(2, 0.0), unknown(3, 60.0)];
    let plan = decide(&want(1, 2), &tasks, at(61.0));
    assert_eq!(stops(&plan), [id(3)]);
}

#[test]
fn t30_what_becomes_unhealthy_counts_for_the_breaker() {
    let old = [1, 2, 3, 4].map(|number| healthy(number, 0.0));
    let new = [5, 6, 7].map(|number| of(2, unhealthy(number, 50.0, 60.0)));
    let tasks = [&old[..], &new[..]].concat();
    let plan = decide(&want(2, 4), &tasks, at(60.0));
    assert_eq!(plan.progress.failed_tasks, 3);
    assert!(plan.progress.failed);
    assert_eq!(starts(&plan), [] as [u64; 0]);
    assert!(stops(&plan).iter().all(|stopped| *stopped > id(4)), "{plan:#?}");
}

#[test]
fn while_somebody_watches_nothing_is_replaced() {
    let watched = Desired {
        attended: true,
        ..want(1, 1)
    };
    let plan = decide(&watched, &[unhealthy(1, 0.0, 50.0)], at(60.0));
    assert_eq!(plan.steps, []);
    assert!(!plan.progress.steady);
    assert!(
        plan.waiting[0]
            .to_string()
            .contains("until the health check passes")
    );
}
