//! Times that shims tell by another clock.

use std::time::Duration;

use tapedeck_model::{TaskState, Timestamp};
use tapedeck_runtime::TaskExit;
use tapedeck_runtime::protocol::ShimState;

use crate::observe::after;
use crate::skew::corrected;

const HOUR: u64 = 60 * 60;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn exited(started: u64, stopped: u64) -> ShimState {
    ShimState::Exited {
        exit: TaskExit {
            started: Some(at(started)),
            stopped: at(stopped),
            exit_code: Some(1),
            oom_killed: false,
            failure: None,
        },
    }
}

/// A task that starts and crashes 3 s later, as told by a clock that is that far from the engine's.
fn crash(offset: i64) -> (Timestamp, Timestamp) {
    let engine = 10 * HOUR;
    let shim = engine.checked_add_signed(offset).unwrap();
    let started = ShimState::Running {
        pid: 42,
        started: at(shim),
    };
    let now = at(engine) + Duration::from_millis(20);
    let running = after(
        &TaskState::Pending,
        &corrected(&started, &TaskState::Pending, now),
        now,
    )
    .unwrap();
    let now = now + Duration::from_secs(3);
    let end = corrected(&exited(shim, shim + 3), &running, now);
    let Some(TaskState::Stopped { started, stopped, .. }) = after(&running, &end, now) else {
        panic!("it has stopped")
    };
    (started.unwrap(), stopped)
}

#[test]
fn t69_a_clock_that_jumps_under_a_task_shortens_no_pause_after_its_crash() {
    let engine = at(10 * HOUR);
    for offset in [-2 * 60 * 60, 2 * 60 * 60, 0] {
        let (started, stopped) = crash(offset);
        assert!(
            started >= engine && started.since(engine) < Duration::from_secs(1),
            "{offset}"
        );
        let ran = stopped.since(started);
        assert!(
            ran >= Duration::from_secs(2) && ran <= Duration::from_secs(3),
            "{offset}: {ran:?}"
        );
    }
}

#[test]
fn t69_a_clock_that_jumps_between_start_and_end_keeps_the_start() {
    let running = TaskState::Running {
        started: at(10 * HOUR),
        pid: 42,
    };
    let now = at(10 * HOUR + 7);
    for stopped in [8 * HOUR + 7, 12 * HOUR + 7] {
        let end = corrected(&exited(10 * HOUR, stopped), &running, now);
        assert_eq!(end, {
            let ShimState::Exited { mut exit } = exited(10 * HOUR, 0) else {
                panic!("it is one")
            };
            exit.stopped = now;
            ShimState::Exited { exit }
        });
    }
}
