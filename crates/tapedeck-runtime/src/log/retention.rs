//! Removing what is too old to be kept.

use std::path::Path;

use super::record::walk;
use super::segment::{self, HEADER};
use super::{ReadError, RetentionError};

/// What a round of retention did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Segments removed.
    pub segments: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Removes the closed segments of the log in `directory` that only hold lines from before `before_ns` (nanoseconds
/// since 1970), oldest first. The last segment stays, for it may be in use: the folder of a task that is over is to
/// be removed as a whole, see [`last_timestamp`].
///
/// # Errors
/// If the segments cannot be listed, read or removed.
pub fn remove_expired(directory: &Path, before_ns: u64) -> Result<Expired, RetentionError> {
    let failed = |source| RetentionError {
        directory: directory.to_owned(),
        source,
    };
    let mut expired = Expired::default();
    for pair in segment::list(directory).map_err(failed)?.windows(2) {
        let [number, next] = *pair else { continue };
        // A segment ends where the next one begins.
        let end = segment::first_timestamp(directory, next).map_err(failed)?;
        if end.is_none_or(|end| end > before_ns) {
            break;
        }
        let size = fs_err::metadata(segment::path(directory, number)).map_or(0, |metadata| metadata.len());
        if segment::remove(directory, number).map_err(failed)? {
            expired.segments += 1;
            expired.bytes += size;
        }
    }
    Ok(expired)
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
