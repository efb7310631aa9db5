//! The rules of a decision, one by one. Whole stories are in `tapedeck-sim`.

mod attended;
mod deployment;
mod health;
mod jobs;
mod log_retention;
mod protection;
mod replacing;
mod settling;
mod wording;

use std::net::Ipv4Addr;
use std::time::Duration;

use tapedeck_model::{ResourceName, Revision, StopCode, Task, TaskId, TaskState, Timestamp};

use crate::*;

/// Seconds since a beginning that is far from the epoch.
fn at(seconds: f64) -> Timestamp {
    Timestamp::from_millis(1_000_000_000) + Duration::from_secs_f64(seconds)
}

fn want(revision: u64, count: u32) -> Desired {
    Desired {
        stage: Stage::UnderWay {
            fallback: revision.checked_sub(1).filter(|number| *number > 0).map(Revision),
        },
        ..Desired::new(Revision(revision), count)
    }
}

fn id(number: u8) -> TaskId {
    TaskId::from_bytes([number; 16])
}

fn task(number: u8, revision: u64, created: f64, state: TaskState) -> Task {
    Task {
        id: id(number),
        revision: Revision(revision),
        address: Ipv4Addr::LOCALHOST,
        created: at(created),
        placement: None,
        state,
        protected_until: None,
        job: None,
        containers: Vec::new(),
        health: None,
    }
}

fn pending(number: u8, revision: u64, created: f64) -> Task {
    task(number, revision, created, TaskState::Pending)
}

fn running(number: u8, revision: u64, started: f64) -> Task {
    let state = TaskState::Running {
        started: at(started),
        pid: 7,
    };
    task(number, revision, started, state)
}

fn stopping(number: u8, revision: u64, started: f64, stopping: f64) -> Task {
    let state = TaskState::Stopping {
        started: Some(at(started)),
        stopping: at(stopping),
        code: StopCode::ServiceSchedulerInitiated,
        reason: String::new(),
    };
    task(number, revision, started, state)
}

fn of(revision: u64, task: Task) -> Task {
    Task {
        revision: Revision(revision),
        ..task
    }
}

fn ended(number: u8, started: f64, stopped: f64, code: StopCode) -> Task {
    let has_run = code != StopCode::TaskFailedToStart;
    let state = TaskState::Stopped {
        started: has_run.then(|| at(started)),
        stopped: at(stopped),
        code,
        reason: String::new(),
        exit_code: None,
    };
    task(number, 1, started, state)
}

fn crashed(number: u8, started: f64, stopped: f64) -> Task {
    ended(number, started, stopped, StopCode::EssentialContainerExited)
}

fn starts(plan: &Plan) -> Vec<u64> {
    let of_step = |step: &Step| match step {
        Step::Start { revision } => Some(revision.0),
        Step::Stop { .. } | Step::Forget { .. } => None,
    };
    plan.steps.iter().filter_map(of_step).collect()
}

fn stops(plan: &Plan) -> Vec<TaskId> {
    let of_step = |step: &Step| match step {
        Step::Stop { task, .. } => Some(task.clone()),
        Step::Start { .. } | Step::Forget { .. } => None,
    };
    plan.steps.iter().filter_map(of_step).collect()
}

fn forgets(plan: &Plan) -> Vec<TaskId> {
    let of_step = |step: &Step| match step {
        Step::Forget { task } => Some(task.clone()),
        Step::Start { .. } | Step::Stop { .. } => None,
    };
    plan.steps.iter().filter_map(of_step).collect()
}

#[test]
fn a_settled_service_needs_nothing() {
    let plan = decide(&want(1, 2), &[running(1, 1, 0.0), running(2, 1, 0.0)], at(10.0));
    assert_eq!(plan.steps, []);
    assert_eq!(plan.waiting, []);
    assert_eq!(plan.wake_at, None);
    assert!(plan.progress.steady);
    assert_eq!((plan.progress.running, plan.progress.healthy), (2, 2));
}

#[test]
fn a_service_without_tasks_starts_them_all() {
    let plan = decide(&want(4, 3), &[], at(0.0));
    assert_eq!(starts(&plan), [4, 4, 4]);
    assert!(!plan.progress.steady);
}

