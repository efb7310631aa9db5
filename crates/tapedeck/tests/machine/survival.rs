//! Tasks survive their engine, and nothing survives untracked.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use fs_err as fs;
use rustix::process::Signal;
use tapedeck_model::{StopCode, TaskId};
use tapedeck_testkit::{DEADLINE, Leaks, eventually, kill};

use crate::stage::{Stage, WAIT, all_pids, end_of, home, home_with, is_alive, named, pids, wait_for_end};

/// Numbers lines, a hundred or so each second.
pub(crate) const COUNTING: &str = "i=0; while :; do n=0; while [ $n -lt 10 ]; do echo \"line $i\"; i=$((i+1)); n=$((n+1)); done; \
                        sleep 0.1; done";

/// Process id of the shim of a task.
fn shim_of(stage: &Stage, task: &TaskId) -> u32 {
    let shims = stage.home.names().shims();
    shims
        .iter()
        .find(|shim| shim.command.contains(task.as_str()))
        .expect("a task has a shim")
        .pid
}

/// The lines of each task, in order.
fn lines_by_task(stage: &Stage) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let field = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!("\"{name}\":\"")).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    for line in stage.logs(&["--json"]).lines() {
        found
            .entry(field(line, "task"))
            .or_default()
            .push(field(line, "message"));
    }
    found
}

#[test]
fn t60_twenty_tasks_outlive_a_killed_engine_and_no_line_is_lost_or_doubled() {
    const TASKS: usize = 20;
    let Some(stage) = Stage::ready() else { return };
    let worker = stage.worker(COUNTING).count(20).cpu(0.25).memory(64);
    let before = pids(&stage.deploy(&[worker]).services[0]);
    assert_eq!(before.len(), TASKS);
    stage.home.kill_engine();
    let written = stage.lines().len();
    eventually("lines without an engine", DEADLINE, || {
        (stage.lines().len() > written + 100 * TASKS).then_some(())
    });
    assert!(before.values().all(|pid| is_alive(*pid)));

    let began = Instant::now();
    stage.home.must(&["engine", "start"]);
    let after = stage.stack_when("twenty tasks", |stack| all_pids(stack).len() == TASKS);
    eprintln!(
        "measured: engine start → twenty tasks adopted: {:?}",
        began.elapsed()
    );
    assert_eq!(pids(&after.services[0]), before);
    let written = stage.lines().len();
    eventually("lines with the next engine", DEADLINE, || {
        (stage.lines().len() > written + 100 * TASKS).then_some(())
    });
    assert_eq!(pids(&stage.steady().services[0]), before);

    let lines = lines_by_task(&stage);
    assert_eq!(lines.len(), TASKS);
    for (task, lines) in lines {
        let expected: Vec<String> = (0..lines.len()).map(|number| format!("line {number}")).collect();
        assert_eq!(lines, expected, "task {task}");
    }
}

#[test]
fn t62_an_exit_that_no_engine_saw_is_noticed() {
    let Some(stage) = Stage::ready() else { return };
    let worker = stage
        .worker(&format!("trap 'echo last; exit 42' USR1; echo ready; {WAIT}"))
        .count(2);
    let before = pids(&stage.deploy(&[worker]).services[0]);
    stage.wait_for_lines("ready", 2);
    stage.home.kill_engine();
    let (task, pid) = before.first_key_value().unwrap();
    let shim = shim_of(&stage, task);
    kill(*pid, Signal::USR1);
    wait_for_end(*pid);
    wait_for_end(shim);

    stage.home.must(&["engine", "start"]);
    let service = stage.worker_when("the replacement", |service| service.running_count == 2);
    let end = end_of(&service, task).unwrap();
    assert_eq!(
        (end.code, end.exit_code),
        (StopCode::EssentialContainerExited, Some(42))
    );
    assert_eq!(stage.lines().iter().filter(|line| *line == "last").count(), 1);
    let (kept, kept_pid) = before.last_key_value().unwrap();
    assert_eq!(pids(&service).get(kept), Some(kept_pid));
}

#[test]
fn t63_a_killed_shim_takes_its_container_along() {
    let Some(stage) = Stage::ready() else { return };
    let leaks = Leaks::before(&stage.home);
    let before = pids(
        &stage
            .deploy(&[stage.worker(&format!("setsid sleep 1000 & {WAIT}")).count(2)])
            .services[0],
    );
    let (task, pid) = before.first_key_value().unwrap();
    kill(shim_of(&stage, task), Signal::KILL);
    let service = stage.worker_when("the replacement", |service| {
        end_of(service, task).is_some() && service.running_count == 2
    });
    wait_for_end(*pid);
    let end = end_of(&service, task).unwrap();
    assert_eq!((end.code, end.exit_code), (StopCode::TerminationNotice, None));
    assert_eq!(end.reason, "Shim of the task was killed");
    let (kept, kept_pid) = before.last_key_value().unwrap();
    assert_eq!(pids(&service).get(kept), Some(kept_pid));
    stage.client().delete_stack(crate::stage::stack()).unwrap();
    leaks.check();
}

