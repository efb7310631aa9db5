//! What is written down comes back, and nothing else.

use std::collections::BTreeMap;

use tapedeck_api::{RolloutState, ServiceEvent};
use tapedeck_model::{LogDestination, LogPolicy, Revision, SecretPart, SecretTemplate, SideLogs};
use tapedeck_plan::Stage;
use tapedeck_plan::autoscale::{Decision, Record};

use super::{at, bounds, container, key, running, task};
use crate::attendance::{self, Holder};
use crate::fleet::{EVENTS_KEPT, Life, Service};
use crate::scaling::DECISIONS_KEPT;
use crate::store::{Store, StoreError};

fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(&folder.path().join("engine.db")).unwrap()
}

#[test]
fn services_tasks_and_events_survive() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let mut service = Service::new(2, container('a'), at(0));
    service.update(3, &container('b'), at(5));
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    store
        .save_tasks(
            &key("mailer"),
            &[task(1, 2, running()), task(2, 1, running())],
            &[],
        )
        .unwrap();
    let event = ServiceEvent {
        at: at(77),
        message: "(service mailer) something".to_string(),
    };
    store.add_event(&key("mailer"), &event).unwrap();
    drop(store);

    let store = open(&folder);
    let fleet = store.load().unwrap();
    let loaded = &fleet.services[&key("mailer")];
    assert_eq!(
        (loaded.life, loaded.desired_count, loaded.revision),
        (Life::Active, 3, Revision(2))
    );
    assert_eq!(loaded.revisions, service.revisions);
    assert_eq!(loaded.tasks.len(), 2);
    assert_eq!(loaded.tasks.values().next(), Some(&task(1, 2, running())));
    assert_eq!(loaded.events, [event]);
    assert_eq!(store.latest_time().unwrap(), at(77));
}

#[test]
fn the_first_revision_does_not_come_back_once_it_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let mut service = Service::new(1, container('a'), at(0));
    service.update(1, &container('b'), at(5));
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    service.deployments.complete(Revision(2), at(6));
    let unused = service.forget_unused_revisions();
    store.save_rollout(&key("mailer"), &service, &unused).unwrap();
    let fleet = store.load().unwrap();
    let loaded = &fleet.services[&key("mailer")];
    assert_eq!(
        loaded.revisions.keys().copied().collect::<Vec<_>>(),
        [Revision(2)]
    );
    assert_eq!(loaded.rollout(), RolloutState::Completed);
}

#[test]
fn forgotten_tasks_and_removed_services_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    for name in ["mailer", "cleaner"] {
        store
            .save_desired(&[(&key(name), &Service::new(1, container('a'), at(0)))])
            .unwrap();
    }
    store
        .save_tasks(
            &key("mailer"),
            &[task(1, 1, running()), task(2, 1, running())],
            &[],
        )
        .unwrap();
    store
        .save_tasks(&key("mailer"), [], &[task(1, 1, running()).id])
        .unwrap();
    assert_eq!(store.load().unwrap().services[&key("mailer")].tasks.len(), 1);
    store.remove_service(&key("mailer")).unwrap();
    let fleet = store.load().unwrap();
    assert_eq!(fleet.services.keys().collect::<Vec<_>>(), [&key("cleaner")]);
}

#[test]
fn what_becomes_of_logs_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let mut service = Service::new(1, container('a'), at(0));
    let destination = LogDestination {
        endpoint_url: SecretTemplate::new(vec![SecretPart::Text("https://logs.example.com".into())]),
        access_key: None,
        attributes: BTreeMap::new(),
        gzip: true,
        retry_seconds: 60,
    };
    let agent = SideLogs {
        retention_days: 1,
        destination: Some(destination.clone()),
    };
    let policy = LogPolicy {
        retention_days: 3,
        destination: Some(destination),
        sides: BTreeMap::from([("agent".to_owned(), agent)]),
    };
    assert!(service.set_logs(&policy, at(77)));
    assert!(!service.set_logs(&policy, at(99)), "it is the same");
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    let loaded = |store: &Store| store.load().unwrap().services[&key("mailer")].logs.clone();
    assert_eq!(
        (loaded(&store).policy, loaded(&store).forwarded_since),
        (policy, at(77))
    );
    assert_eq!(loaded(&store).sides_since["agent"], at(77));
    assert!(service.set_logs(&LogPolicy::default(), at(100)));
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    assert_eq!(loaded(&store).policy, LogPolicy::default());
}

