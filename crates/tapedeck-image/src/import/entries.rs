//! What each entry of a foreign archive may do.

use std::io::{self, Read};

use tar::{Archive, EntryType};

use super::Fault;
use crate::ImportError;
use crate::tarball::Attributes;
use crate::unpack::Unpacker;

/// Marks a file of lower layers as removed: `.wh.<name>`.
const WHITEOUT: &[u8] = b".wh.";
/// Marks the directory it is in as hiding what lower layers have there.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Unpacks every entry of an uncompressed archive.
pub(super) fn unpack_entries(from: &mut impl Read, unpacker: &mut Unpacker) -> Result<(), Fault> {
    let mut archive = Archive::new(from);
    for entry in archive.entries().map_err(super::archive)? {
        unpack_entry(&mut entry.map_err(super::archive)?, unpacker)?;
    }
    Ok(())
}

fn unpack_entry<R: Read>(entry: &mut tar::Entry<'_, R>, unpacker: &mut Unpacker) -> Result<(), Fault> {
    let raw = entry.path_bytes().into_owned();
    let path = clean(&raw).map_err(|reason| refused(&raw, reason))?;
    let header = entry.header();
    let attributes = Attributes {
        mode: header.mode().map_err(super::archive)? & 0o7777,
        uid: id(header.uid().map_err(super::archive)?, &raw)?,
        gid: id(header.gid().map_err(super::archive)?, &raw)?,
    };
    let mtime = i64::try_from(header.mtime().map_err(super::archive)?).unwrap_or(0);
    let kind = header.entry_type();
    let name_at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    if path[name_at..].starts_with(WHITEOUT) {
        return hide(&path, name_at, unpacker).map_err(misplaced(&raw));
    }
    match kind {
        EntryType::Directory => unpacker
            .directory(&path, attributes, mtime)
            .map_err(misplaced(&raw)),
        _ if path.is_empty() => Err(refused(&raw, "only a directory can be the root of an image")),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            let mut failure = None;
            let filled = unpacker.file(&path, attributes, mtime, |file| copy(entry, file, &mut failure));
            match failure {
                Some(error) => Err(super::archive(error)),
                None => filled.map_err(misplaced(&raw)),
            }?;
            extended_attributes(entry, &path, unpacker)
        }
        EntryType::Symlink => {
            let target = entry.link_name_bytes().unwrap_or_default().into_owned();
            unpacker
                .symlink(&path, &target, attributes, mtime)
                .map_err(misplaced(&raw))
        }
        EntryType::Link => {
            let target = entry.link_name_bytes().unwrap_or_default().into_owned();
            let target = clean(&target).map_err(|reason| refused(&raw, reason))?;
            if target.is_empty() {
                return Err(refused(&raw, "a hard link needs a file to link to"));
            }
            unpacker.hard_link(&path, &target).map_err(misplaced(&raw))
        }
        EntryType::Char | EntryType::Block => Err(refused(&raw, "device nodes are not allowed in images")),
        EntryType::Fifo => Err(refused(&raw, "named pipes are not allowed in images")),
        EntryType::XGlobalHeader => Ok(()),
        _ => Err(refused(&raw, "this kind of entry is not known")),
    }
}

fn hide(path: &[u8], name_at: usize, unpacker: &mut Unpacker) -> io::Result<()> {
    let folder = &path[..name_at.saturating_sub(1)];
    let name = &path[name_at..];
    if name == OPAQUE {
        return unpacker.opaque(folder);
    }
    let hidden = &name[WHITEOUT.len()..];
    // `.wh..wh.plnk` and the like are bookkeeping of aufs; `.wh.` and `.wh...` name nothing.
    if hidden.starts_with(WHITEOUT) || matches!(hidden, b"" | b"." | b"..") {
        return Ok(());
    }
    unpacker.whiteout(&[&path[..name_at], hidden].concat())
}

/// Copies the content of an entry, keeping errors of the archive apart from errors of the disk.
fn copy(from: &mut impl Read, to: &mut impl io::Write, failure: &mut Option<io::Error>) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                *failure = Some(error);
                return Ok(());
            }
        }
    }
}

/// File capabilities and user attributes. Others, above all those of overlayfs, are not for an image to set.
fn extended_attributes<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    path: &[u8],
    unpacker: &mut Unpacker,
) -> Result<(), Fault> {
    let Some(extensions) = entry.pax_extensions().map_err(super::archive)? else {
        return Ok(());
    };
    for extension in extensions {
        let extension = extension.map_err(super::archive)?;
        let Some(name) = extension
            .key()
            .ok()
            .and_then(|key| key.strip_prefix("SCHILY.xattr."))
        else {
            continue;
        };
        let wanted =
            name == "security.capability" || name.starts_with("user.") && !name.starts_with("user.overlay.");
        if wanted {
            match unpacker.extended_attribute(path, name, extension.value_bytes()) {
                // No such attributes on this file system, or not ours to set: the file works without.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
                    ) => {}
                other => other.map_err(Fault::System)?,
            }
        }
    }
    Ok(())
}

fn clean(path: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut clean = Vec::with_capacity(path.len());
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err("`..` would lead out of the image"),
            _ if part.contains(&0) => return Err("a path cannot contain a zero byte"),
            _ => {
                if !clean.is_empty() {
                    clean.push(b'/');
                }
                clean.extend_from_slice(part);
            }
        }
    }
    Ok(clean)
}

fn id(value: u64, path: &[u8]) -> Result<u32, Fault> {
    u32::try_from(value).map_err(|_| refused(path, "its owner is not a user id of Linux"))
}

/// What the kernel refuses because of the shape of the archive is the fault of the archive.
fn misplaced(path: &[u8]) -> impl FnOnce(io::Error) -> Fault {
    let path = path.to_vec();
    move |error| match error.kind() {
        io::ErrorKind::NotADirectory => refused(&path, "it is below something that is not a directory"),
        io::ErrorKind::DirectoryNotEmpty => refused(&path, "it replaces a directory that is not empty"),
        io::ErrorKind::NotFound => refused(&path, "it needs a file or folder that the layer does not have"),
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            refused(&path, "its parents are links that go in a circle")
        }
        io::ErrorKind::InvalidFilename => refused(&path, "its name is too long for this file system"),
        _ => Fault::System(error),
    }
}

fn refused(path: &[u8], reason: &'static str) -> Fault {
    Fault::Archive(ImportError::Refused {
        path: String::from_utf8_lossy(path).into_owned(),
        reason,
    })
}