#[test]
fn t63_engine_and_shims_killed_together_leave_nothing_untracked() {
    let Some(stage) = Stage::ready() else { return };
    let before = pids(
        &stage
            .deploy(&[stage.worker(&format!("setsid sleep 1000 & {WAIT}")).count(3)])
            .services[0],
    );
    let engine = stage.home.engine().unwrap();
    let (kept, lost): (Vec<_>, Vec<_>) = before.iter().enumerate().partition(|(index, _)| *index == 0);
    let shims: Vec<u32> = lost.iter().map(|(_, (task, _))| shim_of(&stage, task)).collect();
    kill(engine, Signal::KILL);
    shims.iter().for_each(|shim| kill(*shim, Signal::KILL));
    wait_for_end(engine);

    stage.home.must(&["engine", "start"]);
    let service = stage.worker_when("two replacements", |service| service.running_count == 3);
    for (_, (task, pid)) in lost {
        wait_for_end(*pid);
        let end = end_of(&service, task).unwrap();
        assert_eq!(end.reason, "Shim of the task was killed while no engine ran");
    }
    for (_, (task, pid)) in kept {
        assert_eq!(pids(&service).get(task), Some(pid));
    }
    // Every process in a cgroup of ours belongs to a task that the engine knows.
    let known = pids(&service);
    for process in stage.home.names().processes() {
        let inside = process
            .cgroups
            .iter()
            .find_map(|path| path.strip_prefix(&stage.home.names().cgroup));
        if let Some(group) = inside {
            assert!(
                known.keys().any(|task| group.contains(task.as_str())),
                "{process:?}"
            );
        }
    }
}

#[test]
fn t61_an_engine_killed_at_random_leaves_what_the_next_one_can_go_on_with() {
    let Some(home) = home() else { return };
    let leaks = Leaks::before(&home);
    let stage = Stage::of(home);
    let worker = stage.worker(&format!("trap 'exit 0' TERM; {WAIT}"));
    for round in 0..16_u32 {
        stage.apply(&[worker
            .clone()
            .count(1 + round % 3)
            .variable("ROUND", &(round / 2).to_string())]);
        // Not to wait for something, but to hit another moment each time.
        std::thread::sleep(Duration::from_millis(u64::from(round * 9)));
        stage.home.kill_engine();
        stage.home.must(&["engine", "start"]);
    }
    let last = stage.deploy(&[worker.count(2).variable("ROUND", "last")]);
    let running = pids(&last.services[0]);
    assert_eq!(running.len(), 2);
    eventually("the shims of others to go", DEADLINE, || {
        (stage.home.names().shims().len() == 2).then_some(())
    });
    let inside: Vec<u32> = stage
        .home
        .names()
        .processes()
        .iter()
        .map(|process| process.pid)
        .collect();
    assert!(running.values().all(|pid| inside.contains(pid)));
    stage.home.must(&["engine", "stop", "--tasks"]);
    leaks.check();
}

/// Leaves what a reboot leaves: what is on the disk.
fn take_everything_away(stage: &Stage) {
    // First, else it may see others end.
    stage.home.kill_engine();
    let names = stage.home.names();
    let gone = names.processes();
    gone.iter().for_each(|process| kill(process.pid, Signal::KILL));
    gone.iter().for_each(|process| wait_for_end(process.pid));
    for command in [
        vec!["ip", "link", "delete", &names.bridge],
        vec!["nft", "delete", "table", "inet", &names.table],
        vec!["rm", "-r", stage.home.files().run().to_str().unwrap()],
    ] {
        let mut process = Command::new(command[0]);
        assert!(
            process.args(&command[1..]).status().unwrap().success(),
            "{command:?}"
        );
    }
    for group in names.cgroups().iter().rev() {
        fs::remove_dir(group).unwrap();
    }
}

#[test]
fn t70_after_a_reboot_everything_comes_back_as_it_was_last_wanted() {
    let Some(home) = home_with(&["ip"]) else { return };
    home.must(&["engine", "start", "--boot-id", "the first boot"]);
    let stage = Stage::of(home);
    let busy = stage.worker("while :; do :; done").cpu(0.25).scaled(1, 2);
    stage.apply(&[busy, stage.named("steady", WAIT).count(2)]);
    let before = stage.stack_when("the scaled service to have grown", |stack| {
        stack.is_steady() && all_pids(stack).len() == 4
    });
    let bridge = stage.client().engine_status().unwrap().bridge;
    take_everything_away(&stage);

    let began = Instant::now();
    stage
        .home
        .must(&["engine", "start", "--boot-id", "the second boot"]);
    let after = stage.stack_when("four tasks", |stack| all_pids(stack).len() == 4);
    eprintln!(
        "measured: engine start → four tasks of before a reboot: {:?}",
        began.elapsed()
    );
    let grown = named(&after, "worker").unwrap();
    assert_eq!(grown.desired_count, 2, "what it was scaled to");
    for (task, pid) in all_pids(&before) {
        assert!(!all_pids(&after).contains_key(&task), "ids are new");
        assert!(!is_alive(pid));
        let end = after
            .services
            .iter()
            .find_map(|service| end_of(service, &task))
            .unwrap();
        assert_eq!(
            (end.code, end.reason.as_str(), end.exit_code),
            (StopCode::TerminationNotice, "Host restarted", None)
        );
    }
    assert_eq!(stage.client().engine_status().unwrap().bridge, bridge);
}
