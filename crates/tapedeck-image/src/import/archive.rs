//! Whole images in one tar archive, as building tools hand them over: `oci-archive` (an OCI image layout) and
//! `docker-archive` (what `docker save` writes), read once from front to end.
//!
//! Documents are kept in memory, layers go into the store as they come. Nothing counts before it has been compared with
//! the digest that names it, and the image gets its name last.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use tapedeck_model::ImageDigest;
use tar::{Archive, EntryType};

use crate::{Digest, ImportArchiveError, ImportError, Layer, Platform, Store};

mod docker;
mod oci;

/// Most bytes of a document.
const LONGEST_DOCUMENT: u64 = 4 << 20;

/// Most bytes of all documents of an archive together.
const MOST_DOCUMENTS: usize = 64 << 20;

/// What an archive held.
#[derive(Default)]
struct Found {
    /// What begins like JSON, by path.
    documents: BTreeMap<String, Vec<u8>>,
    /// Bytes of them all.
    document_bytes: usize,
    /// Layers that came, by path.
    layers: BTreeMap<String, Layer>,
    /// Where links lead: an old `docker save` writes equal layers once.
    links: BTreeMap<String, String>,
}

impl Store {
    /// Takes in the image for `platform` from an archive of a building tool and gives its digest: the tool's own where
    /// the archive is an OCI layout.
    ///
    /// Hold [`Store::share`] meanwhile, and call [`Store::settle`] before the digest is recorded.
    ///
    /// # Errors
    /// [`ImportArchiveError`]; nothing but complete layers is left behind.
    pub fn import_archive(
        &self,
        from: impl Read,
        platform: Platform,
    ) -> Result<ImageDigest, ImportArchiveError> {
        let mut found = Found::default();
        let mut archive = Archive::new(from);
        for entry in archive.entries().map_err(ImportArchiveError::Archive)? {
            self.take_in(entry.map_err(ImportArchiveError::Archive)?, &mut found)?;
        }
        // Docker writes both forms into one archive since version 25.
        if found.documents.contains_key(oci::INDEX) {
            return oci::put(self, &found, platform);
        }
        docker::put(self, &found, platform)
    }

    fn take_in<R: Read>(
        &self,
        entry: tar::Entry<'_, R>,
        found: &mut Found,
    ) -> Result<(), ImportArchiveError> {
        let path = clean(&entry.path_bytes());
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {}
            EntryType::Symlink | EntryType::Link => {
                let target = entry.link_name_bytes().unwrap_or_default();
                let base = match entry.header().entry_type() {
                    EntryType::Symlink => path.rsplit_once('/').map_or("", |(folder, _)| folder),
                    _ => "",
                };
                let target = clean(format!("{base}/{}", String::from_utf8_lossy(&target)).as_bytes());
                found.links.insert(path, target);
                return Ok(());
            }
            _ => return Ok(()),
        }
        let size = entry.size();
        let expected = oci::digest_of(&path);
        let is_layer = expected.is_some() || path.ends_with(".tar");
        let mut entry = BufReader::new(entry);
        let start = entry
            .fill_buf()
            .map_err(ImportArchiveError::Archive)?
            .first()
            .copied();
        let mut content = Vec::new();
        if matches!(start, Some(b'{' | b'[')) && size <= LONGEST_DOCUMENT {
            entry
                .read_to_end(&mut content)
                .map_err(ImportArchiveError::Archive)?;
            // The name of the first file of a layer may begin like that, too.
            if !is_layer || serde_json::from_slice::<serde::de::IgnoredAny>(&content).is_ok() {
                return found.keep(path, content);
            }
        }
        if !is_layer || expected.is_some_and(|digest| self.has_blob(&digest, size)) {
            return Ok(());
        }
        let whole = io::Cursor::new(content).chain(entry);
        let layer = self.import_layer(whole, expected).map_err(|error| match error {
            ImportError::Store(error) => error.into(),
            source => ImportArchiveError::Layer {
                path: path.clone(),
                source: Box::new(source),
            },
        })?;
        found.layers.insert(path, layer);
        Ok(())
    }
}

impl Found {
    fn keep(&mut self, path: String, content: Vec<u8>) -> Result<(), ImportArchiveError> {
        self.document_bytes += content.len();
        if self.document_bytes > MOST_DOCUMENTS {
            return Err(ImportArchiveError::NoImage);
        }
        self.documents.insert(path, content);
        Ok(())
    }

    /// A document, which must have this digest if one is given.
    fn document(&self, path: &str, expected: Option<Digest>) -> Result<&[u8], ImportArchiveError> {
        let content = self
            .documents
            .get(path)
            .ok_or_else(|| ImportArchiveError::Missing {
                path: path.to_owned(),
            })?;
        match (expected, Digest::of(content)) {
            (Some(expected), found) if expected != found => Err(ImportArchiveError::Digest {
                path: path.to_owned(),
                expected,
                found,
            }),
            _ => Ok(content),
        }
    }
}

/// Reads a document.
fn parse<T: serde::de::DeserializeOwned>(path: &str, content: &[u8]) -> Result<T, ImportArchiveError> {
    serde_json::from_slice(content).map_err(|source| ImportArchiveError::Document {
        path: path.to_owned(),
        source,
    })
}

/// A path in one spelling, without `.` and `..`.
fn clean(path: &[u8]) -> String {
    let text = String::from_utf8_lossy(path);
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The layer of an archive must be the one that the configuration speaks of.
fn compare(path: &str, expected: Digest, found: Digest) -> Result<(), ImportArchiveError> {
    if expected == found {
        return Ok(());
    }
    Err(ImportArchiveError::Digest {
        path: path.to_owned(),
        expected,
        found,
    })
}

/// Errors of the store while an image is written.
fn writing(store: &Store) -> impl Fn(io::Error) -> ImportArchiveError + use<> {
    let failed = store.failed("write an image");
    move |error| failed(error).into()
}
