//! The number of tasks follows what they use, and every decision is told with its reason.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::Value;
use tapedeck_api::ServiceScaling;
use tapedeck_plan::autoscale::{Decision, NotScaled};
use tapedeck_testkit::{DEADLINE, eventually, kill};

use crate::stage::{STACK, Stage, home, pids, stack};

/// Burns CPU after SIGUSR1, and rests after SIGUSR2.
const BURNER: &str = "burn=0; trap burn=1 USR1; trap burn=0 USR2; trap 'exit 0' TERM; echo ready; \
                      while :; do if [ $burn = 1 ]; then :; else sleep 1 & wait $!; fi; done";

/// Holds 55 MB after SIGUSR1, and gives them back after SIGUSR2.
const HOLDER: &str = "trap 'head -c 57671680 /dev/zero >/dev/shm/held' USR1; trap 'rm /dev/shm/held' USR2; \
                      trap 'exit 0' TERM; echo ready; while :; do sleep 1 & wait $!; done";

/// Waits of scaling that pass twenty times faster: everything has to be low for 6 s instead of 2 min.
const QUICKER: [&str; 4] = ["engine", "start", "--scaling-speed", "20"];

fn stage(start: &[&str]) -> Option<Stage> {
    let home = home()?;
    home.must(start);
    Some(Stage::of(home))
}

fn scaling(stage: &Stage) -> ServiceScaling {
    stage.client().scaling(stack()).unwrap().remove(0)
}

/// Waits until a service has been measured for long enough to be judged.
fn warmed_up(stage: &Stage, tasks: u32) {
    eventually("tasks that have warmed up", DEADLINE, || {
        let last = scaling(stage).last?;
        (last.ready == tasks && !last.readings.is_empty()).then_some(())
    });
}

fn signal_all(stage: &Stage, signal: Signal) {
    for pid in pids(&stage.now()).into_values() {
        kill(pid, signal);
    }
}

fn changes(stage: &Stage) -> Vec<Decision> {
    let decisions = scaling(stage).decisions;
    decisions.into_iter().filter(Decision::is_change).collect()
}

#[test]
fn t40_a_busy_service_gets_tasks_and_gives_them_back_whatever_becomes_of_the_engine() {
    let Some(stage) = stage(&QUICKER) else { return };
    stage.deploy(&[stage.worker(BURNER).cpu(0.25).scaled(1, 3)]);
    stage.wait_for_lines("ready", 1);
    warmed_up(&stage, 1);
    signal_all(&stage, Signal::USR1);
    let service = stage.worker_when("three tasks", |service| service.running_count == 3);
    let first = changes(&stage).remove(0);
    assert!(
        first.reason.starts_with("keepAvgCpuUtilizationUnder 80: CPU at "),
        "{first:?}"
    );
    assert!(
        service
            .events
            .iter()
            .any(|event| event.message.contains("desired count was changed from 1 to ")),
        "{service:?}"
    );
    let shown = stage.home.must(&["info:scaling", "worker", "--stackName", STACK]);
    assert!(
        shown.contains("between 1 and 3") && shown.contains("ceil("),
        "{shown}"
    );

    stage.home.kill_engine();
    stage.home.must(&QUICKER);
    let service = stage.now();
    assert_eq!(service.desired_count, 3, "what it was scaled to is kept");
    let told: Vec<Decision> = changes(&stage);
    assert_eq!(told.first(), Some(&first), "and so is why");

    signal_all(&stage, Signal::USR2);
    stage.worker_when("one task", |service| {
        service.desired_count == 1 && service.running_count == 1
    });
    let removals: Vec<(u32, u32)> = changes(&stage)
        .iter()
        .map(|change| (change.before, change.wanted))
        .filter(|(before, wanted)| wanted < before)
        .collect();
    assert_eq!(removals, [(3, 2), (2, 1)], "one at a time");
}

#[test]
fn t42_memory_alone_is_enough_to_add_tasks() {
    let Some(stage) = stage(&QUICKER) else { return };
    stage.deploy(&[stage.worker(HOLDER).memory(64).scaled(1, 3)]);
    warmed_up(&stage, 1);
    signal_all(&stage, Signal::USR1);
    stage.worker_when("two tasks", |service| service.running_count == 2);
    let first = changes(&stage).remove(0);
    assert!(
        first
            .reason
            .starts_with("keepAvgMemoryUtilizationUnder 80: memory at "),
        "{first:?}"
    );
    signal_all(&stage, Signal::USR2);
    stage.worker_when("one task", |service| {
        service.desired_count == 1 && service.running_count == 1
    });
}

