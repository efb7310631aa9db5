//! What a program in a task finds at the address in its network.

use std::collections::BTreeMap;

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tapedeck_api::RolloutState;
use tapedeck_model::{ContainerCondition, TaskState};
use tapedeck_testkit::{DEADLINE, eventually};

use crate::source::Project;
use crate::stage::{PROJECT, Stage, WAIT, all_pids, named, pids};

/// Fetches `$2`, and prints one line: `$1`, and the body or what went wrong.
const FETCH: &str = "fetch() { echo \"$1 $(wget -qO- $2 2>&1)\"; }";

fn environment_of(pid: u32) -> BTreeMap<String, String> {
    let text = fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// What the task has printed after that word.
fn printed(stage: &Stage, word: &str) -> String {
    let start = format!("{word} ");
    eventually(&format!("a line that begins with {word}"), DEADLINE, || {
        let lines = stage.lines();
        lines
            .iter()
            .find_map(|line| line.strip_prefix(&start).map(str::to_owned))
    })
}

fn object(stage: &Stage, word: &str) -> Value {
    let text = printed(stage, word);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{word}: {error}: {text}"))
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

#[test]
fn t76_a_task_learns_who_it_is() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!(
        "{FETCH}; fetch container $ECS_CONTAINER_METADATA_URI_V4; fetch task $ECS_CONTAINER_METADATA_URI_V4/task; \
         fetch tags $ECS_CONTAINER_METADATA_URI/taskWithTags; fetch stats $ECS_CONTAINER_METADATA_URI_V4/stats; \
         fetch all $ECS_CONTAINER_METADATA_URI_V4/task/stats; fetch protection $ECS_AGENT_URI/task-protection/v1/state; \
         echo environment $AWS_EXECUTION_ENV $AWS_REGION $AWS_DEFAULT_REGION; {WAIT}"
    );
    let stack = stage.deploy(&[stage.worker(&script).variable("AWS_REGION", "eu-west-1")]);
    let service = named(&stack, "worker").unwrap();
    let known = &service.tasks[0];
    let arn = format!("arn:aws:ecs:local:000000000000:task/app-dev/{}", known.id);

    let task = object(&stage, "task");
    assert_eq!(task["TaskARN"], arn.as_str());
    assert_eq!(task["ServiceName"], "worker");
    assert_eq!(
        (&task["Limits"]["CPU"], &task["Limits"]["Memory"]),
        (&0.5.into(), &128.into())
    );
    assert_eq!(task["Revision"], service.revision.to_string());
    assert_eq!(
        (&task["KnownStatus"], &task["LaunchType"]),
        (&"RUNNING".into(), &"FARGATE".into())
    );
    assert_eq!(object(&stage, "tags")["TaskARN"], arn.as_str());

    let metrics = stage.home.must(&["metrics", PROJECT[0], PROJECT[1], "--json"]);
    let metrics: Value = serde_json::from_str(&metrics).unwrap();
    let size = metrics["services"][0]["tasks"][0]["storage"]["sizeBytes"].as_u64();
    assert_eq!(
        task["EphemeralStorageMetrics"]["Reserved"].as_u64(),
        size.map(|bytes| bytes / 1024 / 1024),
        "{metrics}"
    );

    let container = object(&stage, "container");
    assert_eq!(task["Containers"], Value::from(vec![container.clone()]));
    assert_eq!(container["ImageID"], service.image.as_str());
    assert_eq!(container["Labels"]["com.amazonaws.ecs.task-arn"], arn.as_str());
    let network = &container["Networks"][0];
    assert_eq!(network["IPv4Addresses"][0], known.address.to_string());
    assert!(
        container["StartedAt"].as_str().unwrap().ends_with('Z'),
        "{container}"
    );

    let stats = object(&stage, "stats");
    assert!(stats["memory_stats"]["usage"].as_u64().unwrap() > 0, "{stats}");
    assert_eq!(stats["memory_stats"]["limit"], 128 * 1024 * 1024);
    assert!(
        stats["cpu_stats"]["cpu_usage"]["total_usage"].as_u64().unwrap() > 0,
        "{stats}"
    );
    assert!(stats["pids_stats"]["current"].as_u64().unwrap() > 0, "{stats}");
    assert!(
        stats["network_rate_stats"]["rx_bytes_per_sec"].is_f64(),
        "{stats}"
    );
    let id = container["DockerId"].as_str().unwrap();
    let all = object(&stage, "all");
    assert_eq!(all[id]["id"], id);
    assert!(
        all[id]["precpu_stats"]["system_cpu_usage"].as_u64().unwrap() > 0,
        "{all}"
    );

    let protection = object(&stage, "protection");
    assert_eq!(protection["protection"]["ProtectionEnabled"], false);
    assert_eq!(protection["protection"]["TaskArn"], arn.as_str());
    assert_eq!(printed(&stage, "environment"), "AWS_ECS_FARGATE eu-west-1 local");
}

#[test]
fn t76_each_container_has_statistics_of_its_own() {
    let Some(stage) = Stage::ready() else { return };
    // Sixteen mebibytes and some CPU time of the agent, next to nothing of the main container.
    let busy = "big=$(head -c 16777216 /dev/zero | tr '\\0' x); echo busy; ";
    let agent = stage.side("agent", &format!("{busy}{WAIT}"));
    let script = format!(
        "until [ -e /go ]; do sleep 0.05; done; {FETCH}; fetch all $ECS_CONTAINER_METADATA_URI_V4/task/stats; \
         fetch own $ECS_CONTAINER_METADATA_URI_V4/stats; {WAIT}"
    );
    let worker = stage.worker(&script).side(agent, ContainerCondition::Start);
    stage.deploy(&[worker]);
    stage.wait_for_lines("busy", 1);
    let (_, main) = pids(&stage.now()).pop_first().unwrap();
    fs::write(format!("/proc/{main}/root/go"), "").unwrap();

    let (all, own) = (object(&stage, "all"), object(&stage, "own"));
    let of = |name: &str| {
        let all = all.as_object().unwrap().values();
        all.clone().find(|one| one["name"] == name).unwrap().clone()
    };
    let number = |stats: &Value, path: &str| stats.pointer(path).and_then(Value::as_u64).unwrap();
    let (worker, agent) = (of("worker"), of("agent"));
    assert_eq!(own["id"], worker["id"]);
    let memory = |stats| number(stats, "/memory_stats/usage");
    assert!(memory(&agent) >= 16 * 1024 * 1024, "{agent}");
    assert!((1..16 * 1024 * 1024).contains(&memory(&worker)), "{worker}");
    let cpu = |stats| number(stats, "/cpu_stats/cpu_usage/total_usage");
    assert!(cpu(&agent) > 0 && cpu(&worker) > 0);
    assert_ne!(cpu(&agent), cpu(&worker));
    assert!(number(&agent, "/pids_stats/current") >= 1);
    assert_eq!(agent["networks"], worker["networks"], "they share the network");
}

#[test]
fn t76_a_task_learns_nothing_of_another() {
    let Some(stage) = Stage::ready() else { return };
    let neighbour = stage.named("neighbour", WAIT);
    let stack = stage.deploy(std::slice::from_ref(&neighbour));
    let service = named(&stack, "neighbour").unwrap();
    let (_, pid) = pids(service).pop_first().unwrap();
    let environment = environment_of(pid);
    let (metadata, agent) = (
        &environment["ECS_CONTAINER_METADATA_URI_V4"],
        &environment["ECS_AGENT_URI"],
    );
    let elsewhere = metadata.replace("169.254.170.2", &service.tasks[0].address.to_string());
    let script = format!(
        "{FETCH}; fetch theirs {metadata}/task; fetch protection {agent}/task-protection/v1/state; \
         fetch there \"-T 2 {elsewhere}/task\"; fetch credentials http://${{ECS_AGENT_URI#http://}}/../../v2/credentials/1; \
         fetch own $ECS_CONTAINER_METADATA_URI_V4/task; {WAIT}"
    );
    stage.deploy(&[neighbour, stage.worker(&script)]);
    for word in ["theirs", "protection"] {
        let answer = printed(&stage, word);
        assert!(answer.contains("404 Not Found"), "{word}: {answer}");
    }
    let answer = printed(&stage, "there");
    assert!(!answer.contains("TaskARN"), "{answer}");
    assert!(object(&stage, "own")["TaskARN"].is_string());
}

#[test]
fn t76_port_80_belongs_to_the_program() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!(
        "{FETCH}; nc -ll -p 80 -e echo mine & until nc -w 1 127.0.0.1 80 </dev/null | grep -q mine; do sleep 0.05; done; \
         echo bound; fetch task $ECS_CONTAINER_METADATA_URI_V4/task; {WAIT}"
    );
    stage.deploy(&[stage.worker(&script)]);
    stage.wait_for_lines("bound", 1);
    assert!(object(&stage, "task")["TaskARN"].is_string());
}

