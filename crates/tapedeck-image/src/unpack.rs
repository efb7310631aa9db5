//! Writing the files of a layer below one folder, whatever the layer tries.
//!
//! Every parent is looked up by the kernel with the folder as its root (`openat2`, `RESOLVE_IN_ROOT`), so
//! neither `..` nor an absolute link nor a link planted by an earlier entry leads out of it.
//! Whiteouts take the form overlayfs knows: a character device 0:0, and an attribute for opaque directories.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid, XattrFlags, fchmod,
    fchown, fsetxattr, futimens, linkat, mkdirat, mknodat, openat2, statat, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno;

use crate::tarball::Attributes;

/// A folder that is being filled.
#[derive(Debug)]
pub(crate) struct Unpacker {
    root: OwnedFd,
    privileged: bool,
    /// The parent of the last entry: most entries share it with the one before.
    parent: Option<(Vec<u8>, Arc<OwnedFd>)>,
    /// Attributes of directories, set at the end because filling a directory changes or needs them.
    directories: Vec<(Vec<u8>, Attributes, i64)>,
}

impl Unpacker {
    /// Creates `folder` and begins to fill it. Only a privileged process sets owners.
    pub(crate) fn create(folder: &Path, privileged: bool) -> io::Result<Self> {
        fs_err::create_dir(folder)?;
        Self::fill(folder, privileged)
    }

    /// Begins to fill an empty folder.
    pub(crate) fn fill(folder: &Path, privileged: bool) -> io::Result<Self> {
        let root = rustix::fs::open(
            folder,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        fchmod(&root, Mode::from_raw_mode(0o755))?;
        Ok(Self {
            root,
            privileged,
            parent: None,
            directories: Vec::new(),
        })
    }

    /// Adds a directory, or changes the attributes of one that is there.
    pub(crate) fn directory(&mut self, path: &[u8], attributes: Attributes, mtime: i64) -> io::Result<()> {
        if !path.is_empty() {
            let (parent, name) = self.locate(path)?;
            match mkdirat(&*parent, name, Mode::from_raw_mode(0o755)) {
                Err(Errno::EXIST) => self.turn_into_directory(parent.as_fd(), name)?,
                other => other?,
            }
        }
        self.directories.push((path.to_vec(), attributes, mtime));
        Ok(())
    }

    /// Adds a file, writing its content with `fill`.
    pub(crate) fn file(
        &mut self,
        path: &[u8],
        attributes: Attributes,
        mtime: i64,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        let (parent, name) = self.locate(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let create =
            |parent: BorrowedFd<'_>| rustix::fs::openat(parent, name, flags, Mode::RUSR | Mode::WUSR);
        let file = match create(parent.as_fd()) {
            Err(Errno::EXIST) => {
                self.clear(parent.as_fd(), name)?;
                create(parent.as_fd())?
            }
            other => other?,
        };
        let mut file = File::from(file);
        fill(&mut file)?;
        file.flush()?;
        self.own(file.as_fd(), attributes)?;
        // After the owner: changing that clears set-user-id.
        fchmod(&file, Mode::from_raw_mode(attributes.mode))?;
        futimens(&file, &at(mtime))?;
        Ok(())
    }

    /// Adds a symbolic link.
    pub(crate) fn symlink(
        &mut self,
        path: &[u8],
        target: &[u8],
        attributes: Attributes,
        mtime: i64,
    ) -> io::Result<()> {
        let (parent, name) = self.locate(path)?;
        match symlinkat(OsStr::from_bytes(target), &*parent, name) {
            Err(Errno::EXIST) => {
                self.clear(parent.as_fd(), name)?;
                symlinkat(OsStr::from_bytes(target), &*parent, name)?;
            }
            other => other?,
        }
        if self.privileged && (attributes.uid, attributes.gid) != (0, 0) {
            let (uid, gid) = (Uid::from_raw(attributes.uid), Gid::from_raw(attributes.gid));
            rustix::fs::chownat(&*parent, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
        }
        utimensat(&*parent, name, &at(mtime), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(())
    }

    /// Adds a second name for a file of this layer.
    pub(crate) fn hard_link(&mut self, path: &[u8], target: &[u8]) -> io::Result<()> {
        let (target_parent, target_name) = self.locate(target)?;
        let (parent, name) = self.locate(path)?;
        let link = || linkat(&*target_parent, target_name, &*parent, name, AtFlags::empty());
        match link() {
            Err(Errno::EXIST) if path == target => {}
            Err(Errno::EXIST) => {
                self.clear(parent.as_fd(), name)?;
                link()?;
            }
            other => other?,
        }
        Ok(())
    }

    /// Hides what lower layers have at `path`.
    pub(crate) fn whiteout(&mut self, path: &[u8]) -> io::Result<()> {
        let (parent, name) = self.locate(path)?;
        let mode = Mode::from_raw_mode(0o600);
        match mknodat(
            &*parent,
            name,
            FileType::CharacterDevice,
            mode,
            rustix::fs::makedev(0, 0),
        ) {
            // This layer has something there already: it stays, only what is below is hidden.
            Err(Errno::EXIST) => {
                let found = statat(&*parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
                if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
                    self.opaque(path)
                } else {
                    Ok(())
                }
            }
            other => Ok(other?),
        }
    }

    /// Hides what lower layers have inside the directory `path`.
    pub(crate) fn opaque(&mut self, path: &[u8]) -> io::Result<()> {
        let folder = self.open_folder(path)?;
        self.set_opaque(folder.as_fd())
    }

    /// Sets an extended attribute of the file or directory `path`.
    pub(crate) fn extended_attribute(&mut self, path: &[u8], name: &str, value: &[u8]) -> io::Result<()> {
        let (parent, leaf) = self.locate(path)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&*parent, leaf, flags, Mode::empty())?;
        Ok(fsetxattr(&file, name, value, XattrFlags::empty())?)
    }

    /// Sets the attributes of the directories. The folder is complete after this.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        for (path, attributes, mtime) in std::mem::take(&mut self.directories).into_iter().rev() {
            let folder = match self.resolve(&path, OFlags::RDONLY | OFlags::NOFOLLOW) {
                // A later entry replaced it.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                other => other?,
            };
            self.own(folder.as_fd(), attributes)?;
            fchmod(&folder, Mode::from_raw_mode(attributes.mode))?;
            futimens(&folder, &at(mtime))?;
        }
        Ok(())
    }

    /// The parent directory of `path`, created where it is missing, and the last name of `path`.
    fn locate<'path>(&mut self, path: &'path [u8]) -> io::Result<(Arc<OwnedFd>, &'path OsStr)> {
        let slash = path.iter().rposition(|byte| *byte == b'/');
        let (parent, name) = slash.map_or((&b""[..], path), |at| (&path[..at], &path[at + 1..]));
        if let Some((known, folder)) = &self.parent
            && known == parent
        {
            return Ok((Arc::clone(folder), OsStr::from_bytes(name)));
        }
        let folder = match self.resolve(parent, OFlags::PATH) {
            Err(Errno::NOENT) => {
                self.create_parents(parent)?;
                self.resolve(parent, OFlags::PATH)?
            }
            other => other?,
        };
        let folder = Arc::new(folder);
        self.parent = Some((parent.to_vec(), Arc::clone(&folder)));
        Ok((folder, OsStr::from_bytes(name)))
    }

