//! As many tasks run as are wanted, whatever happens to them.

use std::time::Duration;

use rustix::process::Signal;
use tapedeck_image::ConfigChange;
use tapedeck_model::{ImageDigest, StopCode, TaskState};
use tapedeck_testkit::kill;

use crate::stage::{Stage, WAIT, addresses, end, end_of, is_alive, pids};

/// Ends with a code of the test's choice.
const OBEDIENT: &str =
    "trap 'exit 0' USR1; trap 'exit 139' USR2; echo ready; while :; do sleep 1000 & wait $!; done";

#[test]
fn as_many_tasks_run_as_are_wanted() {
    let Some(stage) = Stage::ready() else { return };
    let stack = stage.deploy(&[stage.worker(WAIT).count(3)]);
    let service = &stack.services[0];
    assert_eq!(
        (
            service.desired_count,
            service.running_count,
            service.pending_count
        ),
        (3, 3, 0)
    );
    let pids = pids(service);
    assert_eq!(pids.len(), 3);
    assert!(pids.values().all(|pid| is_alive(*pid)), "{pids:?}");
    assert_eq!(addresses(service).len(), 3, "each has an address of its own");
}

#[test]
fn t03_a_task_that_exits_is_replaced_whatever_its_code() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(OBEDIENT)]);
    for (round, (signal, code)) in [(Signal::USR1, 0), (Signal::USR2, 139)].into_iter().enumerate() {
        stage.wait_for_lines("ready", round + 1);
        let (task, pid) = pids(&stage.steady().services[0]).pop_first().unwrap();
        kill(pid, signal);
        let service = stage.worker_when("the replacement", |service| {
            end_of(service, &task).is_some() && service.running_count == 1
        });
        let end = end_of(&service, &task).unwrap();
        assert_eq!(end.exit_code, Some(code));
        assert_eq!(end.code, StopCode::EssentialContainerExited);
        assert_eq!(end.reason, "Essential container in task exited");
    }
}

#[test]
fn t02_a_killed_task_is_replaced_and_the_others_are_not() {
    let Some(stage) = Stage::ready() else { return };
    let before = pids(&stage.deploy(&[stage.worker(WAIT).count(3)]).services[0]);
    let (task, pid) = before.first_key_value().unwrap();
    kill(*pid, Signal::KILL);
    let service = stage.worker_when("the replacement", |service| {
        end_of(service, task).is_some() && service.running_count == 3
    });
    let end = end_of(&service, task).unwrap();
    assert_eq!(
        (end.code, end.exit_code),
        (StopCode::EssentialContainerExited, Some(137))
    );
    assert!(!end.reason.contains("OutOfMemory"), "{end:?}");

    let after = pids(&service);
    let kept = before
        .iter()
        .filter(|(id, _)| *id != task)
        .all(|(id, pid)| after.get(id) == Some(pid));
    assert!(kept, "before: {before:?}, after: {after:?}");
    let new = service
        .tasks
        .iter()
        .find(|task| !before.contains_key(&task.id))
        .unwrap();
    let TaskState::Running { started, .. } = new.state else {
        panic!("{new:?}")
    };
    eprintln!(
        "measured: crash → replacement running: {:?}",
        started.since(end.at)
    );
    assert_eq!(stage.steady().services[0].running_count, 3);
}

#[test]
fn all_tasks_killed_at_once_are_replaced() {
    let Some(stage) = Stage::ready() else { return };
    let before = pids(&stage.deploy(&[stage.worker(WAIT).count(3)]).services[0]);
    before.values().for_each(|pid| kill(*pid, Signal::KILL));
    let service = stage.worker_when("three others", |service| {
        let now = pids(service);
        now.len() == 3 && now.keys().all(|task| !before.contains_key(task))
    });
    assert!(
        service.consecutive_failures <= 1,
        "killed together, they are one failure: {service:?}"
    );
}

