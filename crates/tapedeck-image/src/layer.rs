//! Layers: what they are and how [`Entry`] values become one.

mod tree;
mod write;

use serde::{Deserialize, Serialize};

use crate::{Digest, Entry, InputKey, PutLayerError, Store, StoreError};

/// A layer in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Digest of the uncompressed tar archive. Names the unpacked directory.
    pub diff_id: Digest,
    /// Digest of the blob.
    pub digest: Digest,
    /// Length of the blob in bytes.
    pub size: u64,
    /// How the blob is compressed.
    pub media_type: LayerMediaType,
}

/// How the blob of a layer is compressed. Docker's own names are understood and written as the OCI ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LayerMediaType {
    /// Not at all.
    #[serde(
        rename = "application/vnd.oci.image.layer.v1.tar",
        alias = "application/vnd.docker.image.rootfs.diff.tar"
    )]
    Tar,
    /// By gzip.
    #[serde(
        rename = "application/vnd.oci.image.layer.v1.tar+gzip",
        alias = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    )]
    TarGzip,
    /// By Zstandard.
    #[serde(
        rename = "application/vnd.oci.image.layer.v1.tar+zstd",
        alias = "application/vnd.docker.image.rootfs.diff.tar.zstd"
    )]
    TarZstd,
}

impl Store {
    /// Makes a layer of `entries` and unpacks it. Equal entries, in whatever order, make the same layer.
    ///
    /// # Errors
    /// [`PutLayerError`] for bad paths, sources that cannot be read and failures of the store.
    pub fn put_layer(&self, entries: impl IntoIterator<Item = Entry>) -> Result<Layer, PutLayerError> {
        write::put_layer(self, entries.into_iter().collect())
    }

    /// The layer that was made from these inputs, if it is still complete in the store.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub fn layer_of_key(&self, key: &InputKey) -> Result<Option<Layer>, StoreError> {
        let content = match fs_err::read(self.key_path(key)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(self.failed("read a key"))?,
        };
        // A torn file is as good as none: the layer is built again and the file replaced.
        let layer = serde_json::from_slice::<Layer>(&content).ok();
        Ok(layer.filter(|layer| self.has_layer(layer)))
    }

    /// Remembers what `layer` was made from.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be written.
    pub fn remember_layer(&self, key: &InputKey, layer: &Layer) -> Result<(), StoreError> {
        let content = serde_json::to_vec(layer).expect("digests, a number and a name are always JSON");
        self.replace_file(&self.key_path(key), &content)
            .map_err(self.failed("write a key"))
    }

    /// Whether both the blob and the unpacked folder are there.
    pub(crate) fn has_layer(&self, layer: &Layer) -> bool {
        self.has_blob(&layer.digest, layer.size) && self.layer_folder(&layer.diff_id).is_dir()
    }

    fn key_path(&self, key: &InputKey) -> std::path::PathBuf {
        self.path("keys").join(format!("{}.json", key.hex()))
    }
}
