//! How long a task has to run until it counts.

use super::{at, crashed, id, running, want};
use crate::{Waiting, decide};

#[test]
fn the_first_task_of_a_revision_proves_it_and_takes_longer_for_that() {
    let tasks = [running(1, 1, 0.0)];
    let plan = decide(&want(1, 1), &tasks, at(0.499));
    let settling = Waiting::ForSettling {
        tasks: vec![id(1)],
        until: at(0.5),
    };
    assert_eq!(plan.waiting, [settling]);
    assert_eq!(plan.wake_at, Some(at(0.5)));
    assert!(!plan.progress.steady);
    assert!(decide(&want(1, 1), &tasks, at(0.5)).progress.steady);
}

#[test]
fn a_task_of_a_proven_revision_settles_sooner() {
    let tasks = [running(1, 1, 0.0), running(2, 1, 5.0)];
    let plan = decide(&want(1, 2), &tasks, at(5.249));
    let settling = Waiting::ForSettling {
        tasks: vec![id(2)],
        until: at(5.25),
    };
    assert_eq!(plan.waiting, [settling]);
    assert!(!plan.progress.steady);
    assert!(decide(&want(1, 2), &tasks, at(5.25)).progress.steady);
}

#[test]
fn a_task_that_failed_after_all_proves_nothing() {
    let failed = crashed(1, 0.0, 0.6);
    let tasks = [failed, running(2, 1, 0.7)];
    assert!(!decide(&want(1, 1), &tasks, at(1.1)).progress.steady);
    assert!(decide(&want(1, 1), &tasks, at(1.2)).progress.steady);
}
