//! What whoever builds a project gives: where its classes are, what they need, and what they were made of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use serde::{Deserialize, Serialize};

use super::pom::Module;
use super::project::Project;
use super::quick::Recipe;
use super::version::Wish;
use crate::path::ancestors_in_repository;

/// A project that was built.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// Folders of the module's own classes and resources, there or not.
    pub(crate) outputs: Vec<PathBuf>,
    /// A folder of the module's own of which only the resources count.
    pub(crate) resources: Option<PathBuf>,
    /// Jars, and folders of other modules, that come after them on the class path.
    pub(crate) class_path: Vec<PathBuf>,
    pub(crate) inputs: Inputs,
    /// What the build says about the version of Java, in order of precedence.
    pub(crate) wishes: Vec<Wish>,
    pub(crate) memory: Option<Outline>,
}

/// What can be known of a build again as long as its build files are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outline {
    /// Files that decide about it.
    pub(crate) build_files: BTreeSet<PathBuf>,
    pub(crate) class_path: Vec<PathBuf>,
    pub(crate) modules: Vec<Module>,
    /// How the module of the entry file is compiled without its tool.
    pub(crate) recipe: Option<Recipe>,
}

impl Outline {
    /// The module of the entry file.
    pub(crate) fn module(&self, project: &Project) -> Option<&Module> {
        let is_own = |module: &&Module| {
            let sources = module.sources.first();
            sources.is_some_and(|path| path.starts_with(&project.module))
        };
        // Modules come after those they need.
        self.modules.iter().rfind(is_own).or(self.modules.last())
    }
}

/// What classes and resources were made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inputs {
    /// Paths to look at, which need not exist.
    pub(crate) all: BTreeSet<PathBuf>,
    /// The project's own files among them.
    pub(crate) own: BTreeSet<PathBuf>,
}

impl Inputs {
    /// Adds the files in a folder of sources and every folder in it, but what lies in or below `left_out`.
    pub(crate) fn add_folder(&mut self, folder: &Path, left_out: &[PathBuf]) {
        // That it appears shows in the folders above it.
        let above = ancestors_in_repository(folder).filter(|above| above.is_dir());
        self.all.extend(above.take(1).map(Path::to_owned));
        self.all.insert(folder.to_owned());
        let left_out = left_out.to_vec();
        let walk = WalkBuilder::new(folder)
            .standard_filters(false)
            .follow_links(true)
            .filter_entry(move |entry| {
                let name = entry.file_name();
                !left_out.iter().any(|path| entry.path() == path) && name != ".git" && name != "node_modules"
            })
            .build();
        for entry in walk.filter_map(Result::ok) {
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                self.own.insert(entry.path().to_owned());
            }
            self.all.insert(entry.into_path());
        }
    }
}