#[test]
fn old_events_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    store
        .save_desired(&[(&key("mailer"), &Service::new(1, container('a'), at(0)))])
        .unwrap();
    for number in 0..EVENTS_KEPT as u64 + 7 {
        let event = ServiceEvent {
            at: at(number),
            message: format!("event {number}"),
        };
        store.add_event(&key("mailer"), &event).unwrap();
    }
    let events = &store.load().unwrap().services[&key("mailer")].events;
    assert_eq!(
        (events.len(), events[0].message.as_str()),
        (EVENTS_KEPT, "event 7")
    );
}

#[test]
fn deployments_survive() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let mut service = Service::new(1, container('a'), at(0));
    service.deployments.complete(Revision(1), at(1));
    service.update(1, &container('b'), at(2));
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    assert_eq!(service.deployments.fail(Revision(2), 3, at(3)), Some(Revision(1)));
    service.revision = Revision(1);
    store.save_rollout(&key("mailer"), &service, &[]).unwrap();
    drop(store);
    let fleet = open(&folder).load().unwrap();
    let loaded = &fleet.services[&key("mailer")];
    assert_eq!(loaded.revision, Revision(1), "it goes on going back");
    assert_eq!(loaded.deployments, service.deployments);
    assert_eq!(loaded.deployments.stage(Revision(1)), Stage::Trusted);
}

#[test]
fn a_database_without_deployments_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let mut done = Service::new(1, container('a'), at(0));
    done.deployments.complete(Revision(1), at(1));
    let going = Service::new(1, container('a'), at(0));
    let rows = [(&key("done"), &done), (&key("going"), &going)];
    store.save_desired(&rows).unwrap();
    drop(store);
    // As the version before left it.
    let before = rusqlite::Connection::open(folder.path().join("engine.db")).unwrap();
    before.execute_batch("drop table deployment").unwrap();
    before.pragma_update(None, "user_version", 1).unwrap();
    drop(before);
    for _opened in 0..2 {
        let fleet = open(&folder).load().unwrap();
        let rollout = |name: &str| fleet.services[&key(name)].rollout();
        assert_eq!(
            (rollout("done"), rollout("going")),
            (RolloutState::Completed, RolloutState::InProgress)
        );
    }
}

#[test]
fn settings_are_kept_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    assert_eq!(store.setting::<String>("boot").unwrap(), None);
    store.set_setting("boot", &"one").unwrap();
    store.set_setting("boot", &"two").unwrap();
    assert_eq!(store.setting::<String>("boot").unwrap().as_deref(), Some("two"));
}

#[test]
fn the_database_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }));
    assert!(error.to_string().contains("newer tapedeck"));
}

#[test]
fn a_new_engine_knows_which_stacks_somebody_attends_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("engine.db")).unwrap();
    let service = Service::new(1, container('a'), at(0));
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    let mut fleet = store.load().unwrap();
    let none = attendance::recall(&store, &mut fleet, at(0)).unwrap();
    assert!(none.is_empty() && !fleet.services[&key("mailer")].attended);

    let stack = key("mailer").stack;
    store.set_setting("attended", &[&stack]).unwrap();
    let holders = attendance::recall(&store, &mut fleet, at(0)).unwrap();
    assert!(fleet.services[&key("mailer")].attended);
    assert!(
        matches!(holders.get(&stack), Some(Holder::NobodyUntil(until)) if *until > at(0)),
        "whoever holds it may come back for a while"
    );
}

