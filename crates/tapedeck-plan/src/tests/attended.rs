//! How tasks are replaced while somebody watches.

use std::time::Duration;

use tapedeck_model::StopCode;

use super::{at, crashed, ended, forgets, id, running, starts, stopping, stops, want};
use crate::{Desired, Waiting, decide};

fn watched(revision: u64, count: u32) -> Desired {
    Desired {
        attended: true,
        ..want(revision, count)
    }
}

#[test]
fn old_tasks_stop_before_new_ones_start() {
    let before = [running(1, 1, 0.0)];
    let plan = decide(&watched(2, 1), &before, at(0.01));
    assert_eq!((stops(&plan), starts(&plan)), (vec![id(1)], vec![]));

    let meanwhile = [stopping(1, 1, 0.0, 1.0)];
    let plan = decide(&watched(2, 1), &meanwhile, at(1.0));
    assert_eq!(plan.steps, []);
    assert_eq!(plan.waiting, [Waiting::ForStop { tasks: vec![id(1)] }]);

    let after = [ended(1, 0.0, 1.5, StopCode::ServiceSchedulerInitiated)];
    assert_eq!(starts(&decide(&watched(2, 1), &after, at(1.5))), [2]);
}

#[test]
fn each_revision_is_tried_once() {
    for code in [
        StopCode::TaskFailedToStart,
        StopCode::EssentialContainerExited,
        StopCode::TerminationNotice,
    ] {
        let plan = decide(&watched(1, 1), &[ended(1, 0.0, 0.1, code)], at(0.1));
        assert_eq!(plan.steps, [], "{code}");
        let [waiting] = &plan.waiting[..] else {
            panic!("{:?}", plan.waiting)
        };
        assert_eq!(
            waiting.to_string(),
            "1 task of revision 1 ended and is not started again before there is another revision"
        );
        assert_eq!(
            starts(&decide(&watched(2, 1), &[ended(1, 0.0, 0.1, code)], at(0.1))),
            [2]
        );
    }
    let stopped = [ended(1, 0.0, 0.1, StopCode::UserInitiated)];
    assert_eq!(starts(&decide(&watched(1, 1), &stopped, at(0.1))), [1]);
}

#[test]
fn what_was_tried_is_remembered_for_as_long_as_it_matters() {
    let later = at(0.0) + 2 * want(1, 1).pace.keep_stopped;
    let tried = [crashed(1, 0.0, 0.1)];
    let plan = decide(&watched(1, 1), &tried, later);
    assert_eq!(plan.steps, []);
    assert_eq!(plan.wake_at.filter(|at| *at <= later + Duration::ZERO), None);
    assert_eq!(forgets(&decide(&watched(2, 1), &tried, later)), [id(1)]);
}

#[test]
fn a_lower_count_stops_and_deletion_stops_all() {
    let tasks = [running(1, 1, 0.0), running(2, 1, 0.0)];
    assert_eq!(stops(&decide(&watched(1, 1), &tasks, at(9.0))).len(), 1);
    assert_eq!(stops(&decide(&watched(1, 0), &tasks, at(9.0))).len(), 2);
}
