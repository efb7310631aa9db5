//! The folder everything is in, who may touch it when, and what survives a power failure.
//!
//! ```text
//! oci-layout  index.json  blobs/sha256/<hex>      an OCI image layout, readable by other tools once settled
//! layers/<diff id hex>/                           layers unpacked, read-only lower directories of overlayfs
//! keys/<input key>.json                           what a layer was made from → the layer
//! bases/<name>.json                               base images that were assembled or pulled here
//! sbom/<hex>.spdx.json                            what is in an image
//! provenance/<hex>.intoto.json                    how an image was made
//! components/<diff id hex>.json                   what is in a layer
//! apt/<platform>/                                 package lists, kept to be quick
//! unsettled/<boot id>/<kind>-<hex>                what was written but perhaps not yet to the disk
//! tmp/                                            work in progress
//! lock                                            shared: build or deploy; exclusive: garbage collection
//! ```
//!
//! **Durability.** Nothing becomes visible but by a rename of something complete, so a killed process leaves
//! no trace. Against power failure nothing is synced one by one (an fsync per file would cost more than the
//! rest of a small layer together): before a blob or a layer gets its name, an empty marker file is created
//! below `unsettled/<boot id>`. File systems commit their metadata in order, so whoever finds the name after
//! a crash finds the marker, and a marker needs no data of its own. [`Store::settle`] syncs the file system
//! once, lists new images in `index.json` and removes the markers. [`Store::open`] finds markers of another boot only after a crash, and then
//! checks exactly those blobs by their digest and drops exactly those unpacked layers, which are unpacked
//! again when needed. Everything can be built again from source, so order is what matters, not speed of
//! arrival on the disk.

mod blob;
mod recovery;
mod workspace;

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use tempfile::TempDir;

use crate::{Digest, StoreError};

pub(crate) use blob::BlobFault;
pub(crate) use recovery::Unsettled;
pub(crate) use workspace::{Workspace, ignore_missing};

/// The folders of a store.
const FOLDERS: [&str; 9] = [
    "blobs/sha256",
    "layers",
    "keys",
    "bases",
    "sbom",
    "provenance",
    "components",
    "unsettled",
    "tmp",
];

/// The image store of one machine and one user. Cheap to clone; safe to use from many processes at once.
#[derive(Debug, Clone)]
pub struct Store {
    root: Arc<Path>,
    boot_id: Arc<str>,
}

/// Keeps garbage collection away. Hold it from the first look into the store until what was built is
/// recorded as deployed.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct SharedLock {
    _file: OwnedFd,
}

/// Keeps everybody else away.
#[derive(Debug)]
pub(crate) struct ExclusiveLock {
    _file: OwnedFd,
}

impl Store {
    /// Opens the store in the folder `root`, creating it (0700) where needed, and cleans up after crashes.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be created or read.
    pub fn open(root: impl AsRef<Path>) -> Result<Self, StoreError> {
        let given = root.as_ref();
        let failed = |source| StoreError {
            action: "create folders",
            root: given.to_owned(),
            source,
        };
        create_private(given).map_err(failed)?;
        let root = fs_err::canonicalize(given).map_err(failed)?;
        let boot_id = fs_err::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot_id = if boot_id.trim().is_empty() {
            "unknown"
        } else {
            boot_id.trim()
        };
        let store = Self {
            root: root.into(),
            boot_id: boot_id.into(),
        };
        for folder in FOLDERS {
            fs_err::create_dir_all(store.path(folder)).map_err(store.failed("create folders"))?;
        }
        store
            .write_layout()
            .map_err(store.failed("write the layout file"))?;
        store.recover().map_err(store.failed("clean up after a crash"))?;
        store
            .clean_workspaces()
            .map_err(store.failed("clean up interrupted work"))?;
        Ok(store)
    }

    /// The folder of the store.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Keeps garbage collection away until the lock is dropped. Waits while a collection is running.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file cannot be used.
    pub fn share(&self) -> Result<SharedLock, StoreError> {
        let file = self.lock_file().map_err(self.failed("open the lock"))?;
        retry_interrupted(|| flock(file.as_fd(), FlockOperation::LockShared))
            .map_err(|errno| self.failed("wait for the lock")(errno.into()))?;
        Ok(SharedLock { _file: file })
    }

    /// The exclusive lock, or nothing while somebody holds a shared one.
    pub(crate) fn try_exclusive(&self) -> Result<Option<ExclusiveLock>, StoreError> {
        let file = self.lock_file().map_err(self.failed("open the lock"))?;
        match flock(file.as_fd(), FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(ExclusiveLock { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(self.failed("take the lock")(errno.into())),
        }
    }

    /// Whether this process may set owners, devices and trusted attributes.
    pub(crate) fn is_privileged(&self) -> bool {
        rustix::process::geteuid().is_root()
    }

    /// Where the layer with this diff id is, or would be, unpacked.
    pub(crate) fn layer_folder(&self, diff_id: &Digest) -> PathBuf {
        self.path("layers").join(diff_id.hex())
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Turns an error of the system into one of the store.
    pub(crate) fn failed(&self, action: &'static str) -> impl Fn(io::Error) -> StoreError + use<> {
        let root = Arc::clone(&self.root);
        move |source| StoreError {
            action,
            root: root.to_path_buf(),
            source,
        }
    }

    fn lock_file(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
        Ok(rustix::fs::open(
            self.path("lock"),
            flags,
            Mode::RUSR | Mode::WUSR,
        )?)
    }

    fn write_layout(&self) -> io::Result<()> {
        let path = self.path("oci-layout");
        if path.exists() {
            return Ok(());
        }
        self.replace_file(&path, br#"{"imageLayoutVersion":"1.0.0"}"#)
    }

    /// Writes a file as a whole, or replaces it as a whole.
    ///
    /// Replacing makes some file systems write the new content out at once, which takes milliseconds: what is
    /// written often gets a new name each time.
    pub(crate) fn replace_file(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut temporary = tempfile::NamedTempFile::new_in(self.path("tmp"))?;
        temporary.write_all(content)?;
        temporary.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// A new empty folder for what takes moments: unlike a workspace it is not locked. Removed unless kept.
    pub(crate) fn temporary_folder(&self) -> io::Result<TempDir> {
        TempDir::new_in(self.path("tmp"))
    }
}

fn create_private(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    match builder.mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Calls again what a signal interrupted.
pub(crate) fn retry_interrupted<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return other,
        }
    }
}
