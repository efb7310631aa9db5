//! Tests of the log: real files in temporary folders.

mod follow;
mod format;
mod outage;
mod pieces;
mod reading;
mod retention;
mod writing;

use std::path::{Path, PathBuf};

use super::{Line, Options, Reader, Stream, Writer, segment};

/// A folder for a log, which does not exist yet, and the guard that removes it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let guard = tempfile::tempdir().unwrap();
    let directory = guard.path().join("task");
    (guard, directory)
}

fn open(directory: &Path) -> Writer {
    Writer::open(directory, Options::default()).unwrap()
}

/// A log whose segments hold a few lines each.
fn open_small(directory: &Path) -> Writer {
    Writer::open(
        directory,
        Options {
            segment_bytes: 200,
            total_bytes: 1 << 20,
        },
    )
    .unwrap()
}

fn read_all(directory: &Path) -> Vec<Line> {
    Reader::open(directory).read_available().unwrap()
}

fn texts(lines: &[Line]) -> Vec<String> {
    lines
        .iter()
        .map(|line| String::from_utf8_lossy(&line.text).into_owned())
        .collect()
}

/// Writes `line 0` to `line <count - 1>` at the times 1000, 1001, …, each flushed.
fn write_numbered(writer: &mut Writer, numbers: std::ops::Range<u64>) {
    for number in numbers {
        writer.append(
            Stream::Stdout,
            format!("line {number}\n").as_bytes(),
            1000 + number,
        );
        writer.flush();
    }
}

fn numbered(numbers: std::ops::Range<u64>) -> Vec<String> {
    numbers.map(|number| format!("line {number}")).collect()
}

fn segments(directory: &Path) -> Vec<u64> {
    segment::list(directory).unwrap()
}
