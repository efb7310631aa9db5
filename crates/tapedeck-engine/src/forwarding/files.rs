//! The small files of a forwarder, and reading them.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::de::DeserializeOwned;
use tapedeck_api::Home;

use crate::log_group::LogGroup;

/// What a forwarder has to do.
pub(super) fn assignment(home: &Home, group: &LogGroup) -> PathBuf {
    group.forwarding(home).join("assignment.json")
}

/// Up to where a log is forwarded.
pub(super) fn cursor(log: &Path) -> PathBuf {
    log.join("forwarded.json")
}

/// What a file holds; none when it is not there or holds something else.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = fs::read(path).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Makes a folder for its owner alone.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}
