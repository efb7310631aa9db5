//! What makes a new revision, and what clients are told.

use tapedeck_api::RolloutState;
use tapedeck_model::{LogPolicy, Revision, ServiceSpec, StackName};

use super::{at, bounds, container, key, running, task};
use crate::fleet::{EVENTS_KEPT, Fleet, Life, Service};

#[test]
fn the_same_spec_changes_nothing() {
    let mut service = Service::new(2, container('a'), at(0));
    service.deployments.complete(Revision(1), at(1));
    assert!(!service.update(2, &container('a'), at(5)));
    assert_eq!(
        (service.revision, service.rollout()),
        (Revision(1), RolloutState::Completed)
    );
}

#[test]
fn another_count_is_no_new_revision() {
    let mut service = Service::new(2, container('a'), at(0));
    assert!(service.update(3, &container('a'), at(5)));
    assert_eq!((service.revision, service.desired_count), (Revision(1), 3));
}

#[test]
fn another_container_is_a_new_revision_and_numbers_are_never_used_twice() {
    let mut service = Service::new(2, container('a'), at(0));
    assert!(service.update(2, &container('b'), at(5)));
    assert!(
        service.update(2, &container('a'), at(5)),
        "back to the first is a change too"
    );
    assert_eq!(service.revision, Revision(3));
    assert_eq!(service.container(), &container('a'));
}

#[test]
fn a_renewed_service_has_the_same_container_under_a_new_number() {
    let mut service = Service::new(1, container('a'), at(0));
    service.deployments.complete(Revision(1), at(1));
    service.renew(at(7));
    assert_eq!(
        (service.revision, service.rollout()),
        (Revision(2), RolloutState::InProgress)
    );
    assert_eq!(service.container(), &container('a'));
}

#[test]
fn a_service_that_drains_comes_back_when_it_is_deployed_again() {
    let mut service = Service::new(2, container('a'), at(0));
    service.life = Life::Draining;
    assert_eq!(service.wanted(), 0);
    assert!(service.update(2, &container('a'), at(5)));
    assert_eq!((service.wanted(), service.revision), (2, Revision(1)));
}

#[test]
fn a_service_that_failed_before_it_was_deleted_comes_back_under_a_new_number() {
    let mut service = Service::new(1, container('a'), at(0));
    service.life = Life::Draining;
    let failed = tapedeck_model::TaskState::Stopped {
        started: Some(at(1)),
        stopped: at(2),
        code: tapedeck_model::StopCode::EssentialContainerExited,
        reason: String::new(),
        exit_code: Some(1),
    };
    let failed = task(1, 1, failed);
    service.tasks.insert(failed.id.clone(), failed);
    assert!(service.update(1, &container('a'), at(5)));
    assert_eq!(service.revision, Revision(2));
}

#[test]
fn revisions_that_nobody_runs_are_forgotten() {
    let mut service = Service::new(1, container('a'), at(0));
    service.update(1, &container('b'), at(5));
    service.update(1, &container('c'), at(5));
    let old = task(1, 2, running());
    service.tasks.insert(old.id.clone(), old);
    assert_eq!(service.forget_unused_revisions(), [Revision(1)]);
    assert_eq!(
        service.revisions.keys().copied().collect::<Vec<_>>(),
        [Revision(2), Revision(3)]
    );
}

/// A service whose first three revisions were deployed, one after the other.
fn deployed_thrice() -> Service {
    let mut service = Service::new(1, container('a'), at(0));
    service.deployments.complete(Revision(1), at(1));
    for (revision, image) in [(2, 'b'), (3, 'c')] {
        service.update(1, &container(image), at(10 * revision));
        service
            .deployments
            .complete(Revision(revision), at(10 * revision + 1));
    }
    service
}

#[test]
fn what_can_be_gone_back_to_is_not_forgotten() {
    let mut service = deployed_thrice();
    service.update(1, &container('d'), at(40));
    service.deployments.complete(Revision(4), at(41));
    assert_eq!(service.forget_unused_revisions(), [Revision(1)]);
    assert_eq!(
        service.revisions.keys().copied().collect::<Vec<_>>(),
        [Revision(2), Revision(3), Revision(4)],
        "two before the present one"
    );
}

#[test]
fn rolling_back_deploys_what_ran_before_under_a_new_number_and_once_more_undoes_that() {
    let mut service = deployed_thrice();
    assert!(service.roll_back(at(50)));
    assert_eq!(
        (service.revision, service.container()),
        (Revision(4), &container('b'))
    );
    service.deployments.complete(Revision(4), at(51));
    assert!(service.roll_back(at(60)));
    assert_eq!(
        (service.revision, service.container()),
        (Revision(5), &container('c'))
    );
}

#[test]
fn rolling_back_a_deployment_under_way_keeps_the_tasks_of_the_last_one() {
    let mut service = deployed_thrice();
    service.update(1, &container('d'), at(40));
    assert!(service.roll_back(at(41)));
    assert_eq!(
        (service.revision, service.container()),
        (Revision(3), &container('c'))
    );
    assert_eq!(service.deployments.state(Revision(4)), RolloutState::Failed);
    assert!(
        service.update(1, &container('d'), at(50)),
        "it may be tried again"
    );
    assert_eq!(service.revision, Revision(5));
}

#[test]
fn a_first_deployment_has_nothing_before_it() {
    let mut service = Service::new(1, container('a'), at(0));
    assert!(!service.roll_back(at(1)));
    service.deployments.complete(Revision(1), at(2));
    assert!(!service.roll_back(at(3)));
    assert_eq!(service.rollout(), RolloutState::Completed);
}

#[test]
fn t07_a_failed_deployment_is_tried_again_under_a_new_number() {
    let mut service = Service::new(1, container('a'), at(0));
    assert_eq!(service.deployments.fail(Revision(1), 3, at(1)), None);
    assert!(service.update(1, &container('a'), at(2)));
    assert_eq!(
        (service.revision, service.rollout()),
        (Revision(2), RolloutState::InProgress)
    );
}

#[test]
fn another_count_is_no_deployment() {
    let mut service = deployed_thrice();
    assert!(service.update(7, &container('c'), at(60)));
    assert_eq!(service.rollout(), RolloutState::Completed);
}

#[test]
fn only_the_latest_events_are_kept() {
    let mut service = Service::new(1, container('a'), at(0));
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
        ..Service::new(2, container('a'), at(0))
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
            ..Service::new(1, container('b'), at(0))
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
    let mut service = Service::new(1, container('a'), at(0));
    service.set_scaling(Some(bounds(1, 9)));
    service.desired_count = 5;
    let mut wanted = ServiceSpec {
        name: key("mailer").name,
        desired_count: 1,
        scaling: Some(bounds(1, 9)),
        job: None,
        logs: LogPolicy::default(),
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
