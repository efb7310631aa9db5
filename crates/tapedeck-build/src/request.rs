//! What is asked for, and what providers get to work with.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use tapedeck_image::base::NamedBase;
use tapedeck_image::{Progress, Store};
use tapedeck_model::{ResourceName, StacktapeImageBuildpack};

use crate::BuildError;
use crate::record::Record;

/// No build takes as long as this.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What to package and where to keep what that needs.
#[derive(Debug, Clone, Copy)]
pub struct BuildRequest<'a> {
    /// Where the image goes.
    pub store: &'a Store,
    /// The service, for messages and for its record.
    pub service: &'a ResourceName,
    /// How to package it.
    pub packaging: &'a tapedeck_model::Packaging,
    /// Folder of the config file. Paths in `packaging` start here.
    pub source_root: &'a Path,
    /// Folder for the pinned bundler, records of builds and the like. Made when missing; may be removed at
    /// any time at the cost of time.
    pub cache_directory: &'a Path,
    /// Where programs are looked for, in the form of `PATH`. Programs that are started get it as their
    /// `PATH`.
    pub search_path: &'a OsStr,
    /// The base image for Node by name. Without one, or when its registry does not answer and it was never
    /// pulled, a base is assembled on this machine.
    pub node_base: Option<NamedBase<'a>>,
    /// Build everything above the base anew, whatever is known.
    pub no_cache: bool,
}

/// A language that can be packaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// JavaScript and TypeScript.
    JavaScript,
}

impl Language {
    const ALL: [Self; 1] = [Self::JavaScript];

    /// The language of an entry file, told by its extension alone.
    #[must_use]
    pub fn of(entry: &Path) -> Option<Self> {
        let extension = entry.extension()?.to_str()?;
        Self::ALL
            .into_iter()
            .find(|language| language.extensions().contains(&extension))
    }

    /// Extensions of its files, without the dot.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::JavaScript => &["js", "ts", "jsx", "tsx", "mjs", "mts", "cjs", "cts"],
        }
    }
}

/// The source of one service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) service: &'a ResourceName,
    pub(crate) language: Language,
    /// Folder of the config file, absolute and without links.
    pub(crate) root: &'a Path,
    pub(crate) packaging: &'a StacktapeImageBuildpack,
}

/// What a provider may use, and whom it tells what it does.
pub(crate) struct Workshop<'a> {
    pub(crate) store: &'a Store,
    pub(crate) cache: &'a Path,
    pub(crate) search_path: &'a OsStr,
    pub(crate) node_base: Option<NamedBase<'a>>,
    /// The last build of the same service, unless it is to be ignored.
    pub(crate) previous: Option<&'a Record>,
    pub(crate) progress: &'a mut dyn Progress,
    /// Layers are made even if the store has them.
    pub(crate) is_anew: bool,
}

impl Workshop<'_> {
    /// The folder for temporary files.
    pub(crate) fn scratch(&self) -> Result<PathBuf, BuildError> {
        scratch(self.cache)
    }
}

/// The folder for temporary files in the cache. What killed processes left there is removed once it is a day old.
pub(crate) fn scratch(cache: &Path) -> Result<PathBuf, BuildError> {
    let folder = cache.join("scratch");
    let failed = BuildError::file("make a folder for temporary files");
    fs::create_dir_all(&folder).map_err(&failed)?;
    for item in fs::read_dir(&folder).map_err(&failed)?.filter_map(Result::ok) {
        let age = item
            .metadata()
            .ok()
            .and_then(|facts| facts.modified().ok()?.elapsed().ok());
        if age.is_some_and(|age| age > ABANDONED_AFTER) {
            // Another process may be removing the same.
            fs::remove_dir_all(item.path()).ok();
        }
    }
    Ok(folder)
}

impl<'a> Source<'a> {
    /// Checks that there is an entry file in a known language.
    pub(crate) fn find(
        service: &'a ResourceName,
        root: &'a Path,
        packaging: &'a StacktapeImageBuildpack,
    ) -> Result<Self, BuildError> {
        let written = &packaging.entryfile_path;
        let entry = root.join(written);
        let language = Language::of(&entry).ok_or_else(|| BuildError::UnknownLanguage {
            service: service.to_string(),
            entry: written.clone(),
            known: known_extensions(),
        })?;
        if !entry.is_file() {
            return Err(BuildError::MissingEntry {
                service: service.to_string(),
                written: written.clone(),
                resolved: entry,
                root: root.to_owned(),
            });
        }
        Ok(Self {
            service,
            language,
            root,
            packaging,
        })
    }

    /// Absolute path of the entry file.
    pub(crate) fn entry(&self) -> PathBuf {
        crate::path::normalized(&self.root.join(&self.packaging.entryfile_path))
    }

    /// A path as a person sees it: relative to the folder of the config file where that is possible.
    pub(crate) fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.root).unwrap_or(path).to_owned()
    }
}

fn known_extensions() -> String {
    let all: Vec<String> = Language::ALL
        .iter()
        .flat_map(|language| language.extensions())
        .map(|extension| format!(".{extension}"))
        .collect();
    let (last, others) = all
        .split_last()
        .expect("there is at least one language with one extension");
    format!("{} or {last}", others.join(", "))
}
