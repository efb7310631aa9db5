//! A full disk costs lines, and the log says so.

use std::io::Write as _;
use std::path::Path;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::{folder, read_all, segments, texts};
use crate::log::{Line, Options, Reader, Stream, Writer};

/// A file system of 256 KiB, unmounted at the end.
struct TinyDisk {
    folder: tempfile::TempDir,
}

impl TinyDisk {
    /// `None`, loudly, where mounting is not permitted.
    fn mount() -> Option<TinyDisk> {
        let folder = tempfile::tempdir().unwrap();
        match mount(
            "tmpfs",
            folder.path(),
            "tmpfs",
            MountFlags::empty(),
            Some(c"size=256k"),
        ) {
            Ok(()) => Some(TinyDisk { folder }),
            Err(rustix::io::Errno::PERM) => {
                eprintln!("SKIPPED: mounting a small tmpfs needs CAP_SYS_ADMIN");
                None
            }
            Err(error) => panic!("mount: {error}"),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all space that is left.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.path().join("filler")).unwrap();
        let full = loop {
            if let Err(error) = filler.write_all(&[1; 4096]) {
                break error;
            }
        };
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
    }

    fn free(&self) {
        fs_err::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        unmount(self.path(), UnmountFlags::DETACH).unwrap();
    }
}

fn write(writer: &mut Writer, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let line = format!("line {number} {}\n", "-".repeat(1000));
        writer.append(Stream::Stdout, line.as_bytes(), number);
        writer.flush();
    }
}

fn number(line: &Line) -> u64 {
    String::from_utf8_lossy(&line.text)
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn a_full_disk_costs_lines_which_are_counted() {
    let Some(disk) = TinyDisk::mount() else { return };
    let directory = disk.path().join("log");
    let mut writer = Writer::open(&directory, Options::default()).unwrap();
    let mut reader = Reader::open(&directory);
    write(&mut writer, 0..20);
    disk.fill();
    write(&mut writer, 20..60);
    let lost = writer.dropped_lines();
    assert!((30..=40).contains(&lost), "{lost}");
    let before = reader.read_available().unwrap();
    assert_eq!(
        before.iter().map(number).collect::<Vec<_>>(),
        (0..60 - lost).collect::<Vec<_>>()
    );

    disk.free();
    write(&mut writer, 60..70);
    let after = reader.read_available().unwrap();
    assert!(after[0].marker);
    assert!(
        texts(&after)[0].starts_with(&format!("dropped {lost} lines: No space left")),
        "{:?}",
        texts(&after)
    );
    assert_eq!(
        after[1..].iter().map(number).collect::<Vec<_>>(),
        (60..70).collect::<Vec<_>>()
    );
    assert_eq!(writer.dropped_lines(), lost);
    assert_eq!(read_all(&directory), [before, after].concat());
}

#[test]
fn the_news_comes_without_new_lines_too() {
    let Some(disk) = TinyDisk::mount() else { return };
    let directory = disk.path().join("log");
    let mut writer = Writer::open(&directory, Options::default()).unwrap();
    disk.fill();
    write(&mut writer, 0..10);
    disk.free();
    writer.flush();
    let lines = read_all(&directory);
    assert!(lines.last().unwrap().marker, "{:?}", texts(&lines));
    assert_eq!(lines.len() as u64, 10 - writer.dropped_lines() + 1);
    writer.flush();
    assert_eq!(read_all(&directory).len(), lines.len(), "told once");
}

#[test]
fn the_oldest_segment_is_given_up_for_new_lines() {
    let Some(disk) = TinyDisk::mount() else { return };
    let directory = disk.path().join("log");
    let options = Options {
        segment_bytes: 20_000,
        total_bytes: 1 << 30,
    };
    let mut writer = Writer::open(&directory, options).unwrap();
    write(&mut writer, 0..2000);
    assert!(segments(&directory)[0] > 50, "{:?}", segments(&directory));
    let lines = read_all(&directory);
    assert_eq!(number(lines.iter().rfind(|line| !line.marker).unwrap()), 1999);
    let told = texts(&lines)
        .iter()
        .filter(|text| text.starts_with("dropped"))
        .count();
    assert!(told > 0 || writer.dropped_lines() == 0);
}

#[test]
fn a_log_folder_that_vanishes_does_not_stop_the_writer() {
    let (guard, directory) = folder();
    let mut writer = Writer::open(
        &directory,
        Options {
            segment_bytes: 5000,
            total_bytes: 1 << 30,
        },
    )
    .unwrap();
    write(&mut writer, 0..3);
    drop(guard);
    write(&mut writer, 3..30);
    assert!(writer.dropped_lines() > 0);
    writer.close(30);
}