#[test]
fn t48_new_bounds_hold_at_once() {
    let Some(stage) = stage(&["engine", "start"]) else {
        return;
    };
    let worker = stage.worker(BURNER);
    stage.deploy(&[worker.clone().scaled(1, 5)]);
    let raised = stage.apply(&[worker.clone().scaled(3, 5)]);
    assert_eq!(raised.services[0].desired_count, 3);
    assert_eq!(stage.steady().services[0].running_count, 3);
    let lowered = stage.apply(&[worker.clone().scaled(1, 2)]);
    assert_eq!(lowered.services[0].desired_count, 2);
    assert_eq!(stage.steady().services[0].running_count, 2);
    let again = stage.apply(&[worker.scaled(1, 9)]);
    assert_eq!(again.services[0].desired_count, 2, "within its bounds it stays");
}

#[test]
fn at_the_pace_of_ecs_averages_of_a_period_decide() {
    let start = ["engine", "start", "--pace", "ecs", "--scaling-speed", "60"];
    let Some(stage) = stage(&start) else { return };
    stage.apply(&[stage.worker(BURNER).cpu(0.25).scaled(1, 2)]);
    stage.worker_when("a task", |service| service.running_count == 1);
    // Before it has said so, a signal would be lost.
    stage.wait_for_lines("ready", 1);
    signal_all(&stage, Signal::USR1);
    stage.worker_when("two tasks", |service| service.desired_count == 2);
    let first = changes(&stage).remove(0);
    assert!(
        first.reason.contains("above it for 3 averages of 1 s"),
        "{first:?}"
    );
    let refused = stage.home.run(&["engine", "start", "--pace", "fast"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("the engine runs already, with pace ecs"),
        "{refused:?}"
    );
}

#[test]
fn a_service_of_fixed_size_is_measured_and_not_scaled() {
    let Some(stage) = stage(&["engine", "start"]) else {
        return;
    };
    stage.deploy(&[stage.worker(BURNER).cpu(0.25)]);
    stage.wait_for_lines("ready", 1);
    signal_all(&stage, Signal::USR1);
    eventually("a measured second", DEADLINE, || {
        let metrics = stage.client().metrics(Some(stack()), 60).unwrap();
        let busy = |usage: &tapedeck_api::Usage| usage.cpu > 50.0 && usage.memory > 0.0;
        metrics.services[0].history.iter().any(busy).then_some(())
    });
    let shown = stage.home.must(&["info:scaling", "--stackName", STACK]);
    assert!(shown.contains("not scaled"), "{shown}");
    let shown = stage.home.must(&["metrics", "--stackName", STACK]);
    assert!(shown.contains("CPU") && shown.contains("task "), "{shown}");
    let json: Value =
        serde_json::from_str(&stage.home.must(&["metrics", "--stackName", STACK, "--json"])).unwrap();
    assert!(
        json["services"][0]["tasks"][0]["memoryBytes"].as_u64().unwrap() > 0,
        "{json}"
    );
    let unknown = stage.home.run(&["metrics", "wroker", "--stackName", STACK]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("did you mean `worker`?"), "{unknown:?}");
}

#[test]
fn prometheus_may_ask_where_it_was_allowed_to() {
    let start = ["engine", "start", "--metrics-address", "127.0.0.1:0"];
    let Some(stage) = stage(&start) else { return };
    stage.deploy(&[stage.worker(BURNER)]);
    let sample = format!("tapedeck_service_desired_tasks{{stack=\"{STACK}\",service=\"worker\"}} 1\n");
    assert!(stage.home.must(&["metrics", "--prometheus"]).contains(&sample));
    let address = stage.client().engine_status().unwrap().metrics_address.unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(&sample),
        "{answer}"
    );
    assert!(
        answer.contains("# TYPE tapedeck_task_cpu_seconds_total counter\n"),
        "{answer}"
    );
}

#[test]
fn an_idle_service_says_why_it_stays_as_it_is() {
    let Some(stage) = stage(&["engine", "start"]) else {
        return;
    };
    stage.deploy(&[stage.worker(BURNER).scaled(1, 2)]);
    let last = eventually("a decision", DEADLINE, || {
        scaling(&stage).last.filter(|last| !last.readings.is_empty())
    });
    assert_eq!(last.not_scaled, Some(NotScaled::AlreadyAtMinCapacity), "{last:?}");
    let shown = stage.home.must(&["info:stack", "--stackName", STACK]);
    assert!(shown.contains("scaled between 1 and 2"), "{shown}");
}
