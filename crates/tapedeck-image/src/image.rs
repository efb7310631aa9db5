//! Images: layers on layers, with a note how to start them.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use serde::de::DeserializeOwned;
use tapedeck_model::ImageDigest;

use crate::description::{is_of_the_image, moment_text};
use crate::manifest::{
    CONFIG_TYPE, ConfigFile, Descriptor, EPOCH, History, INDEX_TYPE, Index, LayerDescriptor, MANIFEST_TYPE,
    Manifest, RootFs, RunConfig,
};
use crate::store::{BlobFault, Unsettled, retry_interrupted};
use crate::{Description, Digest, Layer, Platform, PutImageError, ReadImageError, Store};

/// An image whose layers are unpacked and can be mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Digest of its manifest.
    pub digest: ImageDigest,
    /// How it is started.
    pub config: ImageConfig,
    /// Unpacked layers, top first, as `lowerdir` of overlayfs takes them: each once. Read-only by agreement.
    pub layers: Vec<PathBuf>,
    /// Bytes of all its blobs together: what a transfer of the whole image costs.
    pub size: u64,
}

/// How an image is started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// The beginning of the command line; empty when the image has none.
    pub entrypoint: Vec<String>,
    /// The rest of the command line; empty when the image has none.
    pub cmd: Vec<String>,
    /// Where the process starts; `/` when the image says nothing.
    pub working_dir: PathBuf,
    /// `user`, `uid`, `user:group` or `uid:gid`; empty means root.
    pub user: String,
    /// Signal that asks it to stop, such as `SIGTERM`; that is the default, too.
    pub stop_signal: String,
    /// Free-form facts.
    pub labels: BTreeMap<String, String>,
}

/// What an image changes in the configuration of its base. Unset fields stay as they are in the base.
#[derive(Debug, Clone, Default)]
pub struct ConfigChange {
    /// Variables to add or replace.
    pub env: BTreeMap<String, String>,
    /// New beginning of the command line. Setting it clears the `cmd` of the base.
    pub entrypoint: Option<Vec<String>>,
    /// New rest of the command line.
    pub cmd: Option<Vec<String>>,
    /// New working directory, absolute.
    pub working_dir: Option<String>,
    /// New user.
    pub user: Option<String>,
    /// New stop signal.
    pub stop_signal: Option<String>,
    /// Labels to add or replace. Those of the base stay, unless they speak of the base itself.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the manifest. Those of the base are not inherited.
    pub annotations: BTreeMap<String, String>,
    /// What it says about itself.
    pub description: Description,
    /// Platform of an image without a base; that of this program if unset. A base brings its own.
    pub platform: Option<Platform>,
}

/// The two documents of an image.
#[derive(Debug)]
pub(crate) struct Documents {
    pub(crate) manifest: Manifest,
    pub(crate) manifest_size: u64,
    pub(crate) config: ConfigFile,
}

impl Store {
    /// Stacks `layers` (bottom first, each with a word on what made it) on `base` and records the image.
    ///
    /// Equal arguments make an image with an equal digest, on every machine.
    ///
    /// # Errors
    /// [`PutImageError`] when the base or a layer is not usable or the store fails.
    pub fn put_image(
        &self,
        base: Option<&ImageDigest>,
        layers: &[(Layer, &str)],
        change: &ConfigChange,
    ) -> Result<Image, PutImageError> {
        if let Some((missing, _)) = layers
            .iter()
            .find(|(layer, _)| !self.has_blob(&layer.digest, layer.size))
        {
            return Err(PutImageError::NoLayer {
                digest: missing.digest,
            });
        }
        let (mut manifest, mut config) = match base {
            None => blank(change.platform.unwrap_or(Platform::host())),
            Some(base) => {
                let documents = self.documents(base).map_err(|source| failed_base(base, source))?;
                (documents.manifest, documents.config)
            }
        };
        let created = moment_text(change.description.created);
        for (layer, created_by) in layers {
            let Layer {
                diff_id,
                digest,
                size,
                media_type,
            } = layer.clone();
            manifest.layers.push(LayerDescriptor {
                media_type,
                digest,
                size,
            });
            config.rootfs.diff_ids.push(diff_id);
            config.history.push(History {
                created: created.clone(),
                created_by: (*created_by).to_owned(),
                empty_layer: false,
            });
        }
        let facts = change.description.facts(base);
        config.config.labels.retain(|label, _| !is_of_the_image(label));
        config.config.labels.extend(facts.clone());
        manifest.annotations = facts;
        manifest.annotations.extend(change.annotations.clone());
        apply(change, &mut config.config);
        config.created = created;
        let digest = self
            .write_documents(manifest, &config)
            .map_err(self.failed("write an image"))?;
        self.image(&digest).map_err(|error| match error {
            ReadImageError::Store(error) => error.into(),
            source => failed_base(base.unwrap_or(&digest), source),
        })
    }

