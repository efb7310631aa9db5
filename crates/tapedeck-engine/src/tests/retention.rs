//! Old logs go, those of running tasks stay.

use std::path::Path;

use tapedeck_model::{TaskId, Timestamp};
use tapedeck_runtime::log::{Options, Reader, Stream, Writer};

use crate::retention::{LOGS_KEPT, thin_out};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// A log with one line, written on a day counted from the epoch.
fn write(service: &Path, number: u32, day: u64) -> TaskId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    let task = TaskId::from_bytes(bytes);
    let mut writer = Writer::open(&service.join(task.as_str()), Options::default()).unwrap();
    writer.append(Stream::Stdout, b"a line\n", day * DAY * 1_000_000);
    writer.close(day * DAY * 1_000_000);
    task
}

fn left(service: &Path) -> usize {
    fs_err::read_dir(service).unwrap().count()
}

#[test]
fn logs_are_kept_for_ninety_days_after_their_last_line() {
    let service = tempfile::tempdir().unwrap();
    let old = write(service.path(), 1, 100);
    let young = write(service.path(), 2, 120);
    let running = write(service.path(), 3, 100);
    thin_out(
        service.path(),
        &|task| *task == running,
        Timestamp::from_millis(200 * DAY),
    );
    assert!(!service.path().join(old.as_str()).exists());
    for kept in [young, running] {
        let lines = Reader::open(&service.path().join(kept.as_str()))
            .read_available()
            .unwrap();
        assert_eq!(lines.len(), 1);
    }
}

#[test]
fn a_service_keeps_only_so_many_logs_of_stopped_tasks() {
    let service = tempfile::tempdir().unwrap();
    let surplus = 3;
    let count = u32::try_from(LOGS_KEPT).unwrap() + surplus;
    let tasks: Vec<TaskId> = (0..count)
        .map(|number| write(service.path(), number, 100 + u64::from(number)))
        .collect();
    thin_out(service.path(), &|_| false, Timestamp::from_millis(101 * DAY));
    assert_eq!(left(service.path()), LOGS_KEPT);
    assert!(
        !service.path().join(tasks[surplus as usize - 1].as_str()).exists(),
        "the oldest went"
    );
    assert!(service.path().join(tasks[surplus as usize].as_str()).exists());
}

#[test]
fn a_service_without_logs_is_no_trouble() {
    let service = tempfile::tempdir().unwrap();
    thin_out(
        &service.path().join("none"),
        &|_| false,
        Timestamp::from_millis(DAY),
    );
    assert_eq!(left(service.path()), 0);
}
