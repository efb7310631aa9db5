//! Services on EC2 instances: tasks are packed onto them, and they come and go with the tasks.

use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::process::Signal;
use tapedeck_api::{InstanceStatus, ServiceStatus};
use tapedeck_image::Platform;
use tapedeck_model::{InstanceId, Task};
use tapedeck_testkit::registry::{Access, Server, TestImage, layer};
use tapedeck_testkit::{DEADLINE, Finished, Leaks, busybox, eventually, kill};

use crate::stage::{PROJECT, STACK, Stage, WAIT, home, named, pids};

/// Waits of instances that pass twenty times faster: an empty one ends after 3 s instead of a minute.
const QUICKER: [&str; 4] = ["engine", "start", "--scaling-speed", "20"];

/// Burns CPU after SIGUSR1 with two processes, and rests after SIGUSR2.
const BURNER: &str = "trap '(while :; do :; done) & (while :; do :; done) &' USR1; trap 'kill $(jobs -p)' USR2; \
                      trap 'exit 0' TERM; echo ready; while :; do sleep 1 & wait $!; done";

fn stage(start: &[&str]) -> Option<Stage> {
    let home = home()?;
    home.must(start);
    Some(Stage::of(home))
}

/// Tasks on each instance, in the order of `info:stack`.
fn packed(service: &ServiceStatus) -> Vec<usize> {
    service.instances.iter().map(|one| one.tasks.len()).collect()
}

fn states(service: &ServiceStatus) -> Vec<&str> {
    let instances = service.instances.iter();
    instances.map(|one| one.instance.state.name()).collect()
}

/// The folder of an instance's cgroup in the hierarchy of a controller.
fn group_of(stage: &Stage, controller: &str, instance: &InstanceId) -> PathBuf {
    let name = format!("{}/{instance}", stage.home.names().cgroup.trim_start_matches('/'));
    let root = Path::new("/sys/fs/cgroup");
    let first = root.join(controller).join(&name);
    if first.exists() { first } else { root.join(name) }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap().trim().to_owned()
}

fn messages(service: &ServiceStatus) -> Vec<&str> {
    service
        .events
        .iter()
        .map(|event| event.message.as_str())
        .collect()
}

fn unplaced(service: &ServiceStatus) -> usize {
    service.tasks.iter().filter(|task| task.is_unplaced()).count()
}

#[test]
fn t51_each_task_has_an_instance_and_none_is_left_unused() {
    let Some(home) = home() else { return };
    let nothing = Leaks::before(&home);
    home.must(&QUICKER);
    let stage = Stage::of(home);
    let worker = stage.worker(WAIT).memory(3481).on(&["c5.large"]);
    let stack = stage.deploy(std::slice::from_ref(&worker));
    assert_eq!(packed(&stack.services[0]), [1]);
    let first = stack.services[0].instances[0].instance.id.clone();

    let two = stage.deploy(&[worker.clone().count(2)]);
    assert_eq!(packed(&two.services[0]), [1, 1]);
    let zones: Vec<_> = two.services[0]
        .instances
        .iter()
        .map(|one| one.instance.zone.to_string())
        .collect();
    assert_eq!(zones, ["local-a", "local-b"]);
    let second = two.services[0].instances[1].instance.id.clone();
    let group = group_of(&stage, "memory", &second);
    assert!(group.exists());

    let one = stage.deploy(&[worker.count(1)]);
    let kept = named(&one, "worker").unwrap();
    assert_eq!(kept.running_count, 1);
    let service = stage.worker_when("one instance", |service| service.instances.len() == 1);
    assert!(
        messages(&service)
            .iter()
            .any(|message| message.contains("Terminating EC2 instance: i-0")),
        "{service:?}"
    );
    let last = service.instances[0].instance.id.clone();
    let gone = if last == first { second } else { first };
    let group = group_of(&stage, "memory", &gone);
    eventually("the end of its cgroup", DEADLINE, || {
        (!group.exists()).then_some(())
    });

    stage.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    stage.home.must(&["engine", "stop", "--tasks"]);
    nothing.check();
}

