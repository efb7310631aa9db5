//! A machine with nothing but cgroup version 2.

use std::process::Stdio;

use fs_err as fs;
use tapedeck_testkit::{DEADLINE, eventually};

use crate::stage::{Stage, WAIT, home_with};

/// Where the version 2 hierarchy of this machine is.
fn unified() -> Option<&'static str> {
    ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]
        .into_iter()
        .find(|mount| std::path::Path::new(mount).join("cgroup.controllers").exists())
}

/// With the version 2 hierarchy where version 2 machines have it, the engine works, or says which controllers it lacks.
#[test]
fn version_2_alone_works_or_its_lack_of_controllers_is_told() {
    let Some(home) = home_with(&["unshare", "mount"]) else {
        return;
    };
    let Some(unified) = unified() else {
        eprintln!("SKIPPED: this test needs a mounted cgroup version 2");
        return;
    };
    let offered = fs::read_to_string(format!("{unified}/cgroup.controllers")).unwrap();
    let needed = ["cpu", "memory", "pids"];
    let lacking: Vec<&str> = needed
        .into_iter()
        .filter(|name| !offered.split_whitespace().any(|other| other == *name))
        .collect();

    let bind = format!("mount --bind {unified} /sys/fs/cgroup && exec \"$0\" \"$@\"");
    let mut command = home.command_under(&["unshare", "-m", "sh", "-c", &bind], &["engine", "run"]);
    let engine = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if lacking.is_empty() {
        eventually("the engine to answer", DEADLINE, || home.engine());
        let stage = Stage::of(home);
        assert_eq!(stage.client().engine_status().unwrap().cgroups, "v2");
        stage.deploy(&[stage.worker(WAIT).count(2)]);
        stage.home.must(&["engine", "stop", "--tasks"]);
        assert!(engine.wait_with_output().unwrap().status.success());
        return;
    }
    let refused = engine.wait_with_output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    let expected = format!(
        "the cgroup controllers {} are not available at /sys/fs/cgroup",
        lacking.join(", ")
    );
    assert!(said.contains(&expected), "{said}");
}
