//! Putting entries in order: one canonical sequence for one set of entries.

use std::collections::BTreeMap;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use crate::{Entry, EntryKind, PutLayerError};

/// Entries by path, so sorted bytewise, each directory before what is in it, none missing.
pub(super) type Tree = BTreeMap<Vec<u8>, Entry>;

/// Sorts entries, adds missing parents and refuses what cannot be a layer.
pub(super) fn arrange(entries: Vec<Entry>) -> Result<Tree, PutLayerError> {
    let mut tree = Tree::new();
    for entry in entries {
        let path = clean_path(&entry.path)?;
        if let Some(twice) = tree.insert(path, entry) {
            return Err(PutLayerError::Duplicate { path: twice.path });
        }
    }
    let mut implied = Tree::new();
    for (path, entry) in &tree {
        for parent in parents(path) {
            match tree.get(parent) {
                Some(found) if matches!(found.kind, EntryKind::Directory) => {}
                Some(found) => {
                    return Err(PutLayerError::BelowFile {
                        path: entry.path.clone(),
                        parent: found.path.clone(),
                    });
                }
                None => {
                    implied
                        .entry(parent.to_vec())
                        .or_insert_with(|| Entry::directory(display(parent)));
                }
            }
        }
    }
    tree.append(&mut implied);
    Ok(tree)
}

fn clean_path(path: &Path) -> Result<Vec<u8>, PutLayerError> {
    let mut clean = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) if name.as_bytes().starts_with(b".wh.") => {
                return Err(PutLayerError::Reserved {
                    path: path.to_owned(),
                });
            }
            Component::Normal(name) => {
                if !clean.is_empty() {
                    clean.push(b'/');
                }
                clean.extend_from_slice(name.as_bytes());
            }
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                return Err(PutLayerError::Path {
                    path: path.to_owned(),
                });
            }
        }
    }
    if clean.is_empty() || clean.contains(&0) {
        return Err(PutLayerError::Path {
            path: path.to_owned(),
        });
    }
    Ok(clean)
}

fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/')
        .map(|(at, _)| &path[..at])
}

/// A cleaned path as a path again.
pub(super) fn display(path: &[u8]) -> PathBuf {
    std::ffi::OsString::from_vec(path.to_vec()).into()
}
