//! How tasks are stopped: asked first, then killed with everything they started.

use std::time::Duration;

use tapedeck_api::ServiceStatus;
use tapedeck_image::ConfigChange;
use tapedeck_model::StopCode;
use tapedeck_testkit::{DEADLINE, Leaks, eventually};

use crate::logs::Follower;
use crate::stage::{End, PROJECT, Stage, WAIT, Worker, end_of, is_alive, pids, wait_for_end};

/// Runs a worker until it is ready, then has it stopped: what is known then, and how its task ended.
fn stopped(stage: &Stage, worker: Worker) -> (ServiceStatus, End) {
    stage.deploy(std::slice::from_ref(&worker));
    stage.wait_for_lines("ready", 1);
    let (task, _) = pids(&stage.now()).pop_first().unwrap();
    stage.apply(&[worker.count(0)]);
    let service = stage.worker_when("its end", |service| end_of(service, &task).is_some());
    let end = end_of(&service, &task).unwrap();
    (service, end)
}

#[test]
fn t19_a_task_is_asked_and_its_last_words_are_kept() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(&format!(
        "trap 'sleep 0.2; echo goodbye; exit 4' TERM; echo ready; {WAIT}"
    ));
    let (_, end) = stopped(&stage, worker);
    // Looked at now, without waiting: what is stopped has written all it ever will.
    assert_eq!(stage.lines(), ["ready", "goodbye"]);
    assert_eq!(
        (end.code, end.exit_code),
        (StopCode::ServiceSchedulerInitiated, Some(4))
    );
}

#[test]
fn t13_a_task_that_ends_when_it_is_asked_is_not_killed() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(&format!("trap 'sleep 0.5; exit 0' TERM; echo ready; {WAIT}"));
    let (_, end) = stopped(&stage, worker);
    assert_eq!(
        (end.code, end.exit_code),
        (StopCode::ServiceSchedulerInitiated, Some(0))
    );
}

#[test]
fn t14_a_task_that_listens_but_takes_too_long_is_not_called_deaf() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(&format!("trap 'echo heard; sleep 60' TERM; echo ready; {WAIT}"));
    let (service, end) = stopped(&stage, worker);
    assert_eq!(end.exit_code, Some(137));
    assert_eq!(stage.lines(), ["ready", "heard"]);
    let hints = service
        .events
        .iter()
        .filter(|event| event.message.contains("SIGTERM"));
    assert_eq!(hints.count(), 0);
}

#[test]
fn t15_a_long_timeout_gives_a_task_time_that_the_default_would_not() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!("trap 'sleep 3; echo done; exit 0' TERM; echo ready; {WAIT}");
    let worker = stage.worker(&script).stop_timeout(120);
    let (_, end) = stopped(&stage, worker);
    assert_eq!(end.exit_code, Some(0));
    assert_eq!(stage.lines(), ["ready", "done"]);
}

#[test]
fn t14_a_task_that_does_not_listen_is_killed_after_its_timeout() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(&format!("trap '' TERM; echo ready; {WAIT}"));
    let (service, end) = stopped(&stage, worker);
    assert_eq!(
        (end.code, end.exit_code),
        (StopCode::ServiceSchedulerInitiated, Some(137))
    );
    let asked = service
        .events
        .iter()
        .find(|event| event.message.contains("has stopped 1 running tasks"))
        .unwrap();
    let hint = |text: &str| {
        service
            .events
            .iter()
            .filter(|event| event.message.contains(text))
            .count()
    };
    assert_eq!(hint("Handle SIGTERM, or start it through an init"), 1);
    let given = end.at.since(asked.at);
    // The clock of the events counts whole milliseconds.
    assert!(
        given >= Duration::from_millis(1999),
        "it was killed after {given:?}"
    );
}

#[test]
fn t17_an_image_chooses_its_signal() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!("trap 'exit 21' INT; trap 'exit 22' TERM; echo ready; {WAIT}");
    let image = stage.image(&ConfigChange {
        entrypoint: Some(["/bin/sh", "-c", &script].map(str::to_owned).to_vec()),
        stop_signal: Some("SIGINT".to_owned()),
        ..ConfigChange::default()
    });
    let worker = Stage::running_image("worker", image);
    let (_, end) = stopped(&stage, worker);
    assert_eq!(end.exit_code, Some(21));
}

