//! Several containers in one task.

use std::time::Duration;

use tapedeck_model::{ContainerCondition, ContainerState, MAIN_CONTAINER};
use tapedeck_plan::containers::Dependency;
use tapedeck_runtime::log::Reader;
use tapedeck_runtime::{ContainerRules, SideDefinition, Sides, TaskDefinition};

use crate::stage::Stage;

/// A container that runs a shell script.
pub(crate) fn side(definition: &TaskDefinition, name: &str, script: &str) -> SideDefinition {
    let mut process = definition.process.clone();
    process.args = ["sh", "-c", script].map(str::to_owned).to_vec();
    SideDefinition {
        name: name.to_owned(),
        rules: rules(false, &[]),
        layers: definition.layers.clone(),
        process,
        stop_signal: libc::SIGTERM,
        health_check: None,
        mounts: Vec::new(),
        log_directory: definition.log_directory.join(name),
        discards_output: false,
    }
}

pub(crate) fn rules(essential: bool, depends_on: &[(usize, ContainerCondition)]) -> ContainerRules {
    let depends_on = depends_on.iter().map(|(on, condition)| Dependency {
        on: *on,
        condition: *condition,
    });
    ContainerRules {
        essential,
        depends_on: depends_on.collect(),
        start_timeout_ms: None,
        stop_timeout_ms: 2_000,
    }
}

fn lines(side: &SideDefinition) -> Vec<String> {
    let lines = Reader::open(&side.log_directory).read_available().unwrap();
    lines
        .into_iter()
        .map(|line| String::from_utf8(line.text).unwrap())
        .collect()
}

#[test]
fn all_are_within_the_limits_of_the_task_and_each_has_a_log() {
    let Some(stage) = Stage::ready() else { return };
    let show = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; df -k / | tail -1";
    let mut definition = stage.definition(&["sh", "-c", show]);
    let own = format!("{show}; echo $COLOUR; exit 5");
    let init = side(&definition, "init", &own);
    definition.sides = Some(Sides {
        main: rules(true, &[(1, ContainerCondition::Complete)]),
        containers: vec![init.clone()],
    });
    let mut task = stage.start(definition);
    let exit = task.exit();
    assert_eq!(exit.exit_code, Some(0), "{exit:?} {}", task.complaints());
    let limit = (256_u64 << 20).to_string();
    let (main, init) = (task.stdout(), lines(&init));
    assert_eq!(main.lines().next(), Some(limit.as_str()), "{main}");
    assert_eq!(init[0], limit);
    assert_eq!(init[2], "blue");
    // The same disk, of 64 MB.
    let size = |line: &str| line.split_whitespace().nth(1).unwrap().to_owned();
    assert_eq!(size(&init[1]), size(main.lines().nth(1).unwrap()));
    assert!(size(&init[1]).parse::<u64>().unwrap() < 64 * 1024, "{init:?}");
    let codes: Vec<_> = exit
        .containers
        .iter()
        .map(|one| match &one.state {
            ContainerState::Stopped { exit_code, .. } => (one.name.as_str(), *exit_code),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(codes, [(MAIN_CONTAINER, Some(0)), ("init", Some(5))]);
}

#[test]
fn t10_what_does_not_become_healthy_in_time_ends_the_task() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["sh", "-c", "echo never"]);
    let mut slow = side(
        &definition,
        "slow",
        "trap 'exit 0' TERM; while :; do sleep 0.01; done",
    );
    slow.rules.start_timeout_ms = Some(300);
    definition.sides = Some(Sides {
        main: rules(true, &[(1, ContainerCondition::Healthy)]),
        containers: vec![slow],
    });
    let mut task = stage.start(definition);
    let exit = task.exit();
    assert_eq!((exit.started, exit.exit_code), (None, None));
    let failure = exit.failure.unwrap();
    let expected = "waits for slow to be healthy, which took longer than it may";
    assert!(failure.contains(expected), "{failure}");
    assert_eq!(exit.containers[0].state, ContainerState::Pending);
    assert_eq!(task.stdout(), "");
}

#[test]
fn a_side_container_that_cannot_be_started_is_named() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["sh", "-c", "echo never"]);
    let mut wrong = side(&definition, "wrong", "");
    wrong.process.args = vec!["/no/such".to_owned()];
    definition.sides = Some(Sides {
        main: rules(true, &[(1, ContainerCondition::Start)]),
        containers: vec![wrong],
    });
    let mut task = stage.start(definition);
    let failure = task.exit().failure.unwrap();
    assert!(
        failure.contains("stat /no/such: no such file or directory"),
        "{failure}"
    );
    assert!(
        failure.ends_with("(container service-container waits for wrong to start)"),
        "{failure}"
    );
}

#[test]
fn a_side_container_that_does_not_listen_is_killed_after_its_own_timeout() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&[
        "sh",
        "-c",
        "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done",
    ]);
    let deaf = "trap '' TERM; (trap '' TERM; sleep 98764) & echo deaf; while :; do sleep 0.01; done";
    let mut deaf = side(&definition, "deaf", deaf);
    deaf.rules.stop_timeout_ms = 300;
    definition.sides = Some(Sides {
        main: rules(true, &[(1, ContainerCondition::Start)]),
        containers: vec![deaf.clone()],
    });
    let mut task = stage.start(definition);
    task.running();
    task.wait_for_line("ready");
    crate::stage::wait_until("the other", || lines(&deaf) == ["deaf"]);
    task.stop(Duration::from_secs(60));
    let exit = task.exit();
    assert_eq!(exit.exit_code, Some(0), "{exit:?}");
    assert!(matches!(
        exit.containers[1].state,
        ContainerState::Stopped {
            exit_code: Some(137),
            ..
        }
    ));
    assert!(!crate::stage::processes().any(|(_, line)| line.starts_with(b"sleep\098764")));
}

#[test]
fn what_waits_for_a_healthy_container_starts_once_it_is() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["sh", "-c", "echo started"]);
    let mut slow = side(
        &definition,
        "slow",
        "trap 'exit 0' TERM; sleep 1; touch /ready; echo ready; while :; do sleep 0.01; done",
    );
    slow.health_check = Some(crate::health::check(&["CMD-SHELL", "test -e /ready"], 3));
    definition.sides = Some(Sides {
        main: rules(true, &[(1, ContainerCondition::Healthy)]),
        containers: vec![slow.clone()],
    });
    let mut task = stage.start(definition);
    let exit = task.exit();
    assert_eq!(exit.exit_code, Some(0), "{exit:?} {}", task.complaints());
    assert_eq!(
        (task.stdout(), lines(&slow)),
        ("started".to_owned(), vec!["ready".to_owned()])
    );
}
