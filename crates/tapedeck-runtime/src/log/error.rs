//! What can go wrong while logs are opened, read, watched or thinned out. Writing has no errors: see [`super::Writer`].

use std::io;
use std::path::PathBuf;

/// A log that could not be opened for writing.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the log in {} for writing", directory.display())]
pub struct OpenWriterError {
    /// The log's folder.
    pub directory: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// A log that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the log in {}", directory.display())]
pub struct ReadError {
    /// The log's folder.
    pub directory: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// A segment that could not be removed.
#[derive(Debug, thiserror::Error)]
#[error("cannot remove an old segment of the log in {}", directory.display())]
pub struct RetentionError {
    /// The log's folder.
    pub directory: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// A folder that could not be watched for new log lines.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch {} for new log lines (too many watches? raise fs.inotify.max_user_watches)", directory.display())]
pub struct WatchError {
    /// The folder.
    pub directory: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}