    /// The layers of an image, bottom first, for another image to be stacked of.
    ///
    /// # Errors
    /// [`ReadImageError`] when the image is not in the store, or damaged.
    pub fn layers_of(&self, digest: &ImageDigest) -> Result<Vec<Layer>, ReadImageError> {
        let Documents { manifest, config, .. } = self.documents(digest)?;
        let layers = manifest.layers.into_iter().zip(config.rootfs.diff_ids);
        Ok(layers
            .map(|(layer, diff_id)| Layer {
                diff_id,
                digest: layer.digest,
                size: layer.size,
                media_type: layer.media_type,
            })
            .collect())
    }

    /// The image with this digest, ready to be mounted. Layers whose folder is missing are unpacked again.
    ///
    /// # Errors
    /// [`ReadImageError`] when it is not in the store, or damaged, or cannot be unpacked.
    pub fn image(&self, digest: &ImageDigest) -> Result<Image, ReadImageError> {
        let Documents {
            manifest,
            manifest_size,
            config,
        } = self.documents(digest)?;
        let mut folders = Vec::with_capacity(manifest.layers.len());
        for (layer, diff_id) in manifest.layers.iter().zip(&config.rootfs.diff_ids) {
            let folder = self.layer_folder(diff_id);
            if !folder.is_dir() {
                self.unpack_again(digest, layer, diff_id)?;
            }
            folders.push(folder);
        }
        // What is there again further up hides what is below it, and overlayfs takes no folder twice.
        let mut seen = HashSet::new();
        let folders = folders.into_iter().rev();
        let folders = folders.filter(|folder| seen.insert(folder.clone())).collect();
        let blobs: u64 = manifest.layers.iter().map(|layer| layer.size).sum();
        let size = blobs + manifest.config.size + manifest_size;
        Ok(Image {
            digest: digest.clone(),
            config: config.config.into(),
            layers: folders,
            size,
        })
    }

    /// Reads manifest and configuration, checking their digests.
    pub(crate) fn documents(&self, image: &ImageDigest) -> Result<Documents, ReadImageError> {
        let own = Digest::from(image);
        let content = self.document_blob(image, &own)?;
        let manifest: Manifest = parse(image, &own, &content)?;
        let blob = manifest.config.digest;
        let config: ConfigFile = parse(image, &blob, &self.document_blob(image, &blob)?)?;
        if config.rootfs.diff_ids.len() != manifest.layers.len() {
            let source =
                serde::de::Error::custom("the configuration has another number of layers than the manifest");
            return Err(ReadImageError::Document {
                image: image.clone(),
                blob,
                source,
            });
        }
        Ok(Documents {
            manifest,
            manifest_size: content.len() as u64,
            config,
        })
    }

    fn document_blob(&self, image: &ImageDigest, blob: &Digest) -> Result<Vec<u8>, ReadImageError> {
        self.read_blob(blob).map_err(|fault| match fault {
            BlobFault::Missing if *blob == Digest::from(image) => ReadImageError::NoImage {
                digest: image.clone(),
            },
            BlobFault::Missing => ReadImageError::MissingBlob {
                image: image.clone(),
                blob: *blob,
            },
            BlobFault::Corrupt => ReadImageError::CorruptBlob {
                image: image.clone(),
                blob: *blob,
            },
            BlobFault::System(source) => self.failed("read a blob")(source).into(),
        })
    }

    fn write_documents(&self, mut manifest: Manifest, config: &ConfigFile) -> io::Result<ImageDigest> {
        // A base may come in Docker's words.
        MANIFEST_TYPE.clone_into(&mut manifest.media_type);
        let content = to_json(config);
        let digest = self.put_blob(&content)?;
        let size = content.len() as u64;
        manifest.config = Descriptor {
            media_type: CONFIG_TYPE.to_owned(),
            digest,
            size,
            platform: None,
        };
        let content = to_json(&manifest);
        self.mark_unsettled(Unsettled::Image, &Digest::of(&content))?;
        Ok(self.put_blob(&content)?.into())
    }

