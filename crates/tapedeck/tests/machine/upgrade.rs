//! Another program takes over: what runs, was written and was wanted goes on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fs_err as fs;
use tapedeck_model::{ContainerCondition, TaskId};
use tapedeck_testkit::{DEADLINE, Home, Leaks, eventually};

use crate::stage::{Stage, WAIT, all_pids, home, is_alive, pids, wait_for_end};
use crate::survival::COUNTING;

/// The lines of each container, in order.
fn lines(stage: &Stage) -> BTreeMap<(String, Option<String>), Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for line in stage.logs(&["--json"]).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        let of = (text("task").unwrap(), text("container"));
        found.entry(of).or_default().push(text("message").unwrap());
    }
    found
}

/// The program that a process runs, also when its file has been removed; none when the process has ended.
fn program_of(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}

#[test]
fn t60_another_program_takes_over_and_tasks_and_logs_go_on() {
    let Some(new) = home() else { return };
    let old = new.path().with_file_name("old");
    fs::create_dir(&old).unwrap();
    let old = old.join("tapedeck");
    fs::copy(crate::stage::TAPEDECK, &old).unwrap();
    let stage = Stage::of(Home::at(new.path(), &old));
    let leaks = Leaks::before(&stage.home);
    let agent = stage.side("agent", COUNTING);
    let worker = stage
        .worker(COUNTING)
        .count(2)
        .side(agent, ContainerCondition::Start);
    let before = all_pids(&stage.deploy(std::slice::from_ref(&worker)));
    assert_eq!(before.len(), 2);
    let engine = stage.home.engine().unwrap();
    let is_old = |pid: u32| program_of(pid).map(|program| program.starts_with(old.parent().unwrap()));
    assert_eq!(is_old(engine), Some(true));

    // As an installation does it: the file is another one from now on, and what runs keeps the old one.
    fs::remove_file(&old).unwrap();
    new.must(&["engine", "stop"]);
    wait_for_end(engine);
    assert!(before.values().all(|pid| is_alive(*pid)));
    let has_more = |stage: &Stage, known: &BTreeMap<_, Vec<String>>| {
        let now = lines(stage);
        let grows = |(of, lines): (&_, &Vec<String>)| now[of].len() > lines.len() + 100;
        known.iter().all(grows).then_some(())
    };
    let stage = Stage::of(new);
    let engine = stage.home.engine().unwrap();
    assert_eq!(is_old(engine), Some(false));
    let after = stage.stack_when("both tasks", |stack| all_pids(stack).len() == 2);
    assert_eq!(all_pids(&after), before);
    let known = lines(&stage);
    assert_eq!(known.len(), 4, "two containers of two tasks");
    eventually("more lines of each", DEADLINE, || has_more(&stage, &known));
    assert_eq!(all_pids(&stage.steady()), before);
    for (of, lines) in lines(&stage) {
        let expected: Vec<String> = (0..lines.len()).map(|number| format!("line {number}")).collect();
        assert!(lines == expected, "{of:?} has lost or doubled lines");
    }

    // Shims of the old program take what the new engine says, and tasks are replaced by those of new ones.
    let changed = stage
        .worker(&format!("trap 'exit 0' TERM; echo changed; {WAIT}"))
        .count(2);
    stage.deploy(&[changed]);
    stage.wait_for_lines("changed", 2);
    before.values().for_each(|pid| wait_for_end(*pid));
    let now: BTreeMap<TaskId, u32> = pids(&stage.now());
    assert_eq!(now.len(), 2);
    // A shim ends a moment after its container, and may do so while it is looked at.
    eventually("two shims of the new program alone", DEADLINE, || {
        let shims = stage.home.names().shims();
        let programs: Vec<_> = shims.iter().map(|shim| is_old(shim.pid)).collect();
        (programs == [Some(false), Some(false)]).then_some(())
    });
    stage.client().delete_stack(crate::stage::stack()).unwrap();
    eventually("the end of the stack", DEADLINE, || {
        stage.client().list_stacks().unwrap().is_empty().then_some(())
    });
    stage.home.must(&["engine", "stop"]);
    wait_for_end(engine);
    leaks.check();
}
