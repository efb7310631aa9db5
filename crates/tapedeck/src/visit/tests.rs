//! Which container is entered.

use serde_json::{Value, json};
use tapedeck_api::StackStatus;

use super::choice::{self, Place, Wanted};
use crate::exit::{ExitKind, Failure};

/// A task as the engine tells it; ids are one digit, thirty-two times.
fn task(digit: char, revision: u32, created: u64, state: &Value) -> Value {
    json!({
        "id": digit.to_string().repeat(32), "revision": revision, "address": "10.0.0.2", "created": created, "state": state,
    })
}

fn runs() -> Value {
    json!({ "lastStatus": "RUNNING", "started": 5, "pid": 7 })
}

fn with_health(mut task: Value, status: &str) -> Value {
    task["health"] = json!({ "status": status, "since": 1, "failingStreak": 0, "results": [] });
    task
}

fn service(name: &str, tasks: &[Value]) -> Value {
    json!({
        "name": name, "status": "ACTIVE", "revision": 2, "rollout": "COMPLETED", "deployments": [],
        "image": format!("sha256:{}", "ab".repeat(32)), "cpu": 250, "memory": 512, "stopTimeout": 2, "desiredCount": 1,
        "runningCount": 1, "pendingCount": 0, "steady": true, "consecutiveFailures": 0, "failedTasks": 0, "waiting": [],
        "nextAttemptAt": null, "tasks": tasks, "events": [],
    })
}

fn stack(services: &[Value]) -> StackStatus {
    let stack = json!({ "name": "app-dev", "version": 1, "attended": false, "services": services });
    serde_json::from_value(stack).unwrap()
}

fn choose(stack: &StackStatus, wanted: &Wanted<'_>) -> Result<Place, Failure> {
    choice::choose(&stack.name, &choice::candidates(stack), wanted)
}

fn chosen(stack: &StackStatus) -> Place {
    choose(stack, &Wanted::default()).unwrap()
}

/// The first digit of the task that is chosen, and of how many.
fn best(tasks: &[Value]) -> (char, usize) {
    let place = chosen(&stack(&[service("worker", tasks)]));
    (place.task.chars().next().unwrap(), place.candidates)
}

#[test]
fn a_healthy_task_is_entered_before_one_of_which_nothing_is_known() {
    let sick = with_health(task('1', 2, 1, &runs()), "UNHEALTHY");
    let unknown = task('2', 2, 2, &runs());
    let well = with_health(task('3', 1, 3, &runs()), "HEALTHY");
    assert_eq!(best(&[sick.clone(), unknown.clone(), well]), ('3', 3));
    assert_eq!(best(&[sick.clone(), unknown]), ('2', 2));
    assert_eq!(best(&[sick]), ('1', 1));
}

#[test]
fn the_desired_revision_is_entered_first_then_what_is_there_longest() {
    let old = task('1', 1, 1, &runs());
    let (first, second) = (task('2', 2, 5, &runs()), task('3', 2, 4, &runs()));
    assert_eq!(best(&[old.clone(), first, second]), ('3', 3));
    let pending = task('4', 2, 0, &json!({ "lastStatus": "PENDING" }));
    assert_eq!(best(&[pending, old]), ('1', 1));
}

#[test]
fn what_is_chosen_is_told_where_there_was_a_choice() {
    let one = chosen(&stack(&[service("worker", &[task('1', 2, 1, &runs())])]));
    assert_eq!(
        (one.container.as_str(), one.worth_telling()),
        ("service-container", None)
    );
    let tasks = [task('1', 2, 1, &runs()), task('2', 2, 2, &runs())];
    let told = chosen(&stack(&[service("worker", &tasks)])).worth_telling();
    let expected = "in task 11111111 of service worker, one of 2 that run; --taskArn chooses another";
    assert_eq!(told.as_deref(), Some(expected));
}

#[test]
fn what_cannot_be_entered_is_told_with_the_way_out() {
    let stopped = json!({
        "lastStatus": "STOPPED", "started": 1, "stopped": 2, "code": "UserInitiated", "reason": "", "exit_code": 0,
    });
    let mut sided = task('2', 2, 2, &runs());
    sided["containers"] = json!([
        { "name": "service-container", "lastStatus": "RUNNING", "started": 1, "pid": 3 },
        { "name": "agent", "lastStatus": "PENDING" },
    ]);
    let tasks = [task('1', 2, 1, &stopped), sided, task('3', 2, 3, &runs())];
    let stack = stack(&[service("worker", &tasks), service("idle", &[])]);
    let refused = |service, task, container| {
        let wanted = Wanted {
            service,
            task,
            container,
        };
        let failure = choose(&stack, &wanted).unwrap_err();
        let is_usage = failure.kind == ExitKind::Usage;
        (
            is_usage,
            failure.error.to_string(),
            failure.help.unwrap_or_default(),
        )
    };
    let check = |found: (bool, String, String), is_usage: bool, problem: &str, help: &str| {
        assert_eq!(found, (is_usage, problem.to_owned(), help.to_owned()));
    };
    let worker = Some("worker");
    check(
        refused(None, None, None),
        true,
        "stack app-dev has several services",
        "name one with --resourceName: worker, idle",
    );
    check(
        refused(Some("wroker"), None, None),
        true,
        "stack app-dev has no service `wroker`",
        "did you mean `worker`?",
    );
    check(
        refused(Some("idle"), None, None),
        false,
        "no task of service idle runs",
        "`tapedeck info:stack --stackName app-dev` shows what is waited for",
    );
    check(
        refused(worker, Some("1"), None),
        false,
        "task 11111111 of service worker does not run",
        "these run: 22222222, 33333333",
    );
    check(
        refused(worker, Some("arn:aws:ecs:local:0:task/app-dev/44"), None),
        true,
        "service worker has no task `arn:aws:ecs:local:0:task/app-dev/44`",
        "these run: 22222222, 33333333",
    );
    check(
        refused(worker, Some("2"), Some("agnet")),
        true,
        "task 22222222 has no container `agnet`",
        "did you mean `agent`?",
    );
    check(
        refused(worker, Some("2"), Some("agent")),
        false,
        "container agent of task 22222222 does not run",
        "`tapedeck info:stack` shows what each container does",
    );
}
