//! A task gets what its definition gives it, and no more.

use std::path::Path;

use fs_err as fs;
use tapedeck_model::StopCode;
use tapedeck_testkit::{DEADLINE, Leaks, eventually};

use crate::stage::{PROJECT, Stage, WAIT, pids};

/// A file of the only task's cgroup: by its controller and name on version 1, and by its name on version 2.
fn cgroup_file(stage: &Stage, first: (&str, &str), second: &str) -> String {
    let (task, _) = pids(&stage.now()).pop_first().unwrap();
    let group = format!("{}/{task}", stage.home.names().cgroup.trim_start_matches('/'));
    let root = Path::new("/sys/fs/cgroup");
    let first = root.join(first.0).join(&group).join(first.1);
    let path = if first.exists() {
        first
    } else {
        root.join(&group).join(second)
    };
    fs::read_to_string(path).unwrap().trim().to_owned()
}

#[test]
fn limits_are_those_of_the_definition() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(WAIT).cpu(0.25).memory(64)]);
    let quota = cgroup_file(&stage, ("cpu", "cpu.cfs_quota_us"), "cpu.max");
    let period = match quota.split_once(' ') {
        Some((_, period)) => period.to_owned(),
        None => cgroup_file(&stage, ("cpu", "cpu.cfs_period_us"), "cpu.max"),
    };
    let number = |text: &str| text.split(' ').next().unwrap().parse::<u64>().unwrap();
    assert_eq!(number(&quota) * 4, number(&period), "a quarter of a CPU");
    let memory = cgroup_file(&stage, ("memory", "memory.limit_in_bytes"), "memory.max");
    assert_eq!(memory, (64 << 20).to_string());
    assert_eq!(cgroup_file(&stage, ("pids", "pids.max"), "pids.max"), "4096");
}

#[test]
fn a_busy_task_is_held_to_its_share() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker("while :; do :; done").cpu(0.25)]);
    eventually("the kernel to hold it back", DEADLINE, || {
        let counts = cgroup_file(&stage, ("cpu", "cpu.stat"), "cpu.stat");
        let throttled = counts
            .lines()
            .find_map(|line| line.strip_prefix("nr_throttled "))
            .unwrap()
            .to_owned();
        (throttled != "0").then_some(())
    });
}

#[test]
fn t64_a_task_that_wants_too_much_memory_ends_and_the_reason_is_told() {
    let Some(stage) = Stage::ready() else { return };
    stage.apply(&[stage
        .worker("text=x; while :; do text=$text$text; done")
        .memory(32)]);
    let service = stage.worker_when("a failure", |service| service.consecutive_failures >= 1);
    let end = service.tasks.iter().find_map(crate::stage::end).unwrap();
    assert_eq!(
        (end.code, end.exit_code),
        (StopCode::EssentialContainerExited, Some(137)),
        "{}",
        end.reason
    );
    let reason = "OutOfMemoryError: Container killed due to memory usage";
    assert_eq!(end.reason, reason);
    let shown = stage.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
    assert!(shown.contains(&format!("exit code 137: {reason}")), "{shown}");
}

#[test]
fn t64_a_child_that_wants_too_much_memory_is_told_and_its_task_goes_on() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!(
        "trap 'exit 0' TERM; sh -c 'text=x; while :; do text=$text$text; done'; echo \"child ended with $?\"; {WAIT}"
    );
    let sibling = stage.named("sibling", WAIT);
    let before = stage.deploy(&[stage.worker(&script).memory(32), sibling]);
    stage.wait_for_lines("child ended with 137", 1);
    let (task, _) = pids(&stage.now()).pop_first().unwrap();
    let told = format!("(service worker) (task {task}) ran out of memory: 1 process of it has been killed.");
    let service = stage.worker_when("the event", |service| {
        service.events.iter().any(|event| event.message == told)
    });
    assert_eq!(service.consecutive_failures, 0);
    assert_eq!(
        crate::stage::all_pids(&stage.steady()),
        crate::stage::all_pids(&before)
    );

    // Another engine does not tell it again.
    stage.home.kill_engine();
    stage.home.must(&["engine", "start"]);
    eventually("the next engine to have looked", DEADLINE, || {
        let metrics = stage.home.must(&["metrics", PROJECT[0], PROJECT[1], "--json"]);
        metrics.contains("\"throttled\"").then_some(())
    });
    let events = stage.now().events;
    assert_eq!(events.iter().filter(|event| event.message == told).count(), 1);
}

#[test]
fn t65_a_fork_bomb_harms_nobody_else_and_can_be_stopped() {
    let Some(home) = crate::stage::home() else { return };
    let nothing = Leaks::before(&home);
    let stage = Stage::of(home);
    let bomb = stage
        .worker("bomb() { bomb | bomb & }; bomb; exec sleep 1000")
        .cpu(0.25)
        .memory(2048);
    let sibling = stage.named("sibling", "while :; do echo tick; sleep 0.1; done");
    stage.apply(&[bomb, sibling]);
    stage.worker_when("the bomb", |service| service.running_count == 1);
    eventually("the limit to be reached", DEADLINE, || {
        stage.home.must(&["engine", "status"]);
        let refused = cgroup_file(&stage, ("pids", "pids.events"), "pids.events");
        (refused != "max 0").then_some(())
    });
    let ticks = stage.lines().iter().filter(|line| *line == "tick").count();
    stage.wait_for_lines("tick", ticks + 10);
    stage.client().delete_stack(crate::stage::stack()).unwrap();
    eventually("the bomb to be gone", DEADLINE, || {
        stage.home.must(&["info:stacks"]);
        stage.home.names().shims().is_empty().then_some(())
    });
    stage.home.must(&["engine", "stop", "--tasks"]);
    nothing.check();
}
