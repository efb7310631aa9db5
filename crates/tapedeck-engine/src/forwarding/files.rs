//! The small files of a forwarder, and reading them.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::de::DeserializeOwned;
use tapedeck_api::Home;

use crate::fleet::ServiceKey;

/// What the forwarder of a service has to do.
pub(super) fn assignment(home: &Home, key: &ServiceKey) -> PathBuf {
    home.forwarding(&key.stack, &key.name).join("assignment.json")
}

/// Up to where a log is forwarded.
pub(super) fn cursor(log: &Path) -> PathBuf {
    log.join("forwarded.json")
}

/// What is in a folder. One that cannot be read is as good as empty.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
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