#[test]
fn t52_tasks_are_packed_and_the_emptier_instance_is_emptied() {
    let Some(stage) = stage(&QUICKER) else { return };
    let worker = stage.worker(WAIT).memory(1024).on(&["c5.large"]);
    let stack = stage.deploy(&[worker.clone().count(5)]);
    let mut tasks = packed(&stack.services[0]);
    tasks.sort_unstable();
    assert_eq!(tasks, [2, 3], "{stack:?}");
    let full: Vec<InstanceStatus> = stack.services[0]
        .instances
        .iter()
        .filter(|one| one.tasks.len() == 3)
        .cloned()
        .collect();
    let shown = stage.home.must(&["info:stack", "--stackName", STACK]);
    assert!(
        shown.contains("(c5.large in local-")
            && shown.contains(") IN_SERVICE 3 tasks, 3072 of 3993 MiB used"),
        "{shown}"
    );
    let kept = stage.deploy(&[worker.count(3)]);
    let running = pids(&kept.services[0]);
    assert!(
        full[0].tasks.iter().all(|task| running.contains_key(task)),
        "those on the full one run on: {kept:?}"
    );
    let service = stage.worker_when("one instance", |service| service.instances.len() == 1);
    assert_eq!(packed(&service), [3]);
}

#[test]
fn t53_what_does_not_fit_waits_and_is_placed_when_another_stack_makes_room() {
    let budget = [&QUICKER[..], &["--memory-budget", "6144"]].concat();
    let Some(stage) = stage(&budget) else { return };
    let other = stage.named("other", WAIT).memory(2048);
    let worker = stage.worker(WAIT).memory(3481).on(&["c5.2xlarge", "c5.large"]);
    stage.deploy_as("other-dev", std::slice::from_ref(&other));
    let stack = stage.deploy(std::slice::from_ref(&worker));
    assert_eq!(
        stack.services[0].instances[0].instance.machine.name, "c5.large",
        "the first type does not fit"
    );
    // On Fargate as well, nothing is promised twice: 2048 and 3993 MiB are held.
    stage.apply(&[worker.clone(), stage.named("more", WAIT).memory(256)]);
    let more = stage.stack_when("a task that waits", |stack| {
        named(stack, "more").is_some_and(|more| unplaced(more) == 1 && !more.waiting_for_room.is_empty())
    });
    let more = named(&more, "more").unwrap().clone();
    assert_eq!(
        more.waiting_for_room[0].split_once(" waits ").unwrap().1,
        "for 256 MiB of memory: of 6144 MiB that tasks may have of this machine, 103 MiB are left; this ends when others \
         stop, or with a greater `--memory-budget` of `tapedeck engine start`"
    );
    assert!(
        messages(&more).contains(
            &"(service more) was unable to place a task. Reason: Capacity is unavailable at this time."
        ),
        "{more:?}"
    );
    let shown = stage.home.must(&["info:stack", "--stackName", STACK]);
    assert!(shown.contains("PROVISIONING since"), "{shown}");

    stage.home.kill_engine();
    stage.home.must(&budget);
    let still = stage.stack_when("the same after another engine has come", |stack| {
        named(stack, "more").is_some_and(|more| !more.waiting_for_room.is_empty())
    });
    let waited_for: Vec<&Task> = more.tasks.iter().collect();
    assert_eq!(named(&still, "more").unwrap().tasks[0].id, waited_for[0].id);

    stage.home.must(&["delete", "--projectName", "other", "--yes"]);
    let steady = stage.steady();
    assert_eq!(
        named(&steady, "more").unwrap().tasks[0].id,
        waited_for[0].id,
        "without anybody doing anything"
    );
    stage.home.must(&["engine", "stop", "--tasks"]);
}

#[test]
fn a_task_larger_than_all_that_tasks_may_have_is_refused_at_once() {
    let Some(project) = crate::source::Project::ready() else {
        return;
    };
    project.home.must(&["engine", "start", "--memory-budget", "256"]);
    let config = fs_err::read_to_string(project.path("stacktape.yml")).unwrap();
    let larger = config.replace("memory: 512", "memory: 1024");
    assert_ne!(larger, config);
    project.write("stacktape.yml", &larger);
    let mut command = project.home.command(&["deploy", PROJECT[0], PROJECT[1]]);
    command.current_dir(project.folder.path());
    let refused = tapedeck_testkit::Finished::of(command);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let word = "a task of service worker needs 1024 MiB of memory, and all tasks together may have 256 MiB of this machine";
    assert!(refused.stderr.contains(word), "{refused:?}");
    assert!(refused.stderr.contains("--memory-budget"), "{refused:?}");
    assert!(project.home.client().list_stacks().unwrap().is_empty());
}