#[test]
fn t76_what_is_asked_while_no_engine_runs_is_answered_by_the_next() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!(
        "{FETCH}; trap 'echo asks; fetch task $ECS_CONTAINER_METADATA_URI_V4/task' USR1; echo ready; {WAIT}"
    );
    let stack = stage.deploy(&[stage.worker(&script)]);
    stage.wait_for_lines("ready", 1);
    let (id, pid) = all_pids(&stack).pop_first().unwrap();
    stage.home.kill_engine();
    signal(pid, Signal::USR1);
    stage.wait_for_lines("asks", 1);
    stage.home.must(&["engine", "start"]);
    let arn = object(&stage, "task")["TaskARN"].as_str().unwrap().to_owned();
    assert!(arn.ends_with(id.as_str()), "{arn}");
}

#[test]
fn t76_a_task_that_asks_too_often_is_told_so() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!(
        "for round in 1 2 3 4 5 6 7 8; do for one in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \
         wget -qO- $ECS_CONTAINER_METADATA_URI_V4 2>&1 | grep -q 'Too Many' && echo limited & done; wait; done; \
         echo done; {WAIT}"
    );
    stage.deploy(&[stage.worker(&script).cpu(2.0)]);
    stage.wait_for_lines("done", 1);
    assert!(stage.lines().contains(&"limited".to_owned()));
}

