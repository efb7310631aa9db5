//! Putting the config into the project: whole or not at all, and never over another by accident.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use fs_err as fs;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

/// Names of config files, in YAML, TypeScript, JavaScript and JSON.
const CONFIGS: [&str; 5] = [
    "stacktape.yml",
    "stacktape.yaml",
    "stacktape.ts",
    "stacktape.js",
    "stacktape.json",
];

/// Whether a file of the same name may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Keep,
    Replace,
}

/// The config files that are in a folder.
pub(crate) fn configs_in(folder: &Path) -> Vec<&'static str> {
    CONFIGS
        .into_iter()
        .filter(|name| folder.join(name).symlink_metadata().is_ok())
        .collect()
}

/// Writes a file: beside its place, down to the disk, then under its name.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] when there is one that is to be kept; whatever else keeps a file from being written.
pub(crate) fn write(folder: &Path, name: &str, text: &str, existing: Existing) -> io::Result<()> {
    let beside = folder.join(format!(".{name}.{}.new", std::process::id()));
    let place = folder.join(name);
    let written = fill(&beside, text).and_then(|()| put(&beside, &place, existing));
    if written.is_err() {
        // What is told is why it could not be written, not that nothing is left to remove.
        let _ = fs::remove_file(&beside);
    }
    written?;
    fs::File::open(folder)?.sync_all()
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn put(from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
    if existing == Existing::Replace {
        return fs::rename(from, to);
    }
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if to.symlink_metadata().is_err() => {
            fs::rename(from, to)
        }
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Err(ErrorKind::AlreadyExists.into()),
        done => Ok(done?),
    }
}
