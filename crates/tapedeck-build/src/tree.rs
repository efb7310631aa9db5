//! Source that goes into an image as it is: which files of a folder belong to an application, and the layer of them.
//!
//! What `.gitignore` leaves out stays out, and so does what tools leave behind. Both the layer and the question whether
//! anything changed are answered from the same list.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use crate::BuildError;
use crate::image::{Draft, LayerName};
use crate::included::globs;
use crate::layers;
use crate::path::ancestors_in_repository;
use crate::request::{Source, Workshop};
use crate::stamp::Observations;

/// Folders and files that belong to tools and never to an application, wherever they are.
const OF_TOOLS: [&str; 16] = [
    ".git",
    ".hg",
    ".svn",
    ".gitignore",
    ".DS_Store",
    ".idea",
    ".vscode",
    ".gradle",
    ".venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    "node_modules",
];

/// Folders that belong to a tool if one of the files is beside or in them.
const OF_TOOLS_BESIDE: [(&str, &str); 5] = [
    ("target", "../pom.xml"),
    ("target", "../Cargo.toml"),
    ("build", "../build.gradle"),
    ("build", "../build.gradle.kts"),
    ("venv", "pyvenv.cfg"),
];

/// Names of config files, which say how an application is deployed and are no part of it.
const CONFIG_FILES: [&str; 5] = [
    "stacktape.yml",
    "stacktape.yaml",
    "stacktape.json",
    "stacktape.ts",
    "stacktape.js",
];

/// The files of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceTree {
    /// The folder, absolute.
    pub(crate) root: PathBuf,
    /// Files relative to `root`, sorted. Links are followed.
    pub(crate) files: Vec<PathBuf>,
    /// Absolute paths of every folder that was searched, `root` among them. A new file changes one of them.
    folders: Vec<PathBuf>,
    /// Absolute paths of the ignore files that could have had a say, there or not.
    ignore_files: Vec<PathBuf>,
}

impl SourceTree {
    /// Finds the files below `root` that git does not ignore, that belong to no tool and that `excludeFiles` does not take
    /// away.
    pub(crate) fn find(source: &Source<'_>, root: &Path) -> Result<Self, BuildError> {
        let excluded = globs(source.root, "excludeFiles", &source.packaging.exclude_files)?;
        let is_excluded =
            move |path: &Path, is_folder: bool| excluded.matched(path, is_folder).is_whitelist();
        let config_folder = source.root.to_owned();
        let mut walk = WalkBuilder::new(root);
        walk.standard_filters(false)
            .git_ignore(true)
            .parents(true)
            .require_git(false)
            .follow_links(true)
            .filter_entry(move |entry| {
                let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                entry.depth() == 0
                    || !(is_of_a_tool(entry, &config_folder) || is_excluded(entry.path(), is_folder))
            });
        let mut tree = Self {
            root: root.to_owned(),
            files: Vec::new(),
            folders: Vec::new(),
            ignore_files: Vec::new(),
        };
        for item in walk.build() {
            tree.add(item)?;
        }
        tree.files.sort();
        tree.ignore_files = tree.ignore_files();
        Ok(tree)
    }

    fn add(&mut self, item: Result<DirEntry, ignore::Error>) -> Result<(), BuildError> {
        let item = match item {
            Ok(item) => item,
            // A link to nowhere: editors make such as locks.
            Err(error) if error.io_error().is_some_and(is_absence) => return Ok(()),
            Err(error) => {
                // The error of a walk names the path, that of the system within it does not.
                return Err(BuildError::file("search the source")(std::io::Error::other(
                    error,
                )));
            }
        };
        if item.file_type().is_some_and(|kind| kind.is_dir()) {
            self.folders.push(item.path().to_owned());
        } else if item.path().is_file()
            && let Ok(relative) = item.path().strip_prefix(&self.root)
        {
            self.files.push(relative.to_owned());
        }
        Ok(())
    }

    fn ignore_files(&self) -> Vec<PathBuf> {
        let folders: BTreeSet<&Path> = self
            .folders
            .iter()
            .map(PathBuf::as_path)
            .chain(ancestors_in_repository(&self.root))
            .collect();
        let file = |folder: &Path| folder.join(".gitignore");
        folders.into_iter().map(file).collect()
    }

    /// Takes files out that go into another layer, and gives them as a tree of their own.
    pub(crate) fn split_off(&mut self, is_other: impl Fn(&Path) -> bool) -> Self {
        let (other, rest) = self.files.drain(..).partition(|file: &PathBuf| is_other(file));
        self.files = rest;
        Self {
            files: other,
            ..self.clone()
        }
    }

    /// Absolute paths of the files.
    pub(crate) fn absolute(&self) -> impl Iterator<Item = PathBuf> {
        self.files.iter().map(|file| self.root.join(file))
    }

    /// Looks at everything that decides about the tree.
    pub(crate) fn observe(&self, observations: &mut Observations) -> Result<(), BuildError> {
        observations.observe_all(self.absolute())?;
        observations.observe_all(self.folders.iter().chain(&self.ignore_files))
    }

    /// The layer of the files, below a folder of the image such as `app`. None where there are none.
    pub(crate) fn layer(
        &self,
        name: LayerName,
        destination: &Path,
        observations: &mut Observations,
        workshop: &Workshop<'_>,
    ) -> Result<Option<Draft>, BuildError> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let files = self
            .files
            .iter()
            .map(|file| (destination.join(file), self.root.join(file)));
        Ok(Some(layers::of_copied_files(
            name,
            files,
            observations,
            workshop,
        )?))
    }
}

fn is_of_a_tool(entry: &DirEntry, config_folder: &Path) -> bool {
    let name = entry.file_name();
    let is_beside =
        |(folder, file): &(&str, &str)| name == OsStr::new(folder) && entry.path().join(file).exists();
    OF_TOOLS.iter().any(|tool| name == OsStr::new(tool))
        || OF_TOOLS_BESIDE.iter().any(is_beside)
        || (entry.path().parent() == Some(config_folder)
            && CONFIG_FILES.iter().any(|config| name == OsStr::new(config)))
}

fn is_absence(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}
