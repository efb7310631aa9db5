//! What side containers write is kept and forwarded as that of the main one is, by what each says for itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::process::Signal;
use tapedeck_model::{ContainerCondition, ContainerState, LogPolicy, ResourceName, SideLogs, TaskId};
use tapedeck_runtime::log::{Options, Stream, Writer};
use tapedeck_testkit::{DEADLINE, eventually, kill};

use crate::disk::Disk;
use crate::forwarding::to;
use crate::log_capture::{is_full, shim_of};
use crate::log_endpoint::{Answer, Endpoint};
use crate::log_keeping::ago;
use crate::stage::{PROJECT, Stage, WAIT, Worker, pids, stack};

/// A worker beside which `agent` runs a script.
fn with_agent(stage: &Stage, script: &str) -> Worker {
    let agent = stage.side("agent", script);
    stage.worker(WAIT).side(agent, ContainerCondition::Start)
}

/// What becomes of the output of `agent`.
fn of_agent(logs: SideLogs) -> LogPolicy {
    LogPolicy {
        sides: BTreeMap::from([("agent".to_owned(), logs)]),
        ..LogPolicy::default()
    }
}

fn forwarded(endpoint: &Endpoint) -> SideLogs {
    SideLogs {
        destination: Some(to(endpoint)),
        ..SideLogs::default()
    }
}

/// The only task, and the process of its `agent`.
fn agent(stage: &Stage) -> (TaskId, u32) {
    let service = stage.worker_when("an agent that runs", |service| pid_of_agent(service).is_some());
    (service.tasks[0].id.clone(), pid_of_agent(&service).unwrap())
}

fn pid_of_agent(service: &tapedeck_api::ServiceStatus) -> Option<u32> {
    let containers = service.tasks.iter().flat_map(|task| &task.containers);
    let mut agents = containers.filter(|container| container.name == "agent");
    agents.find_map(|agent| match agent.state {
        ContainerState::Running { pid, .. } => Some(pid),
        _ => None,
    })
}

fn lines_of_agent(stage: &Stage) -> Vec<String> {
    let told = stage.logs(&["--raw", "--container", "agent"]);
    told.lines().map(str::to_owned).collect()
}

fn wait_for(endpoint: &Endpoint, lines: &[&str]) {
    eventually(&format!("{lines:?}"), DEADLINE, || {
        let mut told = endpoint.acknowledged();
        told.dedup();
        (told == lines).then_some(())
    });
}

#[test]
fn each_container_is_forwarded_to_where_it_says() {
    let Some(stage) = crate::forwarding::stage() else {
        return;
    };
    let (mains, agents) = (
        Endpoint::answering(Answer::Acknowledge),
        Endpoint::answering(Answer::Acknowledge),
    );
    let policy = LogPolicy {
        destination: Some(to(&mains)),
        ..of_agent(forwarded(&agents))
    };
    let script = format!("trap 'echo agent ends; exit 0' TERM; echo of agent; {WAIT}");
    let worker = stage
        .worker(&format!("echo of main; {WAIT}"))
        .side_alone(stage.side("agent", &script))
        .side_alone(stage.side("silent", &format!("echo of nobody; {WAIT}")));
    stage.deploy(&[worker.logs(policy)]);
    wait_for(&mains, &["of main"]);
    wait_for(&agents, &["of agent"]);
    let (task, _) = agent(&stage);
    for received in agents.received() {
        let stream = "arn:aws:firehose:local:000000000000:deliverystream/app-dev-worker-agent";
        assert_eq!(received.headers["x-amz-firehose-source-arn"], stream);
        for payload in received.payloads {
            assert_eq!(payload["logGroup"], "app-dev/worker/agent");
            assert_eq!(payload["logStream"], format!("ecs/agent/{task}"));
        }
    }
    // Its last lines outlive the service, the endpoint's silence and the engine.
    agents.answer(Answer::Status(503));
    stage.client().delete_stack(stack()).unwrap();
    let files = stage.home.files();
    eventually("its logs to go", DEADLINE, || {
        (!files.stack_logs(&stack()).exists()).then_some(())
    });
    stage.home.kill_engine();
    agents.answer(Answer::Acknowledge);
    crate::forwarding::start_engine(&stage.home);
    wait_for(&agents, &["of agent", "agent ends"]);
    assert_eq!(mains.acknowledged(), ["of main"]);
    eventually("everything else to go", DEADLINE, || {
        (fs::read_dir(files.all_forwarding()).unwrap().count() == 0).then_some(())
    });
}

