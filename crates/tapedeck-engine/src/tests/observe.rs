//! What becomes of a task by what its shim says.

use tapedeck_model::{StopCode, TaskState};
use tapedeck_runtime::TaskExit;
use tapedeck_runtime::protocol::ShimState;

use super::{at, running};
use crate::observe::{after, never_ran, without_shim};

fn exit(exit_code: Option<i32>, failure: Option<&str>) -> TaskExit {
    TaskExit {
        started: exit_code.map(|_| at(10)),
        stopped: at(20),
        exit_code,
        oom_killed: false,
        failure: failure.map(str::to_string),
        containers: Vec::new(),
        unheard: Vec::new(),
    }
}

fn stopping() -> TaskState {
    TaskState::Stopping {
        started: Some(at(10)),
        stopping: at(15),
        code: StopCode::ServiceSchedulerInitiated,
        reason: "Scaling activity".to_string(),
    }
}

/// Code, reason and exit code of a stopped task.
fn end(state: Option<TaskState>) -> (StopCode, String, Option<i32>) {
    match state {
        Some(TaskState::Stopped {
            code,
            reason,
            exit_code,
            ..
        }) => (code, reason, exit_code),
        other => panic!("not stopped: {other:?}"),
    }
}

#[test]
fn a_task_runs_when_its_shim_says_so() {
    let said = ShimState::Running {
        pid: 42,
        started: at(10),
        health: None,
    };
    assert_eq!(after(&TaskState::Pending, &said, at(11)), Some(running()));
    assert_eq!(
        after(&running(), &said, at(12)),
        None,
        "said again, it is nothing new"
    );
    assert_eq!(after(&TaskState::Pending, &ShimState::Starting, at(1)), None);
}

#[test]
fn t69_no_task_begins_or_ends_later_than_now() {
    let said = ShimState::Running {
        pid: 42,
        started: at(7_200_010),
        health: None,
    };
    assert_eq!(after(&TaskState::Pending, &said, at(10)), Some(running()));
    let exit = TaskExit {
        started: Some(at(7_200_010)),
        stopped: at(7_200_020),
        ..exit(Some(1), None)
    };
    let Some(TaskState::Stopped { started, stopped, .. }) =
        after(&TaskState::Pending, &ShimState::Exited { exit }, at(30))
    else {
        panic!("it has stopped");
    };
    assert_eq!((started, stopped), (Some(at(30)), at(30)));
}

#[test]
fn an_exit_by_itself_is_told_with_its_code() {
    let ended = end(after(
        &running(),
        &ShimState::Exited {
            exit: exit(Some(139), None),
        },
        at(30),
    ));
    let reason = "Essential container in task exited".to_string();
    assert_eq!(ended, (StopCode::EssentialContainerExited, reason, Some(139)));
}

#[test]
fn an_exit_that_was_asked_for_keeps_the_reason_it_was_asked_for() {
    let ended = end(after(
        &stopping(),
        &ShimState::Exited {
            exit: exit(Some(0), None),
        },
        at(30),
    ));
    assert_eq!(
        ended,
        (
            StopCode::ServiceSchedulerInitiated,
            "Scaling activity".to_string(),
            Some(0)
        )
    );
}

#[test]
fn a_process_that_never_ran_failed_to_start() {
    let failure = "CannotStartContainerError: no such file";
    let said = ShimState::Exited {
        exit: exit(None, Some(failure)),
    };
    let ended = end(after(&TaskState::Pending, &said, at(30)));
    assert_eq!(ended, (StopCode::TaskFailedToStart, failure.to_string(), None));
    let ended = end(never_ran(&TaskState::Pending, failure.to_string(), at(30)));
    assert_eq!(ended, (StopCode::TaskFailedToStart, failure.to_string(), None));
}

#[test]
fn want_of_memory_is_an_exit_with_a_reason() {
    let failure = "OutOfMemoryError: Container killed due to memory usage";
    let said = ShimState::Exited {
        exit: exit(Some(137), Some(failure)),
    };
    let ended = end(after(&running(), &said, at(30)));
    assert_eq!(
        ended,
        (StopCode::EssentialContainerExited, failure.to_string(), Some(137))
    );
}

#[test]
fn what_a_dead_shim_wrote_down_counts_and_otherwise_the_task_is_lost() {
    let ended = end(without_shim(
        &running(),
        Some(exit(Some(3), None)),
        "lost",
        at(30),
    ));
    assert_eq!(ended.2, Some(3));
    let ended = end(without_shim(&running(), None, "lost", at(30)));
    assert_eq!(ended, (StopCode::TerminationNotice, "lost".to_string(), None));
    let ended = end(without_shim(&stopping(), None, "lost", at(30)));
    assert_eq!(
        ended,
        (
            StopCode::ServiceSchedulerInitiated,
            "Scaling activity".to_string(),
            Some(137)
        )
    );
}

#[test]
fn a_stopped_task_stays_as_it_is() {
    let stopped = without_shim(&running(), None, "lost", at(30)).unwrap();
    assert_eq!(
        without_shim(&stopped, Some(exit(Some(1), None)), "again", at(31)),
        None
    );
    assert_eq!(
        after(
            &stopped,
            &ShimState::Exited {
                exit: exit(Some(1), None)
            },
            at(31)
        ),
        None
    );
    assert_eq!(never_ran(&stopped, "late".to_string(), at(31)), None);
}
