//! Images as OCI layouts in folders, which builders that need neither a daemon nor a registry read and write.
//!
//! A layout may be sparse: it lacks the layers that both sides know. What comes from a builder is distrusted like any
//! archive, and no link in it is followed.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::fs::{Mode, OFlags};
use serde::de::DeserializeOwned;
use serde_json::json;
use tapedeck_model::ImageDigest;

use crate::manifest::{ConfigFile, INDEX_TYPE, MANIFEST_TYPE, Manifest};
use crate::store::Unsettled;
use crate::{Digest, ImportArchiveError, ImportError, Layer, ReadImageError, Store};

/// Most bytes of a document.
const LONGEST_DOCUMENT: u64 = 4 << 20;

const LAYOUT: &str = "oci-layout";
const INDEX: &str = "index.json";
const BLOBS: &str = "blobs/sha256";

/// An index as far as it is needed: where one leads to several images, all but the first are for others.
#[derive(serde::Deserialize)]
struct Listing {
    manifests: Vec<Listed>,
}

#[derive(serde::Deserialize)]
struct Listed {
    digest: Digest,
}

impl Store {
    /// Writes an image into a folder, which is made, as a layout without its layers.
    ///
    /// # Errors
    /// [`ReadImageError`] when the image is not in the store, or the folder cannot be written.
    pub fn write_sparse_layout(&self, image: &ImageDigest, folder: &Path) -> Result<(), ReadImageError> {
        let documents = self.documents(image)?;
        let config = documents.manifest.config.digest;
        let own = Digest::from(image);
        let media_type = match documents.manifest.media_type.as_str() {
            // Old manifests do not say what they are.
            "" => MANIFEST_TYPE,
            told => told,
        };
        let index = json!({
            "schemaVersion": 2,
            "mediaType": INDEX_TYPE,
            "manifests": [{
                "mediaType": media_type,
                "digest": own,
                "size": documents.manifest_size,
            }],
        });
        let write = || {
            let blobs = folder.join(BLOBS);
            fs::create_dir_all(&blobs)?;
            for digest in [own, config] {
                fs::copy(self.blob_path(&digest), blobs.join(digest.hex()))?;
            }
            fs::write(folder.join(LAYOUT), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
            fs::write(folder.join(INDEX), index.to_string())
        };
        write().map_err(|error| self.failed("write an image as a layout")(error).into())
    }

    /// Takes in the image of a layout that has one image, and may lack layers that are in this store.
    ///
    /// Hold [`Store::share`] meanwhile, and call [`Store::settle`] before the digest is recorded.
    ///
    /// # Errors
    /// [`ImportArchiveError`]; nothing but complete layers is left behind.
    pub fn import_layout(&self, folder: &Path) -> Result<ImageDigest, ImportArchiveError> {
        let index = read(folder, INDEX)?;
        let listing: Listing = parse(INDEX, &index)?;
        let [Listed { digest }] = listing.manifests[..] else {
            return Err(ImportArchiveError::NoImage);
        };
        let (path, content) = document(folder, digest)?;
        let manifest: Manifest = parse(&path, &content)?;
        let (config_path, config) = document(folder, manifest.config.digest)?;
        let described: ConfigFile = parse(&config_path, &config)?;
        if described.rootfs.diff_ids.len() != manifest.layers.len() {
            return Err(ImportArchiveError::Document {
                path: config_path,
                source: serde::de::Error::custom("it has another number of layers than the manifest"),
            });
        }
        for (layer, diff_id) in manifest.layers.iter().zip(&described.rootfs.diff_ids) {
            if self.has_blob(&layer.digest, layer.size) {
                continue;
            }
            let (path, came) = self.take_layer(folder, layer.digest)?;
            if came.diff_id != *diff_id {
                return Err(ImportArchiveError::Digest {
                    path,
                    expected: *diff_id,
                    found: came.diff_id,
                });
            }
        }
        let write = || {
            self.put_blob(&config)?;
            self.mark_unsettled(Unsettled::Image, &digest)?;
            self.put_blob(&content)
        };
        write()
            .map(Into::into)
            .map_err(|error| self.failed("write an image")(error).into())
    }

    fn take_layer(&self, folder: &Path, digest: Digest) -> Result<(String, Layer), ImportArchiveError> {
        let path = path_of(digest);
        let file = open(folder, &path)?;
        let taken = self.import_layer(file, Some(digest));
        let layer = taken.map_err(|error| match error {
            ImportError::Store(error) => error.into(),
            source => ImportArchiveError::Layer {
                path: path.clone(),
                source: Box::new(source),
            },
        })?;
        Ok((path, layer))
    }
}

fn path_of(digest: Digest) -> String {
    format!("{BLOBS}/{}", digest.hex())
}

/// A document by its digest.
fn document(folder: &Path, digest: Digest) -> Result<(String, Vec<u8>), ImportArchiveError> {
    let path = path_of(digest);
    let content = read(folder, &path)?;
    match Digest::of(&content) {
        found if found == digest => Ok((path, content)),
        found => Err(ImportArchiveError::Digest {
            path,
            expected: digest,
            found,
        }),
    }
}

fn read(folder: &Path, path: &str) -> Result<Vec<u8>, ImportArchiveError> {
    let mut content = Vec::new();
    open(folder, path)?
        .take(LONGEST_DOCUMENT)
        .read_to_end(&mut content)
        .map_err(ImportArchiveError::Archive)?;
    Ok(content)
}

/// Opens a file whose folders, too, are no links.
fn open(folder: &Path, path: &str) -> Result<File, ImportArchiveError> {
    let missing = || ImportArchiveError::Missing {
        path: path.to_owned(),
    };
    let whole = folder.join(path);
    let is_plain = |part: &Path| fs::symlink_metadata(part).is_ok_and(|facts| !facts.is_symlink());
    let parts: Vec<PathBuf> = Path::new(path)
        .ancestors()
        .map(|part| folder.join(part))
        .collect();
    if !parts.iter().all(|part| is_plain(part)) {
        return Err(missing());
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = fs::symlink_metadata(&whole).and_then(|facts| match facts.is_file() {
        true => Ok(File::from(rustix::fs::open(&whole, flags, Mode::empty())?)),
        false => Err(io::ErrorKind::NotFound.into()),
    });
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing(),
        _ => ImportArchiveError::Archive(error),
    })
}

fn parse<T: DeserializeOwned>(path: &str, content: &[u8]) -> Result<T, ImportArchiveError> {
    serde_json::from_slice(content).map_err(|source| ImportArchiveError::Document {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
