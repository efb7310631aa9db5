//! What a task is given of this machine: folders, and names in its `/etc/hosts`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use fs_err as fs;
use tapedeck_model::ContainerCondition;
use tapedeck_runtime::log::{Reader, Stream};
use tapedeck_runtime::{FolderMount, Sides, TaskDefinition};

use crate::sides::{rules, side};
use crate::stage::{Stage, Task};

/// A task with the folder `data` of this machine at a place that its image does not have.
fn with_folder(stage: &Stage, script: &str) -> TaskDefinition {
    let source = stage.path().join("data");
    fs::create_dir_all(&source).unwrap();
    let mut definition = stage.definition(&["sh", "-c", script]);
    definition.mounts = vec![FolderMount {
        source,
        target: "/var/lib/data".into(),
        read_only: false,
    }];
    definition
}

fn finished(stage: &Stage, definition: TaskDefinition) -> (Task, String) {
    let mut task = stage.start(definition);
    let exit = task.exit();
    let complaints = task.lines(Stream::Stderr);
    assert_eq!(exit.exit_code, Some(0), "{exit:?} {complaints:?}");
    let said = task.stdout();
    (task, said)
}

#[test]
fn what_is_written_to_a_folder_outlives_the_task() {
    let Some(stage) = Stage::ready() else { return };
    let first = with_folder(
        &stage,
        "echo kept > /var/lib/data/file; mkdir /var/lib/data/folder",
    );
    drop(finished(&stage, first));
    let kept = fs::read_to_string(stage.path().join("data/file")).unwrap();
    assert_eq!(kept, "kept\n");
    let second = with_folder(&stage, "cat /var/lib/data/file; ls /var/lib/data");
    let (_task, said) = finished(&stage, second);
    assert_eq!(said, "kept\nfile\nfolder");
}

#[test]
fn a_folder_gives_no_rights() {
    let Some(stage) = Stage::ready() else { return };
    let definition = with_folder(&stage, "grep ' /var/lib/data ' /proc/mounts");
    let device = stage.path().join("data/zero");
    let made = std::process::Command::new("mknod")
        .arg(&device)
        .args(["c", "1", "5"])
        .status()
        .unwrap();
    assert!(made.success());
    let (_task, said) = finished(&stage, definition);
    let options = said.split(' ').nth(3).unwrap();
    let options: Vec<&str> = options.split(',').collect();
    for wanted in ["rw", "nosuid", "nodev"] {
        assert!(options.contains(&wanted), "{said}");
    }
    let definition = with_folder(&stage, "! head -c 1 /var/lib/data/zero");
    let (task, _) = finished(&stage, definition);
    let complaints = task.lines(Stream::Stderr).join("\n");
    assert!(complaints.contains("Permission denied"), "{complaints}");
}

#[test]
fn names_are_for_all_containers_and_folders_for_one() {
    let Some(stage) = Stage::ready() else { return };
    let show = "tail -n 2 /etc/hosts; ls -d /var/lib/data /var/lib/other 2>/dev/null; true";
    let mut definition = with_folder(&stage, show);
    definition.hosts = BTreeMap::from([
        ("database".to_owned(), Ipv4Addr::new(10, 1, 2, 3)),
        ("queue".to_owned(), Ipv4Addr::new(10, 1, 2, 4)),
    ]);
    let mut beside = side(&definition, "beside", show);
    beside.mounts = vec![FolderMount {
        source: stage.path().join("data"),
        target: "/var/lib/other".into(),
        read_only: true,
    }];
    definition.sides = Some(Sides {
        main: rules(true, &[(1, ContainerCondition::Complete)]),
        containers: vec![beside.clone()],
    });
    let (_task, said) = finished(&stage, definition);
    let names = "10.1.2.3\tdatabase\n10.1.2.4\tqueue";
    assert_eq!(said, format!("{names}\n/var/lib/data"));
    let lines = Reader::open(&beside.log_directory).read_available().unwrap();
    let lines: Vec<String> = lines
        .into_iter()
        .map(|line| String::from_utf8(line.text).unwrap())
        .collect();
    assert_eq!(lines[..2].join("\n"), names);
    assert_eq!(lines[2..], ["/var/lib/other"]);
}

#[test]
fn a_folder_that_is_only_for_reading_cannot_be_changed_from_inside() {
    let Some(stage) = Stage::ready() else { return };
    let script = "cd /var/lib/data; cat file; ! (echo changed > file) 2>&1 && ! mount -o remount,rw /var/lib/data 2>&1";
    let mut definition = with_folder(&stage, script);
    definition.mounts[0].read_only = true;
    let file = stage.path().join("data/file");
    fs::write(&file, "kept\n").unwrap();
    let (_task, said) = finished(&stage, definition);
    assert!(
        said.starts_with("kept\n") && said.contains("Read-only file system"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept\n");
}