#[test]
fn t53_an_instance_that_fits_nowhere_is_waited_for_and_its_task_can_be_taken_back() {
    let budget = [&QUICKER[..], &["--memory-budget", "2000"]].concat();
    let Some(stage) = stage(&budget) else { return };
    let worker = stage.worker(WAIT).memory(3481).on(&["c5.large"]);
    stage.apply(std::slice::from_ref(&worker));
    let service = stage.worker_when("a task that waits", |service| {
        !service.waiting_for_room.is_empty()
    });
    assert!(
        messages(&service).contains(
            &"(service worker) was unable to place a task because no container instance met all of its requirements. \
              Reason: No Container Instances were found in your cluster."
        ),
        "{service:?}"
    );
    assert_eq!(states(&service), [""; 0]);
    stage.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    stage.home.must(&["engine", "stop", "--tasks"]);
}

#[test]
fn t54_tasks_share_the_cpu_of_their_instance_and_nothing_else_does() {
    let Some(stage) = stage(&QUICKER) else { return };
    let worker = stage
        .worker(BURNER)
        .memory(1024)
        .on(&["c5.large"])
        .sharing_cpu()
        .count(2);
    let stack = stage.deploy(&[worker]);
    let service = &stack.services[0];
    assert_eq!(packed(service), [2], "{service:?}");
    let instance = &service.instances[0].instance.id;
    let group = group_of(&stage, "cpu", instance);
    let quota = match group.join("cpu.max").exists() {
        true => read(&group.join("cpu.max")),
        false => format!(
            "{} {}",
            read(&group.join("cpu.cfs_quota_us")),
            read(&group.join("cpu.cfs_period_us"))
        ),
    };
    assert_eq!(quota, "200000 100000", "two processors");
    let memory = group_of(&stage, "memory", instance);
    let limit = match memory.join("memory.max").exists() {
        true => read(&memory.join("memory.max")),
        false => read(&memory.join("memory.limit_in_bytes")),
    };
    assert_eq!(limit, (4096_u64 << 20).to_string());
    for task in pids(service).keys() {
        let own = group.join(task.as_str());
        let (file, expected) = match own.join("cpu.weight").exists() {
            true => (own.join("cpu.weight"), "1"),
            false => (own.join("cpu.shares"), "2"),
        };
        assert_eq!(read(&file), expected);
    }
    stage.wait_for_lines("ready", 2);
    for pid in pids(service).into_values() {
        kill(pid, Signal::USR1);
    }
    // Each has half of the instance, which is all that either of them would have alone.
    eventually("two equal halves", DEADLINE, || {
        let metrics = stage.client().metrics(None, 60).unwrap();
        let last = |task: &tapedeck_api::TaskMetrics| task.history.last().map(|usage| usage.cpu);
        let shares: Vec<f32> = metrics.services[0].tasks.iter().filter_map(last).collect();
        let [one, other] = shares[..] else { return None };
        (one > 20.0 && (one - other).abs() <= 0.1 * (one + other)).then_some(())
    });
}

#[test]
fn instances_outlive_the_engine_and_their_cgroups_do_not_outlive_them() {
    let Some(home) = home() else { return };
    let nothing = Leaks::before(&home);
    home.must(&QUICKER);
    let stage = Stage::of(home);
    let worker = stage.worker(WAIT).memory(1024).on(&["c5.large"]);
    let before = stage.deploy(&[worker.clone().count(2)]).services.remove(0);
    stage.home.kill_engine();
    stage.home.must(&QUICKER);
    let after = stage.steady().services.remove(0);
    assert_eq!(pids(&after), pids(&before), "they run on");
    assert_eq!(after.instances, before.instances);
    stage.deploy(&[worker.count(3)]);
    assert_eq!(packed(&stage.now()), [3], "there was room for another");
    stage.home.must(&["engine", "stop", "--tasks"]);
    nothing.check();
    stage.home.must(&QUICKER);
    assert_eq!(packed(&stage.steady().services[0]), [3]);
    stage.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    stage.home.must(&["engine", "stop", "--tasks"]);
    nothing.check();
}

#[test]
fn tasks_on_fargate_are_spread_over_zones() {
    let Some(stage) = stage(&QUICKER) else { return };
    let stack = stage.deploy(&[stage.worker(WAIT).count(4)]);
    let zone = |task: &Task| Some(task.placement.as_ref()?.zone.to_string());
    let mut zones: Vec<String> = stack.services[0].tasks.iter().filter_map(zone).collect();
    zones.sort_unstable();
    assert_eq!(zones, ["local-a", "local-a", "local-b", "local-c"]);
}

/// What this machine remembers of the last refresh, set back by so many days while no engine runs.
fn set_back(stage: &Stage, days: u64) {
    let database = rusqlite::Connection::open(stage.home.files().database()).unwrap();
    let text: String = database
        .query_row("select refresh from refresh", [], |row| row.get(0))
        .unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let last = record["last"].as_u64().unwrap();
    record["last"] = (last - days * 24 * 60 * 60 * 1000).into();
    database
        .execute("update refresh set refresh = ?1", [record.to_string()])
        .unwrap();
}