#[test]
fn a_stopping_task_counts_for_nothing_and_is_named() {
    let plan = decide(&want(1, 1), &[stopping(1, 1, 0.0, 9.0)], at(10.0));
    assert_eq!(starts(&plan), [1]);
    assert_eq!(plan.waiting, [Waiting::ForStop { tasks: vec![id(1)] }]);
    assert!(!plan.progress.steady);
}

#[test]
fn delays_follow_the_failures_in_a_row() {
    let seconds = |back_off: &BackOff| -> Vec<u64> {
        (0..=9)
            .map(|failures| back_off.delay(failures).as_secs())
            .collect()
    };
    let (fast, ecs) = (Pace::fast().back_off, Pace::ecs().back_off);
    assert_eq!(seconds(&fast), [0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(seconds(&ecs), [0, 0, 120, 240, 480, 960, 1620, 1620, 1620, 1620]);
    assert_eq!((fast.saturation(), ecs.saturation()), (8, 6));
    assert_eq!(fast.delay(u32::MAX), Duration::from_secs(60));
}

#[test]
fn a_held_back_start_says_until_when() {
    let tasks = [crashed(1, 0.0, 1.0), crashed(2, 1.0, 2.0), crashed(3, 3.0, 4.0)];
    let plan = decide(&want(1, 1), &tasks, at(5.9));
    assert_eq!(plan.steps, []);
    let back_off = Waiting::ForBackOff {
        revision: Revision(1),
        starts: 1,
        failures: 3,
        until: at(6.0),
    };
    assert_eq!(plan.waiting, [back_off]);
    assert_eq!(plan.wake_at, Some(at(6.0)));
    assert_eq!(starts(&decide(&want(1, 1), &tasks, at(6.0))), [1]);
    assert_eq!(
        starts(&decide(&want(2, 1), &tasks, at(5.9))),
        [2],
        "another revision"
    );
}

#[test]
fn what_counts_as_a_failure() {
    let failures = |second: Task| {
        let tasks = [crashed(1, 0.0, 1.0), second];
        decide(&want(1, 1), &tasks, at(100.0))
            .progress
            .consecutive_failures
    };
    assert_eq!(failures(crashed(2, 1.0, 60.9)), 2, "just too short");
    assert_eq!(
        failures(crashed(2, 1.0, 61.0)),
        0,
        "ran a minute, and makes up for the one before"
    );
    assert_eq!(failures(ended(2, 1.0, 2.0, StopCode::TaskFailedToStart)), 2);
    assert_eq!(failures(ended(2, 1.0, 2.0, StopCode::TerminationNotice)), 2);
    assert_eq!(failures(ended(2, 1.0, 2.0, StopCode::UserInitiated)), 1);
    assert_eq!(
        failures(ended(2, 1.0, 2.0, StopCode::ServiceSchedulerInitiated)),
        1
    );
    assert_eq!(
        failures(crashed(2, 0.5, 2.0)),
        1,
        "begun before the first had ended: not in a row"
    );
    assert_eq!(
        failures(running(2, 1, 1.0)),
        0,
        "runs a minute, begun after the first had ended"
    );
    assert_eq!(
        failures(running(2, 1, 0.5)),
        1,
        "begun before the first had ended"
    );
    assert_eq!(failures(crashed(2, 1.0, 200.0)), 1, "the clock was set back");
}

#[test]
fn after_failures_one_attempt_at_a_time_until_it_has_held() {
    let failed = [crashed(1, 0.0, 1.0), crashed(2, 1.0, 2.0), crashed(3, 3.0, 4.0)];
    let with = |more: &[Task]| [&failed, more].concat();
    assert_eq!(starts(&decide(&want(1, 5), &failed, at(6.0))), [1]);
    let plan = decide(&want(1, 5), &with(&[pending(4, 1, 6.0)]), at(6.1));
    assert_eq!(starts(&plan), [0; 0]);
    assert!(plan.waiting.contains(&Waiting::ForAttempt {
        revision: Revision(1),
        starts: 4,
        failures: 3,
    }));
    let held = with(&[running(4, 1, 6.0)]);
    assert_eq!(starts(&decide(&want(1, 5), &held, at(7.9))), [0; 0]);
    assert_eq!(
        decide(&want(1, 5), &held, at(7.9)).wake_at,
        Some(at(8.0)),
        "two seconds, as the delay"
    );
    assert_eq!(starts(&decide(&want(1, 5), &held, at(8.0))), [1, 1]);
}

#[test]
fn a_change_of_revision_starts_as_many_as_are_wanted_and_stops_one_for_each_that_holds() {
    let old = [running(1, 1, 0.0), running(2, 1, 1.0)];
    assert_eq!(starts(&decide(&want(2, 2), &old, at(10.0))), [2, 2]);
    let with_new = [&old[..], &[running(3, 2, 10.0), pending(4, 2, 10.0)]].concat();
    let early = decide(&want(2, 2), &with_new, at(10.1));
    assert_eq!(early.steps, []);
    assert!(early.waiting.contains(&Waiting::ForReplacement {
        tasks: vec![id(1), id(2)],
        revision: Revision(2),
    }));
    let plan = decide(&want(2, 2), &with_new, at(10.5));
    let stop = Step::Stop {
        task: id(2),
        code: StopCode::ServiceSchedulerInitiated,
        reason: "Scaling activity initiated by (deployment 2)".to_owned(),
    };
    assert_eq!(plan.steps, [stop]);
}

#[test]
fn an_old_task_that_does_not_run_is_given_up_first() {
    let tasks = [running(1, 1, 0.0), pending(2, 1, 0.0), running(3, 2, 5.0)];
    assert_eq!(stops(&decide(&want(2, 2), &tasks, at(6.0))), [id(2)]);
}

#[test]
fn lost_old_tasks_are_replaced_by_the_old_revision_while_the_new_one_is_unproven() {
    let lost = crashed(1, 0.0, 100.0);
    let unproven = [
        lost.clone(),
        running(2, 1, 0.0),
        pending(3, 2, 90.0),
        pending(4, 2, 90.0),
    ];
    assert_eq!(starts(&decide(&want(2, 2), &unproven, at(100.0))), [1]);
    let proven = [lost.clone(), running(2, 1, 0.0), running(3, 2, 90.0)];
    assert_eq!(starts(&decide(&want(2, 2), &proven, at(100.0))), [2]);
    let lost_before = [lost, running(2, 1, 0.0), pending(3, 2, 101.0)];
    assert_eq!(starts(&decide(&want(2, 2), &lost_before, at(102.0))), [2]);
}

#[test]
fn a_revision_that_keeps_failing_lets_the_old_one_make_up_the_count() {
    let failed = |number, created, stopped| of(2, crashed(number, created, stopped));
    let old = [running(1, 1, 0.0), running(2, 1, 0.0)];
    let once = [&old[..], &[failed(3, 100.0, 101.0)]].concat();
    assert_eq!(starts(&decide(&want(2, 4), &once, at(101.0))), [2, 2, 2, 2]);
    let twice = [&once[..], &[failed(4, 101.0, 102.0)]].concat();
    assert_eq!(starts(&decide(&want(2, 4), &twice, at(102.0))), [1, 1]);
    assert_eq!(
        starts(&decide(&want(2, 4), &twice, at(103.0))),
        [1, 1, 2],
        "and one more attempt"
    );
}

#[test]
fn room_is_kept_for_old_tasks_that_are_held_back() {
    let old_crashes = [crashed(1, 100.0, 101.0), crashed(2, 101.0, 102.0)];
    let tasks = [&old_crashes[..], &[running(3, 1, 90.0), pending(4, 2, 100.5)]].concat();
    let narrow = Desired {
        bounds: Bounds::new(100, 134),
        ..want(2, 3)
    };
    let plan = decide(&narrow, &tasks, at(102.5));
    assert_eq!(
        starts(&plan),
        [2],
        "one lost old task is owed and has to wait; of four, two live, one is kept free"
    );
    let held_back: Vec<_> = plan.waiting.iter().filter_map(Waiting::until).collect();
    assert_eq!(held_back, [at(103.0)]);
}

#[test]
fn no_task_is_given_up_for_one_that_may_not_start() {
    let crashes = [crashed(1, 100.0, 101.0), crashed(2, 101.0, 102.0)];
    let tasks = [&crashes[..], &[running(3, 1, 90.0), pending(4, 7, 95.0)]].concat();
    assert_eq!(
        decide(&want(1, 2), &tasks, at(102.5)).steps,
        [],
        "the next attempt is at 103 s"
    );
    assert_eq!(stops(&decide(&want(1, 2), &tasks, at(103.0))), [id(4)]);
}

#[test]
fn a_lowered_count_leaves_enough_settled_tasks() {
    let crashes = [
        crashed(1, 100.0, 101.0),
        crashed(2, 101.0, 102.0),
        crashed(3, 102.0, 103.0),
    ];
    let on_trial = [running(4, 1, 105.0), running(5, 1, 105.0), running(6, 1, 105.0)];
    let tasks = [
        &crashes[..],
        &on_trial,
        &[pending(7, 7, 95.0), pending(8, 7, 95.0)],
    ]
    .concat();
    let plan = decide(&want(1, 3), &tasks, at(105.5));
    assert_eq!(
        stops(&plan),
        [] as [TaskId; 0],
        "three are settled, if on trial, and three are wanted"
    );
    assert!(
        !decide(&want(1, 3), &tasks, at(107.0)).steps.is_empty(),
        "the trial is over"
    );
}

#[test]
fn fewer_wanted_stops_what_is_worth_least() {
    let tasks = [
        running(1, 1, 0.0),
        running(2, 1, 5.0),
        running(3, 1, 9.9),
        pending(4, 1, 9.0),
    ];
    assert_eq!(stops(&decide(&want(1, 3), &tasks, at(10.0))), [id(4)]);
    assert_eq!(stops(&decide(&want(1, 2), &tasks, at(10.0))), [id(3), id(4)]);
    assert_eq!(
        stops(&decide(&want(1, 1), &tasks, at(10.0))),
        [id(2), id(3), id(4)],
        "the youngest"
    );
}

#[test]
fn a_deletion_stops_all_at_once() {
    let tasks = [running(1, 1, 0.0), pending(2, 2, 5.0), stopping(3, 1, 0.0, 4.0)];
    let plan = decide(&want(2, 0), &tasks, at(10.0));
    assert_eq!(stops(&plan), [id(1), id(2)]);
    assert!(
        matches!(&plan.steps[0], Step::Stop { reason, .. } if reason == "Task stopped by service deletion")
    );
    assert!(!plan.progress.steady);
    assert!(decide(&want(2, 0), &[], at(10.0)).progress.steady);
}

#[test]
fn records_are_dropped_with_age_and_number_but_not_those_in_the_row() {
    let hour = 3600.0;
    let long_ago = [ended(1, 0.0, 1.0, StopCode::UserInitiated), running(2, 1, 1.0)];
    let plan = decide(&want(1, 1), &long_ago, at(hour));
    assert_eq!(plan.steps, []);
    assert_eq!(plan.wake_at, Some(at(1.0 + hour)));
    assert_eq!(forgets(&decide(&want(1, 1), &long_ago, at(1.0 + hour))), [id(1)]);
    let in_a_row = [crashed(1, 0.0, 1.0), crashed(2, 1.0, 2.0)];
    assert_eq!(forgets(&decide(&want(1, 1), &in_a_row, at(2.0 * hour))), []);

    let many: Vec<Task> = (0..60)
        .map(|number| ended(number, 0.0, f64::from(number), StopCode::UserInitiated))
        .collect();
    let plan = decide(&want(1, 1), &many, at(60.0));
    assert_eq!(
        forgets(&plan),
        (0..10).map(id).collect::<Vec<_>>(),
        "the oldest first"
    );
}

#[test]
fn t69_a_clock_set_back_holds_up_nothing() {
    let crashes = [
        crashed(1, 7000.0, 7001.0),
        crashed(2, 7001.0, 7002.0),
        crashed(3, 7003.0, 7004.0),
    ];
    assert_eq!(starts(&decide(&want(1, 1), &crashes, at(0.0))), [1]);
    assert!(
        decide(&want(1, 1), &[running(1, 1, 7000.0)], at(0.0))
            .progress
            .steady
    );
}
