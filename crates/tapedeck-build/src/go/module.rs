//! The module an entry file belongs to: what is looked at on disk before anything is decided.

use std::path::{Path, PathBuf};

use super::GoError;
use crate::BuildError;
use crate::request::Source;

/// A module and the workspace it is in.
#[derive(Debug, Clone)]
pub(crate) struct Module {
    /// Folder of the nearest `go.mod` above the entry file.
    pub(crate) root: PathBuf,
    /// Its `go.mod`.
    pub(crate) file: ModuleFile,
    /// The nearest `go.work` above it with what that says.
    pub(crate) workspace: Option<(PathBuf, ModuleFile)>,
    /// The packages of others are in `vendor`, beside `go.work` if there is one, else `go.mod`.
    pub(crate) is_vendored: bool,
}

/// What is needed of a `go.mod` or `go.work`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ModuleFile {
    /// The path of the module; empty in a `go.work`.
    pub(crate) path: String,
    /// The least version of the language.
    pub(crate) go: Option<String>,
    /// The toolchain that is preferred.
    pub(crate) toolchain: Option<String>,
}

impl ModuleFile {
    /// Reads the lines `module`, `go` and `toolchain`, and leaves the judgement of the rest to Go.
    pub(crate) fn parse(text: &str) -> Self {
        let mut file = Self::default();
        for line in text.lines() {
            let line = line.split("//").next().unwrap_or(line);
            let mut words = line.split_whitespace();
            let (Some(key), Some(value)) = (words.next(), words.next()) else {
                continue;
            };
            let value = value.trim_matches(['"', '`']).to_owned();
            match key {
                "module" => file.path = value,
                "go" => file.go = Some(value),
                "toolchain" => file.toolchain = Some(value),
                _ => {}
            }
        }
        file
    }

    fn read(path: &Path) -> Result<Self, BuildError> {
        let text = fs_err::read_to_string(path).map_err(BuildError::file("read the Go module"))?;
        Ok(Self::parse(&text))
    }
}

/// Looks around the entry file as Go does.
pub(crate) fn survey(source: &Source<'_>) -> Result<Module, BuildError> {
    let entry = source.entry();
    let folder = entry.parent().unwrap_or(source.root);
    let above = |folder: &Path, name: &str| {
        let found = folder.ancestors().find(|folder| folder.join(name).is_file());
        found.map(Path::to_owned)
    };
    let root = above(folder, "go.mod").ok_or_else(|| GoError::NoModule {
        service: source.service.to_string(),
        folder: folder.to_owned(),
    })?;
    let workspace = above(&root, "go.work").map(|folder| folder.join("go.work"));
    let workspace = match workspace {
        Some(path) => Some((path.clone(), ModuleFile::read(&path)?)),
        None => None,
    };
    let beside = workspace
        .as_ref()
        .and_then(|(path, _)| path.parent())
        .unwrap_or(&root);
    Ok(Module {
        is_vendored: beside.join("vendor/modules.txt").is_file(),
        file: ModuleFile::read(&root.join("go.mod"))?,
        root,
        workspace,
    })
}

/// The name of a program, as `go build` gives it: the last part of the path of its package that is no version.
/// `package` is the folder of the package, relative to the module.
pub(crate) fn program_name(module: &str, package: &Path) -> String {
    let is_version = |part: &&str| {
        part.strip_prefix('v')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let path = format!("{module}/{}", package.display());
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    parts
        .find(|part| !is_version(part))
        .unwrap_or("program")
        .to_owned()
}
