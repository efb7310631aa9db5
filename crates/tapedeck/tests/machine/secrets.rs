//! What is secret stays so on this machine.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use fs_err as fs;

use crate::stage::{Stage, WAIT, home_with};

const SECRET: &str = "pa55word-of-the-test";

/// Permissions of a file.
fn mode(path: impl AsRef<std::path::Path>) -> u32 {
    fs::metadata(path.as_ref()).unwrap().permissions().mode() & 0o7777
}

#[test]
fn only_the_owner_may_look_into_the_home() {
    let Some(home) = home_with(&["setpriv"]) else {
        return;
    };
    let stage = Stage::of(home);
    stage.deploy(&[stage.worker(WAIT).variable("PASSWORD", SECRET)]);
    let files = stage.home.files();
    assert_eq!(mode(files.socket()), 0o600);
    for folder in [files.state(), files.run(), &files.tasks(), &files.images()] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    for path in [files.database(), files.state().to_path_buf(), files.tasks()] {
        let tried = Command::new("setpriv")
            .args(nobody)
            .arg("ls")
            .arg(&path)
            .output()
            .unwrap();
        assert!(!tried.status.success(), "others may look at {}", path.display());
    }
}

#[test]
fn values_of_variables_are_in_no_file_for_others_and_no_process_list() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage
        .worker(&format!("echo \"it has ${{#PASSWORD}} letters\"; {WAIT}"))
        .variable("PASSWORD", SECRET)]);
    stage.wait_for_lines(&format!("it has {} letters", SECRET.len()), 1);
    let found = Command::new("grep")
        .args(["-rlaF", SECRET])
        .arg(stage.home.path())
        .output()
        .unwrap();
    for path in String::from_utf8(found.stdout).unwrap().lines() {
        assert!(
            path.contains("/engine.db"),
            "{path} holds the value of a variable"
        );
        assert_eq!(mode(path) & 0o077, 0, "{path} is for others, too");
    }
    for task in fs::read_dir(stage.home.files().tasks()).unwrap().flatten() {
        let definition = fs::read_to_string(task.path().join("task.json")).unwrap();
        assert!(!definition.contains("PASSWORD"), "{definition}");
    }
    for process in tapedeck_testkit::processes() {
        assert!(!process.command.contains(SECRET), "{process:?}");
        let variable = process
            .environment
            .iter()
            .any(|variable| variable.contains(SECRET));
        let container = process
            .cgroups
            .iter()
            .any(|path| path.starts_with(&stage.home.names().cgroup));
        assert!(!variable || container, "{process:?}");
    }
    let told = stage
        .home
        .must(&["info:stack", "--stackName", crate::stage::STACK, "--json"]);
    assert!(!told.contains(SECRET), "{told}");
}

#[test]
fn the_engine_keeps_nothing_of_who_started_it() {
    let Some(home) = home_with(&[]) else { return };
    let started = home
        .command(&["engine", "start"])
        .env("PASSWORD", SECRET)
        .status()
        .unwrap();
    assert!(started.success());
    let engine = home.engine().unwrap();
    let environment = fs::read_to_string(format!("/proc/{engine}/environ")).unwrap();
    assert!(!environment.contains(SECRET), "{environment}");
    assert_eq!(
        fs::read_link(format!("/proc/{engine}/cwd")).unwrap().to_str(),
        Some("/")
    );
}
