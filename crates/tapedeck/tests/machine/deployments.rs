//! Deployments that fail and are rolled back, and going back on demand.

use std::time::Duration;

use tapedeck_api::{ServiceStatus, StackStatus};
use tapedeck_model::{Revision, RolloutState, StopCode};
use tapedeck_testkit::{Finished, Leaks, kill};

use crate::stage::{STACK, Stage, WAIT, end, is_alive, pids, stack};

/// A program that ends at once when it is told to.
fn obedient() -> String {
    format!("trap 'exit 0' TERM; {WAIT}")
}

fn state(service: &ServiceStatus, revision: u64) -> Option<RolloutState> {
    service
        .deployment(Revision(revision))
        .map(|deployment| deployment.state)
}

/// The places of these events among those of the service, which has to have told each of them once.
fn places(service: &ServiceStatus, messages: &[&str]) -> Vec<usize> {
    let place = |message: &&str| {
        let mut told = service.events.iter().enumerate();
        told.find(|(_, event)| event.message == *message)
            .unwrap_or_else(|| panic!("`{message}` is missing: {:#?}", service.events))
            .0
    };
    messages.iter().map(place).collect()
}

fn rollback(stage: &Stage, arguments: &[&str]) -> Finished {
    stage
        .home
        .run(&[&["rollback", "--stackName", STACK], arguments].concat())
}

#[test]
fn t30_a_bad_change_is_rolled_back_and_the_old_tasks_run_throughout() {
    let Some(stage) = Stage::ready() else { return };
    let leaks = Leaks::before(&stage.home);
    let before = pids(&stage.deploy(&[stage.worker(&obedient()).count(4)]).services[0]);
    stage.apply(&[stage.worker("echo about to fail; exit 3").count(4)]);
    let service = stage.worker_when("the rollback", |service| {
        state(service, 2) == Some(RolloutState::Failed) && service.rollout == RolloutState::Completed
    });
    assert_eq!(service.revision, Revision(1));
    assert_eq!(pids(&service), before, "the same four processes");
    let failed = service.deployment(Revision(2)).unwrap();
    assert_eq!(
        failed.reason,
        "ECS deployment circuit breaker: tasks failed to start."
    );
    assert!(failed.failed_tasks >= 3, "{failed:?}");
    assert_eq!(failed.rolled_back_to, Some(Revision(1)));
    let order = places(
        &service,
        &[
            "(service worker) (deployment 2) deployment failed: tasks failed to start.",
            "(service worker) rolling back to deployment 1.",
        ],
    );
    assert!(order.is_sorted(), "{order:?}");
    let completed = service.events.iter().skip(order[1]);
    let told = "(service worker) (deployment 1) deployment completed.";
    assert_eq!(completed.filter(|event| event.message == told).count(), 1);
    let tried = |service: &ServiceStatus| {
        let tasks = service.tasks.iter();
        tasks.filter(|task| task.revision == Revision(2)).count()
    };
    let attempts = tried(&service);
    // A task of the old revision that is replaced now is proof that the engine went on deciding.
    let (_, pid) = before.first_key_value().unwrap();
    kill(*pid, rustix::process::Signal::KILL);
    let later = stage.worker_when("the replacement", |service| {
        service.running_count == 4 && !pids(service).values().any(|other| other == pid)
    });
    assert_eq!(tried(&later), attempts, "the bad one is started no more");
    stage.client().delete_stack(stack()).unwrap();
    leaks.check();
}

#[test]
fn t31_what_cannot_even_start_never_touches_the_one_task() {
    let Some(stage) = Stage::ready() else { return };
    let before = pids(&stage.deploy(&[stage.worker(&obedient())]).services[0]);
    stage.apply(&[stage.worker(&obedient()).secret("TOKEN", &["$missing"])]);
    let service = stage.worker_when("the rollback", |service| {
        state(service, 2) == Some(RolloutState::Failed) && service.rollout == RolloutState::Completed
    });
    assert_eq!(pids(&service), before);
    let mut tasks = service.tasks.iter();
    let failed = tasks.find(|task| task.revision == Revision(2)).unwrap();
    assert_eq!(end(failed).unwrap().code, StopCode::TaskFailedToStart);
}

