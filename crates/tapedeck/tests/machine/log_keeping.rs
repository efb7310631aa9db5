//! How long logs are kept, and whether.

use std::time::{SystemTime, UNIX_EPOCH};

use tapedeck_model::{LogPolicy, ResourceName, TaskId};
use tapedeck_runtime::log::{Options, Stream, Writer};
use tapedeck_testkit::{DEADLINE, eventually};

use crate::stage::{Stage, WAIT, stack};

const DAY: u64 = 24 * 60 * 60 * 1_000_000_000;

/// Nanoseconds since 1970, so many days ago.
pub(crate) fn ago(days: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    u64::try_from(now).unwrap() - days * DAY
}

#[test]
fn t69_logs_go_after_the_days_of_retention_and_not_before_two_looks_agree() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(&format!("echo ready; {WAIT}")).logs(LogPolicy {
        retention_days: 3,
        ..LogPolicy::default()
    })]);
    stage.wait_for_lines("ready", 1);
    let worker = ResourceName::new("worker").unwrap();
    let log = |number: u8, days: u64| {
        let task = TaskId::from_bytes([number; 16]);
        let folder = stage.home.files().task_log(&stack(), &worker, &task);
        let mut writer = Writer::open(&folder, Options::default()).unwrap();
        writer.append(Stream::Stdout, format!("from day {days}\n").as_bytes(), ago(days));
        writer.close(0);
        folder
    };
    let (old, young) = (log(1, 4), log(2, 2));
    // The first engine has looked at the clock once. The next one looks for the second time.
    assert!(old.exists());
    stage.home.kill_engine();
    stage.home.must(&["engine", "start"]);
    eventually("the old log to go", DEADLINE, || (!old.exists()).then_some(()));
    assert!(young.exists());
    let told = stage.logs(&["--raw", "--since", "30d"]);
    assert_eq!(told, "from day 2\nready\n");
}

#[test]
fn output_is_thrown_away_when_logging_is_disabled_and_logs_says_so() {
    let Some(stage) = Stage::ready() else { return };
    let loud = stage.worker(&format!("seq 100000; echo done > /done; {WAIT}"));
    stage.deploy(&[loud.clone().discards_output()]);
    let pid = *crate::stage::pids(&stage.now()).first_key_value().unwrap().1;
    eventually("the end of all that it had to write", DEADLINE, || {
        std::path::Path::new(&format!("/proc/{pid}/root/done"))
            .exists()
            .then_some(())
    });
    let told = stage.home.run(&["logs", "--projectName", "app"]);
    assert_eq!((told.code, told.stdout.as_str()), (Some(0), ""), "{told:?}");
    let word = "the output of service worker is thrown away: its `logging` is disabled";
    assert!(told.stderr.contains(word), "{told:?}");
    let folder = stage.home.files().stack_logs(&stack());
    let bytes: u64 = fs_err::read_dir(folder.join("worker"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap())
        .map(|metadata| if metadata.is_dir() { 1 } else { metadata.len() })
        .sum();
    assert_eq!(bytes, 0, "nothing is stored");

    stage.deploy(&[loud]);
    stage.wait_for_lines("100000", 1);
    let told = stage.home.run(&["logs", "--projectName", "app"]);
    assert!(!told.stderr.contains("thrown away"), "{told:?}");
}
