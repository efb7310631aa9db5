//! What is asked for, and what providers get to work with.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use serde::de::DeserializeOwned;
use tapedeck_image::registry::Login;
use tapedeck_image::{Platform, Progress, Store};
use tapedeck_model::{ResourceName, StacktapeImageBuildpack};

use crate::BuildError;
use crate::base::NamedBases;
use crate::language::Language;
use crate::path::normalized;
use crate::record::Record;
use crate::resident::Resident;
use crate::sandbox::Sandbox;
use crate::stamp::Observations;

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
    /// The processor that the image is for.
    pub platform: Platform,
    /// Base images by name. Without one, or when its registry does not answer and it was never pulled, a base
    /// is assembled on this machine.
    pub bases: NamedBases<'a>,
    /// Docker's `config.json`, for credentials of registries. It need not exist.
    pub docker_config: Option<&'a Path>,
    /// Who to be towards the registry of a prebuilt image, instead of what Docker knows.
    pub registry_login: Option<&'a Login>,
    /// Who runs programs of an image, where an image has to be made that way.
    pub sandbox: Option<&'a dyn Sandbox>,
    /// When images claim to have been made, in seconds since the Unix epoch: `SOURCE_DATE_EPOCH`, or 0.
    pub created: i64,
    /// Build everything above the base anew, whatever is known.
    pub no_cache: bool,
}

impl<'a> BuildRequest<'a> {
    /// A request for an image of this machine's processor, without anything that need not be: no programs of this machine,
    /// no bases by name, no credentials, no sandbox.
    #[must_use]
    pub fn new(
        store: &'a Store,
        service: &'a ResourceName,
        packaging: &'a tapedeck_model::Packaging,
        source_root: &'a Path,
        cache_directory: &'a Path,
    ) -> Self {
        Self {
            store,
            service,
            packaging,
            source_root,
            cache_directory,
            search_path: OsStr::new(""),
            platform: Platform::host(),
            bases: NamedBases::default(),
            docker_config: None,
            registry_login: None,
            sandbox: None,
            created: 0,
            no_cache: false,
        }
    }
}

/// The service that is packaged, whatever the kind of packaging.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) service: &'a ResourceName,
    /// Folder of the config file, absolute and without links.
    pub(crate) root: &'a Path,
}

impl Subject<'_> {
    /// A path as a person sees it: relative to the folder of the config file where that is possible.
    pub(crate) fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.root).unwrap_or(path).to_owned()
    }

    /// The folder that `sourceDirectoryPath` leads to.
    pub(crate) fn source_folder(&self, written: &str) -> Result<PathBuf, BuildError> {
        let resolved = normalized(&self.root.join(written));
        if resolved.is_dir() {
            return Ok(resolved);
        }
        Err(BuildError::NoSourceFolder {
            service: self.service.to_string(),
            written: written.to_owned(),
            resolved,
        })
    }
}

/// The source of one service in some language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) service: &'a ResourceName,
    pub(crate) language: Language,
    /// Folder of the config file, absolute and without links.
    pub(crate) root: &'a Path,
    pub(crate) packaging: &'a StacktapeImageBuildpack,
    /// The entry file as written, without the object.
    written: &'a str,
    /// The object in the entry file that is named after a colon, as in `main.py:app`.
    pub(crate) object: Option<&'a str>,
}

/// What a provider may use, and whom it tells what it does.
pub(crate) struct Workshop<'a> {
    pub(crate) store: &'a Store,
    pub(crate) cache: &'a Path,
    pub(crate) search_path: &'a OsStr,
    pub(crate) platform: Platform,
    pub(crate) bases: NamedBases<'a>,
    pub(crate) docker_config: Option<&'a Path>,
    pub(crate) registry_login: Option<&'a Login>,
    pub(crate) sandbox: Option<&'a dyn Sandbox>,
    /// The last build of the same service, unless it is to be ignored.
    pub(crate) previous: Option<&'a Record>,
    pub(crate) progress: &'a mut dyn Progress,
    /// What is kept between builds, if there are to be more.
    pub(crate) resident: Option<&'a Resident>,
    /// When the image claims to have been made, in seconds since the Unix epoch.
    pub(crate) created: i64,
    /// Layers are made even if the store has them.
    pub(crate) is_anew: bool,
    /// Commands of the person's are run on top of the base, which has to have what they need.
    pub(crate) has_commands: bool,
}

impl Workshop<'_> {
    /// The folder for temporary files.
    pub(crate) fn scratch(&self) -> Result<PathBuf, BuildError> {
        scratch(self.cache)
    }

    /// A round of looking at what is used from now on, for the record of this build.
    pub(crate) fn observations(&self, used_since: SystemTime) -> Observations {
        let earlier = self.previous.map(|record| record.inputs.clone());
        Observations::since(used_since, earlier.unwrap_or_default())
    }

    /// What the last build remembered with [`Memory::of`](crate::record::Memory::of) under this name.
    pub(crate) fn remembered<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.previous?.memory.as_ref()?.read(name)
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
        subject: Subject<'a>,
        packaging: &'a StacktapeImageBuildpack,
    ) -> Result<Self, BuildError> {
        let (written, object) = split(&packaging.entryfile_path);
        let Some(language) = Self::language_of(packaging) else {
            return Err(Language::unknown(subject.service, packaging));
        };
        let resolved = subject.root.join(written);
        if !resolved.is_file() {
            return Err(BuildError::MissingEntry {
                service: subject.service.to_string(),
                written: packaging.entryfile_path.clone(),
                resolved,
                root: subject.root.to_owned(),
            });
        }
        Ok(Self {
            service: subject.service,
            language,
            root: subject.root,
            packaging,
            written,
            object,
        })
    }

    /// The language of an entry file as it is written in the config. Looks at no disk.
    pub(crate) fn language_of(packaging: &StacktapeImageBuildpack) -> Option<Language> {
        let (entry, object) = split(&packaging.entryfile_path);
        Language::of(Path::new(entry)).filter(|language| object.is_none() || language.names_objects())
    }

    /// The service, for what does not care about languages.
    pub(crate) fn subject(&self) -> Subject<'a> {
        Subject {
            service: self.service,
            root: self.root,
        }
    }

    /// Absolute path of the entry file.
    pub(crate) fn entry(&self) -> PathBuf {
        crate::path::normalized(&self.root.join(self.written))
    }

    /// A path as a person sees it: relative to the folder of the config file where that is possible.
    pub(crate) fn relative(&self, path: &Path) -> PathBuf {
        self.subject().relative(path)
    }
}

/// An entry file and the object in it: `main.py:app` names both.
fn split(written: &str) -> (&str, Option<&str>) {
    match written.rsplit_once(':') {
        Some((entry, object)) if !object.contains('/') => (entry, Some(object)),
        _ => (written, None),
    }
}
