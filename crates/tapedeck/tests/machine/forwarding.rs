//! Logs that somebody else gets too: over HTTPS, at least once, whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use fs_err as fs;
use serde_json::{Value, json};
use tapedeck_model::{LogDestination, LogPolicy, SecretPart, SecretReference, SecretTemplate};
use tapedeck_testkit::{DEADLINE, Finished, Home, eventually};

use crate::disk::Disk;
use crate::log_endpoint::{Answer, Endpoint, Received};
use crate::secrets::set;
use crate::stage::{PROJECT, STACK, Stage, WAIT, home, pids, stack};

fn text(text: &str) -> SecretTemplate {
    SecretTemplate::new(vec![SecretPart::Text(text.to_owned())])
}

/// Forwards to an endpoint, and tries again for an hour.
pub(crate) fn to(endpoint: &Endpoint) -> LogDestination {
    LogDestination {
        endpoint_url: text(&endpoint.url()),
        access_key: None,
        attributes: BTreeMap::new(),
        gzip: false,
        retry_seconds: 3600,
    }
}

fn policy(destination: LogDestination) -> LogPolicy {
    LogPolicy {
        destination: Some(destination),
        ..LogPolicy::default()
    }
}

/// Starts an engine that trusts the endpoint.
pub(crate) fn start_engine(home: &Home) {
    let mut command = home.command(&["engine", "start"]);
    command.env("SSL_CERT_FILE", Endpoint::certificate());
    let started = Finished::of(command);
    assert_eq!(started.code, Some(0), "{started:?}");
}

pub(crate) fn stage() -> Option<Stage> {
    let home = home()?;
    start_engine(&home);
    Some(Stage::of(home))
}

/// Waits until the endpoint has acknowledged these lines, and no others.
fn wait_for(endpoint: &Endpoint, lines: &[&str]) {
    let wanted: BTreeSet<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    eventually(&format!("{lines:?}"), DEADLINE, || {
        let told: BTreeSet<String> = endpoint.acknowledged().into_iter().collect();
        (told == wanted).then_some(())
    });
}

fn spooled(stage: &Stage) -> usize {
    let told = stage.home.must(&["info:stack", PROJECT[0], PROJECT[1], "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let undelivered = told["undelivered"].as_array().unwrap();
    undelivered
        .iter()
        .map(|one| one["requests"].as_u64().unwrap() as usize)
        .sum()
}

#[test]
fn lines_are_sent_as_firehose_sends_them() {
    let Some(stage) = stage() else { return };
    let endpoint = Endpoint::answering(Answer::Acknowledge);
    let secret = "hush-forwarding-key-5d1f";
    set(&stage.home, "endpoint", secret);
    let destination = LogDestination {
        access_key: Some(SecretTemplate::new(vec![SecretPart::Secret(
            SecretReference::new("endpoint").unwrap(),
        )])),
        attributes: BTreeMap::from([("team".to_owned(), text("mäil"))]),
        gzip: true,
        ..to(&endpoint)
    };
    let script = format!("echo one; echo; echo two >&2; printf '\\377\\n'; {WAIT}");
    stage.deploy(&[stage.worker(&script).logs(policy(destination))]);
    wait_for(&endpoint, &["one", "two", "\u{fffd}"]);
    let (task, _) = pids(&stage.now()).pop_first().unwrap();
    for Received {
        headers,
        body,
        payloads,
        ..
    } in endpoint.received()
    {
        assert_eq!(headers["x-amz-firehose-access-key"], secret);
        assert_eq!(headers["x-amz-firehose-request-id"], body["requestId"]);
        assert_eq!(headers["x-amz-firehose-protocol-version"], "1.0");
        assert_eq!(
            headers["x-amz-firehose-source-arn"],
            "arn:aws:firehose:local:000000000000:deliverystream/app-dev-worker"
        );
        let attributes: Value = serde_json::from_str(&headers["x-amz-firehose-common-attributes"]).unwrap();
        assert_eq!(attributes, json!({ "commonAttributes": { "team": "mäil" } }));
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["content-encoding"], "gzip");
        for payload in payloads {
            assert_eq!(payload["messageType"], "DATA_MESSAGE");
            assert_eq!(payload["logGroup"], "app-dev/worker");
            assert_eq!(payload["logStream"], format!("ecs/worker/{task}"));
            let id = payload["logEvents"][0]["id"].as_str().unwrap();
            assert_eq!(id.len(), 56);
        }
    }
    let found = Command::new("grep")
        .args(["-rlaF", "--exclude=*.ext4", secret])
        .arg(stage.home.path())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&found.stdout),
        "",
        "the key is in no file"
    );
}

