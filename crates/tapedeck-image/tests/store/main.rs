//! The store, as its users see it and as a crash leaves it.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in a test, a panic is a failure, and skipping must be seen"
)]

mod archives;
mod crashes;
mod garbage;
mod images;
mod imports;
mod layers;

use std::collections::BTreeMap;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use tapedeck_image::{Digest, Entry, Store};
use tempfile::TempDir;

/// A store of its own for one test.
fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    (folder, store)
}

/// A little application.
fn app(text: &str) -> Vec<Entry> {
    vec![
        Entry::file("app/main.js", text.as_bytes()).owned_by(65532, 65532),
        Entry::file("app/bin/run", b"#!/bin/sh\n".as_slice()).executable(),
        Entry::symlink("app/latest", "main.js"),
        Entry::directory("app/data").with_mode(0o1777),
    ]
}

/// Entries of more than a mebibyte, which take the path of large layers.
fn large() -> Vec<Entry> {
    let noise = |seed: u32| {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..400_000).map(|_| next()).collect::<Vec<u8>>()
    };
    (1..6)
        .map(|number| Entry::file(format!("deps/{number}/index.js"), noise(number)))
        .collect()
}

/// Everything a folder shows: path → kind, permissions, content or target.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let kind = metadata.file_type();
            let what = if kind.is_dir() {
                folders.push(path.clone());
                "directory".to_owned()
            } else if kind.is_symlink() {
                format!("-> {}", path.read_link().unwrap().display())
            } else if kind.is_char_device() {
                format!("device {}", metadata.rdev())
            } else {
                let content = std::fs::read(&path).unwrap();
                String::from_utf8(content).unwrap_or_else(|error| Digest::of(error.as_bytes()).to_string())
            };
            let shown = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            let mode = if kind.is_symlink() {
                0o777
            } else {
                metadata.mode() & 0o7777
            };
            found.insert(shown, format!("{mode:o} {what}"));
        }
    }
    found
}

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("SKIPPED in part: owners, devices and trusted attributes need root");
    }
    root
}