#[test]
fn t08_a_program_that_is_not_in_the_image_is_named() {
    let Some(stage) = Stage::ready() else { return };
    let image = stage.image(&ConfigChange {
        entrypoint: Some(vec!["/bin/nonsense".to_owned()]),
        ..ConfigChange::default()
    });
    stage.apply(&[Stage::running_image("worker", image)]);
    let service = stage.worker_when("a failure", |service| service.consecutive_failures >= 1);
    let end = service.tasks.iter().find_map(crate::stage::end).unwrap();
    assert_eq!((end.code, end.exit_code), (StopCode::TaskFailedToStart, None));
    assert!(end.reason.starts_with("CannotStartContainerError: "), "{end:?}");
    assert!(end.reason.contains("/bin/nonsense"), "{end:?}");
}

#[test]
fn an_image_that_is_not_there_is_refused_and_changes_nothing() {
    let Some(stage) = Stage::ready() else { return };
    let before = stage.deploy(&[stage.worker(WAIT)]);
    let missing = ImageDigest::new(format!("sha256:{}", "0".repeat(64))).unwrap();
    let error = stage
        .try_apply(&[Stage::running_image("worker", missing)])
        .unwrap_err();
    assert!(
        error.to_string().contains("service worker cannot be deployed"),
        "{error}"
    );
    assert_eq!(stage.steady().version, before.version);
}

#[test]
fn a_service_of_many_tasks_comes_up() {
    let Some(stage) = Stage::ready() else { return };
    let began = std::time::Instant::now();
    let stack = stage.deploy(&[stage.worker(WAIT).count(12)]);
    let took = began.elapsed() - Duration::from_millis(250);
    eprintln!("measured: 12 tasks started: {took:?}");
    assert_eq!(addresses(&stack.services[0]).len(), 12);
}

#[test]
fn t01_a_task_goes_through_its_states_and_each_is_told_once() {
    let Some(stage) = Stage::ready() else { return };
    let applied = stage.apply(&[stage.worker(WAIT)]);
    assert!(
        matches!(applied.services[0].tasks[0].state, TaskState::Pending),
        "{applied:?}"
    );
    stage.steady();
    let service = stage.worker_when("the events", |service| {
        service
            .events
            .iter()
            .any(|event| event.message.ends_with("steady state."))
    });
    let task = &service.tasks[0];
    let TaskState::Running { started, .. } = task.state else {
        panic!("{task:?}")
    };
    assert!(task.created <= started);
    let events: Vec<&str> = service
        .events
        .iter()
        .map(|event| event.message.as_str())
        .collect();
    let expected = [
        format!("(service worker) has started 1 tasks: (task {}).", task.id),
        "(service worker) (deployment 1) deployment completed.".to_owned(),
        "(service worker) has reached a steady state.".to_owned(),
    ];
    assert_eq!(events, expected);
    assert!(service.events.iter().is_sorted_by_key(|event| event.at));
    assert!(service.events[0].at <= started && started <= service.events[2].at);
}

#[test]
fn t09_exit_codes_are_told_as_they_are() {
    let Some(stage) = Stage::ready() else { return };
    let codes = [
        ("segfault", "sh -c 'kill -SEGV $$'; exit $?", 139),
        ("terminated", "sh -c 'kill -TERM $$'; exit $?", 143),
        ("plain", "exit 1", 1),
    ];
    let workers = codes.map(|(name, script, _)| stage.named(name, script));
    stage.apply(&workers);
    for (name, _, code) in codes {
        let stack = stage.stack_when("an end", |stack| {
            let service = crate::stage::named(stack, name);
            service.is_some_and(|service| service.tasks.iter().any(|task| end(task).is_some()))
        });
        let service = crate::stage::named(&stack, name).unwrap();
        let end = service.tasks.iter().find_map(end).unwrap();
        assert_eq!(
            (end.code, end.exit_code),
            (StopCode::EssentialContainerExited, Some(code)),
            "{name}"
        );
    }
}