fn decision(before: u32, wanted: u32) -> Decision {
    Decision {
        at: at(80),
        before,
        wanted,
        ready: before,
        in_flight: 0,
        not_scaled: None,
        readings: Vec::new(),
        reason: "because".to_owned(),
    }
}

#[test]
fn what_a_service_was_scaled_to_survives() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let mut service = Service::new(1, container('a'), at(0));
    service.set_scaling(Some(bounds(1, 5)));
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    let record = Record {
        last_out: Some(at(70)),
        ..Record::default()
    };
    for wanted in 0..DECISIONS_KEPT as u32 + 3 {
        let decision = decision(1, wanted);
        store.save_decision(&key("mailer"), &record, &decision).unwrap();
    }
    drop(store);
    let fleet = open(&folder).load().unwrap();
    let loaded = &fleet.services[&key("mailer")];
    assert_eq!(loaded.desired_count, DECISIONS_KEPT as u32 + 2);
    let scaler = loaded.scaler.as_ref().unwrap();
    assert_eq!((scaler.bounds, &scaler.record), (bounds(1, 5), &record));
    let last = scaler.status().last_change.unwrap();
    assert_eq!(last.wanted, DECISIONS_KEPT as u32 + 2);
}

#[test]
fn a_service_that_is_no_longer_scaled_forgets_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let mut service = Service::new(1, container('a'), at(0));
    service.set_scaling(Some(bounds(1, 5)));
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    service.set_scaling(None);
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    assert!(store.load().unwrap().services[&key("mailer")].scaler.is_none());
}

/// As a machine leaves it that lost power: what SQLite had not yet forced to the disk ends anywhere.
#[test]
fn t68_a_journal_that_ends_anywhere_gives_the_state_of_some_moment() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let mut service = Service::new(0, container('a'), at(0));
    for count in 1..=8 {
        service.update(count, &container('a'), at(u64::from(count)));
        store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    }
    // The store stays open, else everything would be in the database itself.
    let database = fs_err::read(folder.path().join("engine.db")).unwrap();
    let journal = fs_err::read(folder.path().join("engine.db-wal")).unwrap();
    let mut found = std::collections::BTreeSet::new();
    // A header, then frames: a page each, behind a header of its own.
    let frames = (32..=journal.len()).step_by(24 + 4096);
    let cuts = frames.flat_map(|start| [0, 1, 23, 24, 2000, 4119].map(|offset| start + offset));
    let cuts = [0, 1, 31].into_iter().chain(cuts);
    for length in cuts.filter(|length| *length <= journal.len()) {
        let torn = tempfile::tempdir().unwrap();
        fs_err::write(torn.path().join("engine.db"), &database).unwrap();
        fs_err::write(torn.path().join("engine.db-wal"), &journal[..length]).unwrap();
        let store = open(&torn);
        let fleet = store.load().unwrap();
        found.insert(
            fleet
                .services
                .get(&key("mailer"))
                .map(|service| service.desired_count),
        );
        store.set_setting("written", &true).unwrap();
    }
    let expected = [None].into_iter().chain((1..=8).map(Some));
    assert_eq!(
        found.into_iter().collect::<Vec<_>>(),
        expected.collect::<Vec<_>>()
    );
}

#[test]
fn t39_a_protection_survives_and_tasks_from_before_there_were_any_have_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let service = Service::new(1, container('a'), at(0));
    store.save_desired(&[(&key("mailer"), &service)]).unwrap();
    let protected = tapedeck_model::Task {
        protected_until: Some(at(99)),
        job: None,
        ..task(1, 1, running())
    };
    let plain = task(2, 1, running());
    assert!(
        !serde_json::to_string(&plain).unwrap().contains("protected"),
        "as it was written before"
    );
    store
        .save_tasks(&key("mailer"), [&protected, &plain], &[])
        .unwrap();
    drop(store);
    let fleet = open(&folder).load().unwrap();
    let loaded: Vec<_> = fleet.services[&key("mailer")].tasks.values().cloned().collect();
    assert_eq!(loaded, [protected, plain]);
}
