//! Tasks with several containers: what they share, in which order they start and end, and what is told of them.

use tapedeck_api::ServiceStatus;
use tapedeck_model::{
    ContainerCondition, ContainerDependency, ContainerState, MAIN_CONTAINER, StopCode, Task,
};
use tapedeck_testkit::{DEADLINE, Leaks, eventually};

use crate::stage::{PROJECT, Stage, WAIT, end, pids};

/// Says so, then waits and says goodbye.
fn polite(name: &str) -> String {
    format!("trap 'sleep 0.2; echo {name} ends; exit 0' TERM; echo {name} runs; {WAIT}")
}

fn state_of<'a>(task: &'a Task, name: &str) -> &'a ContainerState {
    &task.containers.iter().find(|one| one.name == name).unwrap().state
}

fn exit_code(task: &Task, name: &str) -> Option<i32> {
    match state_of(task, name) {
        ContainerState::Stopped { exit_code, .. } => *exit_code,
        other => panic!("{name} is {other:?}"),
    }
}

fn stopped(service: &ServiceStatus) -> Option<&Task> {
    service.tasks.iter().find(|task| task.state.is_stopped())
}

#[test]
fn containers_of_a_task_have_one_network_and_one_disk_and_files_of_their_own() {
    let Some(stage) = Stage::ready() else { return };
    let leaks = Leaks::before(&stage.home);
    let served =
        "mkdir -p /www; echo served > /www/index; echo here > /mine; httpd -f -p 127.0.0.1:8080 -h /www";
    let main = format!(
        "until wget -q -O /got http://127.0.0.1:8080/index; do sleep 0.05; done; cat /got; ls /mine; hostname; {WAIT}"
    );
    let mut side = stage.side("agent", &format!("hostname; {served} & {WAIT}"));
    side.environment.insert("ONLY".to_owned(), "agent".to_owned());
    let worker = stage.worker(&main).side(side, ContainerCondition::Start);
    stage.deploy(std::slice::from_ref(&worker));
    stage.wait_for_lines("served", 1);
    stage.wait_for_lines("ls: /mine: No such file or directory", 1);
    let host_name = format!(
        "ip-{}",
        stage.now().tasks[0].address.to_string().replace('.', "-")
    );
    stage.wait_for_lines(&host_name, 2);

    let service = stage.now();
    assert!(matches!(
        state_of(&service.tasks[0], "agent"),
        ContainerState::Running { .. }
    ));
    let told = stage.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
    for name in ["container service-container", "container agent"] {
        assert!(told.contains(name), "{told}");
    }
    let json = stage.home.must(&["info:stack", PROJECT[0], PROJECT[1], "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let containers = &json["services"][0]["tasks"][0]["containers"];
    assert_eq!(containers[1]["name"], "agent");
    assert_eq!(containers[1]["lastStatus"], "RUNNING");

    let of_agent = stage.logs(&["--raw", "--container", "agent"]);
    assert_eq!(of_agent.trim(), host_name);
    assert!(stage.logs(&[]).contains("/agent"), "{}", stage.logs(&[]));
    assert!(!stage.logs(&["--raw", "--container", MAIN_CONTAINER]).is_empty());
    stage.client().delete_stack(crate::stage::stack()).unwrap();
    eventually("the end of the stack", DEADLINE, || {
        stage.client().list_stacks().unwrap().is_empty().then_some(())
    });
    leaks.check();
}

#[test]
fn what_runs_on_init_has_ended_before_the_main_container_starts() {
    let Some(stage) = Stage::ready() else { return };
    let init = stage.side("migrate", "sleep 0.5; echo migrated");
    let worker = stage
        .worker(&format!("echo started; {WAIT}"))
        .side(init, ContainerCondition::Success);
    let stack = stage.deploy(&[worker]);
    stage.wait_for_lines("started", 1);
    assert_eq!(stage.lines(), ["migrated", "started"]);
    let task = &stack.services[0].tasks[0];
    assert_eq!(exit_code(task, "migrate"), Some(0));
    assert!(matches!(
        state_of(task, MAIN_CONTAINER),
        ContainerState::Running { .. }
    ));
}

#[test]
fn t11_a_dependency_that_fails_ends_the_task_before_it_has_begun() {
    let Some(stage) = Stage::ready() else { return };
    let init = stage.side("migrate", "echo no database >&2; exit 3");
    let worker = stage
        .worker("echo never; exit 0")
        .side(init, ContainerCondition::Success);
    stage.apply(&[worker]);
    let service = stage.worker_when("its end", |service| stopped(service).is_some());
    let task = stopped(&service).unwrap();
    let end = end(task).unwrap();
    assert_eq!((end.code, end.exit_code), (StopCode::TaskFailedToStart, None));
    assert_eq!(
        end.reason,
        "CannotStartContainerError: container service-container waits for migrate to succeed, which ended with code 3"
    );
    assert_eq!(exit_code(task, "migrate"), Some(3));
    assert_eq!(*state_of(task, MAIN_CONTAINER), ContainerState::Pending);
    assert!(!stage.lines().contains(&"never".to_owned()));
}

#[test]
fn t11_a_dependency_that_has_ended_has_also_started() {
    let Some(stage) = Stage::ready() else { return };
    let side = stage.side("brief", "exit 7");
    let worker = stage
        .worker(&format!("echo started; {WAIT}"))
        .side(side, ContainerCondition::Start);
    stage.deploy(&[worker]);
    stage.wait_for_lines("started", 1);
    let service = stage.worker_when("the end of the other", |service| {
        matches!(
            state_of(&service.tasks[0], "brief"),
            ContainerState::Stopped { .. }
        )
    });
    assert_eq!(exit_code(&service.tasks[0], "brief"), Some(7));
    assert_eq!(service.running_count, 1);
}

#[test]
fn t12_what_others_wait_for_is_asked_after_they_are_gone() {
    let Some(stage) = Stage::ready() else { return };
    let mut proxy = stage.side("proxy", &polite("proxy"));
    proxy.depends_on.push(ContainerDependency {
        container_name: "base".to_owned(),
        condition: ContainerCondition::Start,
    });
    let worker = stage
        .worker(&polite("main"))
        .side(stage.side("base", &polite("base")), ContainerCondition::Start)
        .side(proxy, ContainerCondition::Start);
    stage.deploy(std::slice::from_ref(&worker));
    for name in ["base", "proxy", "main"] {
        stage.wait_for_lines(&format!("{name} runs"), 1);
    }
    stage.apply(&[worker.count(0)]);
    let service = stage.worker_when("its end", |service| stopped(service).is_some());
    assert_eq!(
        stage.lines(),
        [
            "base runs",
            "proxy runs",
            "main runs",
            "main ends",
            "proxy ends",
            "base ends"
        ]
    );
    let task = stopped(&service).unwrap();
    assert_eq!(end(task).unwrap().code, StopCode::ServiceSchedulerInitiated);
    for name in ["base", "proxy", MAIN_CONTAINER] {
        assert_eq!(exit_code(task, name), Some(0), "{name}");
    }
}

#[test]
fn the_end_of_an_essential_side_container_ends_the_task_in_order() {
    let Some(stage) = Stage::ready() else { return };
    let mut agent = stage.side("agent", "until [ -e /go ]; do sleep 0.05; done; exit 9");
    agent.essential = true;
    let worker = stage
        .worker(&polite("main"))
        .side(agent, ContainerCondition::Start);
    stage.deploy(&[worker]);
    stage.wait_for_lines("main runs", 1);
    let ContainerState::Running { pid, .. } = *state_of(&stage.now().tasks[0], "agent") else {
        panic!("it runs");
    };
    fs_err::write(format!("/proc/{pid}/root/go"), "").unwrap();
    let service = stage.worker_when("its end", |service| stopped(service).is_some());
    let task = stopped(&service).unwrap();
    let end = end(task).unwrap();
    assert_eq!(
        (end.code, end.exit_code),
        (StopCode::EssentialContainerExited, Some(9))
    );
    assert_eq!(
        end.reason,
        "Essential container in task exited (agent, with code 9)"
    );
    assert_eq!(exit_code(task, MAIN_CONTAINER), Some(0));
    assert!(stage.lines().contains(&"main ends".to_owned()));
}

#[test]
fn another_engine_knows_the_containers_of_a_task_that_runs_on() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage
        .worker(&polite("main"))
        .side(stage.side("agent", &polite("agent")), ContainerCondition::Start);
    let before = stage.deploy(std::slice::from_ref(&worker));
    stage.home.kill_engine();
    stage.home.must(&["engine", "start"]);
    let after = stage.steady();
    assert_eq!(pids(&after.services[0]), pids(&before.services[0]));
    assert_eq!(after.services[0].tasks[0].containers.len(), 2);
    // Not another revision: nothing of it is another.
    assert_eq!(
        stage.deploy(std::slice::from_ref(&worker)).services[0].revision.0,
        1
    );
    let other = stage
        .worker(&polite("main"))
        .side(stage.side("agent", &polite("another")), ContainerCondition::Start);
    assert_eq!(stage.deploy(&[other]).services[0].revision.0, 2);
    stage.wait_for_lines("another runs", 1);
}
