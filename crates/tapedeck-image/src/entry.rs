//! What a layer is made of.

use std::path::PathBuf;
use std::sync::Arc;

/// One file, directory or symbolic link of a layer.
///
/// The order of entries does not matter, and missing parent directories are added (0755, root).
#[derive(Debug, Clone)]
pub struct Entry {
    /// Path inside the image, such as `app/main.js`. A leading `/` is ignored; `..` is refused.
    pub path: PathBuf,
    /// What it is.
    pub kind: EntryKind,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Permission bits, 0 to 0o7777. Symbolic links are always written as 0o777.
    pub mode: u32,
}

/// What an [`Entry`] is.
#[derive(Debug, Clone)]
pub enum EntryKind {
    /// A regular file.
    File(Contents),
    /// A directory.
    Directory,
    /// A symbolic link with its target, which is stored as it is.
    Symlink(PathBuf),
}

/// Where the bytes of a file come from.
#[derive(Debug, Clone)]
pub enum Contents {
    /// From memory. Sharing one allocation between entries is fine.
    Bytes(Arc<[u8]>),
    /// From a file, which is read once while the layer is written. Symbolic links are followed.
    Source(PathBuf),
}

impl Entry {
    /// A file with these bytes, mode 0644, owned by root.
    pub fn file(path: impl Into<PathBuf>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::new(path, EntryKind::File(Contents::Bytes(bytes.into())), 0o644)
    }

    /// A file copied from `source` on this machine, mode 0644, owned by root. The mode of `source` is not looked at.
    pub fn copy(path: impl Into<PathBuf>, source: impl Into<PathBuf>) -> Self {
        Self::new(path, EntryKind::File(Contents::Source(source.into())), 0o644)
    }

    /// A directory, mode 0755, owned by root.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Self::new(path, EntryKind::Directory, 0o755)
    }

    /// A symbolic link to `target`, owned by root.
    pub fn symlink(path: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        Self::new(path, EntryKind::Symlink(target.into()), 0o777)
    }

    /// The same with the mode 0755.
    #[must_use]
    pub fn executable(self) -> Self {
        self.with_mode(0o755)
    }

    /// The same, executable if `is_executable`.
    #[must_use]
    pub fn executable_if(self, is_executable: bool) -> Self {
        if is_executable { self.executable() } else { self }
    }

    /// The same with another mode, 0 to 0o7777.
    #[must_use]
    pub fn with_mode(mut self, mode: u32) -> Self {
        self.mode = mode & 0o7777;
        self
    }

    /// The same with another owner and group.
    #[must_use]
    pub fn owned_by(mut self, uid: u32, gid: u32) -> Self {
        (self.uid, self.gid) = (uid, gid);
        self
    }

    fn new(path: impl Into<PathBuf>, kind: EntryKind, mode: u32) -> Self {
        Self {
            path: path.into(),
            kind,
            uid: 0,
            gid: 0,
            mode,
        }
    }
}
