//! Removing what nothing needs any more.

use std::collections::HashSet;
use std::io;

use tapedeck_model::ImageDigest;

use crate::attest::{COMPONENTS, FOLDERS};
use crate::manifest::Manifest;
use crate::store::ignore_missing;
use crate::{CollectError, Digest, Layer, Store};

/// Which recorded base images stay although nothing may use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepBases {
    /// All of them: the next deploy needs no network.
    All,
    /// Those that an image to keep is built on.
    Used,
}

/// What a garbage collection did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collection {
    /// Everything unreachable was removed.
    Done(Collected),
    /// A build or deploy holds the store; nothing was removed. Try again later.
    Busy,
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Images.
    pub images: usize,
    /// Unpacked layers.
    pub layers: usize,
    /// Bytes of blobs. Unpacked layers take about as much again, or more.
    pub bytes: u64,
}

/// What must stay.
#[derive(Debug, Default)]
struct Reachable {
    blobs: HashSet<String>,
    layers: HashSet<String>,
}

impl Reachable {
    fn add_layer(&mut self, layer: &Layer) {
        self.blobs.insert(layer.digest.hex());
        self.layers.insert(layer.diff_id.hex());
    }
}

impl Store {
    /// Removes every image, blob, unpacked layer and key that neither the images `keep` need nor the base
    /// images recorded here, as far as `bases` keeps them.
    ///
    /// # Errors
    /// [`CollectError`] when an image to keep cannot be read or the store fails. A damaged image stops the
    /// collection before anything is removed, because its layers are not known.
    pub fn collect_garbage(
        &self,
        keep: &[ImageDigest],
        bases: KeepBases,
    ) -> Result<Collection, CollectError> {
        let Some(_lock) = self.try_exclusive()? else {
            return Ok(Collection::Busy);
        };
        let mut reachable = Reachable::default();
        for image in keep {
            self.reach(image, &mut reachable)?;
        }
        self.reach_bases(bases, &mut reachable)?;
        self.reach_gzip(&mut reachable);
        let collected = self.sweep(&reachable).map_err(self.failed("collect garbage"))?;
        Ok(Collection::Done(collected))
    }

    fn reach(&self, image: &ImageDigest, reachable: &mut Reachable) -> Result<(), CollectError> {
        let unreadable = |source| CollectError::Keep {
            image: image.clone(),
            source: Box::new(source),
        };
        let documents = self.documents(image).map_err(unreadable)?;
        let blobs = documents.manifest.layers.iter().map(|layer| layer.digest);
        reachable.blobs.extend(
            blobs
                .chain([image.into(), documents.manifest.config.digest])
                .map(|blob| blob.hex()),
        );
        reachable
            .layers
            .extend(documents.config.rootfs.diff_ids.iter().map(Digest::hex));
        Ok(())
    }

    /// Keeps what layers became for registries, as long as the layers.
    fn reach_gzip(&self, reachable: &mut Reachable) {
        let known = |name: &String| self.known_gzip_layer(&Digest::from_hex(name)?);
        let compressed: Vec<Layer> = reachable.blobs.iter().filter_map(known).collect();
        for layer in compressed {
            reachable.add_layer(&layer);
        }
    }

    /// Keeps bases, and forgets the records of those that go.
    fn reach_bases(&self, bases: KeepBases, reachable: &mut Reachable) -> Result<(), CollectError> {
        let used = reachable.layers.clone();
        for (name, record) in self.image_records()? {
            // A base that is damaged is assembled again when it is needed; it holds nothing back.
            let documents = self.documents(&record.image).ok();
            let wanted = documents.is_some_and(|documents| match bases {
                KeepBases::All => true,
                KeepBases::Used => documents
                    .config
                    .rootfs
                    .diff_ids
                    .iter()
                    .all(|layer| used.contains(&layer.hex())),
            });
            if wanted {
                self.reach(&record.image, reachable)?;
            } else {
                self.remove_records(|found| found == name)?;
            }
        }
        for (name, record) in self.layer_records()? {
            if bases == KeepBases::All || used.contains(&record.layer.diff_id.hex()) {
                reachable.add_layer(&record.layer);
            } else {
                self.remove_records(|found| found == name)?;
            }
        }
        Ok(())
    }

    fn sweep(&self, reachable: &Reachable) -> io::Result<Collected> {
        let mut collected = Collected::default();
        let mut removed_images = HashSet::new();
        // Keys first and blobs before folders: whatever is interrupted, nothing names what is gone.
        self.sweep_keys(reachable)?;
        for name in self.names_in("blobs/sha256")? {
            let Some(digest) = Digest::from_hex(&name).filter(|_| !reachable.blobs.contains(&name)) else {
                continue;
            };
            let path = self.blob_path(&digest);
            if is_manifest(&path) {
                removed_images.insert(digest);
            }
            collected.bytes += fs_err::metadata(&path).map_or(0, |metadata| metadata.len());
            self.remove_blob(&digest)?;
        }
        for name in self.names_in("layers")? {
            let Some(diff_id) = Digest::from_hex(&name).filter(|_| !reachable.layers.contains(&name)) else {
                continue;
            };
            self.drop_folder(&self.layer_folder(&diff_id))?;
            collected.layers += 1;
        }
        self.sweep_documents(reachable)?;
        collected.images = removed_images.len();
        self.change_index(|index| {
            let before = index.manifests.len();
            index
                .manifests
                .retain(|listed| !removed_images.contains(&listed.digest));
            index.manifests.len() != before
        })?;
        Ok(collected)
    }

    fn sweep_keys(&self, reachable: &Reachable) -> io::Result<()> {
        for name in self.names_in("keys")? {
            let path = self.path("keys").join(&name);
            let layer = fs_err::read(&path)
                .ok()
                .and_then(|content| serde_json::from_slice::<Layer>(&content).ok());
            let wanted = layer.is_some_and(|layer| {
                reachable.blobs.contains(&layer.digest.hex())
                    && reachable.layers.contains(&layer.diff_id.hex())
            });
            if !wanted {
                ignore_missing(fs_err::remove_file(path))?;
            }
        }
        Ok(())
    }

    /// Removes documents about images and layers that are gone.
    fn sweep_documents(&self, reachable: &Reachable) -> io::Result<()> {
        let of_images = FOLDERS.map(|place| (place, &reachable.blobs));
        for ((folder, ending), wanted) in of_images.into_iter().chain([(COMPONENTS, &reachable.layers)]) {
            for name in self.names_in(folder)? {
                let is_wanted = name.strip_suffix(ending).is_some_and(|hex| wanted.contains(hex));
                if !is_wanted {
                    ignore_missing(fs_err::remove_file(self.path(folder).join(name)))?;
                }
            }
        }
        Ok(())
    }

    fn names_in(&self, folder: &str) -> io::Result<Vec<String>> {
        let names = fs_err::read_dir(self.path(folder))?.map(|entry| Ok(entry?.file_name()));
        names
            .map(|name: io::Result<_>| Ok(name?.to_string_lossy().into_owned()))
            .collect()
    }
}

/// Whether a blob is the manifest of an image. Manifests are small, layers are not JSON.
fn is_manifest(path: &std::path::Path) -> bool {
    const LONGEST: u64 = 4 << 20;
    let small = fs_err::metadata(path).is_ok_and(|metadata| metadata.len() <= LONGEST);
    small && fs_err::read(path).is_ok_and(|content| serde_json::from_slice::<Manifest>(&content).is_ok())
}
