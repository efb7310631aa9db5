//! What somebody who saves a file can change: which paths count, and where to look for them. Pure.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tapedeck_build::Observed;

/// Folders that nobody edits by hand, and that tools fill. They count only where something in them was looked at.
const MADE_BY_TOOLS: [&str; 5] = ["node_modules", "target", "__pycache__", "venv", "vendor"];

/// Everything that counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The folder of the config.
    pub(crate) root: PathBuf,
    /// Paths that the config was read from.
    pub(crate) config: BTreeSet<PathBuf>,
    /// Paths that images were made from.
    pub(crate) source: BTreeSet<PathBuf>,
    /// Folders whose names count.
    pub(crate) folders: BTreeSet<PathBuf>,
    /// Nobody knows what counts, as nothing could be packaged: everything below the root does that people edit.
    pub(crate) is_wide: bool,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    /// Its contents or permissions changed.
    Contents,
    /// It came or went.
    Name,
}

/// What a change is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    Nothing,
    Source,
    Config,
}

impl Scope {
    /// Adds what a build looked at.
    pub(crate) fn add(&mut self, observed: Vec<Observed>) {
        for Observed { path, is_folder } in observed {
            if is_folder {
                self.folders.insert(path);
            } else {
                self.source.insert(path);
            }
        }
    }

    /// What it means that something happened to a path.
    pub(crate) fn weigh(&self, path: &Path, touch: Touch) -> Weight {
        let is_name = touch == Touch::Name;
        if self.config.contains(path) || (is_name && has_below(&self.config, path)) {
            return Weight::Config;
        }
        let is_listed = || path.parent().is_some_and(|folder| self.folders.contains(folder));
        let is_source = self.source.contains(path)
            || (is_name && (is_listed() || has_below(&self.source, path) || has_below(&self.folders, path)))
            || (self.is_wide && self.is_edited_by_hand(path));
        match is_source {
            true => Weight::Source,
            false => Weight::Nothing,
        }
    }

    /// Whether a path is below the root, and not in a folder that tools fill.
    pub(crate) fn is_edited_by_hand(&self, path: &Path) -> bool {
        path.strip_prefix(&self.root).is_ok_and(|below| {
            below.components().all(|part| {
                let name = part.as_os_str().to_string_lossy();
                !name.starts_with('.') && !name.ends_with('~') && !MADE_BY_TOOLS.contains(&name.as_ref())
            })
        })
    }

    /// The folders in which changes show, each with those above it up to the root. What is not there is looked for in the
    /// nearest folder that is.
    pub(crate) fn to_watch(&self, is_folder: &dyn Fn(&Path) -> bool) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        let paths = self.config.iter().chain(&self.source).chain(&self.folders);
        let parents = paths.filter_map(|path| path.parent());
        for wanted in parents.chain(self.folders.iter().map(PathBuf::as_path)) {
            let mut is_found = false;
            for folder in wanted.ancestors() {
                if found.contains(folder) || (is_found && !folder.starts_with(&self.root)) {
                    break;
                }
                if is_found || is_folder(folder) {
                    is_found = true;
                    found.insert(folder.to_owned());
                }
            }
        }
        found
    }

    /// Every path that counts by itself.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.config.iter().chain(&self.source).chain(&self.folders)
    }
}

/// Whether one of the paths lies below a folder.
fn has_below(paths: &BTreeSet<PathBuf>, folder: &Path) -> bool {
    let mut from = paths.range::<Path, _>((std::ops::Bound::Excluded(folder), std::ops::Bound::Unbounded));
    from.next().is_some_and(|path| path.starts_with(folder))
}

#[cfg(test)]
mod tests;