#[test]
fn t16_what_a_task_started_does_not_outlive_it() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!(
        "trap 'exit 0' TERM; for i in $(seq 50); do (trap '' TERM HUP; setsid sleep 1000) & done; echo ready; {WAIT}"
    );
    let leaks = Leaks::before(&stage.home);
    let worker = stage.worker(&script);
    stage.deploy(std::slice::from_ref(&worker));
    stage.wait_for_lines("ready", 1);
    let own = |stage: &Stage| -> Vec<u32> {
        let mut found = stage.home.names().processes();
        found.retain(|process| process.command == "sleep 1000");
        found.iter().map(|process| process.pid).collect()
    };
    let started = eventually("its children", DEADLINE, || {
        Some(own(&stage)).filter(|children| children.len() > 50)
    });
    stage.apply(&[worker.count(0)]);
    stage.worker_when("its end", |service| {
        service.tasks.iter().all(|task| task.state.is_stopped())
    });
    assert!(
        !started.iter().any(|pid| is_alive(*pid)),
        "some of {started:?} live on: {:?}",
        own(&stage)
    );
    stage.client().delete_stack(crate::stage::stack()).unwrap();
    leaks.check();
}

#[test]
fn t18_delete_lets_tasks_say_goodbye_and_leaves_nothing() {
    let Some(stage) = Stage::ready() else { return };
    let leaks = Leaks::before(&stage.home);
    let script = format!("trap 'echo asked; sleep 3; echo goodbye; exit 0' TERM; echo ready; {WAIT}");
    let before = stage.deploy(&[stage.worker(&script).count(4).stop_timeout(10)]);
    stage.wait_for_lines("ready", 4);
    let mut follower = Follower::start(&stage.home, &["--raw"]);
    for _ in 0..4 {
        follower.wait_for(|line| line == "ready");
    }
    let deleted = stage.home.run(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    assert_eq!(deleted.code, Some(0), "{deleted:?}");
    assert!(deleted.stderr.contains("stack app-dev is deleted"), "{deleted:?}");
    // All are asked before the first has ended.
    for word in ["asked", "goodbye"] {
        for _ in 0..4 {
            follower.wait_for(|line| {
                assert!(
                    word == "goodbye" || line != "goodbye",
                    "one ends before another is asked"
                );
                line == word
            });
        }
    }
    drop(follower);
    pids(&before.services[0])
        .values()
        .for_each(|pid| wait_for_end(*pid));
    assert!(!stage.home.files().stack_logs(&crate::stage::stack()).exists());
    leaks.check();
    let gone = stage.home.run(&["info:stack", PROJECT[0], PROJECT[1]]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    assert!(
        gone.stderr.contains("no stack named `app-dev` is deployed here"),
        "{gone:?}"
    );
    let again = stage.home.run(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    assert_eq!(again.code, Some(1), "{again:?}");
}

#[test]
fn delete_asks_first() {
    let Some(stage) = Stage::ready() else { return };
    let before = stage.deploy(&[stage.worker(WAIT)]);
    let refused = stage.home.run(&["delete", PROJECT[0], PROJECT[1]]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("add --yes"), "{refused:?}");
    assert_eq!(stage.steady(), before);
}

#[test]
fn delete_stops_tasks_whose_engine_is_gone() {
    let Some(stage) = Stage::ready() else { return };
    let before = stage.deploy(&[stage.worker(&format!("trap 'exit 0' TERM; {WAIT}"))]);
    stage.home.kill_engine();
    stage.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    pids(&before.services[0])
        .values()
        .for_each(|pid| wait_for_end(*pid));
    assert_eq!(stage.home.must(&["info:stacks"]).trim(), "no stacks");
}

#[test]
fn a_deleted_stack_can_be_deployed_again() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(&format!("trap 'sleep 0.3; exit 0' TERM; echo ready; {WAIT}"));
    stage.deploy(std::slice::from_ref(&worker));
    stage.wait_for_lines("ready", 1);
    let (old, _) = pids(&stage.now()).pop_first().unwrap();
    stage.client().delete_stack(crate::stage::stack()).unwrap();
    // Its task is still stopping.
    let service = stage.deploy(&[worker]).services.remove(0);
    assert_eq!((service.status.as_str(), service.running_count), ("ACTIVE", 1));
    assert!(!pids(&service).contains_key(&old));
}

#[test]
fn delete_knows_the_short_flag_of_stacktape() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(&format!("trap 'exit 0' TERM; {WAIT}"))]);
    let deleted = stage
        .home
        .run(&["delete", PROJECT[0], PROJECT[1], "-aco", "--json"]);
    assert_eq!(
        (deleted.code, deleted.stdout.trim()),
        (Some(0), r#"{"deleted":"app-dev"}"#),
        "{deleted:?}"
    );
}
