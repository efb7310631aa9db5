//! What is known of segments, and removing them.

use super::{folder, numbered, open_small, read_all, segments as numbers, texts, write_numbered};
use crate::log::{Reader, SegmentFile, last_timestamp, remove_segment, segments};

/// Removes all segments but the last.
fn remove_closed(directory: &std::path::Path) {
    let closed = segments(directory).unwrap();
    for file in &closed[..closed.len() - 1] {
        assert!(remove_segment(directory, file.number).unwrap());
    }
}

#[test]
fn segments_are_told_with_their_size_and_their_first_line() {
    let (_guard, directory) = folder();
    assert_eq!(segments(&directory).unwrap(), []);
    write_numbered(&mut open_small(&directory), 0..50);
    let files = segments(&directory).unwrap();
    assert_eq!(files.len(), numbers(&directory).len());
    assert_eq!(files[0].begin_ns, Some(1000));
    assert!(
        files
            .windows(2)
            .all(|pair| pair[0].number + 1 == pair[1].number && pair[0].begin_ns < pair[1].begin_ns)
    );
    let size = fs_err::metadata(crate::log::segment::path(&directory, 0)).unwrap();
    assert_eq!(files[0].bytes, size.len());

    assert!(remove_segment(&directory, 0).unwrap());
    assert!(!remove_segment(&directory, 0).unwrap(), "it is gone");
    let first = files[1].begin_ns.unwrap() - 1000;
    assert_eq!(texts(&read_all(&directory)), numbered(first..50));

    remove_closed(&directory);
    assert_eq!(numbers(&directory).len(), 1);
    assert_eq!(last_timestamp(&directory).unwrap(), Some(1049));
}

#[test]
fn a_log_without_lines_has_no_last_time() {
    let (_guard, directory) = folder();
    assert_eq!(last_timestamp(&directory).unwrap(), None);
    drop(open_small(&directory));
    assert_eq!(last_timestamp(&directory).unwrap(), None);
    let empty = SegmentFile {
        number: 0,
        bytes: 8,
        begin_ns: None,
    };
    assert_eq!(segments(&directory).unwrap(), [empty]);
}

#[test]
fn readers_and_the_writer_survive_retention() {
    let (_guard, directory) = folder();
    let mut writer = open_small(&directory);
    write_numbered(&mut writer, 0..30);
    let mut reader = Reader::open(&directory);
    assert_eq!(texts(&[reader.next_line().unwrap().unwrap()]), ["line 0"]);
    remove_closed(&directory);
    write_numbered(&mut writer, 30..60);
    let lines = texts(&reader.read_available().unwrap());
    assert_eq!(
        lines.first().unwrap(),
        "line 1",
        "the open segment is read to its end"
    );
    assert!(lines.ends_with(&numbered(30..60)));
}
