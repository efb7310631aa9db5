//! Old segments go, the last one stays.

use super::{folder, numbered, open_small, read_all, segments, texts, write_numbered};
use crate::log::{Reader, last_timestamp, remove_expired};

#[test]
fn only_segments_that_are_wholly_too_old_are_removed() {
    let (_guard, directory) = folder();
    write_numbered(&mut open_small(&directory), 0..50);
    let before = segments(&directory).len();
    assert_eq!(remove_expired(&directory, 1000).unwrap().segments, 0);

    let expired = remove_expired(&directory, 1025).unwrap();
    assert!(expired.segments > 1 && expired.bytes > 200, "{expired:?}");
    assert_eq!(segments(&directory).len(), before - expired.segments);
    let left = texts(&read_all(&directory));
    let first = 50 - left.len() as u64;
    assert!((15..=25).contains(&first), "{first}");
    assert_eq!(left, numbered(first..50));

    remove_expired(&directory, u64::MAX).unwrap();
    assert_eq!(segments(&directory).len(), 1);
    assert_eq!(last_timestamp(&directory).unwrap(), Some(1049));
}

#[test]
fn a_log_without_lines_has_no_last_time() {
    let (_guard, directory) = folder();
    assert_eq!(last_timestamp(&directory).unwrap(), None);
    assert_eq!(remove_expired(&directory, u64::MAX).unwrap().segments, 0);
    drop(open_small(&directory));
    assert_eq!(last_timestamp(&directory).unwrap(), None);
}

#[test]
fn readers_and_the_writer_survive_retention() {
    let (_guard, directory) = folder();
    let mut writer = open_small(&directory);
    write_numbered(&mut writer, 0..30);
    let mut reader = Reader::open(&directory);
    assert_eq!(texts(&[reader.next_line().unwrap().unwrap()]), ["line 0"]);
    remove_expired(&directory, u64::MAX).unwrap();
    write_numbered(&mut writer, 30..60);
    let lines = texts(&reader.read_available().unwrap());
    assert_eq!(
        lines.first().unwrap(),
        "line 1",
        "the open segment is read to its end"
    );
    assert!(lines.ends_with(&numbered(30..60)));
}
