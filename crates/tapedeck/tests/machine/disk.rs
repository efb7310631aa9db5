//! A disk without room.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use tapedeck_testkit::{DEADLINE, Home, eventually, missing, stable};

use crate::stage::{PROJECT, Stage, TAPEDECK, WAIT, all_pids, pids};

/// A file system of a few megabytes, in memory.
pub(crate) struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// None, and a word on standard error, where tests cannot run.
    pub(crate) fn of(megabytes: u32) -> Option<Self> {
        if let Some(missing) = missing(&["mount", "umount"]) {
            eprintln!("SKIPPED: this test needs {missing}");
            return None;
        }
        let folder = tempfile::Builder::new()
            .prefix("td-")
            .rand_bytes(5)
            .tempdir()
            .unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tapedeck-test"])
            .arg(folder.path())
            .status();
        assert!(mounted.unwrap().success());
        Some(Self { folder })
    }

    fn filling(&self) -> PathBuf {
        self.folder.path().join("filling")
    }

    /// Fills it to the last byte.
    pub(crate) fn fill(&self) {
        let chunk = vec![0; 4096];
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.filling())
            .unwrap();
        while std::io::Write::write(&mut file, &chunk).is_ok_and(|written| written > 0) {}
    }

    /// Makes room again.
    pub(crate) fn free(&self) {
        fs::remove_file(self.filling()).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn home(&self) -> Home {
        Home::at(&self.folder.path().join("home"), stable(Path::new(TAPEDECK)))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.folder.path())
            .status();
    }
}

#[test]
fn t67_a_full_disk_is_told_and_what_runs_keeps_running() {
    let Some(disk) = Disk::of(48) else { return };
    let stage = Stage::of(disk.home());
    let ticking = stage
        .worker("i=0; while :; do echo \"tick $i\"; i=$((i+1)); sleep 0.05; done")
        .count(2);
    let before = stage.deploy(std::slice::from_ref(&ticking));
    let other = stage.worker(WAIT);
    disk.fill();

    let refused = stage.try_apply(&[other]).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("the engine could not store the request"),
        "{refused}"
    );
    assert!(refused.to_string().contains("full"), "{refused}");
    let deleted = stage.home.run(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    assert_eq!(deleted.code, Some(3), "{deleted:?}");
    assert!(
        deleted.stderr.contains("full") && deleted.stderr.contains("free some space"),
        "{deleted:?}"
    );
    assert_eq!(all_pids(&stage.steady()), all_pids(&before));

    disk.free();
    let written = stage.lines().len();
    eventually("lines after the disk was full", DEADLINE, || {
        (stage.lines().len() > written).then_some(())
    });
    let after = stage.deploy(&[ticking.variable("COLOUR", "blue")]);
    assert_eq!(all_pids(&after).len(), 2);
}

#[test]
fn t67_a_task_that_ends_on_a_full_disk_is_replaced_when_there_is_room() {
    let Some(disk) = Disk::of(48) else { return };
    let stage = Stage::of(disk.home());
    let (task, pid) = pids(&stage.deploy(&[stage.worker(WAIT)]).services[0])
        .pop_first()
        .unwrap();
    disk.fill();
    tapedeck_testkit::kill(pid, rustix::process::Signal::KILL);
    let service = stage.worker_when("the end to be noticed", |service| {
        !pids(service).contains_key(&task)
    });
    assert_eq!(service.desired_count, 1);
    let service = stage.worker_when("an event that says why nothing starts", |service| {
        let events = &mut service.events.iter();
        events.any(|event| event.message.contains("could not store tasks") && event.message.contains("full"))
    });
    assert_eq!(
        service.running_count, 0,
        "nothing starts that is not written down"
    );
    disk.free();
    let service = stage.worker_when("the replacement", |service| service.running_count == 1);
    assert!(!pids(&service).contains_key(&task));
}

#[test]
fn t67_an_engine_that_starts_on_a_full_disk_does_no_harm() {
    let Some(disk) = Disk::of(48) else { return };
    let stage = Stage::of(disk.home());
    let before = pids(&stage.deploy(&[stage.worker(WAIT)]).services[0]);
    stage.home.kill_engine();
    disk.fill();
    let started = stage.home.run(&["engine", "start"]);
    if started.code != Some(0) {
        assert_eq!(started.code, Some(3), "{started:?}");
        let told = started.stderr.contains("full") || started.stderr.contains("No space left");
        assert!(told, "{started:?}");
    }
    assert!(before.values().all(|pid| crate::stage::is_alive(*pid)));
    disk.free();
    stage.home.must(&["engine", "start"]);
    assert_eq!(pids(&stage.steady().services[0]), before);
}

#[test]
fn a_disk_too_small_for_a_base_image_is_told_before_anything_is_fetched() {
    let Some(disk) = Disk::of(48) else { return };
    let home = disk.home();
    let project = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join("src")).unwrap();
    fs::write(
        project.path().join("src/main.js"),
        "setInterval(() => {}, 1000);\n",
    )
    .unwrap();
    fs::write(
        project.path().join("package.json"),
        r#"{ "name": "small", "version": "1.0.0" }"#,
    )
    .unwrap();
    let config = "resources:
  small:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/main.js } }
      resources: { cpu: 0.25, memory: 512 }
";
    let config_path = project.path().join("stacktape.yml");
    fs::write(&config_path, config).unwrap();
    let deployed = home.run(&["deploy", "--configPath", config_path.to_str().unwrap()]);
    assert_eq!(deployed.code, Some(3), "{deployed:?}");
    assert!(
        deployed.stderr.contains("MiB left: free some space"),
        "{deployed:?}"
    );
    assert_eq!(home.engine(), None, "nothing was started for it");
}
