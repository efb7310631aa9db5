//! Shims tell times by the machine's clock, which may jump; the engine waits by its own, which does not. Pure.
//!
//! What a shim tells while the engine listens has just happened. So a time that is far from now is not that of the engine, and
//! now is taken instead: else a task that crashes again and again would be taken for one that has rested for hours.

use std::time::Duration;

use tapedeck_model::{TaskState, Timestamp};
use tapedeck_runtime::TaskExit;
use tapedeck_runtime::protocol::ShimState;

/// Longer than a message takes on a busy machine.
const TRUST: Duration = Duration::from_secs(5);

/// What a shim says of a task at `now`, in times of the engine. The first words to an engine that found the task running
/// may be of long ago: they are not for here.
pub(crate) fn corrected(said: &ShimState, known: &TaskState, now: Timestamp) -> ShimState {
    match said {
        ShimState::Running { pid, started } => ShimState::Running {
            pid: *pid,
            started: trusted(*started, now),
        },
        ShimState::Exited { exit } if trusted(exit.stopped, now) != exit.stopped => ShimState::Exited {
            exit: TaskExit {
                started: started_of(known).or(exit.started.map(|started| started.min(now))),
                stopped: now,
                ..exit.clone()
            },
        },
        other => other.clone(),
    }
}

fn trusted(told: Timestamp, now: Timestamp) -> Timestamp {
    let is_near = told <= now && now.since(told) <= TRUST;
    if is_near { told } else { now }
}

fn started_of(known: &TaskState) -> Option<Timestamp> {
    match known {
        TaskState::Pending => None,
        TaskState::Running { started, .. } => Some(*started),
        TaskState::Stopping { started, .. } | TaskState::Stopped { started, .. } => *started,
    }
}
