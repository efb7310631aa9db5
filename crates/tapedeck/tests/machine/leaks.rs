//! Nothing is left behind, however often something comes and goes.

use fs_err as fs;
use tapedeck_api::ClientError;
use tapedeck_testkit::{DEADLINE, Leaks, eventually};

use crate::stage::{Stage, WAIT, all_pids, home, stack};

/// Open files and threads of a process.
fn burden(pid: u32) -> (usize, usize) {
    let count = |folder: &str| fs::read_dir(format!("/proc/{pid}/{folder}")).unwrap().count();
    (count("fd"), count("task"))
}

/// Deploys, waits until all tasks run, deletes, and waits until all is gone.
fn cycle(stage: &Stage, worker: &crate::stage::Worker) {
    stage.apply(std::slice::from_ref(worker));
    stage.worker_when("a running task", |service| {
        service.running_count == service.desired_count
    });
    let mut client = stage.client();
    client.delete_stack(stack()).unwrap();
    eventually("the end of the stack", DEADLINE, || {
        matches!(client.describe_stack(&stack()), Err(ClientError::Refused(_))).then_some(())
    });
}

#[test]
fn t75_fifty_services_come_and_go() {
    let Some(home) = home() else { return };
    let nothing = Leaks::before(&home);
    let stage = Stage::of(home);
    let engine = stage.home.engine().unwrap();
    let only_the_engine = Leaks::before(&stage.home);
    let worker = stage.worker(&format!(
        "trap 'exit 0' TERM; touch /file; setsid sleep 1000 & {WAIT}"
    ));
    for _ in 0..5 {
        cycle(&stage, &worker);
    }
    let before = burden(engine);
    for _ in 0..45 {
        cycle(&stage, &worker);
    }
    only_the_engine.check();
    ends_as_small_as(&stage, engine, before);
    nothing.check();
    let images = fs::read_dir(stage.home.files().images().join("tmp"))
        .unwrap()
        .count();
    assert_eq!(images, 0, "work in progress is left in the image store");
}

/// Waits until an engine holds no more files and threads than before, then stops it.
fn ends_as_small_as(stage: &Stage, engine: u32, (files, threads): (usize, usize)) {
    // Threads for blocking work come and go, a few at most; connections close a moment after their clients.
    eventually("the engine to be as small as before", DEADLINE, || {
        let (files_now, threads_now) = burden(engine);
        (files_now <= files && threads_now <= threads + 4).then_some(())
    });
    assert_eq!(stage.home.engine(), Some(engine));
    stage.home.must(&["engine", "stop", "--tasks"]);
}

/// Resident memory of a process.
fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn t75_two_hundred_services_idle_and_leave_nothing() {
    let Some(home) = home() else { return };
    let nothing = Leaks::before(&home);
    let stage = Stage::of(home);
    let script = format!("trap 'exit 0' TERM; {WAIT}");
    // Small, so that all fit onto this machine.
    let first = stage.named("s0", &script).memory(32);
    let workers: Vec<_> = (0..200)
        .map(|number| first.clone().renamed(&format!("s{number}")))
        .collect();
    let engine = stage.home.engine().unwrap();
    let before = burden(engine);
    let stack = stage.deploy(&workers);
    assert_eq!(all_pids(&stack).len(), 200);
    eprintln!(
        "measured: memory of an engine of 200 tasks: {} KiB",
        resident_kib(engine)
    );
    stage.client().delete_stack(crate::stage::stack()).unwrap();
    ends_as_small_as(&stage, engine, before);
    nothing.check();
}
