//! How much a task has written to its file system.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::definition::TaskDirectory;

/// The most entries that are looked at: whoever asks waits meanwhile.
const MOST: usize = 20_000;

/// Bytes of a block as the kernel counts them.
const BLOCK: u64 = 512;

/// Bytes that the task in this folder has written, as far as they take room on the disk; none when it has written more
/// files than can be looked at in a short time.
#[must_use]
pub fn written_in(task_directory: &Path) -> Option<u64> {
    let mut folders = vec![TaskDirectory(task_directory).upper()];
    let (mut seen, mut bytes) = (0, 0);
    while let Some(folder) = folders.pop() {
        // What goes away meanwhile takes no room any more.
        for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST {
                return None;
            }
            let Ok(metadata) = entry.metadata() else { continue };
            bytes += metadata.blocks() * BLOCK;
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Some(bytes)
}
