//! Old logs go, those of running tasks stay. What goes is decided elsewhere: here it is carried out on real files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tapedeck_api::Home;
use tapedeck_model::{ResourceName, StackName, TaskId, Timestamp};
use tapedeck_plan::log_retention::LogLimits;
use tapedeck_runtime::log::{Options, Reader, Stream, Writer, segments};

use crate::fleet::ServiceKey;
use crate::log_group::LogGroup;
use crate::retention::{LOGS_KEPT, thin_out};

const DAY: u64 = 24 * 60 * 60 * 1000;

const LIMITS: LogLimits = LogLimits {
    retention: Duration::from_secs(90 * 24 * 60 * 60),
    bytes: 1 << 30,
    stopped: LOGS_KEPT,
};

/// A state folder with the logs of one service.
struct Place {
    _folder: tempfile::TempDir,
    home: Home,
    key: ServiceKey,
    service: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let key = ServiceKey {
            stack: StackName::new("demo-dev").unwrap(),
            name: ResourceName::new("mailer").unwrap(),
        };
        Self {
            service: home.service_logs(&key.stack, &key.name),
            _folder: folder,
            home,
            key,
        }
    }

    fn thin_out(&self, live: &dyn Fn(&TaskId) -> bool, limits: &LogLimits, now: Option<Timestamp>) {
        thin_out(&LogGroup::of_main(&self.key), &self.home, live, limits, now);
    }
}

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
    let place = Place::new();
    let service = place.service.as_path();
    let old = write(service, 1, &[100, 101]);
    let mixed = write(service, 2, &[100, 101, 150]);
    let running = write(service, 3, &[100, 101, 102]);
    let look = |now| place.thin_out(&|task| *task == running, &LIMITS, now);
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
    let place = Place::new();
    let service = place.service.as_path();
    let stopped = write(service, 1, &[5, 6]);
    let running = write(service, 2, &[1, 2, 3]);
    let size = segments(&service.join(stopped.as_str())).unwrap()[0].bytes;
    let look = |segments: u64| {
        let limits = LogLimits {
            bytes: size * segments,
            ..LIMITS
        };
        place.thin_out(&|task| *task == running, &limits, None);
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
    let place = Place::new();
    let service = place.service.as_path();
    let surplus = 3;
    let count = u32::try_from(LOGS_KEPT).unwrap() + surplus;
    let tasks: Vec<TaskId> = (0..count)
        .map(|number| write(service, number, &[100 + u64::from(number)]))
        .collect();
    place.thin_out(&|_| false, &LIMITS, None);
    assert_eq!(logs(service), LOGS_KEPT);
    assert!(
        !service.join(tasks[surplus as usize - 1].as_str()).exists(),
        "the oldest went"
    );
    assert!(service.join(tasks[surplus as usize].as_str()).exists());
}

#[test]
fn a_service_without_logs_is_no_trouble() {
    let place = Place::new();
    place.thin_out(&|_| false, &LIMITS, day(1));
    assert!(!place.service.exists());
}

#[test]
fn t69_side_containers_keep_as_much_and_as_long_as_each_says() {
    let place = Place::new();
    let service = place.service.as_path();
    let task = write(service, 1, &[100, 150]);
    let of_task = service.join(task.as_str());
    let side = LogGroup::of_side(&place.key, "agent");
    fs_err::rename(
        service.join(write(service, 2, &[100, 101, 102, 150]).as_str()),
        of_task.join("agent"),
    )
    .unwrap();
    let sides = || segments(&of_task.join("agent")).map_or(0, |files| files.len());
    let size = segments(&of_task).unwrap()[0].bytes;

    let three = LogLimits {
        bytes: 3 * size,
        ..LIMITS
    };
    thin_out(&side, &place.home, &|_| false, &three, None);
    assert_eq!(
        (lines(service, &task), sides()),
        (2, 3),
        "the oldest of the side container"
    );
    let ten_days = LogLimits {
        retention: Duration::from_secs(10 * 24 * 60 * 60),
        ..LIMITS
    };
    place.thin_out(&|_| false, &ten_days, day(200));
    assert_eq!(
        (lines(service, &task), sides()),
        (0, 3),
        "all of the main container"
    );
    thin_out(&side, &place.home, &|_| false, &LIMITS, day(200));
    assert_eq!(sides(), 2);
    thin_out(&side, &place.home, &|_| false, &LIMITS, day(300));
    assert!(!of_task.exists(), "nothing is left of the task");
}
