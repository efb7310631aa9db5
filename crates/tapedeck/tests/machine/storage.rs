//! What a task writes: on a disk of its own.

use fs_err as fs;
use tapedeck_testkit::{DEADLINE, Finished, Leaks, eventually};

use crate::stage::{PROJECT, Stage, WAIT, home, home_with, named, pids};

/// A stage whose tasks can write 200 MB.
fn small() -> Option<(Stage, Leaks)> {
    let home = home()?;
    let nothing = Leaks::before(&home);
    home.must(&["engine", "start", "--task-storage", "200"]);
    Some((Stage::of(home), nothing))
}

/// What the only task of the service `worker` has written, and what it can write, as `metrics` tells it.
fn storage(stage: &Stage) -> (u64, u64) {
    let text = stage.home.must(&["metrics", PROJECT[0], PROJECT[1], "--json"]);
    let metrics: serde_json::Value = serde_json::from_str(&text).unwrap();
    let services = metrics["services"].as_array().unwrap();
    let worker = services.iter().find(|service| service["name"] == "worker");
    let storage = &worker.unwrap()["tasks"][0]["storage"];
    let number = |name: &str| storage[name].as_u64().unwrap_or_else(|| panic!("{text}"));
    (number("usedBytes"), number("sizeBytes"))
}

#[test]
fn t66_a_task_that_fills_its_disk_harms_nobody_else() {
    let Some((stage, nothing)) = small() else { return };
    let greedy = stage.worker(
        "trap 'exit 0' TERM; dd if=/dev/zero of=/file bs=1M; echo \"dd ended with $?\"; while :; do echo still here; \
         sleep 0.1; done",
    );
    let sibling = stage.named(
        "sibling",
        "trap 'exit 0' TERM; while :; do date > /file && echo wrote; sleep 0.1; done",
    );
    let before = stage.deploy(&[greedy, sibling]);
    stage.wait_for_lines("dd ended with 1", 1);
    assert!(
        stage
            .lines()
            .iter()
            .any(|line| line.contains("No space left on device"))
    );
    let (used, size) = storage(&stage);
    assert!(size > 180_000_000 && size <= 200 << 20, "{size}");
    assert!(size - used < 1 << 20, "{used} of {size}");

    // Its own log, its sibling, and the engine go on.
    for line in ["still here", "wrote"] {
        let so_far = stage.lines().iter().filter(|found| *found == line).count();
        stage.wait_for_lines(line, so_far + 10);
    }
    let after = stage.steady();
    for name in ["worker", "sibling"] {
        assert_eq!(
            pids(named(&after, name).unwrap()),
            pids(named(&before, name).unwrap())
        );
    }
    let shown = stage.home.must(&["metrics", PROJECT[0], PROJECT[1]]);
    assert!(shown.contains(", storage "), "{shown}");

    // A replacement begins with an empty disk, and what was written goes away with its task.
    let (task, pid) = pids(named(&after, "worker").unwrap()).pop_first().unwrap();
    tapedeck_testkit::kill(pid, rustix::process::Signal::KILL);
    stage.worker_when("the replacement", |service| {
        service.running_count == 1 && !pids(service).contains_key(&task)
    });
    stage.wait_for_lines("dd ended with 1", 2);
    stage.home.must(&["engine", "stop", "--tasks"]);
    nothing.check();
}

#[test]
fn t66_what_was_written_is_gone_with_its_task_even_when_everything_is_killed() {
    let Some((stage, nothing)) = small() else { return };
    stage.deploy(&[stage.worker(&format!(
        "dd if=/dev/zero of=/file bs=1M count=50; echo written; {WAIT}"
    ))]);
    stage.wait_for_lines("written", 1);
    assert!(storage(&stage).0 >= 50 << 20);
    let everything = stage.home.names().processes();
    for process in &everything {
        tapedeck_testkit::kill(process.pid, rustix::process::Signal::KILL);
    }
    eventually("the end of everything", DEADLINE, || {
        stage.home.names().processes().is_empty().then_some(())
    });
    for task in fs::read_dir(stage.home.files().tasks()).unwrap().flatten() {
        let disk = task.path().join("disk");
        assert!(!disk.exists(), "{}", disk.display());
    }
    stage.home.must(&["engine", "start"]);
    stage.home.must(&["engine", "stop", "--tasks"]);
    nothing.check();
}

#[test]
fn t66_the_limit_is_20_gb_unless_told_otherwise() {
    let Some(stage) = Stage::ready() else { return };
    assert_eq!(
        stage.client().engine_status().unwrap().task_storage_mb,
        Some(20480)
    );
    stage.deploy(&[stage.worker(WAIT)]);
    let (used, size) = storage(&stage);
    assert!(used < 1 << 20 && size >= 20_000_000_000, "{used} of {size}");
    let other = stage.home.run(&["engine", "start", "--task-storage", "200"]);
    assert_eq!(other.code, Some(1), "{other:?}");
    assert!(
        other
            .stderr
            .contains("the engine runs already, with 20480 MB of storage for each task"),
        "{other:?}"
    );
}

#[test]
fn a_machine_without_loop_devices_runs_tasks_and_says_what_that_means() {
    let Some(home) = home_with(&["unshare", "mount"]) else {
        return;
    };
    // Only a mount namespace can take them away.
    let hide = "mount --bind /dev/null /dev/loop-control && exec \"$0\" \"$@\"";
    let unshared = ["unshare", "-m", "sh", "-c", hide];
    let started = Finished::of(home.command_under(&unshared, &["engine", "start"]));
    assert_eq!(started.code, Some(0), "{started:?}");
    let told = "tasks are not held to 20480 MB of storage, one can fill the disk of this machine: could not";
    assert!(started.stdout.contains(told), "{started:?}");
    check_unlimited(&Stage::of(home));
}

fn check_unlimited(stage: &Stage) {
    let status = stage.client().engine_status().unwrap();
    assert_eq!(status.task_storage_mb, None);
    assert_eq!(status.warnings.len(), 1, "{:?}", status.warnings);
    stage.deploy(&[stage.worker(&format!("echo x > /file && echo written; {WAIT}"))]);
    stage.wait_for_lines("written", 1);
}