#[test]
fn what_is_not_acknowledged_is_sent_again_with_the_same_id() {
    let Some(stage) = stage() else { return };
    let endpoint = Endpoint::answering(Answer::Status(500));
    stage.deploy(&[stage
        .worker(&format!("echo one; {WAIT}"))
        .logs(policy(to(&endpoint)))]);
    for (place, next) in [Answer::OtherId, Answer::Nothing, Answer::Acknowledge]
        .into_iter()
        .enumerate()
    {
        eventually("another try", DEADLINE, || {
            (endpoint.received().len() > place).then_some(())
        });
        endpoint.answer(next);
    }
    wait_for(&endpoint, &["one"]);
    let ids: BTreeSet<String> = endpoint
        .received()
        .iter()
        .map(|one| one.body["requestId"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
    let worker = stage.worker_when("an event that tells it", |service| {
        let mut events = service.events.iter();
        events.any(|event| {
            event.message.contains(
                "could not forward logs: the endpoint answers with status 500: said by the endpoint",
            )
        })
    });
    for event in worker.events {
        assert!(!event.message.contains("in-the-address"), "{event:?}");
    }
    assert_eq!(spooled(&stage), 0);
}

#[test]
fn no_line_is_lost_when_engines_are_killed() {
    let Some(stage) = stage() else { return };
    let endpoint = Endpoint::answering(Answer::Acknowledge);
    let count = 1500;
    let script =
        format!("i=0; while [ $i -lt {count} ]; do echo \"line $i\"; i=$((i+1)); sleep 0.005; done; {WAIT}");
    stage.deploy(&[stage.worker(&script).count(2).logs(policy(to(&endpoint)))]);
    for round in 0..4 {
        // Each time something else is under way: nothing is waited for but that it goes on.
        let known = endpoint.received().len();
        endpoint.answer(if round % 2 == 0 {
            Answer::Acknowledge
        } else {
            Answer::Nothing
        });
        eventually("another request", DEADLINE, || {
            (endpoint.received().len() > known).then_some(())
        });
        stage.home.kill_engine();
        endpoint.answer(Answer::Acknowledge);
        start_engine(&stage.home);
    }
    let expected: BTreeSet<String> = (0..count).map(|line| format!("line {line}")).collect();
    let streams = || {
        let mut streams: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let received = endpoint.received();
        let acknowledged = received.iter().filter(|one| one.answer == Answer::Acknowledge);
        for payload in acknowledged.flat_map(|one| &one.payloads) {
            let lines = streams.entry(payload["logStream"].to_string()).or_default();
            let events = payload["logEvents"].as_array().unwrap().iter();
            lines.extend(events.map(|event| event["message"].as_str().unwrap().to_owned()));
        }
        streams
    };
    eventually("every line of both tasks", DEADLINE, || {
        let streams = streams();
        (streams.len() == 2 && streams.values().all(|lines| *lines == expected)).then_some(())
    });
}

#[test]
fn what_cannot_be_delivered_is_spooled_and_sent_later() {
    let Some(stage) = stage() else { return };
    let endpoint = Endpoint::answering(Answer::Status(503));
    let destination = LogDestination {
        retry_seconds: 0,
        ..to(&endpoint)
    };
    let worker = stage.worker(&format!("echo one; sleep 3; echo two; {WAIT}"));
    stage.deploy(&[worker.logs(policy(destination))]);
    eventually("a request in the spool", DEADLINE, || {
        (spooled(&stage) > 0).then_some(())
    });
    let told = stage.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
    let folder = stage
        .home
        .path()
        .join("forwarding")
        .join(STACK)
        .join("worker/spool");
    let word = format!(
        "of worker with log lines not delivered yet (1 KiB) in {}",
        folder.display()
    );
    assert!(told.contains(&word), "{told}");
    stage.home.kill_engine();
    start_engine(&stage.home);
    stage.wait_for_lines("two", 1);
    endpoint.answer(Answer::Acknowledge);
    wait_for(&endpoint, &["one", "two"]);
    eventually("an empty spool", DEADLINE, || {
        (spooled(&stage) == 0).then_some(())
    });
    assert_eq!(endpoint.acknowledged().len(), 2, "each of them once");
}

#[test]
fn the_last_lines_of_a_deleted_service_are_delivered() {
    let Some(stage) = stage() else { return };
    let endpoint = Endpoint::answering(Answer::Acknowledge);
    let script = format!("trap 'echo bye; exit 0' TERM; echo ready; {WAIT}");
    stage.deploy(&[stage.worker(&script).logs(policy(to(&endpoint)))]);
    wait_for(&endpoint, &["ready"]);
    endpoint.answer(Answer::Status(503));
    stage.client().delete_stack(stack()).unwrap();
    let files = stage.home.files();
    eventually("its logs to go", DEADLINE, || {
        (!files.stack_logs(&stack()).exists()).then_some(())
    });
    stage.home.kill_engine();
    endpoint.answer(Answer::Acknowledge);
    start_engine(&stage.home);
    wait_for(&endpoint, &["ready", "bye"]);
    eventually("everything else to go", DEADLINE, || {
        (fs::read_dir(files.all_forwarding()).unwrap().count() == 0).then_some(())
    });
}

#[test]
fn a_service_that_is_deployed_again_while_its_last_lines_are_sent_keeps_its_new_logs_only() {
    let Some(stage) = stage() else { return };
    let endpoint = Endpoint::answering(Answer::Acknowledge);
    let script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do echo tick; sleep 0.1; done";
    let worker = stage.worker(script).logs(policy(to(&endpoint)));
    stage.deploy(std::slice::from_ref(&worker));
    stage.wait_for_lines("ready", 1);
    let (old, _) = pids(&stage.now()).pop_first().unwrap();
    stage.client().delete_stack(stack()).unwrap();
    eventually("the end of the stack", DEADLINE, || {
        stage.client().describe_stack(&stack()).is_err().then_some(())
    });
    stage.deploy(&[worker]);
    let (new, _) = pids(&stage.now()).pop_first().unwrap();
    let folder = stage.home.files().stack_logs(&stack()).join("worker");
    eventually("the old log to go", DEADLINE, || {
        (!folder.join(old.as_str()).exists()).then_some(())
    });
    assert!(folder.join(new.as_str()).exists());
    eventually(
        "the last line of the old one, and lines of the new one",
        DEADLINE,
        || {
            let lines = endpoint.acknowledged();
            let ready = lines.iter().filter(|line| *line == "ready").count();
            (ready == 2 && lines.iter().any(|line| line == "bye")).then_some(())
        },
    );
}

#[test]
fn t67_forwarding_goes_on_after_the_disk_was_full() {
    let Some(disk) = Disk::of(48) else { return };
    let home = disk.home();
    start_engine(&home);
    let stage = Stage::of(home);
    let endpoint = Endpoint::answering(Answer::Acknowledge);
    let destination = LogDestination {
        retry_seconds: 0,
        ..to(&endpoint)
    };
    let script = format!("trap 'echo ping' USR1; echo ready; {WAIT}");
    stage.deploy(&[stage.worker(&script).logs(policy(destination))]);
    wait_for(&endpoint, &["ready"]);
    let (_, pid) = pids(&stage.now()).pop_first().unwrap();
    endpoint.answer(Answer::Status(503));
    let known = endpoint.received().len();
    tapedeck_testkit::kill(pid, rustix::process::Signal::USR1);
    stage.wait_for_lines("ping", 1);
    disk.fill();
    eventually("tries on a full disk", DEADLINE, || {
        (endpoint.received().len() > known + 1).then_some(())
    });
    disk.free();
    endpoint.answer(Answer::Acknowledge);
    wait_for(&endpoint, &["ready", "ping"]);
    eventually("an empty spool", DEADLINE, || {
        (spooled(&stage) == 0).then_some(())
    });
}

#[test]
fn forwarding_begins_when_it_is_asked_for_and_ends_when_it_is_not() {
    let Some(stage) = stage() else { return };
    let endpoint = Endpoint::answering(Answer::Acknowledge);
    let script = format!("trap 'echo ping' USR1; echo before; {WAIT}");
    let worker = stage.worker(&script);
    stage.deploy(std::slice::from_ref(&worker));
    stage.wait_for_lines("before", 1);
    let threads = || {
        let tasks = format!("/proc/{}/task", stage.home.engine().unwrap());
        let names = fs::read_dir(tasks).unwrap().flatten();
        let names = names.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|name| name.trim() == "forward").count()
    };
    assert_eq!(threads(), 0, "it costs nothing where nothing is forwarded");
    let (task, pid) = pids(&stage.now()).pop_first().unwrap();
    let after = stage.deploy(&[worker.clone().logs(policy(to(&endpoint)))]);
    assert_eq!(
        pids(&after.services[0]).keys().collect::<Vec<_>>(),
        [&task],
        "no task starts anew for it"
    );
    eventually("a forwarder", DEADLINE, || (threads() == 1).then_some(()));
    let before = resident(&stage);
    tapedeck_testkit::kill(pid, rustix::process::Signal::USR1);
    wait_for(&endpoint, &["ping"]);
    eprintln!(
        "measured: resident memory of the engine in KiB before and after it forwards: {before}, {}",
        resident(&stage)
    );
    stage.deploy(&[worker]);
    eventually("its end", DEADLINE, || (threads() == 0).then_some(()));
    tapedeck_testkit::kill(pid, rustix::process::Signal::USR1);
    stage.wait_for_lines("ping", 2);
    assert_eq!(endpoint.acknowledged(), ["ping"]);
}

/// Resident memory of the engine in KiB.
fn resident(stage: &Stage) -> u64 {
    let engine = stage.home.engine().unwrap();
    let status = fs::read_to_string(format!("/proc/{engine}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}