#[test]
fn t55_a_refresh_that_was_missed_replaces_every_instance_at_the_next_start() {
    let Some(stage) = stage(&QUICKER) else { return };
    let worker = stage.worker(WAIT).memory(1024).on(&["c5.large"]).count(4);
    let before = stage.deploy(&[worker]).services.remove(0);
    let ids = |service: &ServiceStatus| -> Vec<InstanceId> {
        let instances = service.instances.iter();
        instances.map(|one| one.instance.id.clone()).collect()
    };
    let old = ids(&before);
    assert_eq!(old.len(), 2);
    let revision = before.revision;
    eventually("a record of the first launch", DEADLINE, || {
        let database = rusqlite::Connection::open(stage.home.files().database()).ok()?;
        database
            .query_row("select refresh from refresh", [], |row| row.get::<_, String>(0))
            .ok()
    });
    stage.home.must(&["engine", "stop"]);
    set_back(&stage, 8);
    stage.home.must(&QUICKER);
    let after = stage.worker_when("only fresh instances", |service| {
        let all_fresh = service
            .instances
            .iter()
            .all(|one| !old.contains(&one.instance.id));
        assert!(service.running_count >= 4, "never fewer run: {service:?}");
        all_fresh && service.steady && packed(service).iter().sum::<usize>() == 4
    });
    assert_eq!(after.revision, revision, "it is no deployment");
    assert!(
        pids(&after).keys().all(|task| !pids(&before).contains_key(task)),
        "{after:?}"
    );
    let fresh = ids(&after);
    stage.home.kill_engine();
    stage.home.must(&QUICKER);
    let again = stage.worker_when("the same instances", |service| {
        service.steady && service.instances.len() <= fresh.len()
    });
    assert!(ids(&again).iter().all(|id| fresh.contains(id)), "once: {again:?}");
}

#[test]
fn t51_t56_from_a_config_and_a_deployment_says_what_it_waits_for() {
    let budget = [&QUICKER[..], &["--memory-budget", "5000"]].concat();
    let Some(stage) = stage(&budget) else { return };
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let pusher = server.pusher();
    let busybox = fs::read(busybox().unwrap()).unwrap();
    let image = TestImage::of_layer(
        Platform::host().as_str(),
        layer(&[("bin/busybox", busybox)]),
        &["/bin/busybox", "sleep", "1000"],
    );
    pusher.image(&image, "1");
    let config = |resources: &str| {
        let text = format!(
            "resources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
             type: prebuilt-image\n        properties: {{ image: '{}/team/app:1' }}\n      resources: {resources}\n",
            server.host
        );
        fs::write(folder.path().join("stacktape.yml"), text).unwrap();
    };
    let deploy = || {
        let mut command = stage.home.command(&["deploy", PROJECT[0], PROJECT[1]]);
        command.current_dir(folder.path());
        command
    };
    config("{ instanceTypes: [c5.large], memory: 4000 }");
    let refused = Finished::of(deploy());
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("3481"), "t56: {refused:?}");

    stage.deploy_as("other-dev", &[stage.named("other", WAIT).memory(2048)]);
    config("{ instanceTypes: [c5.large] }");
    let deploying = deploy();
    let deployed = std::thread::scope(|scope| {
        let running = scope.spawn(move || Finished::of(deploying));
        stage.worker_when("a task that waits", |service| {
            !service.waiting_for_room.is_empty()
        });
        stage.home.must(&["delete", "--projectName", "other", "--yes"]);
        running.join().unwrap()
    });
    assert_eq!(deployed.code, Some(0), "{deployed:?}");
    assert!(
        deployed
            .stderr
            .contains(" waits for 3993 MiB of memory: of 5000 MiB that tasks may have of this machine, "),
        "{deployed:?}"
    );
    assert!(deployed.stderr.contains("is PROVISIONING"), "{deployed:?}");
    let shown = stage.home.must(&["info:stack", "--stackName", STACK, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let service = &json["services"][0];
    assert_eq!(service["memory"], 3481, "{service}");
    assert_eq!(service["sharesCpu"], true);
    let instance = &service["instances"][0];
    assert_eq!(instance["machine"]["name"], "c5.large");
    assert_eq!(instance["state"], "IN_SERVICE");
    assert_eq!(instance["memoryRegistered"], 3993);
    assert_eq!(instance["tasks"][0], service["tasks"][0]["id"]);
    assert_eq!(service["tasks"][0]["placement"]["instance"], instance["id"]);
}
