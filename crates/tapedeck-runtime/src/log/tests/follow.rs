//! Reading while another thread writes.

use std::time::{Duration, Instant};

use super::{folder, numbered, open, open_small, segments, texts, write_numbered};
use crate::log::record::{Record, encode};
use crate::log::segment::path;
use crate::log::{MAX_PIECE, Options, Reader, Stream, Watch, Writer};

/// Longer than any machine needs; nothing is asserted about how fast it goes.
const DEADLINE: Duration = Duration::from_secs(20);

#[test]
fn new_lines_are_read_as_they_come_over_all_segments() {
    let (_guard, directory) = folder();
    let mut reader = Reader::open(&directory);
    let mut writer = open_small(&directory);
    for step in 0..40 {
        write_numbered(&mut writer, step * 3..(step + 1) * 3);
        assert_eq!(
            texts(&reader.read_available().unwrap()),
            numbered(step * 3..(step + 1) * 3)
        );
        assert!(reader.next_line().unwrap().is_none());
    }
    assert!(segments(&directory).len() > 10);
}

#[test]
fn a_record_that_is_half_there_is_waited_for() {
    let (_guard, directory) = folder();
    let mut writer = open(&directory);
    write_numbered(&mut writer, 0..1);
    let mut reader = Reader::open(&directory);
    assert_eq!(reader.read_available().unwrap().len(), 1);

    let file = path(&directory, 0);
    let before = fs_err::read(&file).unwrap();
    let mut record = Vec::new();
    encode(
        &mut record,
        &Record {
            timestamp_ns: 1,
            stream: Stream::Stdout,
            flags: 0,
            bytes: b"slowly",
        },
    );
    for length in 0..record.len() {
        fs_err::write(&file, [&before, &record[..length]].concat()).unwrap();
        assert!(reader.next_line().unwrap().is_none(), "{length}");
    }
    // What was half there may also turn out to be something else.
    fs_err::write(&file, &before).unwrap();
    write_numbered(&mut writer, 1..2);
    assert_eq!(texts(&reader.read_available().unwrap()), numbered(1..2));
}

#[test]
fn a_long_line_is_complete_only_when_its_last_piece_is_there() {
    let (_guard, directory) = folder();
    let mut writer = open(&directory);
    let mut reader = Reader::open(&directory);
    writer.append(Stream::Stdout, &vec![b'x'; MAX_PIECE + 1], 1);
    writer.flush();
    assert!(reader.next_line().unwrap().is_none());
    writer.append(Stream::Stdout, b"\n", 2);
    writer.flush();
    assert_eq!(reader.next_line().unwrap().unwrap().text.len(), MAX_PIECE + 1);
}

#[test]
fn nothing_is_lost_or_doubled_while_a_thread_writes() {
    const LINES: u64 = 50_000;
    let (_guard, directory) = folder();
    let mut writer = Writer::open(
        &directory,
        Options {
            segment_bytes: 100_000,
            total_bytes: 1 << 30,
        },
    )
    .unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..LINES {
                writer.append(Stream::Stdout, format!("line {number}\n").as_bytes(), number);
                if number % 37 == 0 {
                    writer.flush();
                }
            }
            writer.close(LINES);
        });
        let mut reader = Reader::open(&directory);
        let deadline = Instant::now() + DEADLINE;
        let mut next = 0;
        while next < LINES && Instant::now() < deadline {
            while let Some(line) = reader.next_line().unwrap() {
                assert_eq!(line.text, format!("line {next}").into_bytes());
                next += 1;
            }
        }
        assert_eq!(next, LINES);
    });
    assert!(segments(&directory).len() > 10);
}

#[test]
fn a_watch_wakes_for_lines_of_known_and_new_tasks() {
    let service = tempfile::tempdir().unwrap();
    let mut first = open(&service.path().join("first"));
    let mut watch = Watch::new(service.path()).unwrap();
    assert!(!watch.wait(Duration::ZERO).unwrap(), "nothing happened yet");

    write_numbered(&mut first, 0..1);
    assert!(watch.wait(DEADLINE).unwrap(), "a line of a known task");
    assert!(!watch.wait(Duration::ZERO).unwrap(), "only once");

    let second_directory = service.path().join("second");
    let mut second = open_small(&second_directory);
    assert!(watch.wait(DEADLINE).unwrap(), "a new task");
    while watch.wait(Duration::ZERO).unwrap() {}
    write_numbered(&mut second, 0..1);
    assert!(watch.wait(DEADLINE).unwrap(), "a line of the new task");
    while watch.wait(Duration::ZERO).unwrap() {}
    write_numbered(&mut second, 1..30);
    assert!(watch.wait(DEADLINE).unwrap(), "a new segment of the new task");
}

#[test]
fn a_watch_follows_a_writer_on_another_thread() {
    let service = tempfile::tempdir().unwrap();
    let mut watch = Watch::new(service.path()).unwrap();
    let directory = service.path().join("task");
    let written = directory.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || write_numbered(&mut open_small(&written), 0..200));
        let mut reader = Reader::open(&directory);
        let deadline = Instant::now() + DEADLINE;
        let mut seen = Vec::new();
        while seen.len() < 200 && Instant::now() < deadline {
            seen.extend(texts(&reader.read_available().unwrap()));
            if seen.len() < 200 {
                watch.wait(DEADLINE).unwrap();
            }
        }
        assert_eq!(seen, numbered(0..200));
    });
}

#[test]
fn a_watch_survives_the_removal_of_a_task() {
    let service = tempfile::tempdir().unwrap();
    let gone = service.path().join("gone");
    drop(open(&gone));
    let mut watch = Watch::new(service.path()).unwrap();
    fs_err::remove_dir_all(&gone).unwrap();
    while watch.wait(Duration::ZERO).unwrap() {}
    let mut back = open(&gone);
    assert!(watch.wait(DEADLINE).unwrap());
    while watch.wait(Duration::ZERO).unwrap() {}
    write_numbered(&mut back, 0..1);
    assert!(watch.wait(DEADLINE).unwrap());
}

#[test]
fn what_cannot_be_watched_is_an_error() {
    let error = Watch::new(std::path::Path::new("/nonexistent/service")).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/service"), "{error}");
}
