//! Health checks: what they say is told, and unhealthy tasks are replaced.

use fs_err as fs;
use tapedeck_api::ServiceStatus;
use tapedeck_model::{HealthStatus, ProbeOutcome, Revision, RolloutState, StopCode, Task, TaskId};
use tapedeck_testkit::Leaks;

use crate::stage::{STACK, Stage, WAIT, end_of, pids, stack};

/// Passes as long as the file is there.
const WELL: [&str; 2] = ["CMD-SHELL", "echo looking for it; test -e /tmp/well"];

fn program() -> String {
    format!("echo > /tmp/well; trap 'exit 0' TERM; {WAIT}")
}

fn status(task: &Task) -> HealthStatus {
    task.health
        .as_ref()
        .map_or(HealthStatus::Unknown, |health| health.status)
}

fn healthy(service: &ServiceStatus) -> usize {
    let tasks = service.tasks.iter();
    tasks
        .filter(|task| task.state.is_live() && status(task) == HealthStatus::Healthy)
        .count()
}

/// Takes away from a task what its health check looks for.
fn sicken(pid: u32) {
    fs::remove_file(format!("/proc/{pid}/root/tmp/well")).unwrap();
}

/// The place of the last event that ends like this.
fn place(service: &ServiceStatus, ending: &str) -> usize {
    let found = service
        .events
        .iter()
        .rposition(|event| event.message.ends_with(ending));
    found.unwrap_or_else(|| panic!("`{ending}` is missing: {:#?}", service.events))
}

#[test]
fn t24_an_unhealthy_task_is_replaced_by_one_that_is_healthy_first() {
    let Some(stage) = Stage::ready() else { return };
    let leaks = Leaks::before(&stage.home);
    let deployed = stage.deploy(&[stage.worker(&program()).checked(&WELL, 2).count(2)]);
    let service = &deployed.services[0];
    assert_eq!(healthy(service), 2, "steady means healthy");
    let (sick, pid) = pids(service).pop_first().unwrap();
    sicken(pid);
    let seen = stage.worker_when("the replacement", |service| {
        assert!(service.running_count >= 2, "it dipped: {service:#?}");
        end_of(service, &sick).is_some()
    });
    let end = end_of(&seen, &sick).unwrap();
    assert_eq!(end.code, StopCode::ServiceSchedulerInitiated);
    assert_eq!(end.reason, "Task failed container health checks");
    let seen = stage.worker_when("two healthy tasks", |service| service.steady);
    assert_eq!(healthy(&seen), 2);
    let order = [
        " Amazon ECS replaced 1 tasks due to an unhealthy status.".to_owned(),
        format!("(task {sick}) failed container health checks."),
        format!("has stopped 1 running tasks: (task {sick})."),
    ];
    let order = order.map(|ending| place(&seen, &ending));
    assert!(order.is_sorted(), "{order:?} {:#?}", seen.events);

    let text = stage.home.must(&["info:stack", "--stackName", STACK]);
    assert!(text.contains("health HEALTHY since"), "{text}");
    assert!(text.contains("ago passed: looking for it"), "{text}");
    stage.client().delete_stack(stack()).unwrap();
    stage.home.must(&["engine", "stop", "--tasks"]);
    leaks.check();
}

#[test]
fn t23_t62_a_probe_that_hangs_is_killed_and_health_goes_on_without_the_engine() {
    let Some(stage) = Stage::ready() else { return };
    let hangs = ["CMD-SHELL", "test -e /tmp/well || { echo stuck; sleep 1000; }"];
    let deployed = stage.deploy(&[stage.worker(&program()).checked(&hangs, 9)]);
    let (task, pid) = pids(&deployed.services[0]).pop_first().unwrap();
    stage.home.must(&["engine", "stop"]);
    sicken(pid);
    // Two probes are tried and killed while there is no engine.
    let upper = format!("/proc/{pid}/root/tmp/well");
    assert!(!fs::exists(&upper).unwrap());
    stage.home.must(&["engine", "start"]);
    let find = |service: &ServiceStatus, id: &TaskId| -> Option<Task> {
        service.tasks.iter().find(|task| task.id == *id).cloned()
    };
    let seen = stage.worker_when("two probes that took too long", |service| {
        let task = find(service, &task);
        task.and_then(|task| task.health)
            .is_some_and(|health| health.failing_streak >= 2)
    });
    let seen = find(&seen, &task).unwrap();
    let probe = seen.last_probe().unwrap();
    assert_eq!(probe.outcome, ProbeOutcome::TimedOut, "{seen:#?}");
    assert!(probe.output.ends_with("stuck"), "{probe:?}");
    assert_eq!(status(&seen), HealthStatus::Healthy, "nine failures are needed");
    let json = stage.home.must(&["info:stack", "--stackName", STACK, "--json"]);
    assert!(
        json.contains(r#""failingStreak""#) && json.contains("timedOut"),
        "{json}"
    );
}

#[test]
fn t28_an_image_without_the_program_is_unhealthy_and_says_why() {
    let Some(stage) = Stage::ready() else { return };
    stage.apply(&[stage.worker(&program()).checked(&["CMD", "no-such-program"], 2)]);
    let service = stage.worker_when("the end of the deployment", |service| {
        service.rollout == RolloutState::Failed
    });
    let failed = service.tasks.iter().find(|task| task.is_unhealthy()).unwrap();
    let probe = failed.last_probe().unwrap();
    assert_eq!(probe.outcome, ProbeOutcome::NotRun);
    assert!(
        probe.output.contains("executable file not found in $PATH"),
        "{probe:?}"
    );
    let text = stage.home.must(&["info:stack", "--stackName", STACK]);
    assert!(text.contains("last check"), "{text}");
    assert!(
        text.contains("could not be run: exec: \"no-such-program\""),
        "{text}"
    );
}

#[test]
fn t30_a_change_whose_health_check_fails_is_rolled_back() {
    let Some(stage) = Stage::ready() else { return };
    let good = stage.worker(&program()).checked(&WELL, 2).count(3);
    let before = pids(&stage.deploy(&[good]).services[0]);
    let bad = format!("trap 'exit 0' TERM; {WAIT}");
    stage.apply(&[stage.worker(&bad).checked(&WELL, 2).count(3)]);
    let service = stage.worker_when("the rollback", |service| {
        let failed = service.deployment(Revision(2)).map(|known| known.state);
        failed == Some(RolloutState::Failed) && service.rollout == RolloutState::Completed
    });
    assert_eq!(service.revision, Revision(1));
    assert_eq!(pids(&service), before, "the same processes throughout");
    assert_eq!(service.deployment(Revision(2)).unwrap().failed_tasks, 3);
}
