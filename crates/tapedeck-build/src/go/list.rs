//! What `go list` says of the packages that a program is made of.

use std::path::PathBuf;

use serde::Deserialize;

use super::GoError;

/// The fields that are asked for.
pub(crate) const FIELDS: &str = "-json=Dir,Root,Name,Standard,Module,GoFiles,SFiles,HFiles,SysoFiles,IgnoredGoFiles,\
                                 IgnoredOtherFiles,EmbedFiles";

/// A package.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Package {
    /// Its folder, absolute.
    #[serde(rename = "Dir")]
    pub(crate) folder: PathBuf,
    /// The folder of the Go that a package of Go itself comes with.
    #[serde(default)]
    pub(crate) root: Option<PathBuf>,
    /// Its name, such as `main`.
    #[serde(default)]
    pub(crate) name: String,
    /// It comes with Go.
    #[serde(default, rename = "Standard")]
    pub(crate) is_standard: bool,
    #[serde(default)]
    module: Option<ListedModule>,
    #[serde(default)]
    pub(crate) go_files: Vec<PathBuf>,
    #[serde(default)]
    s_files: Vec<PathBuf>,
    #[serde(default)]
    h_files: Vec<PathBuf>,
    #[serde(default)]
    syso_files: Vec<PathBuf>,
    /// Left out by their names or by a line in them, which may change.
    #[serde(default)]
    ignored_go_files: Vec<PathBuf>,
    #[serde(default)]
    ignored_other_files: Vec<PathBuf>,
    #[serde(default)]
    pub(crate) embed_files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedModule {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    replace: Option<Box<ListedModule>>,
    #[serde(default)]
    go_mod: Option<PathBuf>,
}

impl ListedModule {
    /// It is in a folder of the person's, and not in Go's cache of modules, which nobody changes.
    fn is_local(&self) -> bool {
        match &self.replace {
            Some(other) => other.is_local(),
            None => self.version.is_none(),
        }
    }
}

impl Package {
    /// Whether it belongs to the person and not to somebody whose module is used.
    pub(crate) fn is_own(&self) -> bool {
        !self.is_standard && self.module.as_ref().is_none_or(ListedModule::is_local)
    }

    /// The `go.mod` of its module.
    pub(crate) fn module_file(&self) -> Option<&PathBuf> {
        self.module.as_ref()?.go_mod.as_ref()
    }

    /// Absolute paths of the files that are compiled.
    pub(crate) fn compiled(&self) -> impl Iterator<Item = PathBuf> {
        let files = [
            &self.go_files,
            &self.s_files,
            &self.h_files,
            &self.syso_files,
            &self.embed_files,
        ];
        files.into_iter().flatten().map(|file| self.folder.join(file))
    }

    /// Absolute paths of the files that are left out.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = PathBuf> {
        let files = [&self.ignored_go_files, &self.ignored_other_files];
        files.into_iter().flatten().map(|file| self.folder.join(file))
    }
}

/// Reads what `go list -deps -json` writes: one object after the other.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Package>, GoError> {
    serde_json::Deserializer::from_slice(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(GoError::List)
}
