//! What a program has changed on top of some layers, as one more layer: the upper folder of an overlay, as the kernel
//! leaves it behind, becomes an archive with the marks for removed files that every runtime understands.
//!
//! Owners, permissions, hard links and the capabilities of programs are kept. Times are not: two runs of a command that
//! writes the same make the same layer.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Seek as _, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::io::Errno;
use tar::{Builder, EntryType, Header};

use crate::{ImportError, Layer, Store};

/// How an overlay marks a folder that hides what lower layers have in it.
const OPAQUE: &str = "trusted.overlay.opaque";

/// The same in an archive.
const OPAQUE_MARK: &str = ".wh..wh..opq";

/// Begins the name of the mark for a removed file.
const WHITEOUT: &str = ".wh.";

/// Of the attributes beside permissions, those that mean something in another file system.
const KEPT: [&str; 2] = ["security.capability", "user."];

/// Most bytes of an attribute.
const LONGEST_ATTRIBUTE: usize = 64 * 1024;

const COMPRESSION_LEVEL: i32 = 3;

impl Store {
    /// Makes a layer of everything in the upper folder of an overlay but the paths in `except`, which are relative to it,
    /// and whatever is below those. Pipes, sockets and devices are left out.
    ///
    /// # Errors
    /// [`ImportError`] when the folder cannot be read, or the store fails.
    pub fn put_changes(&self, upper: &Path, except: &[&Path]) -> Result<Layer, ImportError> {
        let written = tempfile::tempfile_in(self.path("tmp")).map_err(self.failed("write a layer"))?;
        let mut file = archive(upper, except, written).map_err(ImportError::Changes)?;
        file.rewind().map_err(self.failed("write a layer"))?;
        self.import_layer(file, None)
    }
}

fn archive(upper: &Path, except: &[&Path], to: std::fs::File) -> io::Result<std::fs::File> {
    let mut encoder = zstd::Encoder::new(BufWriter::with_capacity(1 << 17, to), COMPRESSION_LEVEL)?;
    encoder.multithread(1)?;
    let mut walk = Walk {
        upper,
        except,
        builder: Builder::new(encoder),
        linked: BTreeMap::new(),
    };
    walk.folder(Path::new(""))?;
    let file = walk.builder.into_inner()?.finish()?;
    file.into_inner().map_err(io::IntoInnerError::into_error)
}

struct Walk<'a, W: Write> {
    upper: &'a Path,
    except: &'a [&'a Path],
    builder: Builder<W>,
    /// Where a file with several names was first met.
    linked: BTreeMap<(u64, u64), PathBuf>,
}

impl<W: Write> Walk<'_, W> {
    /// Adds what is in a folder, given relative to the upper one.
    fn folder(&mut self, folder: &Path) -> io::Result<()> {
        let mut names: Vec<OsString> = fs::read_dir(self.upper.join(folder))?
            .map(|entry| Ok(entry?.file_name()))
            .collect::<io::Result<_>>()?;
        names.sort();
        for name in names {
            let path = folder.join(&name);
            if !self.except.contains(&path.as_path()) {
                self.entry(&path)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path) -> io::Result<()> {
        let source = self.upper.join(path);
        let facts = fs::symlink_metadata(&source)?;
        let kind = facts.file_type();
        let mut header = Header::new_gnu();
        header.set_uid(facts.uid().into());
        header.set_gid(facts.gid().into());
        header.set_mode(facts.mode() & 0o7777);
        header.set_mtime(0);
        header.set_size(0);
        if kind.is_dir() {
            self.attributes(&source)?;
            header.set_entry_type(EntryType::Directory);
            self.builder.append_data(&mut header, path, io::empty())?;
            if attribute(&source, OPAQUE)?.as_deref() == Some(b"y") {
                self.mark(&path.join(OPAQUE_MARK))?;
            }
            return self.folder(path);
        }
        if kind.is_char_device() && facts.rdev() == 0 {
            return self.mark(&whiteout_of(path));
        }
        if kind.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            return self
                .builder
                .append_link(&mut header, path, fs::read_link(&source)?);
        }
        if !kind.is_file() {
            return Ok(());
        }
        if facts.nlink() > 1 {
            if let Some(first) = self.linked.get(&(facts.dev(), facts.ino())) {
                header.set_entry_type(EntryType::Link);
                return self.builder.append_link(&mut header, path, first);
            }
            self.linked.insert((facts.dev(), facts.ino()), path.to_owned());
        }
        self.attributes(&source)?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(facts.len());
        let content = fs::File::open(&source)?.take(facts.len());
        self.builder.append_data(&mut header, path, content)
    }

    /// Adds a mark, an empty file.
    fn mark(&mut self, path: &Path) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(0);
        self.builder.append_data(&mut header, path, io::empty())
    }

    /// Adds what an entry has of attributes that are kept: they come before it.
    fn attributes(&mut self, source: &Path) -> io::Result<()> {
        let mut names = Vec::with_capacity(LONGEST_ATTRIBUTE);
        match rustix::fs::llistxattr(source, rustix::buffer::spare_capacity(&mut names)) {
            Err(Errno::NOTSUP) => return Ok(()),
            other => other?,
        };
        let mut kept: Vec<(String, Vec<u8>)> = Vec::new();
        for name in names.split(|byte| *byte == 0) {
            let Ok(name) = std::str::from_utf8(name) else {
                continue;
            };
            if KEPT.iter().any(|kept| name.starts_with(kept)) && !name.starts_with("user.overlay.") {
                kept.extend(attribute(source, name)?.map(|value| (format!("SCHILY.xattr.{name}"), value)));
            }
        }
        kept.sort();
        if kept.is_empty() {
            return Ok(());
        }
        let pairs = kept.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        self.builder.append_pax_extensions(pairs)
    }
}

/// The mark that hides a path.
fn whiteout_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(WHITEOUT);
    name.push(std::ffi::OsStr::from_bytes(
        path.file_name().unwrap_or_default().as_bytes(),
    ));
    path.with_file_name(name)
}

/// An attribute of a file, if it has it.
fn attribute(path: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
    let mut value = Vec::with_capacity(LONGEST_ATTRIBUTE);
    match rustix::fs::lgetxattr(path, name, rustix::buffer::spare_capacity(&mut value)) {
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
        other => {
            other?;
            Ok(Some(value))
        }
    }
}

#[cfg(test)]
mod tests;
