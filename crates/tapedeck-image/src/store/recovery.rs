//! Markers for what may not be on the disk yet, and what to do with them after a crash of the machine.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use super::workspace::ignore_missing;
use super::{Store, retry_interrupted};
use crate::manifest::Manifest;
use crate::{Digest, StoreError};

/// What a marker stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsettled {
    /// A blob.
    Blob,
    /// An unpacked layer, and its blob where that is not compressed and so has the same digest.
    Layer,
    /// Manifest and configuration of an image, which `index.json` does not list yet.
    Image,
}

impl Store {
    /// Makes everything written so far survive a power failure. Costs one sync of the file system, which can
    /// take long on a busy disk: call it once, before an image is recorded somewhere durably.
    ///
    /// # Errors
    /// [`StoreError`] when the disk does not take the data.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.try_settle().map_err(self.failed("sync"))
    }

    fn try_settle(&self) -> io::Result<()> {
        let current = self.markers();
        // Moved aside first: markers made from now on belong to the next call.
        let aside = self
            .path("unsettled")
            .join(format!("{}.{}", self.boot_id, std::process::id()));
        match fs_err::rename(&current, &aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // The leftover of a call that failed: it is among those listed below, and so is `current`,
            // whose markers must then be kept until the next call.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            other => other?,
        }
        let covered: Vec<PathBuf> = self
            .marker_folders()?
            .into_iter()
            .filter(|folder| *folder != current)
            .collect();
        if covered.is_empty() {
            return Ok(());
        }
        self.list_images(&covered)?;
        let root = rustix::fs::open(self.root(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        rustix::fs::syncfs(root.as_fd())?;
        for folder in covered {
            ignore_missing(fs_err::remove_dir_all(folder))?;
        }
        Ok(())
    }

    /// Adds the images that markers stand for to `index.json`, which is for other tools; nothing here reads it.
    fn list_images(&self, folders: &[PathBuf]) -> io::Result<()> {
        let mut images = BTreeSet::new();
        for folder in folders {
            let markers = read_markers(folder)?;
            images.extend(
                markers
                    .into_iter()
                    .filter(|(kind, _)| *kind == Unsettled::Image)
                    .map(|(_, image)| image),
            );
        }
        let path = |image: &Digest| self.blob_path(image);
        let sized = images
            .into_iter()
            .filter_map(|image| Some((image, fs_err::metadata(path(&image)).ok()?.len())));
        self.list_in_index(sized.collect())
    }

    /// Notes that something is about to get its name. Must come before the rename.
    pub(crate) fn mark_unsettled(&self, kind: Unsettled, digest: &Digest) -> io::Result<()> {
        let folder = self.markers();
        let path = folder.join(marker_name(kind, digest));
        loop {
            match fs_err::File::create(&path) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => fs_err::create_dir_all(&folder)?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Checks what was not settled when the machine went down.
    pub(super) fn recover(&self) -> io::Result<()> {
        if self.crashed_folders()?.is_empty() {
            return Ok(());
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let guard = rustix::fs::open(self.path("unsettled"), flags, Mode::empty())?;
        retry_interrupted(|| flock(guard.as_fd(), FlockOperation::LockExclusive))?;
        for folder in self.crashed_folders()? {
            for (kind, digest) in read_markers(&folder)? {
                self.recheck(kind, &digest)?;
            }
            self.list_images(std::slice::from_ref(&folder))?;
            fs_err::remove_dir_all(&folder)?;
        }
        Ok(())
    }

    fn recheck(&self, kind: Unsettled, digest: &Digest) -> io::Result<()> {
        match kind {
            Unsettled::Layer => self.drop_folder(&self.layer_folder(digest))?,
            Unsettled::Image => {
                if let Some(manifest) = self.read_manifest(digest) {
                    self.drop_damaged_blob(&manifest.config.digest)?;
                }
            }
            Unsettled::Blob => {}
        }
        self.drop_damaged_blob(digest)
    }

    fn read_manifest(&self, digest: &Digest) -> Option<Manifest> {
        serde_json::from_slice(&fs_err::read(self.blob_path(digest)).ok()?).ok()
    }

    /// Removes a folder without ever showing half of it.
    pub(crate) fn drop_folder(&self, folder: &Path) -> io::Result<()> {
        let aside = self.temporary_folder()?;
        ignore_missing(fs_err::rename(folder, aside.path()))
    }

    fn markers(&self) -> PathBuf {
        self.path("unsettled").join(&*self.boot_id)
    }

    fn marker_folders(&self) -> io::Result<Vec<PathBuf>> {
        fs_err::read_dir(self.path("unsettled"))?
            .map(|entry| Ok(entry?.path()))
            .collect()
    }

    fn crashed_folders(&self) -> io::Result<Vec<PathBuf>> {
        let of_this_boot = |folder: &PathBuf| {
            folder
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(&*self.boot_id))
        };
        Ok(self
            .marker_folders()?
            .into_iter()
            .filter(|folder| !of_this_boot(folder))
            .collect())
    }
}

fn marker_name(kind: Unsettled, digest: &Digest) -> String {
    let kind = match kind {
        Unsettled::Blob => "blob",
        Unsettled::Layer => "layer",
        Unsettled::Image => "image",
    };
    format!("{kind}-{}", digest.hex())
}

/// The markers in a folder; none if another process has just dealt with them.
fn read_markers(folder: &Path) -> io::Result<Vec<(Unsettled, Digest)>> {
    let mut markers = Vec::new();
    let entries = match fs_err::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(markers),
        other => other?,
    };
    for entry in entries {
        markers.extend(entry?.file_name().to_str().and_then(parse_marker));
    }
    Ok(markers)
}

fn parse_marker(name: &str) -> Option<(Unsettled, Digest)> {
    let (kind, hex) = name.split_once('-')?;
    let kind = match kind {
        "blob" => Unsettled::Blob,
        "layer" => Unsettled::Layer,
        "image" => Unsettled::Image,
        _ => return None,
    };
    Some((kind, Digest::from_hex(hex)?))
}