    /// Records an image of these layers, bottom first, whose configuration was written elsewhere.
    pub(crate) fn put_manifest(
        &self,
        config: &[u8],
        layers: &[Layer],
        annotations: BTreeMap<String, String>,
    ) -> io::Result<ImageDigest> {
        let (mut manifest, _) = blank(Platform::host());
        manifest.annotations = annotations;
        manifest.config = Descriptor {
            media_type: CONFIG_TYPE.to_owned(),
            digest: self.put_blob(config)?,
            size: config.len() as u64,
            platform: None,
        };
        let described = layers.iter().map(|layer| LayerDescriptor {
            media_type: layer.media_type,
            digest: layer.digest,
            size: layer.size,
        });
        manifest.layers = described.collect();
        let content = to_json(&manifest);
        self.mark_unsettled(Unsettled::Image, &Digest::of(&content))?;
        Ok(self.put_blob(&content)?.into())
    }

    /// Adds images, each with the length of its manifest, to `index.json`.
    pub(crate) fn list_in_index(&self, images: Vec<(Digest, u64)>) -> io::Result<()> {
        if images.is_empty() {
            return Ok(());
        }
        self.change_index(|index| {
            let before = index.manifests.len();
            for (digest, size) in images {
                if !index.manifests.iter().any(|listed| listed.digest == digest) {
                    let media_type = MANIFEST_TYPE.to_owned();
                    index.manifests.push(Descriptor {
                        media_type,
                        digest,
                        size,
                        platform: None,
                    });
                }
            }
            index.manifests.len() != before
        })
    }

    /// Changes `index.json` under a lock of its own, if `change` says that it changed something.
    pub(crate) fn change_index(&self, change: impl FnOnce(&mut Index) -> bool) -> io::Result<()> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
        let lock = rustix::fs::open(self.path("index.lock"), flags, Mode::RUSR | Mode::WUSR)?;
        retry_interrupted(|| flock(lock.as_fd(), FlockOperation::LockExclusive))?;
        let path = self.path("index.json");
        // Unreadable means torn by a crash. The images themselves do not depend on this list.
        let read = fs_err::read(&path)
            .ok()
            .and_then(|content| serde_json::from_slice(&content).ok());
        let mut index = read.unwrap_or_else(|| Index {
            schema_version: 2,
            media_type: INDEX_TYPE.to_owned(),
            manifests: Vec::new(),
        });
        if change(&mut index) {
            self.replace_file(&path, &to_json(&index))?;
        }
        Ok(())
    }
}

impl From<RunConfig> for ImageConfig {
    fn from(config: RunConfig) -> Self {
        let pair = |text: String| {
            text.split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let or = |text: String, default: &str| if text.is_empty() { default.to_owned() } else { text };
        Self {
            env: config.env.into_iter().filter_map(pair).collect(),
            entrypoint: config.entrypoint,
            cmd: config.cmd,
            working_dir: or(config.working_dir, "/").into(),
            user: config.user,
            stop_signal: or(config.stop_signal, "SIGTERM"),
            labels: config.labels,
        }
    }
}

fn blank(platform: Platform) -> (Manifest, ConfigFile) {
    let config = Descriptor {
        media_type: CONFIG_TYPE.to_owned(),
        digest: Digest::of(b""),
        size: 0,
        platform: None,
    };
    let manifest = Manifest {
        schema_version: 2,
        media_type: MANIFEST_TYPE.to_owned(),
        config,
        layers: Vec::new(),
        annotations: BTreeMap::new(),
    };
    let config = ConfigFile {
        created: EPOCH.to_owned(),
        architecture: platform,
        os: "linux".to_owned(),
        config: RunConfig::default(),
        rootfs: RootFs {
            kind: "layers".to_owned(),
            diff_ids: Vec::new(),
        },
        history: Vec::new(),
    };
    (manifest, config)
}

fn apply(change: &ConfigChange, config: &mut RunConfig) {
    let mut env = ImageConfig::from(config.clone()).env;
    env.extend(change.env.clone());
    config.env = env
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    config.labels.extend(change.labels.clone());
    if let Some(entrypoint) = &change.entrypoint {
        config.entrypoint.clone_from(entrypoint);
        config.cmd.clear();
    }
    if let Some(cmd) = &change.cmd {
        config.cmd.clone_from(cmd);
    }
    for (new, field) in [
        (&change.working_dir, &mut config.working_dir),
        (&change.user, &mut config.user),
        (&change.stop_signal, &mut config.stop_signal),
    ] {
        if let Some(new) = new {
            field.clone_from(new);
        }
    }
}

fn parse<T: DeserializeOwned>(
    image: &ImageDigest,
    blob: &Digest,
    content: &[u8],
) -> Result<T, ReadImageError> {
    serde_json::from_slice(content).map_err(|source| ReadImageError::Document {
        image: image.clone(),
        blob: *blob,
        source,
    })
}

fn to_json(document: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("these documents have text keys only, which JSON can hold")
}

fn failed_base(base: &ImageDigest, source: ReadImageError) -> PutImageError {
    PutImageError::Base {
        base: base.clone(),
        source,
    }
}
