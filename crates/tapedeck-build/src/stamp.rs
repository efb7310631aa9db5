//! Telling whether a file or folder is still what it was, first by its metadata and then by its contents.

use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The kernel takes file times from a clock that ticks every 1 to 10 ms.
const CLOCK_TICK: Duration = Duration::from_millis(10);

/// What `stat` says of a file. Equal stamps mean equal contents, unless somebody sets the clock back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    size: u64,
    modified_ns: i128,
    changed_ns: i128,
    inode: u64,
    mode: u32,
}

/// What a path held, by metadata and by contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    /// None: it did not exist.
    stamp: Option<Stamp>,
    /// Hash of the bytes of a file or of the names in a folder. None: it changed while it was being used, so
    /// nobody can say what was used.
    contents: Option<String>,
}

impl Stamp {
    /// The stamp of what `path` leads to, links followed. None when it does not exist.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs_err::metadata(path) {
            Ok(facts) => Ok(Some(Self {
                size: facts.size(),
                modified_ns: nanoseconds(facts.mtime(), facts.mtime_nsec()),
                changed_ns: nanoseconds(facts.ctime(), facts.ctime_nsec()),
                inode: facts.ino(),
                mode: facts.mode(),
            })),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Time of the last write, in nanoseconds since the Unix epoch.
    pub(crate) fn modified_ns(self) -> i128 {
        self.modified_ns
    }

    fn is_directory(self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }
}

impl Input {
    /// Looks at `path`, which was used at some time after `used_since`.
    ///
    /// Contents that may have changed since then are not trusted: the file may have been used before the change and
    /// be hashed after it.
    pub(crate) fn observe(path: PathBuf, used_since: SystemTime) -> io::Result<Self> {
        let stamp = Stamp::of(&path)?;
        let contents = match stamp {
            None => None,
            Some(stamp) if stamp.changed_ns >= trusted_before(used_since) => None,
            Some(stamp) => Some(hash_contents(&path, stamp)?),
        };
        Ok(Self { path, stamp, contents })
    }

    /// Whether the path still holds the same. A touched file with equal contents is the same.
    pub(crate) fn is_unchanged(&self) -> io::Result<bool> {
        let now = Stamp::of(&self.path)?;
        match (self.stamp, now, &self.contents) {
            (None, None, _) => Ok(true),
            (Some(_), Some(_), None) | (None, Some(_), _) | (Some(_), None, _) => Ok(false),
            (Some(then), Some(now), Some(_)) if then == now => Ok(true),
            (Some(_), Some(now), Some(contents)) => Ok(hash_contents(&self.path, now)? == *contents),
        }
    }

    /// Whether two looks at one path saw the same contents for certain.
    pub(crate) fn has_contents_of(&self, other: &Self) -> bool {
        self.contents == other.contents && self.stamp.is_some() == other.stamp.is_some()
    }

    /// Whether it is a folder, of which only the names in it count.
    pub(crate) fn is_directory(&self) -> bool {
        self.stamp.is_some_and(Stamp::is_directory)
    }
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}

fn trusted_before(used_since: SystemTime) -> i128 {
    let moment = used_since.checked_sub(CLOCK_TICK).unwrap_or(UNIX_EPOCH);
    let since_epoch = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i128::try_from(since_epoch.as_nanos()).unwrap_or(i128::MAX)
}

fn hash_contents(path: &Path, stamp: Stamp) -> io::Result<String> {
    if !stamp.is_directory() {
        return Ok(hash(&fs_err::read(path)?));
    }
    let mut names = fs_err::read_dir(path)?
        .map(|entry| Ok(entry?.file_name().into_encoded_bytes()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(hash(&names.join(&b'\0')))
}

/// SHA-256 in hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
