//! Nothing is left of a task that has ended.

use std::time::{Duration, Instant};

use fs_err as fs;

use crate::stage::{Stage, processes};

/// What is left on this machine of the tasks of a stage.
fn traces(stage: &Stage) -> Vec<String> {
    let path = stage.path().to_str().unwrap();
    let mut found = Vec::new();
    found.extend(processes().filter_map(|(pid, line)| {
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(path).then(|| format!("process {pid}: {line}"))
    }));
    for table in ["/proc/self/mountinfo", "/proc/1/mountinfo"] {
        let mounts = fs::read_to_string(table).unwrap();
        found.extend(
            mounts
                .lines()
                .filter(|line| line.contains(path))
                .map(|line| format!("mount {line}")),
        );
    }
    let ports = fs::read_dir(format!("/sys/class/net/{}/brif", stage.network.bridge))
        .unwrap()
        .flatten();
    found.extend(ports.map(|port| format!("link {}", port.path().display())));
    let hierarchies = fs::read_dir("/sys/fs/cgroup")
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    for root in hierarchies.chain(["/sys/fs/cgroup".into()]) {
        let groups = fs::read_dir(root.join(&stage.group))
            .into_iter()
            .flatten()
            .flatten();
        let groups = groups.filter(|entry| entry.file_type().unwrap().is_dir());
        found.extend(groups.map(|group| format!("cgroup {}", group.path().display())));
    }
    for task in fs::read_dir(stage.path().join("tasks"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let kept = ["task.json", "exit.json", "shim.log"];
        let files = fs::read_dir(task.path())
            .unwrap()
            .flatten()
            .map(|entry| entry.path());
        let left = files.filter(|file| !kept.iter().any(|name| file.ends_with(name)));
        found.extend(left.map(|file| format!("file {}", file.display())));
    }
    found
}

/// A shim that has closed its connections needs a moment to end.
pub(crate) fn assert_no_traces(stage: &Stage) {
    let started = Instant::now();
    while !traces(stage).is_empty() && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(traces(stage), Vec::<String>::new());
}

/// Files that this very process has open.
fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn t75_fifty_tasks_leave_nothing() {
    let Some(stage) = Stage::ready() else { return };
    let before = open_files();
    for index in 0..50 {
        let mut task = stage.script("touch /file; (setsid sleep 1000 &); exec sleep 1000");
        if index % 2 == 0 {
            task.running();
        }
        task.stop(Duration::ZERO);
        let exit = task.exit();
        assert!(exit.exit_code == Some(137) || exit.failure.is_some(), "{exit:?}");
        assert_eq!(task.complaints(), "");
    }
    assert_no_traces(&stage);
    assert_eq!(open_files(), before);
}

#[test]
fn tasks_that_fail_to_start_leave_nothing() {
    let Some(stage) = Stage::ready() else { return };
    for program in ["nonsense", "/etc/passwd"] {
        let mut task = stage.start(stage.definition(&[program]));
        assert!(task.exit().failure.is_some());
    }
    let mut definition = stage.definition(&["true"]);
    definition.network.bridge = "td-nonsense".to_owned();
    assert!(stage.start(definition).exit().failure.is_some());
    assert_no_traces(&stage);
}
