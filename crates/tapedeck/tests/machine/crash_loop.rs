//! A service that does not stay up is tried ever less often, and a mended one at once.

use std::time::Duration;

use tapedeck_model::{Revision, RolloutState, Timestamp};
use tapedeck_plan::Pace;

use crate::stage::{Stage, WAIT, end};

/// When each task was created and when it ended, oldest first.
fn attempts(service: &tapedeck_api::ServiceStatus) -> Vec<(Timestamp, Option<Timestamp>)> {
    let mut found: Vec<_> = service
        .tasks
        .iter()
        .map(|task| (task.created, end(task).map(|end| end.at)))
        .collect();
    found.sort();
    found
}

/// A program that holds for long enough to be deployed, and then fails again and again.
const CRASHES: &str = "echo trying; sleep 0.7; exit 3";

#[test]
fn t04_starts_that_fail_are_held_back_ever_longer() {
    let Some(stage) = Stage::ready() else { return };
    stage.apply(&[stage.worker(CRASHES)]);
    let service = stage.worker_when("four failures", |service| service.consecutive_failures == 4);
    let attempts = attempts(&service);
    assert_eq!(attempts.len(), 4, "{service:?}");
    let back_off = Pace::fast().back_off;
    for (failures, pair) in (1..).zip(attempts.windows(2)) {
        let paused = pair[1].0.since(pair[0].1.unwrap());
        assert!(
            paused >= back_off.delay(failures),
            "after {failures} failures it paused {paused:?} only"
        );
    }
    let next = service.next_attempt_at.unwrap();
    assert!(next.since(attempts[3].1.unwrap()) >= back_off.delay(4));
    assert!(
        service.waiting.iter().any(|waiting| waiting.contains('4')),
        "{:?}",
        service.waiting
    );
    let told = "(service worker) is unable to consistently start tasks successfully.";
    assert_eq!(
        service
            .events
            .iter()
            .filter(|event| event.message == told)
            .count(),
        1
    );
    assert_eq!(stage.lines(), ["trying"; 4], "what they wrote is still there");

    let shown = stage
        .home
        .must(&["info:stack", "--stackName", crate::stage::STACK]);
    assert!(shown.contains("recovering"), "{shown}");
    assert!(
        shown.contains("exit code 3: Essential container in task exited"),
        "{shown}"
    );
    assert!(shown.contains("waiting"), "{shown}");
}

#[test]
fn t05_a_mended_version_starts_at_once() {
    let Some(stage) = Stage::ready() else { return };
    stage.apply(&[stage.worker(CRASHES)]);
    let broken = stage.worker_when("four failures", |service| service.consecutive_failures == 4);
    let held_until = broken.next_attempt_at.unwrap();
    let applied = stage.apply(&[stage.worker(WAIT)]);
    let service = stage.worker_when("the mended version", |service| service.running_count == 1);
    assert_eq!(applied.services[0].revision.0, broken.revision.0 + 1);
    let new = service
        .tasks
        .iter()
        .find(|task| task.revision == service.revision)
        .unwrap();
    assert!(
        new.created < held_until,
        "it was held back for the failures of the version before"
    );
    assert_eq!(stage.steady().services[0].consecutive_failures, 0);
}

#[test]
fn a_broken_version_leaves_the_working_one_alone() {
    let Some(stage) = Stage::ready() else { return };
    let before = stage.deploy(&[stage.worker(WAIT).count(2)]);
    stage.apply(&[stage.worker("exit 3").count(2)]);
    let service = stage.worker_when("the end of it", |service| {
        let broken = service.deployment(Revision(2));
        broken.is_some_and(|deployment| deployment.state == RolloutState::Failed)
    });
    assert_eq!(
        crate::stage::pids(&service),
        crate::stage::pids(&before.services[0])
    );
    let first = stage.apply(&[stage.worker(WAIT).count(2)]);
    assert_eq!(
        first.services[0].revision, before.services[0].revision,
        "it is deployed already"
    );
    assert_eq!(stage.steady().services[0].running_count, 2);
}

#[test]
fn t06_a_task_that_ran_long_enough_to_be_trusted_is_not_held_back_after_one_crash() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(WAIT)]);
    let (task, pid) = crate::stage::pids(&stage.now()).pop_first().unwrap();
    tapedeck_testkit::kill(pid, rustix::process::Signal::KILL);
    let service = stage.worker_when("the replacement", |service| {
        service.running_count == 1 && !crate::stage::pids(service).contains_key(&task)
    });
    assert_eq!(
        Pace::fast().back_off.delay(service.consecutive_failures),
        Duration::ZERO
    );
}
