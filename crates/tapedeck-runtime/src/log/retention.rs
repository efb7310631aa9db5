//! What is needed to decide which segments go, and to remove them. Deciding is for others.

use std::path::Path;

use super::record::walk;
use super::segment::{self, HEADER};
use super::{ReadError, RetentionError};

/// A segment as it lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentFile {
    /// Its number in the log.
    pub number: u64,
    /// Its size.
    pub bytes: u64,
    /// When its first line was written, in nanoseconds since 1970; `None` if it has no lines.
    pub begin_ns: Option<u64>,
}

/// The segments of the log in `directory`, oldest first.
///
/// # Errors
/// If the segments cannot be listed or read.
pub fn segments(directory: &Path) -> Result<Vec<SegmentFile>, ReadError> {
    let failed = |source| ReadError {
        directory: directory.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for number in segment::list(directory).map_err(failed)? {
        // One that is gone since it was listed has neither size nor lines.
        let bytes = fs_err::metadata(segment::path(directory, number)).map_or(0, |metadata| metadata.len());
        let begin_ns = segment::first_timestamp(directory, number).map_err(failed)?;
        found.push(SegmentFile {
            number,
            bytes,
            begin_ns,
        });
    }
    Ok(found)
}

/// Removes one segment; false if it was gone already. Not the last one of a task that may write.
///
/// # Errors
/// If it cannot be removed.
pub fn remove_segment(directory: &Path, number: u64) -> Result<bool, RetentionError> {
    segment::remove(directory, number).map_err(|source| RetentionError {
        directory: directory.to_owned(),
        source,
    })
}

/// When the last line of the log in `directory` was written, in nanoseconds since 1970; `None` if it has no lines.
///
/// # Errors
/// If the segments cannot be listed or read.
pub fn last_timestamp(directory: &Path) -> Result<Option<u64>, ReadError> {
    let failed = |source| ReadError {
        directory: directory.to_owned(),
        source,
    };
    for number in segment::list(directory).map_err(failed)?.into_iter().rev() {
        let bytes = match fs_err::read(segment::path(directory, number)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            other => other.map_err(failed)?,
        };
        let mut last = None;
        walk(bytes.strip_prefix(&HEADER).unwrap_or(&[]), |record| {
            last = Some(record.timestamp_ns)
        });
        if last.is_some() {
            return Ok(last);
        }
    }
    Ok(None)
}
