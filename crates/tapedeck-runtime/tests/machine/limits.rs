//! What a task cannot use up.

use std::time::Duration;

use tapedeck_model::MemoryMb;
use tapedeck_runtime::log::Stream;

use crate::stage::{Stage, wait_until};

/// A program that takes all memory it can get.
const GREEDY: &str = "BEGIN { text = \"x\"; while (1) text = text text }";

#[test]
fn t64_too_much_memory_kills_the_task() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["awk", GREEDY]);
    definition.memory = MemoryMb::new(32).unwrap();
    let exit = stage.start(definition).exit();
    assert_eq!((exit.exit_code, exit.oom_killed), (Some(137), true));
    assert_eq!(
        exit.failure.unwrap(),
        "OutOfMemoryError: Container killed due to memory usage"
    );
}

#[test]
fn t64_a_child_without_memory_does_not_end_the_task() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["sh", "-c", &format!("awk '{GREEDY}'; echo child $?; exit 7")]);
    definition.memory = MemoryMb::new(32).unwrap();
    let mut task = stage.start(definition);
    let exit = task.exit();
    assert_eq!(
        (exit.exit_code, exit.oom_killed, exit.failure),
        (Some(7), true, None)
    );
    assert_eq!(task.stdout(), "child 137");
}

#[test]
fn t65_processes_are_limited() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["sh", "-c", "for i in $(seq 100); do sleep 1000 & done"]);
    definition.pids_limit = 20;
    let mut task = stage.start(definition);
    let exit = task.exit();
    assert_ne!(exit.exit_code, Some(0));
    let complaint = task.lines(Stream::Stderr).join("\n");
    assert!(complaint.contains("fork"), "{complaint}");
}

#[test]
fn cpu_time_is_limited_and_the_task_can_read_its_limits() {
    let Some(stage) = Stage::ready() else { return };
    let script = "cd /sys/fs/cgroup; cat cpu.max cpu/cpu.cfs_quota_us memory.max memory/memory.limit_in_bytes \
                  pids.max pids/pids.max 2> /dev/null; cat /proc/self/cgroup >&2; touch memory/x 2> /dev/null && echo written";
    let mut task = stage.script(script);
    assert_eq!(
        task.exit().exit_code,
        Some(1),
        "nothing may be written to its cgroup"
    );
    assert_eq!(task.stdout().replace(" 100000", ""), "50000\n268435456\n4096");
}

#[test]
fn what_a_task_uses_is_counted() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("while :; do :; done");
    task.running();
    let group = stage.layout.task(&task.definition.cgroup).unwrap();
    wait_until("some CPU time", || {
        group.usage().unwrap().cpu > Duration::from_millis(20)
    });
    assert!(group.usage().unwrap().memory > 0);
    assert!(group.populated().unwrap());
    task.stop(Duration::ZERO);
    task.exit();
    assert!(!group.populated().unwrap());
    assert_eq!(group.usage().unwrap(), tapedeck_runtime::cgroup::Usage::default());
    assert_eq!(group.oom_kills().unwrap(), 0);
}

#[test]
fn shared_memory_has_64_mebibytes() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script("df -k /dev/shm | awk 'NR == 2 { print $2 }'");
    assert_eq!(task.exit().exit_code, Some(0));
    assert_eq!(task.stdout(), "65536");
}

#[test]
fn a_task_with_little_memory_starts() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["echo", "small"]);
    definition.memory = MemoryMb::new(6).unwrap();
    let mut task = stage.start(definition);
    let exit = task.exit();
    assert_eq!(exit.exit_code, Some(0), "{exit:?}");
    assert_eq!(task.stdout(), "small");
}
