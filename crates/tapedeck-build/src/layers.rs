//! Layers above the base, each with a key of everything in it.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use tapedeck_image::{Contents, Entry, EntryKind, Layer, Platform, PutLayerError};

use crate::image::{Content, Draft, LayerName, stored_layer};
use crate::record::stored_key;
use crate::request::{Subject, Workshop};
use crate::stamp::{Observations, hash};
use crate::{APP_USER, BuildError};

/// A layer that is taken from the store if it is there. Files that are copied were hashed for `key` after `hashed_at`.
pub(crate) fn draft(
    name: LayerName,
    key: String,
    entries: Vec<Entry>,
    hashed_at: SystemTime,
    workshop: &Workshop<'_>,
) -> Draft {
    let content = match stored_layer(&key, workshop) {
        Some(layer) => Content::Stored(layer),
        None => Content::Entries { entries, hashed_at },
    };
    Draft { name, key, content }
}

/// The layer of this key, if it is in the store: for what is remembered from the last build.
pub(crate) fn stored(name: LayerName, key: String, workshop: &Workshop<'_>) -> Option<Draft> {
    let content = Content::Stored(stored_layer(&key, workshop)?);
    Some(Draft { name, key, content })
}

/// Puts a layer into the store at once, where its files do not last, and remembers it by its key.
pub(crate) fn put(
    name: LayerName,
    key: &str,
    entries: Vec<Entry>,
    subject: Subject<'_>,
    workshop: &Workshop<'_>,
) -> Result<Layer, BuildError> {
    let layer = put_unnamed(name, entries, subject, workshop)?;
    remember(name, key, &layer, subject, workshop)?;
    Ok(layer)
}

/// Puts a layer into the store without remembering of what it was made.
pub(crate) fn put_unnamed(
    name: LayerName,
    entries: Vec<Entry>,
    subject: Subject<'_>,
    workshop: &Workshop<'_>,
) -> Result<Layer, BuildError> {
    workshop.store.put_layer(entries).map_err(failed(name, subject))
}

/// Remembers that what `key` stands for makes `layer`.
pub(crate) fn remember(
    name: LayerName,
    key: &str,
    layer: &Layer,
    subject: Subject<'_>,
    workshop: &Workshop<'_>,
) -> Result<(), BuildError> {
    workshop
        .store
        .remember_layer(&stored_key(key), layer)
        .map_err(|error| failed(name, subject)(error.into()))
}

fn failed(name: LayerName, subject: Subject<'_>) -> impl FnOnce(PutLayerError) -> BuildError {
    move |error| BuildError::Layer {
        layer: name.as_str(),
        service: subject.service.to_string(),
        source: Box::new(error),
    }
}

/// A layer of files that are copied as they are, each given with its place in the image; owned by the application.
pub(crate) fn of_copied_files(
    name: LayerName,
    files: impl IntoIterator<Item = (PathBuf, PathBuf)>,
    observations: &mut Observations,
    workshop: &Workshop<'_>,
) -> Result<Draft, BuildError> {
    let hashed_at = SystemTime::now();
    let mut text = String::new();
    let mut entries = Vec::new();
    for (place, path) in files {
        let input = observations
            .observe(&path)
            .map_err(BuildError::file("read a file for the image"))?;
        text.push_str(&format!(
            "{}\0{}\0{}\n",
            place.display(),
            input.is_executable(),
            input.contents
        ));
        entries.push(owned(Entry::copy(place, path)).executable_if(input.is_executable()));
    }
    let key = hash(text.as_bytes());
    Ok(draft(name, key, with_folders(entries), hashed_at, workshop))
}

/// A file of the application that was made, not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MadeFile {
    /// Path below `/app`.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_executable: bool,
}

/// A layer of files that were made, below `/app` and owned by the application.
pub(crate) fn of_made_files(name: LayerName, files: Vec<MadeFile>, workshop: &Workshop<'_>) -> Draft {
    let mut text = String::new();
    let mut entries = Vec::new();
    for file in files {
        let MadeFile {
            path,
            bytes,
            is_executable,
        } = file;
        text.push_str(&format!("{path}\0{is_executable}\0{}\n", hash(&bytes)));
        let entry = owned(Entry::file(format!("app/{path}"), bytes));
        entries.push(entry.executable_if(is_executable));
    }
    let key = hash(text.as_bytes());
    draft(name, key, with_folders(entries), SystemTime::now(), workshop)
}

/// The same entry, owned by the application.
pub(crate) fn owned(entry: Entry) -> Entry {
    entry.owned_by(APP_USER, APP_USER)
}

/// The same with every folder in `/app` that the paths need and that is not among them, owned by the
/// application.
pub(crate) fn with_folders(mut entries: Vec<Entry>) -> Vec<Entry> {
    let given: BTreeSet<&Path> = entries.iter().map(|entry| entry.path.as_path()).collect();
    let needed: BTreeSet<PathBuf> = given
        .iter()
        .flat_map(|path| path.ancestors().skip(1))
        .filter(|folder| folder.starts_with("app") && !given.contains(folder))
        .map(Path::to_owned)
        .collect();
    entries.extend(needed.into_iter().map(|folder| owned(Entry::directory(folder))));
    entries
}

/// A key of the contents of sorted entries: paths, kinds, modes and bytes. Reads every file that is to be copied.
pub(crate) fn content_key(entries: &[Entry]) -> Result<String, BuildError> {
    let mut text = String::new();
    for entry in entries {
        let contents = match &entry.kind {
            EntryKind::Directory => "directory".to_owned(),
            EntryKind::Symlink(target) => format!("link {}", target.display()),
            EntryKind::File(Contents::Bytes(bytes)) => hash(bytes),
            EntryKind::File(Contents::Source(path)) => {
                hash(&fs::read(path).map_err(BuildError::file("read a file for the image"))?)
            }
        };
        text.push_str(&format!(
            "{}\0{:o}\0{contents}\n",
            entry.path.display(),
            entry.mode
        ));
    }
    Ok(hash(text.as_bytes()))
}

/// Refuses machine code for another processor than the image is for. Reads the beginning of every file that is to be
/// copied: for what was installed on this machine, when the image is for another one.
pub(crate) fn require_platform(entries: &[Entry], platform: Platform) -> Result<(), BuildError> {
    for entry in entries {
        let EntryKind::File(Contents::Source(path)) = &entry.kind else {
            continue;
        };
        let mut head = Vec::new();
        fs::File::open(path)
            .and_then(|file| file.take(ELF_HEAD).read_to_end(&mut head))
            .map_err(BuildError::file("read a file for the image"))?;
        if elf_machine(&head).is_some_and(|machine| machine != machine_of(platform)) {
            return Err(BuildError::ForeignCode {
                path: path.clone(),
                platform: platform.as_str(),
            });
        }
    }
    Ok(())
}

/// How much of an ELF file says for which processor it is.
const ELF_HEAD: u64 = 20;

/// The machine of an ELF file. None for anything else. Source: the ELF specification, header.
fn elf_machine(head: &[u8]) -> Option<u16> {
    let is_little = head.starts_with(b"\x7fELF") && head.get(5) == Some(&1);
    is_little.then_some(u16::from_le_bytes([*head.get(18)?, *head.get(19)?]))
}

/// The number of a processor in ELF files.
fn machine_of(platform: Platform) -> u16 {
    match platform {
        Platform::Amd64 => 62,
        Platform::Arm64 => 183,
    }
}

/// Sorts by path, as [`content_key`] wants it.
pub(crate) fn sort(entries: &mut [Entry]) {
    entries.sort_by(|one, other| one.path.cmp(&other.path));
}
