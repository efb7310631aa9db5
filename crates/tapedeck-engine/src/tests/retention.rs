//! Old logs go, those of running tasks stay. What goes is decided elsewhere: here it is carried out on real files.

use std::path::Path;
use std::time::Duration;

use tapedeck_model::{TaskId, Timestamp};
use tapedeck_plan::log_retention::LogLimits;
use tapedeck_runtime::log::{Options, Reader, Stream, Writer, segments};

use crate::retention::{LOGS_KEPT, thin_out};

const DAY: u64 = 24 * 60 * 60 * 1000;

const LIMITS: LogLimits = LogLimits {
    retention: Duration::from_secs(90 * 24 * 60 * 60),
    bytes: 1 << 30,
    stopped: LOGS_KEPT,
};

fn day(day: u64) -> Option<Timestamp> {
    Some(Timestamp::from_millis(day * DAY))
}

/// A log with a line of 100 bytes in a segment of its own for each of some days.
fn write(service: &Path, number: u32, days: &[u64]) -> TaskId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    let task = TaskId::from_bytes(bytes);
    let options = Options {
        segment_bytes: 100,
        ..Options::default()
    };
    let mut writer = Writer::open(&service.join(task.as_str()), options).unwrap();
    for day in days {
        let line = [&[b'x'; 100][..], b"\n"].concat();
        writer.append(Stream::Stdout, &line, day * DAY * 1_000_000);
        writer.flush();
    }
    writer.close(0);
    task
}

fn logs(service: &Path) -> usize {
    fs_err::read_dir(service).unwrap().count()
}

fn lines(service: &Path, task: &TaskId) -> usize {
    let mut reader = Reader::open(&service.join(task.as_str()));
    reader.read_available().unwrap().len()
}

#[test]
fn t69_whole_segments_go_after_the_days_of_retention() {
    let service = tempfile::tempdir().unwrap();
    let service = service.path();
    let old = write(service, 1, &[100, 101]);
    let mixed = write(service, 2, &[100, 101, 150]);
    let running = write(service, 3, &[100, 101, 102]);
    let look = |now| thin_out(service, &|task| *task == running, &LIMITS, now);
    look(None);
    look(day(189));
    assert_eq!((lines(service, &old), lines(service, &mixed)), (2, 3));
    look(day(200));
    assert!(!service.join(old.as_str()).exists());
    assert_eq!(
        lines(service, &mixed),
        2,
        "a segment ends where the next one begins"
    );
    assert_eq!(lines(service, &running), 1, "its last segment may be in use");
    look(day(1000));
    assert_eq!(logs(service), 1);
    assert_eq!(lines(service, &running), 1);
}

#[test]
fn a_service_keeps_only_so_many_bytes() {
    let service = tempfile::tempdir().unwrap();
    let service = service.path();
    let stopped = write(service, 1, &[5, 6]);
    let running = write(service, 2, &[1, 2, 3]);
    let size = segments(&service.join(stopped.as_str())).unwrap()[0].bytes;
    let look = |segments: u64| {
        let limits = LogLimits {
            bytes: size * segments,
            ..LIMITS
        };
        thin_out(service, &|task| *task == running, &limits, None);
    };
    look(5);
    assert_eq!((lines(service, &stopped), lines(service, &running)), (2, 3));
    look(4);
    assert_eq!((lines(service, &stopped), lines(service, &running)), (1, 3));
    look(2);
    assert!(!service.join(stopped.as_str()).exists());
    assert_eq!(lines(service, &running), 2);
}

#[test]
fn a_service_keeps_only_so_many_logs_of_stopped_tasks() {
    let service = tempfile::tempdir().unwrap();
    let surplus = 3;
    let count = u32::try_from(LOGS_KEPT).unwrap() + surplus;
    let tasks: Vec<TaskId> = (0..count)
        .map(|number| write(service.path(), number, &[100 + u64::from(number)]))
        .collect();
    thin_out(service.path(), &|_| false, &LIMITS, None);
    assert_eq!(logs(service.path()), LOGS_KEPT);
    assert!(
        !service.path().join(tasks[surplus as usize - 1].as_str()).exists(),
        "the oldest went"
    );
    assert!(service.path().join(tasks[surplus as usize].as_str()).exists());
}

#[test]
fn a_service_without_logs_is_no_trouble() {
    let service = tempfile::tempdir().unwrap();
    thin_out(&service.path().join("none"), &|_| false, &LIMITS, day(1));
    assert_eq!(logs(service.path()), 0);
}
