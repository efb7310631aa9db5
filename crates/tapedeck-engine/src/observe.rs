//! From what a shim says to what is known of its task. Pure.

use tapedeck_model::{StopCode, TaskState, Timestamp};
use tapedeck_runtime::TaskExit;
use tapedeck_runtime::protocol::ShimState;

/// `stoppedReason` of ECS for a process that ended by itself.
const EXITED: &str = "Essential container in task exited";

/// The state after a shim's message; none when it brings nothing new.
pub(crate) fn after(known: &TaskState, said: &ShimState, now: Timestamp) -> Option<TaskState> {
    match (known, said) {
        (TaskState::Stopped { .. }, _) => None,
        (_, ShimState::Exited { exit }) => Some(stopped(known, exit, now)),
        (TaskState::Pending, ShimState::Running { pid, started, .. }) => Some(TaskState::Running {
            started: (*started).min(now),
            pid: *pid,
        }),
        (
            _,
            ShimState::Starting
            | ShimState::Running { .. }
            | ShimState::Stopping { .. }
            | ShimState::Containers { .. },
        ) => None,
    }
}

/// The state of a task whose shim could not even be started.
pub(crate) fn never_ran(known: &TaskState, failure: String, now: Timestamp) -> Option<TaskState> {
    let exit = TaskExit {
        started: None,
        stopped: now,
        exit_code: None,
        oom_killed: false,
        failure: Some(failure),
        containers: Vec::new(),
        unheard: Vec::new(),
    };
    (!known.is_stopped()).then(|| stopped(known, &exit, now))
}

/// The state of a task whose shim is gone: what it wrote down last, else that it was lost for `reason`.
pub(crate) fn without_shim(
    known: &TaskState,
    exit: Option<TaskExit>,
    reason: &str,
    now: Timestamp,
) -> Option<TaskState> {
    match (known, exit) {
        (TaskState::Stopped { .. }, _) => None,
        (_, Some(exit)) => Some(stopped(known, &exit, now)),
        (
            TaskState::Stopping {
                started,
                code,
                reason,
                ..
            },
            None,
        ) => Some(TaskState::Stopped {
            started: *started,
            stopped: now,
            code: *code,
            reason: reason.clone(),
            exit_code: Some(137),
        }),
        (TaskState::Pending | TaskState::Running { .. }, None) => Some(TaskState::Stopped {
            started: known.started(),
            stopped: now,
            code: StopCode::TerminationNotice,
            reason: reason.to_string(),
            exit_code: None,
        }),
    }
}

fn stopped(known: &TaskState, exit: &TaskExit, now: Timestamp) -> TaskState {
    let (code, reason) = match (known, &exit.failure) {
        (TaskState::Stopping { code, reason, .. }, _) => (*code, reason.clone()),
        (_, Some(failure)) if exit.exit_code.is_none() => (StopCode::TaskFailedToStart, failure.clone()),
        (_, Some(failure)) => (StopCode::EssentialContainerExited, failure.clone()),
        (_, None) => (StopCode::EssentialContainerExited, EXITED.to_string()),
    };
    TaskState::Stopped {
        started: exit.started.map(|started| started.min(now)).or(known.started()),
        stopped: exit.stopped.min(now),
        code,
        reason,
        exit_code: exit.exit_code,
    }
}