#[test]
fn t07_a_first_deployment_that_fails_stops_trying_and_says_so() {
    let Some(stage) = Stage::ready() else { return };
    stage.apply(&[stage.worker("echo trying; exit 3").count(2)]);
    let service = stage.worker_when("the failure", |service| service.rollout == RolloutState::Failed);
    assert_eq!((service.status.as_str(), service.steady), ("ACTIVE", false));
    assert_eq!(service.deployment(Revision(1)).unwrap().rolled_back_to, None);
    let service = stage.worker_when("the rest to end", |service| {
        service.running_count + service.pending_count == 0
    });
    assert_eq!(
        service.waiting,
        ["the deployment of revision 1 failed: 2 starts are held back until another revision is deployed"]
    );
    assert_eq!(service.next_attempt_at, None);
    let shown = stage.home.must(&["info:stack", "--stackName", STACK]);
    assert!(shown.contains("deployment 1 PRIMARY FAILED"), "{shown}");

    let refused = rollback(&stage, &[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("has no earlier deployment to go back to"),
        "{refused:?}"
    );
    let again = stage.apply(&[stage.worker("echo trying; exit 3").count(2)]);
    assert_eq!(
        again.services[0].revision,
        Revision(2),
        "the same once more is tried anew"
    );
    stage.worker_when("the failure once more", |service| {
        service.rollout == RolloutState::Failed
    });
    stage.deploy(&[stage.worker(&obedient()).count(2)]);
}

#[test]
fn a_deployment_that_failed_stays_failed_whatever_becomes_of_the_engine() {
    let Some(stage) = Stage::ready() else { return };
    let before = pids(&stage.deploy(&[stage.worker(&obedient()).count(2)]).services[0]);
    stage.apply(&[stage.worker("exit 3").count(2)]);
    let service = stage.worker_when("the rollback", |service| {
        state(service, 2) == Some(RolloutState::Failed)
    });
    stage.home.kill_engine();
    stage.home.must(&["engine", "start"]);
    let after = stage.worker_when("the next engine to be steady", |service| {
        service.rollout == RolloutState::Completed && service.steady
    });
    assert_eq!(after.revision, Revision(1));
    assert_eq!(pids(&after), before);
    assert_eq!(after.deployment(Revision(2)), service.deployment(Revision(2)));

    // Killed before the breaker has counted enough: the next engine counts the same tasks.
    stage.apply(&[stage.worker("sleep 0.1; exit 4").count(2)]);
    stage.home.kill_engine();
    stage.home.must(&["engine", "start"]);
    let after = stage.worker_when("the next rollback", |service| {
        state(service, 3) == Some(RolloutState::Failed) && service.rollout == RolloutState::Completed
    });
    assert_eq!(pids(&after), before);
}

#[test]
fn rollback_deploys_what_ran_before_and_once_more_undoes_that() {
    let Some(stage) = Stage::ready() else { return };
    let image = |stack: &StackStatus| stack.services[0].image.clone();
    let first = stage.deploy(&[stage.worker(&format!("echo first; {}", obedient()))]);
    let second = stage.deploy(&[stage.worker(&format!("echo second; {}", obedient()))]);
    assert_ne!(image(&first), image(&second));

    let back = rollback(&stage, &[]);
    assert_eq!(back.code, Some(0), "{back:?}");
    let now = stage.steady();
    assert_eq!(
        (image(&now), now.services[0].revision),
        (image(&first), Revision(3))
    );
    stage.wait_for_lines("first", 2);

    let forth = rollback(&stage, &["--resourceName", "worker", "--json"]);
    assert_eq!(forth.code, Some(0), "{forth:?}");
    let now = stage.steady();
    assert_eq!(
        (image(&now), now.services[0].revision),
        (image(&second), Revision(4))
    );

    let refused = rollback(&stage, &["--resourceName", "other"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("has no service named `other`"),
        "{refused:?}"
    );
    assert_eq!(stage.steady().services[0].revision, Revision(4));
}

#[test]
fn rollback_leaves_services_alone_that_the_last_deployment_did_not_change() {
    let Some(stage) = Stage::ready() else { return };
    let worker = |word: &str| stage.worker(&format!("echo {word}; {}", obedient()));
    let other = |word: &str| stage.named("other", &format!("echo {word}; {}", obedient()));
    stage.deploy(&[worker("first"), other("first")]);
    stage.deploy(&[worker("first"), other("second")]);
    stage.deploy(&[worker("second"), other("second")]);
    let back = rollback(&stage, &[]);
    assert_eq!(back.code, Some(0), "{back:?}");
    let now = stage.steady();
    let revision = |name: &str| crate::stage::named(&now, name).map(|service| service.revision);
    assert_eq!(revision("worker"), Some(Revision(3)), "back at what it ran first");
    assert_eq!(revision("other"), Some(Revision(2)), "as it was");
}

#[test]
fn rollback_of_a_deployment_under_way_gives_it_up() {
    let Some(stage) = Stage::ready() else { return };
    let before = pids(&stage.deploy(&[stage.worker(&obedient()).count(2)]).services[0]);
    // One attempt holds now and then, so that the deployment neither completes nor fails.
    let undecided = "[ $(($(date +%s) % 2)) = 0 ] && sleep 0.7; exit 3";
    stage.apply(&[stage.worker(undecided).count(2)]);
    let asked = rollback(&stage, &["--detach", "--json"]);
    assert_eq!(asked.code, Some(0), "{asked:?}");
    let service = stage.worker_when("the rollback", |service| {
        service.rollout == RolloutState::Completed && service.steady
    });
    assert_eq!(service.revision, Revision(1));
    places(&service, &["(service worker) rolling back to deployment 1."]);
    assert_eq!(state(&service, 2), Some(RolloutState::Failed));
    assert_eq!(pids(&service).len(), 2);
    assert!(pids(&service).keys().all(|task| before.contains_key(task)));
    assert!(before.values().all(|pid| is_alive(*pid)));
}

#[test]
fn t29_all_new_tasks_start_together_and_each_replaces_an_old_one() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(&obedient()).count(4);
    stage.deploy(std::slice::from_ref(&worker));
    let mut seen = stage.apply(&[worker.variable("COLOUR", "blue")]);
    let mut client = stage.client();
    let mut most = 0;
    while !seen.is_steady() {
        let service = &seen.services[0];
        assert!(service.running_count >= 4, "it dips: {service:#?}");
        most = most.max(service.running_count + service.pending_count);
        seen = client
            .await_change(&stack(), seen.version, Duration::from_secs(10))
            .unwrap();
    }
    assert_eq!(most, 8);
    let service = &seen.services[0];
    assert_eq!(service.running_count, 4);
    let live = service.tasks.iter().filter(|task| task.state.is_live());
    assert!(live.into_iter().all(|task| task.revision == Revision(2)));
    let order = places(
        service,
        &[
            "(service worker) (deployment 2) deployment completed.",
            "(service worker) has reached a steady state.",
        ],
    );
    assert_eq!(order.len(), 2);
}
