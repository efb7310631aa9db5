//! Files on their way into a layer, and the key of all of them.

use std::path::Path;
use std::time::SystemTime;

use fs_err as fs;
use tapedeck_image::Entry;

use crate::BuildError;
use crate::image::{Draft, LayerName};
use crate::layers::{draft, owned, with_folders};
use crate::request::Workshop;
use crate::stamp::{Observations, hash};

/// Files up to this size are read once and for all: another service may have the same project built anew meanwhile.
const MOST_BYTES_HELD: u64 = 1024 * 1024;

/// Files on their way into a layer.
pub(crate) struct Gathered {
    name: LayerName,
    key: String,
    pub(crate) entries: Vec<Entry>,
    hashed_at: SystemTime,
}

impl Gathered {
    pub(crate) fn new(name: LayerName) -> Self {
        Self {
            name,
            key: String::new(),
            entries: Vec::new(),
            hashed_at: SystemTime::now(),
        }
    }

    pub(crate) fn add_bytes(&mut self, place: &Path, bytes: Vec<u8>) {
        self.key
            .push_str(&format!("{}\0{}\n", place.display(), hash(&bytes)));
        self.entries.push(owned(Entry::file(place, bytes)));
    }

    /// Adds a file as it lies on disk, by a hash that is known from an earlier build if it did not change.
    pub(crate) fn add_observed(
        &mut self,
        place: &Path,
        file: &Path,
        observations: &mut Observations,
    ) -> Result<(), BuildError> {
        let input = observations
            .observe(file)
            .map_err(BuildError::file("read a library"))?;
        self.key
            .push_str(&format!("{}\0{}\n", place.display(), input.contents));
        self.entries.push(owned(Entry::copy(place, file)));
        Ok(())
    }

    pub(crate) fn add_file(&mut self, place: &Path, file: &Path) -> Result<(), BuildError> {
        let failed = BuildError::file("read what was compiled");
        if fs::metadata(file).map_err(&failed)?.len() <= MOST_BYTES_HELD {
            self.add_bytes(place, fs::read(file).map_err(&failed)?);
            return Ok(());
        }
        // The key is of the contents; a copy that turns out newer than it is not remembered under it.
        let bytes = fs::read(file).map_err(&failed)?;
        self.key
            .push_str(&format!("{}\0{}\n", place.display(), hash(&bytes)));
        self.entries.push(owned(Entry::copy(place, file)));
        Ok(())
    }

    pub(crate) fn draft(self, workshop: &Workshop<'_>) -> Option<Draft> {
        if self.entries.is_empty() {
            return None;
        }
        let key = hash(self.key.as_bytes());
        let entries = with_folders(self.entries);
        Some(draft(self.name, key, entries, self.hashed_at, workshop))
    }
}
