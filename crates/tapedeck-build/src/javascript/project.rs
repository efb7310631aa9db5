//! The project an entry file belongs to: what is looked at on disk before anything is decided.

use std::path::{Path, PathBuf};

use ignore::overrides::OverrideBuilder;

use super::manifest::Manifest;
use super::node_version::{Wish, WishSource, tool_version};
use super::package_manager::{LOCK_FILES, PackageManager};
use crate::BuildError;
use crate::path::ancestors_in_repository;
use crate::request::Source;

/// How much of a lock file tells its format.
const LOCK_HEAD_BYTES: usize = 400;

/// A package and the workspace it is in.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    /// Folder of the nearest `package.json` above the entry file.
    pub(crate) root: PathBuf,
    /// Folder in which the package manager installs. The same as `root` outside of a workspace.
    pub(crate) workspace: PathBuf,
    /// The `package.json` of `root`.
    pub(crate) manifest: Manifest,
    /// The `package.json` of `workspace`.
    pub(crate) workspace_manifest: Manifest,
    /// The lock file of `workspace`.
    pub(crate) lock: Option<LockFile>,
    /// Texts that may say which Node is wanted.
    pub(crate) wishes: Vec<Wish>,
    /// `tsConfigPath`, resolved.
    pub(crate) tsconfig: Option<PathBuf>,
}

/// A lock file.
#[derive(Debug, Clone)]
pub(crate) struct LockFile {
    pub(crate) path: PathBuf,
    pub(crate) manager: PackageManager,
    /// Its beginning, which tells the formats of yarn apart.
    pub(crate) head: String,
}

impl Project {
    /// Looks around the entry file.
    pub(crate) fn survey(source: &Source<'_>) -> Result<Self, BuildError> {
        let entry = source.entry();
        let entry_folder = entry.parent().unwrap_or(source.root);
        let root = ancestors_in_repository(entry_folder)
            .find(|folder| folder.join("package.json").is_file())
            .ok_or_else(|| BuildError::NoPackageJson {
                service: source.service.to_string(),
                folder: entry_folder.to_owned(),
            })?
            .to_owned();
        let manifest = Manifest::read(&root.join("package.json"))?;
        let (workspace, workspace_manifest) = find_workspace(&root, &manifest)?;
        let lock = find_lock(&workspace)?;
        let settings = source.packaging.javascript();
        let tsconfig = settings.and_then(|settings| settings.ts_config_path.as_deref());
        let tsconfig = tsconfig
            .map(|written| resolve_tsconfig(source.root, written))
            .transpose()?;
        let mut project = Self {
            root,
            workspace,
            manifest,
            workspace_manifest,
            lock,
            wishes: Vec::new(),
            tsconfig,
        };
        project.wishes = project.find_wishes(source)?;
        Ok(project)
    }

    /// The same with the lock file that is there now.
    pub(crate) fn with_lock_now(&self) -> Result<Self, BuildError> {
        Ok(Self {
            lock: find_lock(&self.workspace)?,
            ..self.clone()
        })
    }

    /// The project's folder relative to the workspace, with `/`; empty outside of a workspace.
    pub(crate) fn place_in_workspace(&self) -> String {
        self.root
            .strip_prefix(&self.workspace)
            .unwrap_or(Path::new(""))
            .to_string_lossy()
            .into_owned()
    }

    /// Whether it is one of several packages that are installed together.
    pub(crate) fn is_in_workspace(&self) -> bool {
        self.root != self.workspace
    }

    /// Whether anything at all would have to be installed.
    pub(crate) fn has_dependencies(&self) -> bool {
        self.is_in_workspace()
            || self.workspace_manifest.workspaces.is_some()
            || !self.manifest.wanted().is_empty()
    }

    fn find_wishes(&self, source: &Source<'_>) -> Result<Vec<Wish>, BuildError> {
        let mut wishes = Vec::new();
        if let Some(version) = source
            .packaging
            .javascript()
            .and_then(|settings| settings.node_version)
        {
            wishes.push(Wish {
                source: WishSource::Configuration,
                text: version.to_string(),
            });
        }
        let folders: &[_] = if self.is_in_workspace() {
            &[&self.root, &self.workspace]
        } else {
            &[&self.root]
        };
        for folder in folders {
            let manifest = if *folder == &self.root {
                &self.manifest
            } else {
                &self.workspace_manifest
            };
            let path = source.relative(&folder.join("package.json"));
            if let Some(text) = manifest.engine_range().map(str::to_owned) {
                wishes.push(Wish {
                    source: WishSource::Engines(path.clone()),
                    text,
                });
            }
            if let Some(text) = manifest.volta_version().map(str::to_owned) {
                wishes.push(Wish {
                    source: WishSource::Volta(path),
                    text,
                });
            }
            for name in [".nvmrc", ".node-version", ".tool-versions"] {
                wishes.extend(read_wish(source, &folder.join(name))?);
            }
        }
        Ok(wishes)
    }
}

fn read_wish(source: &Source<'_>, path: &Path) -> Result<Option<Wish>, BuildError> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs_err::read_to_string(path).map_err(BuildError::file("read the wanted version of Node"))?;
    let shown = source.relative(path);
    if !path.ends_with(".tool-versions") {
        return Ok(Some(Wish {
            source: WishSource::VersionFile(shown),
            text,
        }));
    }
    // The file may speak of other tools only.
    Ok(tool_version(&text).is_some().then_some(Wish {
        source: WishSource::ToolVersions(shown),
        text,
    }))
}

/// The workspace that lists the package at `root` as a member, or `root` itself.
///
/// A lock file above alone does not make a workspace: people have stray ones in their home folder.
fn find_workspace(root: &Path, manifest: &Manifest) -> Result<(PathBuf, Manifest), BuildError> {
    for folder in ancestors_in_repository(root).skip(1) {
        let is_pnpm = folder.join("pnpm-workspace.yaml").is_file();
        let path = folder.join("package.json");
        if !path.is_file() {
            continue;
        }
        let candidate = Manifest::read(&path)?;
        let is_member = candidate
            .workspace_patterns()
            .is_some_and(|patterns| lists(folder, &patterns, root));
        if is_pnpm || is_member {
            return Ok((folder.to_owned(), candidate));
        }
    }
    Ok((root.to_owned(), manifest.clone()))
}

/// Whether one of the patterns of a workspace, such as `packages/*`, names the folder `member`.
fn lists(workspace: &Path, patterns: &[&str], member: &Path) -> bool {
    let mut globs = OverrideBuilder::new(workspace);
    for pattern in patterns {
        let anchored = format!("/{}", pattern.trim_start_matches("./").trim_matches('/'));
        if globs.add(&anchored).is_err() {
            return false;
        }
    }
    globs
        .build()
        .is_ok_and(|globs| globs.matched(member, true).is_whitelist())
}

fn find_lock(folder: &Path) -> Result<Option<LockFile>, BuildError> {
    for (name, manager) in LOCK_FILES {
        let path = folder.join(name);
        if path.is_file() {
            let bytes = fs_err::read(&path).map_err(BuildError::file("read the lock file"))?;
            let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LOCK_HEAD_BYTES)]).into_owned();
            return Ok(Some(LockFile { path, manager, head }));
        }
    }
    Ok(None)
}

fn resolve_tsconfig(root: &Path, written: &str) -> Result<PathBuf, BuildError> {
    let resolved = root.join(written);
    if resolved.is_file() {
        return Ok(resolved);
    }
    Err(BuildError::MissingFile {
        setting: "tsConfigPath",
        written: written.to_owned(),
        resolved,
    })
}
