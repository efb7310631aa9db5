//! Starting in the middle, from the end, and in several logs at once.

use super::{folder, numbered, open, open_small, read_all, segments, texts, write_numbered};
use crate::log::segment::path;
use crate::log::{MAX_PIECE, Merge, Reader, Stream};

#[test]
fn a_log_that_is_not_there_is_empty() {
    let (_guard, directory) = folder();
    assert!(read_all(&directory).is_empty());
    assert!(
        Reader::open_since(&directory, 5)
            .unwrap()
            .read_available()
            .unwrap()
            .is_empty()
    );
    assert!(Reader::open(&directory).tail(5).unwrap().is_empty());
}

#[test]
fn reading_starts_at_a_time() {
    let (_guard, directory) = folder();
    write_numbered(&mut open_small(&directory), 0..50);
    assert!(segments(&directory).len() > 5);
    for first in 0..50 {
        let lines = Reader::open_since(&directory, 1000 + first)
            .unwrap()
            .read_available()
            .unwrap();
        assert_eq!(texts(&lines), numbered(first..50), "from {first}");
    }
    assert!(
        Reader::open_since(&directory, 1050)
            .unwrap()
            .read_available()
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        Reader::open_since(&directory, 0)
            .unwrap()
            .read_available()
            .unwrap()
            .len(),
        50
    );
}

#[test]
fn t69_reading_from_a_time_loses_nothing_when_the_clock_was_set_back() {
    let (_guard, directory) = folder();
    let mut writer = open_small(&directory);
    write_numbered(&mut writer, 100..130);
    write_numbered(&mut writer, 0..30);
    let lines = Reader::open_since(&directory, 1110)
        .unwrap()
        .read_available()
        .unwrap();
    assert_eq!(texts(&lines), numbered(110..130));
    assert_eq!(read_all(&directory).len(), 60);
}

#[test]
fn the_last_lines_come_from_as_many_segments_as_it_takes() {
    let (_guard, directory) = folder();
    let mut writer = open_small(&directory);
    write_numbered(&mut writer, 0..50);
    for count in [0, 1, 3, 20, 49, 50, 51, 1000] {
        let lines = Reader::open(&directory).tail(count as usize).unwrap();
        assert_eq!(texts(&lines), numbered(50 - count.min(50)..50), "{count}");
    }

    let mut reader = Reader::open(&directory);
    reader.tail(2).unwrap();
    write_numbered(&mut writer, 50..60);
    assert_eq!(
        texts(&reader.read_available().unwrap()),
        numbered(50..60),
        "what comes after"
    );
}

#[test]
fn the_last_line_is_whole_even_if_it_began_segments_ago() {
    let (_guard, directory) = folder();
    let mut writer = open_small(&directory);
    write_numbered(&mut writer, 0..10);
    writer.append(Stream::Stdout, &vec![b'z'; 3 * MAX_PIECE], 2000);
    writer.append(Stream::Stdout, b"\n", 2001);
    writer.flush();
    assert!(segments(&directory).len() > 3);
    let last = Reader::open(&directory).tail(1).unwrap();
    assert_eq!(last[0].text.len(), 3 * MAX_PIECE);
}

#[test]
fn damage_costs_one_segment_and_is_reported() {
    let (_guard, directory) = folder();
    write_numbered(&mut open_small(&directory), 0..30);
    let numbers = segments(&directory);
    let damaged = path(&directory, numbers[1]);
    let mut bytes = fs_err::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs_err::write(&damaged, &bytes).unwrap();

    let lines = read_all(&directory);
    let marker = lines.iter().position(|line| line.marker).unwrap();
    assert!(texts(&lines)[marker].contains("unreadable bytes at the end of log segment 00000001"));
    let mut kept = texts(&lines);
    kept.remove(marker);
    let after = kept[marker].strip_prefix("line ").unwrap().parse().unwrap();
    assert_eq!(kept[..marker], numbered(0..marker as u64));
    assert_eq!(kept[marker..], numbered(after..30));
    assert!(after > marker as u64);
}

#[test]
fn several_logs_are_read_in_order_of_time() {
    let guard = tempfile::tempdir().unwrap();
    let mut merge = Merge::default();
    let mut writers = Vec::new();
    for task in 0..3_u64 {
        let directory = guard.path().join(task.to_string());
        let mut writer = open(&directory);
        for step in 0..700 {
            writer.append(
                Stream::Stdout,
                format!("{step}\n").as_bytes(),
                step * 3 + (task * 2) % 3,
            );
        }
        writer.flush();
        writers.push(writer);
        merge.add(task, Reader::open(&directory));
    }
    assert_eq!(merge.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    let mut seen = Vec::new();
    while let Some((task, line)) = merge.next_line().unwrap() {
        seen.push((line.timestamp_ns, task));
    }
    assert_eq!(seen.len(), 2100);
    assert!(seen.is_sorted());

    writers[1].append(Stream::Stdout, b"more\n", 9999);
    writers[1].flush();
    let (task, line) = merge.next_line().unwrap().unwrap();
    assert_eq!((task, line.text.as_slice()), (1, b"more".as_slice()));
    assert!(merge.next_line().unwrap().is_none());
}

#[test]
fn equal_times_keep_the_order_of_each_log() {
    let guard = tempfile::tempdir().unwrap();
    let mut merge = Merge::default();
    for task in ["a", "b"] {
        let directory = guard.path().join(task);
        let mut writer = open(&directory);
        writer.append(Stream::Stdout, format!("{task}1\n{task}2\n").as_bytes(), 7);
        writer.append(Stream::Stdout, format!("{task}3\n").as_bytes(), 5);
        writer.flush();
        merge.add(task, Reader::open(&directory));
    }
    let mut seen = Vec::new();
    while let Some((_, line)) = merge.next_line().unwrap() {
        seen.push(String::from_utf8(line.text).unwrap());
    }
    assert_eq!(seen, ["a1", "a2", "a3", "b1", "b2", "b3"]);
}
