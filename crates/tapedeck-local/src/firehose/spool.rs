//! What could not be delivered: a file for each request, oldest first. The backup bucket of this machine.
//!
//! A file is the body of a request, without anything that would prove who we are.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use tapedeck_model::Timestamp;

use super::request::Request;

/// The most bytes that are kept of one service; the oldest go first.
const BYTES_KEPT: u64 = 256 << 20;

/// Why the spool could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("could not {what} in {}", folder.display())]
pub struct SpoolError {
    /// What was tried.
    what: &'static str,
    /// The folder.
    folder: PathBuf,
    /// Why it failed.
    #[source]
    source: io::Error,
}

/// A request that waits in the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spooled {
    /// Its file.
    pub path: PathBuf,
    /// Size of the file.
    pub bytes: u64,
}

/// The requests of one service that could not be delivered.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// The spool in a folder, which is made with the first request.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// All requests, oldest first. A folder that cannot be read has none.
    #[must_use]
    pub fn list(&self) -> Vec<Spooled> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut found: Vec<Spooled> = entries
            .filter(|entry| {
                entry
                    .path()
                    .extension()
                    .is_some_and(|extension| extension == "json")
            })
            .map(|entry| Spooled {
                bytes: entry.metadata().map_or(0, |metadata| metadata.len()),
                path: entry.path(),
            })
            .collect();
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// Keeps a request, on the disk when this returns; gives up the oldest beyond what is kept. Says how many.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, request: &Request) -> Result<usize, SpoolError> {
        let failed = |source| self.failed("keep a request", source);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(failed)?;
        // Ordered by time; the id keeps apart what was made in the same millisecond.
        let name = format!("{:015}-{}", request.timestamp, request.request_id);
        let path = self.folder.join(format!("{name}.json"));
        write_durably(&path, &request.body()).map_err(failed)?;
        Ok(self.shrink())
    }

    /// Reads a request; none, and the file is gone, when it is not one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, spooled: &Spooled) -> Result<Option<Request>, SpoolError> {
        match fs::read(&spooled.path) {
            Ok(bytes) => {
                let request = serde_json::from_slice(&bytes).ok();
                if request.is_none() {
                    self.remove(spooled)?;
                }
                Ok(request)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read a request", error)),
        }
    }

    /// Removes a request that has been delivered.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, spooled: &Spooled) -> Result<(), SpoolError> {
        match fs::remove_file(&spooled.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.failed("remove a request", error))
            }
            _ => Ok(()),
        }
    }

    /// Gives up requests that were made longer ago than that. Says how many.
    pub fn expire(&self, retention: Duration, now: Timestamp) -> usize {
        let made = |spooled: &Spooled| {
            let name = spooled.path.file_name()?.to_str()?.split('-').next()?;
            name.parse().ok().map(Timestamp::from_millis)
        };
        let old = self
            .list()
            .into_iter()
            .filter(|spooled| made(spooled).is_some_and(|made| now >= made + retention));
        old.filter(|spooled| self.remove(spooled).is_ok()).count()
    }

    fn shrink(&self) -> usize {
        let all = self.list();
        let mut total: u64 = all.iter().map(|spooled| spooled.bytes).sum();
        let mut gone = 0;
        for spooled in all {
            if total <= BYTES_KEPT || self.remove(&spooled).is_err() {
                break;
            }
            total -= spooled.bytes;
            gone += 1;
        }
        gone
    }

    fn failed(&self, what: &'static str, source: io::Error) -> SpoolError {
        SpoolError {
            what,
            folder: self.folder.clone(),
            source,
        }
    }
}

/// Writes a file for its owner alone, so that after a crash at any moment it is there in full or not at all.
fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half a file is of no use, and takes room that may be what is missing.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    fs::rename(&temporary, path)?;
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
