//! What the last build of a service was made from, so that an unchanged service is recognised without any
//! work.
//!
//! A record is only a memory. A lost or damaged one costs one build; therefore it is renamed into place but
//! not synced.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tapedeck_image::InputKey;
use tapedeck_model::{ImageDigest, ResourceName};

use crate::runtime::Runtime;
use crate::stamp::{Input, hash};

/// Changes whenever this crate would make another image of the same source.
const BUILDER: &str = "4";

/// The name of a layer in the store, by a hash of everything in it.
pub(crate) fn stored_key(key: &str) -> InputKey {
    InputKey::of([BUILDER, key])
}

/// The last build of one service of one source tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    builder: String,
    /// The processor and the packaging settings, as text.
    pub(crate) settings: String,
    pub(crate) image: ImageDigest,
    /// What was had by its name in a registry: the base, or the image itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) named: Option<ImageDigest>,
    /// Everything that was looked at.
    pub(crate) inputs: BTreeMap<PathBuf, Input>,
    /// Input keys of the layers above the base, by name.
    pub(crate) layers: BTreeMap<String, String>,
    pub(crate) runtime: Option<Runtime>,
    pub(crate) source_files: Vec<PathBuf>,
    pub(crate) memory: Option<Memory>,
}

/// What whoever made the image wants to know again at the next build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Whose it is.
    name: String,
    value: Value,
}

impl Memory {
    /// Remembers `value`, a struct of plain data, under the name of a language or kind of packaging.
    pub(crate) fn of<T: Serialize>(name: &str, value: &T) -> Self {
        Self {
            name: name.to_owned(),
            value: serde_json::to_value(value).expect("what is remembered has text keys only"),
        }
    }

    /// What was remembered under that name, if it still has that form.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        if self.name != name {
            return None;
        }
        T::deserialize(&self.value).ok()
    }
}

impl Record {
    /// A record of a build by this version of the crate.
    pub(crate) fn of_image(image: ImageDigest, settings: String) -> Self {
        Self {
            builder: BUILDER.to_owned(),
            settings,
            image,
            named: None,
            inputs: BTreeMap::new(),
            layers: BTreeMap::new(),
            runtime: None,
            source_files: Vec::new(),
            memory: None,
        }
    }

    /// Reads a record. None when there is none that can be used.
    pub(crate) fn load(path: &Path) -> Option<Self> {
        let record: Self = serde_json::from_slice(&fs_err::read(path).ok()?).ok()?;
        (record.builder == BUILDER).then_some(record)
    }

    /// Replaces the record at `path`.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        write(path, &serde_json::to_vec(self)?)
    }

    /// Whether everything it was made from is still the same.
    pub(crate) fn is_current(&self) -> io::Result<bool> {
        for (path, input) in &self.inputs {
            if !input.is_unchanged(path)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Paths whose contents differ in `now`, files before folders.
    pub(crate) fn differences(&self, now: &BTreeMap<PathBuf, Input>) -> Vec<PathBuf> {
        let mut changed: Vec<(&PathBuf, &Input)> = now
            .iter()
            .filter(|(path, input)| {
                self.inputs
                    .get(*path)
                    .is_none_or(|then| then.contents != input.contents)
            })
            .collect();
        let gone = self
            .inputs
            .iter()
            .filter(|(path, input)| !now.contains_key(*path) && !input.is_directory() && !path.exists());
        changed.extend(gone);
        changed.sort_by_key(|(path, input)| (input.is_directory(), *path));
        changed.into_iter().map(|(path, _)| path.clone()).collect()
    }
}

/// Where the record of a service is kept.
pub(crate) fn path_of(cache: &Path, root: &Path, service: &ResourceName) -> PathBuf {
    let name = hash(format!("{}\0{service}", root.display()).as_bytes());
    cache.join("records").join(format!("{}.json", &name[..32]))
}

/// Replaces a small file as a whole, making its folder when missing.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
