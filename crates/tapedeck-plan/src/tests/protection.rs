//! Tasks that asked not to be stopped.

use tapedeck_model::{ResourceName, Task};

use super::{at, id, running, starts, stopping, stops, want};
use crate::{Desired, Plan, Waiting, decide, events};

fn protected(until: f64, task: Task) -> Task {
    Task {
        protected_until: Some(at(until)),
        job: None,
        ..task
    }
}

fn held(plan: &Plan) -> Option<&Waiting> {
    let mut waiting = plan.waiting.iter();
    waiting.find(|waiting| matches!(waiting, Waiting::ForProtection { .. }))
}

#[test]
fn t39_fewer_wanted_stop_those_that_are_not_protected() {
    // The third would be the first to go: it is the youngest.
    let tasks = [
        running(1, 1, 0.0),
        running(2, 1, 1.0),
        protected(99.0, running(3, 1, 2.0)),
    ];
    let plan = decide(&want(1, 1), &tasks, at(10.0));
    assert_eq!(stops(&plan), [id(1), id(2)]);
    assert_eq!(held(&plan), None, "as many are left as wanted");
    assert!(!plan.progress.overprotected);
}

#[test]
fn t39_more_protected_than_wanted_stay_until_the_first_expires() {
    let tasks = [
        protected(30.0, running(1, 1, 0.0)),
        protected(20.0, running(2, 1, 1.0)),
    ];
    let plan = decide(&want(1, 1), &tasks, at(10.0));
    assert_eq!(stops(&plan), []);
    let wait = Waiting::ForProtection {
        tasks: vec![id(1), id(2)],
        until: at(20.0),
    };
    assert_eq!(held(&plan), Some(&wait));
    assert_eq!(
        wait.to_string(),
        "2 tasks (01010101, 02020202) are protected from being stopped until they end their protection or it expires"
    );
    assert_eq!(plan.wake_at, Some(at(20.0)));
    assert!(plan.progress.overprotected && !plan.progress.steady);
    let later = decide(&want(1, 1), &tasks, at(20.0));
    assert_eq!(stops(&later), [id(2)]);
    assert!(!later.progress.overprotected);
}

#[test]
fn t39_that_too_many_are_protected_is_told_once() {
    let service = ResourceName::new("mailer").unwrap();
    let tasks = [
        protected(30.0, running(1, 1, 0.0)),
        protected(20.0, running(2, 1, 1.0)),
    ];
    let before = decide(&want(1, 2), &tasks, at(10.0)).progress;
    let after = decide(&want(1, 1), &tasks, at(10.0)).progress;
    let told = events::transitions(&service, Some(&before), &after);
    assert_eq!(
        told,
        [
            "(service mailer) was unable to reach steady state because task set 1 was unable to scale in. Reason: The \
             number of protected tasks are more than the desired count of tasks."
        ]
    );
    assert!(events::transitions(&service, Some(&after), &after).is_empty());
}

#[test]
fn t39_a_protected_task_outlives_a_rollout_and_makes_room_for_nothing() {
    let old = [protected(99.0, running(1, 1, 0.0)), running(2, 1, 0.0)];
    let new = [running(3, 2, 10.0), running(4, 2, 10.0)];
    let tasks = [old, new].concat();
    let plan = decide(&want(2, 2), &tasks, at(20.0));
    assert_eq!(stops(&plan), [id(2)]);
    assert!(!plan.progress.steady, "the rollout goes on");
    assert_eq!(
        held(&plan),
        Some(&Waiting::ForProtection {
            tasks: vec![id(1)],
            until: at(99.0)
        })
    );
    // One of two is protected, so there is room for one new task only where there may be three.
    let narrow = Desired {
        bounds: crate::Bounds::new(50, 150),
        ..want(2, 2)
    };
    let tasks = [
        protected(99.0, running(1, 1, 0.0)),
        protected(99.0, running(2, 1, 0.0)),
    ];
    let plan = decide(&narrow, &tasks, at(20.0));
    assert_eq!((starts(&plan), stops(&plan)), (vec![2], vec![]));
    assert!(!plan.progress.blocked, "the protection is why, not the bounds");
}

#[test]
fn t39_nothing_is_stopped_in_place_of_a_protected_task_that_has_not_settled() {
    let tasks = [running(1, 1, 0.0), protected(99.0, running(2, 1, 9.9))];
    let plan = decide(&want(1, 1), &tasks, at(10.0));
    assert_eq!(stops(&plan), []);
    assert_eq!(plan.wake_at, Some(at(10.15)));
    assert_eq!(stops(&decide(&want(1, 1), &tasks, at(10.15))), [id(1)]);
}

#[test]
fn t39_protection_holds_up_neither_a_deletion_nor_who_watches() {
    let tasks = [protected(99.0, running(1, 1, 0.0))];
    assert_eq!(stops(&decide(&want(1, 0), &tasks, at(10.0))), [id(1)]);
    let watched = Desired {
        attended: true,
        ..want(2, 1)
    };
    assert_eq!(stops(&decide(&watched, &tasks, at(10.0))), [id(1)]);
    // One that was told to stop is not protected any more.
    let told = [running(1, 1, 0.0), protected(99.0, stopping(2, 1, 0.0, 9.0))];
    let plan = decide(&want(1, 1), &told, at(10.0));
    assert!(held(&plan).is_none() && !plan.progress.overprotected);
}