#[test]
fn what_an_agent_could_not_deliver_is_told() {
    let Some(stage) = crate::forwarding::stage() else {
        return;
    };
    let endpoint = Endpoint::answering(Answer::Status(503));
    let mut logs = forwarded(&endpoint);
    logs.destination.as_mut().unwrap().retry_seconds = 0;
    let worker = with_agent(&stage, &format!("echo one; {WAIT}"));
    stage.deploy(&[worker.logs(of_agent(logs))]);
    eventually("a word about it", DEADLINE, || {
        let told = stage.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
        told.contains("of worker/agent with log lines not delivered yet")
            .then_some(())
    });
    let told = stage.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
    assert!(
        told.contains("(service worker) (container agent) could not forward logs"),
        "{told}"
    );
    endpoint.answer(Answer::Acknowledge);
    wait_for(&endpoint, &["one"]);
}

#[test]
fn t67_a_side_container_goes_on_writing_after_the_disk_was_full() {
    let Some(disk) = Disk::of(48) else { return };
    let stage = Stage::of(disk.home());
    let ticks = "i=0; while :; do echo \"tick $i\"; i=$((i+1)); sleep 0.05; done";
    stage.deploy(&[with_agent(&stage, ticks)]);
    let (_, pid) = agent(&stage);
    disk.fill();
    disk.free();
    let written = lines_of_agent(&stage).len();
    eventually("lines after the disk was full", DEADLINE, || {
        (lines_of_agent(&stage).len() > written).then_some(())
    });
    assert_eq!(agent(&stage).1, pid);
}

#[test]
fn t69_logs_of_a_side_container_go_after_its_own_days() {
    let Some(stage) = Stage::ready() else { return };
    let worker = with_agent(&stage, &format!("echo ready; {WAIT}"));
    let three_days = SideLogs {
        retention_days: 3,
        ..SideLogs::default()
    };
    stage.deploy(&[worker.logs(of_agent(three_days))]);
    stage.wait_for_lines("ready", 1);
    let worker = ResourceName::new("worker").unwrap();
    let write = |folder: &Path, days: u64| {
        let mut writer = Writer::open(folder, Options::default()).unwrap();
        writer.append(Stream::Stdout, format!("from day {days}\n").as_bytes(), ago(days));
        writer.close(0);
    };
    let log = |number: u8, days: u64| -> PathBuf {
        let task = TaskId::from_bytes([number; 16]);
        let files = stage.home.files();
        write(&files.task_log(&stack(), &worker, &task), days);
        let folder = files.container_log(&stack(), &worker, &task, "agent");
        write(&folder, days);
        folder
    };
    let (old, young) = (log(1, 4), log(2, 2));
    stage.home.kill_engine();
    stage.home.must(&["engine", "start"]);
    eventually("the old log to go", DEADLINE, || (!old.exists()).then_some(()));
    assert!(young.exists());
    let since = ["--raw", "--since", "30d", "--container"];
    let told = |container: &str| stage.logs(&[&since[..], &[container]].concat());
    assert_eq!(told("agent"), "from day 2\nready\n");
    assert_eq!(
        told(tapedeck_model::MAIN_CONTAINER),
        "from day 4\nfrom day 2\n",
        "those of the main container stay for ninety days"
    );
}

#[test]
fn t71_t72_a_side_container_waits_for_its_shim_and_loses_nothing() {
    let Some(stage) = Stage::ready() else { return };
    let count = 500_000;
    let script = format!("trap 'seq {count}; : > /done; echo end' USR1; echo ready; {WAIT}");
    stage.deploy(&[with_agent(&stage, &script)]);
    stage.wait_for_lines("ready", 1);
    let (task, pid) = agent(&stage);
    let shim = shim_of(&stage, &task);
    kill(shim, Signal::STOP);
    kill(pid, Signal::USR1);
    eventually("a full pipe", DEADLINE, || is_full(pid).then_some(()));
    assert!(!Path::new(&format!("/proc/{pid}/root/done")).exists(), "it waits");
    kill(shim, Signal::CONT);
    stage.wait_for_lines("end", 1);
    let lines = lines_of_agent(&stage);
    assert_eq!(lines.len(), count + 2);
    let numbers = lines[1..=count].iter().map(|line| line.parse::<usize>().unwrap());
    assert!(numbers.eq(1..=count));
    assert_eq!(pids(&stage.now()).len(), 1, "the task is the same");
}

#[test]
fn t73_a_long_line_of_a_side_container_is_joined_again() {
    let Some(stage) = Stage::ready() else { return };
    let script = "head -c 1048576 /dev/zero | tr '\\0' x; echo; echo; printf '\\377\\n'; echo end; ";
    stage.deploy(&[with_agent(&stage, &format!("{script}{WAIT}"))]);
    stage.wait_for_lines("end", 1);
    let json = stage.logs(&["--json", "--container", "agent"]);
    let messages: Vec<String> = json
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(messages[0].len(), 1_048_576);
    assert_eq!(messages[1..], ["", "\u{fffd}", "end"]);
}
