//! Errands: what is run for somebody who waits for it.

use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};
use tapedeck_runtime::sandbox::{Ended, SandboxError, Work, changes, run};
use tapedeck_runtime::{FolderMount, TaskProcess};

use crate::stage::{SHIM, Stage, processes, wait_until};

fn work<'a>(stage: &Stage, folder: &'a Path, script: &str) -> Work<'a> {
    let task = stage.definition(&["sh", "-c", script]);
    fs::create_dir_all(folder).unwrap();
    Work {
        shim: SHIM.as_ref(),
        folder,
        layers: task.layers,
        process: TaskProcess {
            working_directory: "/".into(),
            ..task.process
        },
        mounts: Vec::new(),
    }
}

/// The process id of the shim whose folder is below this one.
fn shim_below(folder: &Path) -> Option<i32> {
    let wanted = folder.as_os_str().as_encoded_bytes();
    let found = processes().find(|(_, line)| {
        line.starts_with(SHIM.as_bytes()) && line.windows(wanted.len()).any(|part| part == wanted)
    });
    found.map(|(pid, _)| pid)
}

fn bridges() -> Vec<PathBuf> {
    let links = fs::read_dir("/sys/class/net").unwrap();
    let mut links: Vec<PathBuf> = links.map(|link| link.unwrap().path()).collect();
    links.sort();
    links
}

#[test]
fn what_it_says_is_told_and_what_it_changes_is_kept() {
    let Some(stage) = Stage::ready() else { return };
    let before = bridges();
    let folder = stage.path().join("errand");
    let mounted = stage.path().join("cache");
    fs::create_dir_all(&mounted).unwrap();
    let script = "id -u; mkdir -p /opt/made; echo x > /opt/made/file; rm /bin/text; echo y > /cache/file; \
                  ip route | head -1 | cut -c1-12; exit 7";
    let mut work = work(&stage, &folder, script);
    work.mounts = vec![FolderMount {
        source: mounted.clone(),
        target: "/cache".into(),
        read_only: false,
    }];
    let mut said = Vec::new();
    let ended = run(work, |line| said.push(line.to_owned())).unwrap();
    assert_eq!(
        ended,
        Ended {
            code: 7,
            lacked_memory: false
        }
    );
    assert_eq!(said, ["0", "default via "]);
    let upper = changes(&folder);
    assert_eq!(fs::read_to_string(upper.join("opt/made/file")).unwrap(), "x\n");
    assert_eq!(fs::read_to_string(mounted.join("file")).unwrap(), "y\n");
    assert!(fs::symlink_metadata(upper.join("bin/text")).is_ok());
    assert_eq!(bridges(), before, "a link is left");
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let Some(stage) = Stage::ready() else { return };
    let folder = stage.path().join("errand");
    let mut work = work(&stage, &folder, "");
    work.process.args = vec!["/bin/nothing".to_owned()];
    let failed = run(work, |_| {}).unwrap_err();
    assert!(matches!(failed, SandboxError::NeverRan { .. }), "{failed:?}");
    assert!(failed.to_string().contains("/bin/nothing"), "{failed}");
}

#[test]
fn a_shim_that_is_killed_is_cleaned_up_after() {
    let Some(stage) = Stage::ready() else { return };
    let before = bridges();
    let folder = stage.path().join("errand");
    let work = work(&stage, &folder, "echo ready; sleep 71717");
    let mut is_killed = false;
    let failed = run(work, |line| {
        assert_eq!(line, "ready");
        let shim = shim_below(&folder).and_then(Pid::from_raw).unwrap();
        kill_process(shim, Signal::KILL).unwrap();
        is_killed = true;
    });
    assert!(is_killed);
    assert!(matches!(failed, Err(SandboxError::Killed)), "{failed:?}");
    assert_eq!(bridges(), before, "a link is left");
    wait_until("the end of its processes", || {
        !processes().any(|(_, line)| line == b"sleep\x0071717\0")
    });
}
