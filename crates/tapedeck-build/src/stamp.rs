//! Telling whether a file or folder is still what it was, first by its metadata and then by its contents.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::BuildError;

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
    /// None: it did not exist.
    stamp: Option<Stamp>,
    /// Hash of the bytes of a file or of the names in a folder. Empty when it did not exist.
    pub(crate) contents: String,
    /// It did not change between its use and this look at it.
    is_certain: bool,
    /// It is a link that was not followed. Then `contents` is a hash of where it leads.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_link: bool,
}

/// Looks at paths, each once, taking hashes over from an earlier round where the metadata is still the same.
#[derive(Debug)]
pub(crate) struct Observations {
    /// What is observed was used after this moment.
    used_since: SystemTime,
    earlier: BTreeMap<PathBuf, Input>,
    seen: BTreeMap<PathBuf, Input>,
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

    /// Whether the file may have been changed after `moment`.
    pub(crate) fn is_newer_than(self, moment: SystemTime) -> bool {
        self.changed_ns >= trusted_before(moment)
    }

    fn is_directory(self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }
}

impl Input {
    /// A link that is not followed. None when `path` is none.
    fn of_link(path: &Path) -> Option<Self> {
        let target = fs_err::read_link(path).ok()?;
        Some(Self {
            stamp: None,
            contents: hash(target.as_os_str().as_encoded_bytes()),
            is_certain: true,
            is_link: true,
        })
    }

    /// Whether `path` still holds the same. A touched file with equal contents is the same, unless its permissions differ.
    pub(crate) fn is_unchanged(&self, path: &Path) -> io::Result<bool> {
        if self.is_link {
            return Ok(Self::of_link(path).as_ref() == Some(self));
        }
        match (self.stamp, Stamp::of(path)?) {
            (None, None) => Ok(true),
            (Some(then), Some(now)) if self.is_certain => {
                Ok(then == now || (then.mode == now.mode && hash_contents(path, now)? == self.contents))
            }
            _ => Ok(false),
        }
    }

    /// Whether `path` is gone, or holds something else with a time of writing before that of what it held. Tools that
    /// compile only what is newer than their output do not notice either.
    pub(crate) fn went_away_or_back(&self, path: &Path) -> io::Result<bool> {
        Ok(match (self.stamp, Stamp::of(path)?) {
            (Some(_), None) => true,
            (Some(then), Some(now)) => {
                !then.is_directory()
                    && now.modified_ns < then.modified_ns
                    && hash_contents(path, now)? != self.contents
            }
            (None, _) => false,
        })
    }

    /// What may be done with it: the bits for owner, group, others and the special ones.
    pub(crate) fn permissions(&self) -> u32 {
        self.stamp.map_or(0, |stamp| stamp.mode & 0o7777)
    }

    /// Whether somebody may execute it.
    pub(crate) fn is_executable(&self) -> bool {
        self.stamp.is_some_and(|stamp| stamp.mode & 0o111 != 0)
    }

    /// Whether it was there and neither a folder nor a link that is not followed.
    pub(crate) fn is_file(&self) -> bool {
        self.stamp.is_some_and(|stamp| !stamp.is_directory())
    }

    /// SHA-256 of the bytes of a file, in hexadecimal.
    pub(crate) fn contents(&self) -> &str {
        &self.contents
    }

    /// Whether it is a folder, of which only the names in it count.
    pub(crate) fn is_directory(&self) -> bool {
        self.stamp.is_some_and(Stamp::is_directory)
    }
}

impl Observations {
    /// Starts a round of looking, about what is used from now on.
    pub(crate) fn since(used_since: SystemTime, earlier: BTreeMap<PathBuf, Input>) -> Self {
        Self {
            used_since,
            earlier,
            seen: BTreeMap::new(),
        }
    }

    /// Looks at `path`.
    ///
    /// What may have changed since its use is not certain: it may have been used before the change and be
    /// hashed after it.
    pub(crate) fn observe(&mut self, path: &Path) -> io::Result<&Input> {
        if !self.seen.contains_key(path) {
            let input = self.look(path)?;
            self.seen.insert(path.to_owned(), input);
        }
        Ok(&self.seen[path])
    }

    /// Looks at every one of `paths`.
    pub(crate) fn observe_all<P: AsRef<Path>>(
        &mut self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<(), BuildError> {
        for path in paths {
            self.observe(path.as_ref())
                .map_err(BuildError::file("look at the source"))?;
        }
        Ok(())
    }

    /// Looks at a link without following it.
    pub(crate) fn observe_link(&mut self, path: &Path) -> io::Result<&Input> {
        match Input::of_link(path) {
            // It has become something else meanwhile.
            None => self.observe(path),
            Some(link) => Ok(self.seen.entry(path.to_owned()).insert_entry(link).into_mut()),
        }
    }

    /// Everything that was looked at.
    pub(crate) fn into_seen(self) -> BTreeMap<PathBuf, Input> {
        self.seen
    }

    fn look(&self, path: &Path) -> io::Result<Input> {
        let Some(stamp) = Stamp::of(path)? else {
            return Ok(Input {
                stamp: None,
                contents: String::new(),
                is_certain: true,
                is_link: false,
            });
        };
        let earlier = self
            .earlier
            .get(path)
            .filter(|earlier| earlier.stamp == Some(stamp) && earlier.is_certain);
        let contents = match earlier {
            Some(earlier) => earlier.contents.clone(),
            None => hash_contents(path, stamp)?,
        };
        Ok(Input {
            stamp: Some(stamp),
            contents,
            is_certain: !stamp.is_newer_than(self.used_since),
            is_link: false,
        })
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

/// A hash of what is in a file, or of the names in a folder. Fails when there is neither.
pub(crate) fn hash_of_contents(path: &Path) -> io::Result<String> {
    let stamp = Stamp::of(path)?.ok_or(ErrorKind::NotFound)?;
    hash_contents(path, stamp)
}

fn hash_contents(path: &Path, stamp: Stamp) -> io::Result<String> {
    if !stamp.is_directory() {
        return hash_of(fs_err::File::open(path)?);
    }
    let mut names = fs_err::read_dir(path)?
        .map(|entry| Ok(entry?.file_name().into_encoded_bytes()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(hash(&names.join(&b'\0')))
}

/// SHA-256 in hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The same of what is read, however long it is.
fn hash_of(mut from: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(hexadecimal(&hasher.finalize())),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
