//! Reading Debian packages: an `ar` archive with one tar archive of facts and one of files.

use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use tar::{Archive, EntryType};

use super::alternatives::{self, Alternative};
use super::distribution::Distribution;
use super::record::PackageRecord;
use super::{BaseError, rootfs};
use crate::{Digest, Entry};

/// A package in memory: those of its files that belong into an image.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) record: PackageRecord,
    /// The `control` paragraph.
    pub(super) control: String,
    /// Links that its maintainer script would have made.
    pub(super) alternatives: Vec<Alternative>,
    pub(super) entries: Vec<Entry>,
}

/// Reads all packages on all processors, in the order given.
pub(super) fn read_packages(
    files: Vec<PathBuf>,
    distribution: &Distribution,
) -> Result<Vec<Package>, BaseError> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(files.len().max(1));
    let mut queue: Vec<(usize, u64, PathBuf)> = Vec::new();
    for (position, file) in files.into_iter().enumerate() {
        let size = fs_err::metadata(&file).map_or(0, |metadata| metadata.len());
        queue.push((position, size, file));
    }
    // Taken from the end: the longest work first, so that no processor is left with it at the end.
    queue.sort_by_key(|(_, size, _)| *size);
    let queue = Mutex::new(queue);
    let next = || {
        queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop()
    };
    let mut read = thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            while let Some((position, _, file)) = next() {
                done.push((position, read_package(&file, distribution)));
            }
            done
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined
            .flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Vec<_>>()
    });
    read.sort_by_key(|(position, _)| *position);
    read.into_iter().map(|(_, package)| package).collect()
}

fn read_package(file: &Path, distribution: &Distribution) -> Result<Package, BaseError> {
    let content = fs_err::read(file).and_then(|bytes| parse(&bytes, distribution));
    content.map_err(|source| BaseError::Package {
        file: file.to_owned(),
        source,
    })
}

fn parse(bytes: &[u8], distribution: &Distribution) -> io::Result<Package> {
    let mut control = None;
    let mut entries = None;
    for member in members(bytes)? {
        let (name, content) = member?;
        if let Some(extension) = name.strip_prefix("control.tar") {
            control = Some(read_facts(&decompress(extension, content)?)?);
        } else if let Some(extension) = name.strip_prefix("data.tar") {
            entries = Some(read_files(&decompress(extension, content)?)?);
        }
    }
    let (control, script) = control.ok_or_else(|| invalid("it has no control archive"))?;
    let entries = entries.ok_or_else(|| invalid("it has no data archive"))?;
    let field = |name: &str| {
        let line = control
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim().to_owned())
            .ok_or_else(|| invalid("its control file lacks a field"))
    };
    let (name, version) = (field("Package")?, field("Version")?);
    let record = PackageRecord {
        purl: distribution.package_url(&control, &name, &version),
        name,
        version,
        sha256: Digest::of(bytes).hex(),
    };
    Ok(Package {
        record,
        control,
        alternatives: alternatives::of_script(&script),
        entries,
    })
}

/// The members of an `ar` archive: name and content.
fn members(bytes: &[u8]) -> io::Result<impl Iterator<Item = io::Result<(&str, &[u8])>>> {
    let mut rest = bytes
        .strip_prefix(b"!<arch>\n")
        .ok_or_else(|| invalid("it is not a Debian package"))?;
    Ok(std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let member = first_member(rest);
        rest = member.as_ref().map_or(&[], |(_, _, rest)| rest);
        Some(member.map(|(name, content, _)| (name, content)))
    }))
}

fn first_member(bytes: &[u8]) -> io::Result<(&str, &[u8], &[u8])> {
    let truncated = || invalid("it is cut short");
    let (header, rest) = bytes.split_at_checked(60).ok_or_else(truncated)?;
    let text = |range: std::ops::Range<usize>| std::str::from_utf8(&header[range]).map_err(io::Error::other);
    let size: usize = text(48..58)?.trim().parse().map_err(io::Error::other)?;
    let (content, rest) = rest.split_at_checked(size).ok_or_else(truncated)?;
    // Members begin at even places.
    let rest = if size % 2 == 1 {
        rest.get(1..).unwrap_or_default()
    } else {
        rest
    };
    Ok((text(0..16)?.trim_end().trim_end_matches('/'), content, rest))
}

fn decompress(extension: &str, content: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::with_capacity(content.len() * 4);
    match extension {
        "" => plain.extend_from_slice(content),
        ".xz" => drop(liblzma::read::XzDecoder::new(content).read_to_end(&mut plain)?),
        ".zst" => drop(zstd::Decoder::with_buffer(content)?.read_to_end(&mut plain)?),
        ".gz" => drop(flate2::read::GzDecoder::new(content).read_to_end(&mut plain)?),
        _ => return Err(invalid("it is compressed in an unknown way")),
    }
    Ok(plain)
}

/// The control file and the script that runs after installing, which may be missing or no text.
fn read_facts(archive: &[u8]) -> io::Result<(String, String)> {
    let (mut control, mut script) = (None, String::new());
    for entry in Archive::new(archive).entries()? {
        let mut entry = entry?;
        let path = entry.path_bytes().into_owned();
        match path.strip_prefix(b"./").unwrap_or(&path) {
            b"control" => {
                let mut content = String::new();
                entry.read_to_string(&mut content)?;
                control = Some(content);
            }
            b"postinst" => {
                let mut content = Vec::new();
                entry.read_to_end(&mut content)?;
                script = String::from_utf8_lossy(&content).into_owned();
            }
            _ => {}
        }
    }
    let control = control.ok_or_else(|| invalid("it has no control file"))?;
    Ok((control, script))
}

fn read_files(archive: &[u8]) -> io::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for entry in Archive::new(Cursor::new(archive)).entries()? {
        let mut entry = entry?;
        let raw = entry.path_bytes().into_owned();
        let Some(path) = rootfs::place(&raw) else { continue };
        let kind = entry.header().entry_type();
        if !rootfs::is_wanted(&path, kind == EntryType::Symlink) {
            continue;
        }
        let found = match kind {
            EntryType::Directory => Entry::directory(path),
            EntryType::Symlink => Entry::symlink(
                path,
                rootfs::to_path(&entry.link_name_bytes().unwrap_or_default()),
            ),
            EntryType::Regular => {
                let mut content = Vec::with_capacity(usize::try_from(entry.size()).unwrap_or(0));
                entry.read_to_end(&mut content)?;
                Entry::file(path, content)
            }
            EntryType::Link => {
                let target = rootfs::place(&entry.link_name_bytes().unwrap_or_default());
                let linked = entries
                    .iter()
                    .find(|earlier| Some(&earlier.path) == target.as_ref());
                let Some(linked) = linked else { continue };
                Entry {
                    path,
                    ..linked.clone()
                }
            }
            _ => {
                return Err(invalid(
                    "it has an entry that is neither file, directory nor link",
                ));
            }
        };
        let header = entry.header();
        let id = |value: u64| u32::try_from(value).map_err(io::Error::other);
        entries.push(
            found
                .with_mode(header.mode()?)
                .owned_by(id(header.uid()?)?, id(header.gid()?)?),
        );
    }
    Ok(entries)
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
