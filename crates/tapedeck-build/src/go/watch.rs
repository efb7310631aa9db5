//! Everything whose change could change the program: the files that went in, and the places where a new file would.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use serde::{Deserialize, Serialize};

use super::list::Package;
use super::module::Module;

/// What went into a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inputs {
    /// Paths to look at, which need not exist.
    pub(crate) all: BTreeSet<PathBuf>,
    /// The project's own files among them, sorted.
    pub(crate) own: Vec<PathBuf>,
}

/// Finds them.
pub(crate) fn inputs(module: &Module, packages: &[Package], entry: &Path) -> Inputs {
    let mut all = BTreeSet::from([entry.to_owned()]);
    let mut own = BTreeSet::new();
    let is_seen = |package: &&Package| package.is_own() || package.folder.starts_with(&module.root);
    for package in packages.iter().filter(is_seen) {
        all.extend(package.compiled().chain(package.left_out()));
        all.extend(package.embedded_folders());
        // A new file in the folder belongs to the package, and a new go.mod above takes it away.
        let above = package.folder.ancestors();
        all.extend(
            above
                .take_while(|folder| folder.starts_with(&module.root))
                .map(Path::to_owned),
        );
        all.insert(package.folder.clone());
        if let Some(file) = package.module_file().filter(|_| package.is_own()) {
            all.extend([file.clone(), file.with_extension("sum")]);
            own.extend(package.compiled());
        }
    }
    all.extend(deciding_files(module));
    // The version of Go itself.
    let go = packages
        .iter()
        .find_map(|package| package.root.as_ref().filter(|_| package.is_standard));
    all.extend(go.map(|go| go.join("VERSION")));
    Inputs {
        all,
        own: own.into_iter().collect(),
    }
}

/// Files that say what a module is made of, there or not.
fn deciding_files(module: &Module) -> BTreeSet<PathBuf> {
    let mut files: BTreeSet<PathBuf> = ["go.mod", "go.sum", "vendor/modules.txt"]
        .map(|name| module.root.join(name))
        .into();
    // The nearest go.work counts, so that a new one on the way to it would.
    for folder in module.root.ancestors() {
        let path = folder.join("go.work");
        let is_it = module.workspace.as_ref().is_some_and(|(used, _)| *used == path);
        files.insert(path);
        if is_it {
            files.extend(["go.work.sum", "vendor/modules.txt"].map(|name| folder.join(name)));
            break;
        }
    }
    files
}

impl Package {
    /// Folders in which a new file would be embedded.
    fn embedded_folders(&self) -> BTreeSet<PathBuf> {
        let tops = self.embed_files.iter().filter_map(|file| {
            let first = file.components().next()?;
            (file.components().count() > 1).then(|| self.folder.join(first))
        });
        let tops: BTreeSet<PathBuf> = tops.collect();
        let folders = tops.iter().flat_map(|top| {
            let walk = WalkBuilder::new(top).standard_filters(false).build();
            walk.filter_map(Result::ok)
        });
        folders
            .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_dir()))
            .map(|entry| entry.into_path())
            .collect()
    }
}
