//! Notes about assembled bases: `bases/<name>.image.json` and `bases/<name>.layer.json`.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tapedeck_model::ImageDigest;

use super::Base;
use crate::store::{ignore_missing, retry_interrupted};
use crate::{Component, Digest, Layer, Store, StoreError};

/// Changes whenever a base that is assembled now has something that earlier ones had not. 2: an init.
const ASSEMBLER: u32 = 2;

/// A record as it is written down.
#[derive(Serialize, Deserialize)]
struct Note<T> {
    /// Who assembled it: [`ASSEMBLER`] at that time.
    assembler: u32,
    #[serde(flatten)]
    record: T,
}

/// A package that went into a base image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRecord {
    /// Its name, such as `libc6`.
    pub name: String,
    /// Its version as the package says it.
    pub version: String,
    /// SHA-256 of the package file, 64 hexadecimal digits.
    pub sha256: String,
    /// Its package URL.
    #[serde(default)]
    pub purl: String,
}

impl From<PackageRecord> for Component {
    fn from(package: PackageRecord) -> Self {
        Self {
            name: package.name,
            version: package.version,
            purl: package.purl,
            sha256: Some(package.sha256),
        }
    }
}

impl fmt::Display for PackageRecord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}={} sha256:{}", self.name, self.version, self.sha256)
    }
}

/// A base image.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ImageRecord {
    pub(crate) image: ImageDigest,
    /// Of its runtime.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) version: String,
    pub(crate) packages: Vec<PackageRecord>,
    /// Where it came from, if it was pulled by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pulled: Option<PulledRecord>,
}

/// What a name stood for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PulledRecord {
    /// The name.
    pub(crate) reference: String,
    /// The index or manifest that it led to.
    pub(crate) digest: Digest,
    /// When that was asked last, in seconds since the Unix epoch.
    pub(crate) resolved_at: u64,
}

/// A layer that base images share.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LayerRecord {
    pub(crate) layer: Layer,
    pub(crate) packages: Vec<PackageRecord>,
}

const IMAGE: &str = ".image.json";
const LAYER: &str = ".layer.json";

impl Store {
    /// Waits until no other process assembles a base.
    pub(super) fn lock_bases(&self) -> Result<OwnedFd, StoreError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
        let wait = || {
            let file = rustix::fs::open(self.path("bases.lock"), flags, Mode::RUSR | Mode::WUSR)?;
            retry_interrupted(|| flock(file.as_fd(), FlockOperation::LockExclusive))?;
            Ok(file)
        };
        wait().map_err(|errno: rustix::io::Errno| self.failed("wait for the base images")(errno.into()))
    }

    pub(super) fn image_record(&self, name: &str) -> Result<Option<ImageRecord>, StoreError> {
        self.read_record(&format!("{name}{IMAGE}"))
    }

    pub(super) fn layer_record(&self, name: &str) -> Result<Option<LayerRecord>, StoreError> {
        self.read_record(&format!("{name}{LAYER}"))
    }

    pub(super) fn record_image(&self, name: &str, base: &Base) -> Result<(), StoreError> {
        self.write_record(
            &format!("{name}{IMAGE}"),
            &ImageRecord {
                image: base.image.digest.clone(),
                version: base.version.clone(),
                packages: base.packages.clone(),
                pulled: None,
            },
        )
    }

    pub(super) fn record_pulled(
        &self,
        name: &str,
        image: &ImageDigest,
        pulled: PulledRecord,
    ) -> Result<(), StoreError> {
        self.write_record(
            &format!("{name}{IMAGE}"),
            &ImageRecord {
                image: image.clone(),
                version: String::new(),
                packages: Vec::new(),
                pulled: Some(pulled),
            },
        )
    }

    pub(super) fn record_layer(
        &self,
        name: &str,
        layer: &Layer,
        packages: Vec<PackageRecord>,
    ) -> Result<(), StoreError> {
        self.write_record(
            &format!("{name}{LAYER}"),
            &LayerRecord {
                layer: layer.clone(),
                packages,
            },
        )
    }

    /// Every recorded base image with the file name of its record.
    pub(crate) fn image_records(&self) -> Result<Vec<(String, ImageRecord)>, StoreError> {
        self.records_ending(IMAGE)
    }

    /// Every recorded shared layer with the file name of its record.
    pub(crate) fn layer_records(&self) -> Result<Vec<(String, LayerRecord)>, StoreError> {
        self.records_ending(LAYER)
    }

    /// Removes the records whose file name `unwanted` picks.
    pub(crate) fn remove_records(&self, unwanted: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        let failed = self.failed("remove a record of a base image");
        for name in self.record_names().map_err(&failed)? {
            if unwanted(&name) {
                ignore_missing(fs_err::remove_file(self.record_path(&name))).map_err(&failed)?;
            }
        }
        Ok(())
    }

    fn records_ending<T: DeserializeOwned>(&self, suffix: &str) -> Result<Vec<(String, T)>, StoreError> {
        let mut found = Vec::new();
        for name in self.record_names().map_err(self.failed("list base images"))? {
            if name.ends_with(suffix)
                && let Some(record) = self.read_record(&name)?
            {
                found.push((name, record));
            }
        }
        Ok(found)
    }

    fn record_names(&self) -> io::Result<Vec<String>> {
        let names = fs_err::read_dir(self.path("bases"))?.map(|entry| Ok(entry?.file_name()));
        names
            .map(|name: io::Result<_>| Ok(name?.to_string_lossy().into_owned()))
            .collect()
    }

    fn read_record<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        match fs_err::read(self.record_path(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // A torn or outdated record is as good as none: the base is assembled again.
            Ok(content) => {
                let note: Option<Note<T>> = serde_json::from_slice(&content).ok();
                Ok(note
                    .filter(|note| note.assembler == ASSEMBLER)
                    .map(|note| note.record))
            }
            Err(error) => Err(self.failed("read a record of a base image")(error)),
        }
    }

    fn write_record(&self, name: &str, record: &impl Serialize) -> Result<(), StoreError> {
        let note = Note {
            assembler: ASSEMBLER,
            record,
        };
        let content = serde_json::to_vec_pretty(&note).expect("records hold texts and numbers only");
        self.replace_file(&self.record_path(name), &content)
            .map_err(self.failed("record a base image"))
    }

    fn record_path(&self, name: &str) -> PathBuf {
        self.path("bases").join(name)
    }
}
