//! The files that a builder gets: all of the source folder, unless `project.toml` says otherwise. Both the question whether
//! anything changed and the key of the image are answered from the same list.

use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::{lchown, symlink};
use std::path::{Path, PathBuf};

use fs_err as fs;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::Descriptor;
use crate::BuildError;
use crate::stamp::{Observations, hash};

/// What is sent.
#[derive(Debug)]
pub(super) struct Sent {
    folder: PathBuf,
    /// A hash of it all.
    pub(super) key: String,
    /// Paths below the folder, each folder before what is in it.
    entries: Vec<(PathBuf, Kind)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Link,
}

impl Sent {
    /// Looks at everything that is sent.
    pub(super) fn look(
        folder: &Path,
        descriptor: &Descriptor,
        observations: &mut Observations,
    ) -> Result<Self, BuildError> {
        let mut walk = Walk {
            folder,
            include: matcher(&descriptor.include)?,
            exclude: matcher(&descriptor.exclude)?,
            text: String::new(),
            entries: Vec::new(),
            observations,
        };
        walk.folder(Path::new(""))
            .map_err(BuildError::file("look at the source"))?;
        Ok(Self {
            key: hash(walk.text.as_bytes()),
            entries: walk.entries,
            folder: folder.to_owned(),
        })
    }

    /// Absolute paths of the files, sorted.
    pub(super) fn absolute_files(&self) -> Vec<PathBuf> {
        let files = self.entries.iter().filter(|(_, kind)| *kind != Kind::Folder);
        let mut files: Vec<PathBuf> = files.map(|(path, _)| self.folder.join(path)).collect();
        files.sort();
        files
    }

    /// Copies it all into an empty folder and gives it to a user and a group.
    pub(super) fn copy(&self, to: &Path, (user, group): (u32, u32)) -> io::Result<()> {
        for (path, kind) in &self.entries {
            let (from, to) = (self.folder.join(path), to.join(path));
            // With an include pattern, folders come only with what is in them.
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            match kind {
                Kind::Folder => {
                    fs::create_dir_all(&to)?;
                    fs::set_permissions(&to, fs::metadata(&from)?.permissions())?;
                }
                Kind::File => drop(fs::copy(&from, &to)?),
                Kind::Link => symlink(fs::read_link(&from)?, &to)?,
            }
        }
        give(to, user, group)
    }
}

/// Gives a folder and everything in it to a user and a group.
pub(super) fn give(path: &Path, user: u32, group: u32) -> io::Result<()> {
    lchown(path, Some(user), Some(group))?;
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), user, group)?;
        }
    }
    Ok(())
}

/// None for no patterns.
fn matcher(patterns: &[String]) -> Result<Option<Gitignore>, BuildError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut builder = GitignoreBuilder::new("");
    for pattern in patterns {
        builder
            .add_line(None, pattern)
            .map_err(|error| wrong_pattern(pattern, &error))?;
    }
    builder
        .build()
        .map(Some)
        .map_err(|error| wrong_pattern(&patterns.join(", "), &error))
}

fn wrong_pattern(pattern: &str, error: &ignore::Error) -> BuildError {
    BuildError::Glob {
        setting: "project.toml",
        glob: pattern.to_owned(),
        rule: error.to_string(),
    }
}

struct Walk<'a> {
    folder: &'a Path,
    include: Option<Gitignore>,
    exclude: Option<Gitignore>,
    /// All that is sent, as text.
    text: String,
    entries: Vec<(PathBuf, Kind)>,
    observations: &'a mut Observations,
}

impl Walk<'_> {
    fn folder(&mut self, relative: &Path) -> io::Result<()> {
        let folder = self.folder.join(relative);
        // A new file changes the names in it.
        self.observations.observe(&folder)?;
        let mut items = fs::read_dir(&folder)?.collect::<io::Result<Vec<_>>>()?;
        items.sort_by_key(fs::DirEntry::file_name);
        for item in items {
            let path = relative.join(item.file_name());
            let kind = item.file_type()?;
            let is_sent = self.is_sent(&path, kind.is_dir());
            if kind.is_dir() {
                if is_sent {
                    let mode = self.observations.observe(&item.path())?.permissions();
                    self.add(path.clone(), Kind::Folder, &format!("{mode:o}"));
                }
                self.folder(&path)?;
            } else if is_sent && kind.is_symlink() {
                let target = self.observations.observe_link(&item.path())?.contents.clone();
                self.add(path, Kind::Link, &target);
            } else if is_sent && kind.is_file() {
                let file = self.observations.observe(&item.path())?;
                let facts = format!("{:o}\0{}", file.permissions(), file.contents);
                self.add(path, Kind::File, &facts);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: PathBuf, kind: Kind, facts: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.text, "{kind:?}\0{}\0{facts}", path.display());
        self.entries.push((path, kind));
    }

    /// Each path for itself, as builders read patterns: what is in a folder that is left out may be sent.
    fn is_sent(&self, path: &Path, is_folder: bool) -> bool {
        let matches =
            |patterns: &Gitignore| patterns.matched_path_or_any_parents(path, is_folder).is_ignore();
        !self.exclude.as_ref().is_some_and(matches) && self.include.as_ref().is_none_or(matches)
    }
}