/// Protects itself if it is told to, and ends that when it gets a signal. Says what it is answered.
const PROTECTED: &str = "import http from 'node:http';\n\
    const ask = (enabled: boolean) => {\n\
      const request = http.request(`${process.env.ECS_AGENT_URI}/task-protection/v1/state`, { method: 'PUT' }, (answer) => {\n\
        let text = '';\n\
        answer.on('data', (part) => (text += part));\n\
        answer.on('end', () => console.log(`answered ${text}`));\n\
      });\n\
      request.write(JSON.stringify({ ProtectionEnabled: enabled, ExpiresInMinutes: 60 }));\n\
      request.end();\n\
    };\n\
    if (process.env.PROTECT === 'yes') ask(true);\n\
    process.on('SIGUSR2', () => ask(false));\n\
    process.on('SIGTERM', () => process.exit(0));\n\
    setInterval(() => {}, 1000);\n";

#[test]
fn t39_a_protected_task_outlives_a_rollout_until_it_ends_its_protection() {
    let Some(project) = Project::ready() else { return };
    let configure = |protect: &str| {
        project.configure(&format!(
            "      environment:\n        - name: PROTECT\n          value: '{protect}'\n"
        ));
    };
    project.write("src/main.ts", PROTECTED);
    configure("yes");
    project.must_deploy();
    let worker = |project: &Project| named(&project.stack(), "worker").unwrap().clone();
    let before = eventually("both to be protected", DEADLINE, || {
        let service = worker(&project);
        let protected = service.tasks.iter().filter(|task| task.protected_until.is_some());
        (protected.count() == 2).then_some(service)
    });
    let old = pids(&before);
    let shown = project.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
    assert!(shown.contains("protected until"), "{shown}");

    configure("no");
    let mut command = project.home.command(&["deploy", PROJECT[0], PROJECT[1]]);
    command.current_dir(project.folder.path());
    let deploying = std::thread::spawn(move || tapedeck_testkit::Finished::of(command));
    let held = eventually("four to run", DEADLINE, || {
        let service = worker(&project);
        let waits = service
            .waiting
            .iter()
            .any(|wait| wait.contains("protected from being stopped"));
        (service.running_count == 4 && waits && service.pending_count == 0).then_some(service)
    });
    assert_eq!(held.rollout, RolloutState::InProgress);

    // Another engine knows of it too.
    project.home.kill_engine();
    project.home.must(&["engine", "start"]);
    let held = eventually("the next engine to have looked", DEADLINE, || {
        let service = worker(&project);
        let healthy = service.running_count == 4 && !service.waiting.is_empty();
        healthy.then_some(service)
    });
    assert!(old.keys().all(|task| pids(&held).contains_key(task)), "{held:?}");
    assert_eq!(held.rollout, RolloutState::InProgress);

    old.values().for_each(|pid| signal(*pid, Signal::USR2));
    let after = eventually("the rollout to complete", DEADLINE, || {
        let service = worker(&project);
        service.steady.then_some(service)
    });
    assert_eq!(after.rollout, RolloutState::Completed);
    assert_eq!(after.running_count, 2);
    let is_live = |task: &&tapedeck_model::Task| matches!(task.state, TaskState::Running { .. });
    assert!(
        after
            .tasks
            .iter()
            .filter(is_live)
            .all(|task| !old.contains_key(&task.id)),
        "{after:?}"
    );
    let deployed = deploying.join().unwrap();
    assert!(deployed.stderr.contains("is protected until"), "{deployed:?}");
}

