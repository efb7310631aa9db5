//! A task can fill its own disk and nothing else.

use std::time::Duration;

use fs_err as fs;
use tapedeck_runtime::storage_use;

use crate::leaks::assert_no_traces;
use crate::stage::{Stage, wait_until};

/// Writes until nothing fits any more.
const FILL: &str = "dd if=/dev/zero of=/file bs=1M 2>&1; echo full; exec sleep 1000";

/// Loop devices whose file was in this folder.
fn loop_devices(stage: &Stage) -> usize {
    let devices = fs::read_dir("/sys/block").unwrap().flatten();
    let backing = devices.map(|device| fs::read_to_string(device.path().join("loop/backing_file")));
    let ours = |file: &String| file.starts_with(stage.path().to_str().unwrap());
    backing.flatten().filter(ours).count()
}

#[test]
fn t66_a_full_disk_is_full_for_its_task_alone() {
    let Some(stage) = Stage::ready() else { return };
    let mut other = stage.script("while :; do echo tick > /file; cat /file; sleep 0.1; done");
    let mut greedy = stage.script(FILL);
    let pid = greedy.running();
    greedy.wait_for_line("full");
    assert!(
        greedy.stdout().contains("No space left on device"),
        "{}",
        greedy.stdout()
    );
    let found = storage_use(pid).unwrap();
    assert!(found.size_bytes - found.used_bytes < 1 << 20, "{found:?}");
    assert!(
        found.size_bytes > 56 << 20 && found.size_bytes <= 64 << 20,
        "{found:?}"
    );

    let ticks = other.stdout().len();
    wait_until("a sibling to go on", || other.stdout().len() > ticks);
    let used = storage_use(other.running()).unwrap().used_bytes;
    assert!(used < 1 << 20, "{used}");
    assert_eq!(loop_devices(&stage), 2);
    for task in [&mut greedy, &mut other] {
        task.stop(Duration::ZERO);
        assert_eq!(task.exit().exit_code, Some(137));
        assert_eq!(task.complaints(), "");
    }
    assert_no_traces(&stage);
    wait_until("the loop devices to go", || loop_devices(&stage) == 0);
}

#[test]
fn what_is_deleted_makes_room_also_for_others() {
    let Some(stage) = Stage::ready() else { return };
    let mut task = stage.script(
        "for i in 1 2 3 4 5 6; do dd if=/dev/zero of=/file bs=1M count=40 2>/dev/null || exit 1; sync; rm /file; done; \
         echo done; exec sleep 1000",
    );
    let pid = task.running();
    task.wait_for_line("done");
    assert!(storage_use(pid).unwrap().used_bytes < 1 << 20);
    task.stop(Duration::ZERO);
    task.exit();
}

#[test]
fn a_disk_that_cannot_be_made_is_a_failure_of_a_resource() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["true"]);
    definition.disk.as_mut().unwrap().template = "/nonsense".into();
    let exit = stage.start(definition).exit();
    let reason = exit.failure.unwrap();
    assert!(
        reason.starts_with("ResourceInitializationError: could not make the file of a disk: "),
        "{reason}"
    );
    assert_no_traces(&stage);
}

#[test]
fn a_task_without_a_disk_of_its_own_runs_too() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = stage.definition(&["sh", "-c", "echo written > /file; cat /file"]);
    definition.disk = None;
    let mut task = stage.start(definition);
    assert_eq!(task.exit().exit_code, Some(0));
    assert_eq!(task.stdout(), "written");
    drop(task);
    assert_no_traces(&stage);
}

/// More than fits into its memory, so that the kernel has to write while the task does.
#[test]
fn what_is_written_with_little_memory_is_read_again() {
    let Some(stage) = Stage::ready() else { return };
    let numbers = "i=0; while [ $i -lt 400 ]; do seq $i $((i+9999)); i=$((i+1)); done";
    let script = format!("({numbers}) > /file; md5sum < /file; ({numbers}) | md5sum; wc -c < /file");
    let mut definition = stage.definition(&["sh", "-c", &script]);
    definition.memory = tapedeck_model::MemoryMb::new(16).unwrap();
    let mut task = stage.start(definition);
    assert_eq!(task.exit().exit_code, Some(0), "{}", task.stdout());
    let lines: Vec<String> = task.stdout().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], lines[1]);
    assert!(lines[2].parse::<u64>().unwrap() > 16 << 20, "{}", lines[2]);
}
