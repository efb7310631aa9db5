//! What makes a new revision, and what clients are told.

use tapedeck_api::RolloutState;
use tapedeck_model::{Revision, ServiceSpec, StackName};

use super::{at, bounds, container, key, running, task};
use crate::fleet::{EVENTS_KEPT, Fleet, Life, Service};

#[test]
fn the_same_spec_changes_nothing() {
    let mut service = Service::new(2, container('a'));
    service.rollout = RolloutState::Completed;
    assert!(!service.update(2, &container('a')));
    assert_eq!(
        (service.revision, service.rollout),
        (Revision(1), RolloutState::Completed)
    );
}

#[test]
fn another_count_is_no_new_revision() {
    let mut service = Service::new(2, container('a'));
    assert!(service.update(3, &container('a')));
    assert_eq!((service.revision, service.desired_count), (Revision(1), 3));
}

#[test]
fn another_container_is_a_new_revision_and_numbers_are_never_used_twice() {
    let mut service = Service::new(2, container('a'));
    assert!(service.update(2, &container('b')));
    assert!(
        service.update(2, &container('a')),
        "back to the first is a change too"
    );
    assert_eq!(service.revision, Revision(3));
    assert_eq!(service.container(), &container('a'));
}

#[test]
fn a_renewed_service_has_the_same_container_under_a_new_number() {
    let mut service = Service::new(1, container('a'));
    service.rollout = RolloutState::Completed;
    service.renew();
    assert_eq!(
        (service.revision, service.rollout),
        (Revision(2), RolloutState::InProgress)
    );
    assert_eq!(service.container(), &container('a'));
}

#[test]
fn a_service_that_drains_comes_back_when_it_is_deployed_again() {
    let mut service = Service::new(2, container('a'));
    service.life = Life::Draining;
    assert_eq!(service.wanted(), 0);
    assert!(service.update(2, &container('a')));
    assert_eq!((service.wanted(), service.revision), (2, Revision(1)));
}

#[test]
fn revisions_that_nobody_runs_are_forgotten() {
    let mut service = Service::new(1, container('a'));
    service.update(1, &container('b'));
    service.update(1, &container('c'));
    let old = task(1, 2, running());
    service.tasks.insert(old.id.clone(), old);
    assert_eq!(service.forget_unused_revisions(), [Revision(1)]);
    assert_eq!(
        service.revisions.keys().copied().collect::<Vec<_>>(),
        [Revision(2), Revision(3)]
    );
}

#[test]
fn only_the_latest_events_are_kept() {
    let mut service = Service::new(1, container('a'));
    for number in 0..EVENTS_KEPT as u64 + 5 {
        service.record(at(number), format!("event {number}"));
    }
    assert_eq!(service.events.len(), EVENTS_KEPT);
    assert_eq!(service.events[0].message, "event 5");
}

#[test]
fn a_stack_is_told_by_its_newest_service_and_running_tasks_come_first() {
    let mut fleet = Fleet::default();
    let mut mailer = Service {
        version: 7,
        ..Service::new(2, container('a'))
    };
    let stopped = tapedeck_model::TaskState::Stopped {
        started: None,
        stopped: at(5),
        code: tapedeck_model::StopCode::TaskFailedToStart,
        reason: "CannotPullContainerError: gone".to_string(),
        exit_code: None,
    };
    for known in [task(1, 1, stopped), task(2, 1, running())] {
        mailer.tasks.insert(known.id.clone(), known);
    }
    fleet.services.insert(key("mailer"), mailer);
    fleet.services.insert(
        key("cleaner"),
        Service {
            version: 9,
            ..Service::new(1, container('b'))
        },
    );

    let stack = fleet.stack_status(&StackName::new("demo-dev").unwrap()).unwrap();
    assert_eq!(stack.version, 9);
    let mailer = stack
        .services
        .iter()
        .find(|service| service.name.as_str() == "mailer")
        .unwrap();
    assert_eq!(
        (mailer.running_count, mailer.desired_count, mailer.pending_count),
        (1, 2, 0)
    );
    assert!(!mailer.tasks[0].state.is_stopped() && mailer.tasks[1].state.is_stopped());
    assert!(
        fleet
            .stack_status(&StackName::new("other-dev").unwrap())
            .is_none()
    );
    assert_eq!(fleet.summaries().len(), 1);
    assert_eq!(fleet.owner_of(&task(2, 1, running()).id), Some(key("mailer")));
}

#[test]
fn t48_what_a_service_was_scaled_to_stays_within_new_bounds() {
    let mut service = Service::new(1, container('a'));
    service.set_scaling(Some(bounds(1, 9)));
    service.desired_count = 5;
    let mut wanted = ServiceSpec {
        name: key("mailer").name,
        desired_count: 1,
        scaling: Some(bounds(1, 9)),
        container: container('a'),
    };
    assert_eq!(service.count_within(&wanted), 5);
    wanted.scaling = Some(bounds(1, 2));
    assert_eq!(service.count_within(&wanted), 2);
    wanted.scaling = Some(bounds(7, 9));
    assert_eq!(service.count_within(&wanted), 7);
    wanted.scaling = None;
    assert_eq!(service.count_within(&wanted), 1);
    wanted.scaling = Some(bounds(1, 9));
    assert_eq!(
        service.draining().count_within(&wanted),
        1,
        "deleted services begin anew"
    );
}
