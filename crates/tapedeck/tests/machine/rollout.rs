//! Changes of what is deployed.

use std::time::Duration;

use tapedeck_api::ServiceStatus;

use crate::stage::{Stage, WAIT, is_alive, named, pids, stack, wait_for_end};

/// Deploys a change and looks at every state that the engine tells until it is done.
fn watched(stage: &Stage, worker: crate::stage::Worker) -> Vec<ServiceStatus> {
    let mut seen = stage.apply(&[worker]);
    let mut client = stage.client();
    let mut states = Vec::new();
    loop {
        let steady = seen.is_steady();
        states.push(seen.services[0].clone());
        if steady {
            return states;
        }
        seen = client
            .await_change(&stack(), seen.version, Duration::from_secs(10))
            .unwrap();
    }
}

#[test]
fn a_change_replaces_task_by_task_and_never_dips() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(&format!("trap 'exit 0' TERM; {WAIT}")).count(4);
    let before = stage.deploy(std::slice::from_ref(&worker));
    let states = watched(&stage, worker.variable("COLOUR", "blue"));
    for service in &states {
        assert!(service.running_count >= 4, "it dipped: {service:?}");
        assert!(
            service.running_count + service.pending_count <= 8,
            "it started too many: {service:?}"
        );
    }
    let after = states.last().unwrap();
    assert_eq!(after.revision.0, before.services[0].revision.0 + 1);
    let (old, new) = (pids(&before.services[0]), pids(after));
    assert_eq!(new.len(), 4);
    assert!(new.keys().all(|task| !old.contains_key(task)));
    old.values().for_each(|pid| wait_for_end(*pid));
    let told = format!(
        "(service worker) (deployment {}) deployment completed.",
        after.revision
    );
    assert!(
        after.events.iter().any(|event| event.message == told),
        "{:?}",
        after.events
    );
}

#[test]
fn a_change_of_count_keeps_the_tasks_that_are_there() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(&format!("trap 'exit 0' TERM; {WAIT}"));
    let two = pids(&stage.deploy(&[worker.clone().count(2)]).services[0]);
    let more = stage.deploy(&[worker.clone().count(4)]);
    let four = pids(&more.services[0]);
    assert_eq!(four.len(), 4);
    assert!(two.iter().all(|(task, pid)| four.get(task) == Some(pid)));
    let fewer = stage.deploy(&[worker.count(1)]);
    let one = pids(&fewer.services[0]);
    assert_eq!(one.len(), 1);
    assert!(one.iter().all(|(task, pid)| four.get(task) == Some(pid)));
    assert_eq!(more.services[0].revision, fewer.services[0].revision);
}

#[test]
fn t78_the_same_once_more_changes_nothing() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(WAIT).count(2).variable("COLOUR", "blue");
    let before = stage.deploy(std::slice::from_ref(&worker));
    let again = stage.apply(&[worker]);
    assert_eq!(again, before);
}

#[test]
fn a_service_that_is_not_named_any_more_goes() {
    let Some(stage) = Stage::ready() else { return };
    let kept = stage.named("kept", WAIT);
    let both = stage.deploy(&[
        kept.clone(),
        stage.named("dropped", &format!("trap 'exit 0' TERM; {WAIT}")),
    ]);
    let (_, dropped) = pids(named(&both, "dropped").unwrap()).pop_first().unwrap();
    let left = stage.apply(&[kept]);
    assert_eq!(named(&left, "dropped").unwrap().status, "DRAINING");
    let after = stage.stack_when("one service", |stack| stack.services.len() == 1);
    assert_eq!(pids(&after.services[0]), pids(named(&both, "kept").unwrap()));
    assert!(!is_alive(dropped));
}

#[test]
fn a_newer_change_overtakes_one_under_way() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(&format!("trap 'exit 0' TERM; {WAIT}")).count(2);
    stage.deploy(std::slice::from_ref(&worker));
    for colour in ["red", "green", "blue"] {
        stage.apply(&[worker.clone().variable("COLOUR", colour)]);
    }
    let after = stage.steady();
    let service = &after.services[0];
    assert_eq!(service.running_count, 2);
    assert!(
        service
            .tasks
            .iter()
            .filter(|task| task.state.is_live())
            .all(|task| task.revision == service.revision)
    );
    for pid in pids(service).values() {
        let environment = fs_err::read_to_string(format!("/proc/{pid}/environ")).unwrap();
        assert!(environment.contains("COLOUR=blue"), "{environment}");
    }
}