/// Sends a `PUT` with a body, and prints the answer in one line.
const PUT: &str = "put() { body=$1; printf 'PUT %s/task-protection/v1/state HTTP/1.1\\r\\nHost: agent\\r\\nContent-Length: %s\\r\\n\\r\\n%s' \
    \"/api/${ECS_AGENT_URI##*/}\" ${#body} \"$body\" | nc 169.254.170.2 80 | tr -d '\\r\\n'; echo; }";

#[test]
fn t39_more_protected_tasks_than_wanted_are_told_and_a_deletion_ends_them() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!(
        "{PUT}; trap 'exit 0' TERM; trap 'put \"{{\\\"ProtectionEnabled\\\":false}}\"' USR1; \
         put '{{\"ProtectionEnabled\":true}}'; put '{{\"ProtectionEnabled\":true,\"ExpiresInMinutes\":9999}}'; {WAIT}"
    );
    let worker = stage.worker(&script).count(2);
    stage.deploy(std::slice::from_ref(&worker));
    let protected = stage.worker_when("both to be protected", |service| {
        service.tasks.iter().all(|task| task.protected_until.is_some())
    });
    eventually("the wrong time to be refused", DEADLINE, || {
        let lines = stage.lines();
        let refused =
            |line: &&String| line.contains("400 Bad Request") && line.contains("InvalidParameterException");
        (lines.iter().filter(refused).count() == 2).then_some(())
    });
    stage.apply(&[worker.clone().count(1)]);
    let held = stage.worker_when("the count to be known", |service| {
        service.desired_count == 1 && !service.waiting.is_empty()
    });
    assert_eq!(held.running_count, 2);
    assert!(
        held.events.iter().any(|event| event
            .message
            .contains("The number of protected tasks are more than the desired count")),
        "{:?}",
        held.events
    );
    let (first, pid) = pids(&protected).pop_first().unwrap();
    signal(pid, Signal::USR1);
    let after = stage.worker_when("one task", |service| service.steady);
    assert!(
        !pids(&after).contains_key(&first),
        "the one that is not protected any more goes"
    );

    stage.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    let left = stage.client().describe_stack(&crate::stage::stack());
    assert!(left.is_err(), "{left:?}");
}