    fn create_parents(&self, path: &[u8]) -> io::Result<()> {
        let ends = path
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        let mut start = 0;
        for end in ends {
            let parent = self.resolve(&path[..start.max(1) - 1], OFlags::PATH)?;
            match mkdirat(
                &parent,
                OsStr::from_bytes(&path[start..end]),
                Mode::from_raw_mode(0o755),
            ) {
                Err(Errno::EXIST) => {}
                other => other?,
            }
            start = end + 1;
        }
        Ok(())
    }

    fn open_folder(&mut self, path: &[u8]) -> io::Result<OwnedFd> {
        match self.resolve(path, OFlags::RDONLY) {
            Err(Errno::NOENT) => {
                self.create_parents(path)?;
                Ok(self.resolve(path, OFlags::RDONLY)?)
            }
            other => Ok(other?),
        }
    }

    fn resolve(&self, path: &[u8], access: OFlags) -> rustix::io::Result<OwnedFd> {
        let path = if path.is_empty() { b"." } else { path };
        let flags = access | OFlags::DIRECTORY | OFlags::CLOEXEC;
        loop {
            let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
            match openat2(&self.root, OsStr::from_bytes(path), flags, Mode::empty(), within) {
                // Some other process renamed something meanwhile; the kernel asks to try again.
                Err(Errno::AGAIN | Errno::INTR) => {}
                opened => return opened,
            }
        }
    }

    fn turn_into_directory(&mut self, parent: BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
        let found = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let kind = FileType::from_raw_mode(found.st_mode);
        if kind == FileType::Directory {
            return Ok(());
        }
        self.clear(parent, name)?;
        mkdirat(parent, name, Mode::from_raw_mode(0o755))?;
        if kind == FileType::CharacterDevice {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            self.set_opaque(rustix::fs::openat(parent, name, flags, Mode::empty())?.as_fd())?;
        }
        Ok(())
    }

    /// Removes a file, a link or an empty directory that a later entry replaces.
    fn clear(&mut self, parent: BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
        self.parent = None;
        match unlinkat(parent, name, AtFlags::empty()) {
            Err(Errno::ISDIR | Errno::PERM) => Ok(unlinkat(parent, name, AtFlags::REMOVEDIR)?),
            other => Ok(other?),
        }
    }

    fn own(&self, file: BorrowedFd<'_>, attributes: Attributes) -> io::Result<()> {
        if self.privileged && (attributes.uid, attributes.gid) != (0, 0) {
            fchown(
                file,
                Some(Uid::from_raw(attributes.uid)),
                Some(Gid::from_raw(attributes.gid)),
            )?;
        }
        Ok(())
    }

    fn set_opaque(&self, folder: BorrowedFd<'_>) -> io::Result<()> {
        let name = if self.privileged {
            "trusted.overlay.opaque"
        } else {
            "user.overlay.opaque"
        };
        Ok(fsetxattr(folder, name, b"y", XattrFlags::empty())?)
    }
}

fn at(mtime: i64) -> Timestamps {
    let time = Timespec {
        tv_sec: mtime,
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
