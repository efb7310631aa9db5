//! What is known about a Python project by looking at its files.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_model::{PythonConfig, PythonPackageManager};
use toml::{Table, Value};

use super::error::PythonError;
use super::version::{self, Wish};
use crate::BuildError;
use crate::path::{ancestors_in_repository, normalized};
use crate::request::Source;

/// Files that decide about a project, in any of the folders from the entry file upward.
const DECIDING: [&str; 8] = [
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    ".python-version",
    ".tool-versions",
];

/// Words in the names of lists that are for people who work on a project.
const FOR_WORK: [&str; 6] = ["dev", "test", "lint", "doc", "local", "build"];

/// A project on disk.
#[derive(Debug)]
pub(super) struct Project {
    /// The folder that becomes `/app`, absolute.
    pub(super) root: PathBuf,
    /// Who says which packages are needed. None: nobody.
    pub(super) declared: Option<Declared>,
    /// The Python that is wanted.
    pub(super) wish: Wish,
    /// Absolute paths of everything that was looked at outside of the source tree.
    pub(super) watched: Vec<PathBuf>,
}

/// Who says which packages are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) form: Form,
    /// Absolute path.
    pub(super) file: PathBuf,
    /// The member of a workspace that is packaged.
    pub(super) member: Option<String>,
}

/// The files that can say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    UvLock,
    PoetryLock,
    PipfileLock,
    Requirements,
    Manifest,
}

impl Declared {
    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("/"))
    }

    /// The manifest beside it, there or not.
    pub(super) fn manifest(&self) -> PathBuf {
        self.folder().join("pyproject.toml")
    }
}

impl Project {
    /// Looks at it.
    pub(super) fn survey(source: &Source<'_>, settings: &PythonConfig) -> Result<Self, BuildError> {
        let entry = source.entry();
        let entry_folder = entry.parent().unwrap_or(source.root);
        let folders = searched(entry_folder, source.root);
        let declared = match &settings.package_manager_file {
            Some(written) => Some(named(source, written)?),
            None => nearest(source, settings.package_manager, &folders)?,
        };
        let declared = declared
            .map(|declared| within_workspace(declared, &folders))
            .transpose()?;
        let root = match &declared {
            Some(declared) if entry_folder.starts_with(declared.folder()) => declared.folder(),
            _ if entry_folder.starts_with(source.root) => source.root,
            _ => entry_folder,
        };
        let root = root.to_owned();
        let mut watched: Vec<PathBuf> = folders
            .iter()
            .flat_map(|folder| DECIDING.iter().map(|name| folder.join(name)))
            .collect();
        if let Some(declared) = &declared {
            watched.extend([declared.file.clone(), declared.manifest()]);
        }
        Ok(Self {
            wish: wish(source, settings, &root, &folders)?,
            root,
            declared,
            watched,
        })
    }
}

/// The folders from that of the entry file upward, as far as the repository, or the folder of the config, goes.
fn searched(entry_folder: &Path, root: &Path) -> Vec<PathBuf> {
    let folders: Vec<PathBuf> = ancestors_in_repository(entry_folder)
        .map(Path::to_owned)
        .collect();
    let is_repository = folders.last().is_some_and(|top| top.join(".git").exists());
    if is_repository {
        return folders;
    }
    let inside = folders.into_iter().filter(|folder| folder.starts_with(root));
    let inside: Vec<PathBuf> = inside.collect();
    if inside.is_empty() {
        vec![entry_folder.to_owned()]
    } else {
        inside
    }
}

/// The file that the config names.
fn named(source: &Source<'_>, written: &str) -> Result<Declared, BuildError> {
    let file = normalized(&source.root.join(written));
    if !file.is_file() {
        return Err(BuildError::MissingFile {
            setting: "packageManagerFile",
            written: written.to_owned(),
            resolved: file,
        });
    }
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let folder = file.parent().unwrap_or(source.root);
    match name.as_str() {
        "pyproject.toml" => {
            let of_manifest = |form: &Form| *form != Form::PipfileLock && *form != Form::Requirements;
            match in_folder(source, folder, of_manifest)? {
                Some(declared) => Ok(declared),
                None => Ok(declared(Form::Manifest, file)),
            }
        }
        "Pipfile" | "Pipfile.lock" => pipenv(folder),
        "uv.lock" => Ok(declared(Form::UvLock, file)),
        "poetry.lock" => Ok(declared(Form::PoetryLock, file)),
        _ if name.ends_with(".txt") || name.ends_with(".in") => Ok(declared(Form::Requirements, file)),
        _ => Err(PythonError::UnknownFile {
            written: written.to_owned(),
        }
        .into()),
    }
}

/// What the nearest folder says that says something.
fn nearest(
    source: &Source<'_>,
    manager: Option<PythonPackageManager>,
    folders: &[PathBuf],
) -> Result<Option<Declared>, BuildError> {
    let (name, expected): (_, &'static str) = match manager {
        None | Some(PythonPackageManager::Uv) => ("uv", ""),
        Some(PythonPackageManager::Pip) => {
            ("pip", "requirements.txt or pyproject.toml with a table `project`")
        }
        Some(PythonPackageManager::Poetry) => ("poetry", "poetry.lock"),
        Some(PythonPackageManager::Pipenv) => ("pipenv", "Pipfile"),
    };
    let is_of_manager = |form: &Form| match manager {
        None | Some(PythonPackageManager::Uv) => true,
        Some(PythonPackageManager::Pip) => matches!(form, Form::Requirements | Form::Manifest),
        Some(PythonPackageManager::Poetry) => *form == Form::PoetryLock,
        Some(PythonPackageManager::Pipenv) => *form == Form::PipfileLock,
    };
    for folder in folders {
        if let Some(declared) = in_folder(source, folder, is_of_manager)? {
            return Ok(Some(declared));
        }
    }
    if expected.is_empty() {
        return Ok(None);
    }
    Err(PythonError::NoFile {
        service: source.service.to_string(),
        manager: name,
        expected,
        folder: folders[0].clone(),
    }
    .into())
}

/// What a folder says: a lock if there is one, then a list, then a manifest.
fn in_folder(
    source: &Source<'_>,
    folder: &Path,
    is_wanted: impl Fn(&Form) -> bool,
) -> Result<Option<Declared>, BuildError> {
    for (form, name) in [
        (Form::UvLock, "uv.lock"),
        (Form::PoetryLock, "poetry.lock"),
        (Form::PipfileLock, "Pipfile.lock"),
    ] {
        if is_wanted(&form) && folder.join(name).is_file() {
            return Ok(Some(declared(form, folder.join(name))));
        }
    }
    if is_wanted(&Form::Requirements)
        && let Some(list) = list(source, folder)?
    {
        return Ok(Some(declared(Form::Requirements, list)));
    }
    let manifest = folder.join("pyproject.toml");
    if manifest.is_file() {
        let table = read_toml(&manifest)?;
        let is_of_poetry = lookup(&table, &["tool", "poetry"]).is_some();
        if lookup(&table, &["project"]).is_some() && is_wanted(&Form::Manifest) {
            return Ok(Some(declared(Form::Manifest, manifest)));
        }
        if is_of_poetry && is_wanted(&Form::PoetryLock) {
            let (lock, command) = ("poetry.lock", "poetry lock");
            return Err(PythonError::NoLock {
                manifest,
                lock,
                command,
            }
            .into());
        }
    }
    if is_wanted(&Form::PipfileLock) && folder.join("Pipfile").is_file() {
        return pipenv(folder).map(Some);
    }
    Ok(None)
}

fn declared(form: Form, file: PathBuf) -> Declared {
    Declared {
        form,
        file,
        member: None,
    }
}

fn pipenv(folder: &Path) -> Result<Declared, BuildError> {
    let file = folder.join("Pipfile.lock");
    if file.is_file() {
        return Ok(declared(Form::PipfileLock, file));
    }
    Err(PythonError::NoLock {
        manifest: folder.join("Pipfile"),
        lock: "Pipfile.lock",
        command: "pipenv lock",
    }
    .into())
}

/// The list of requirements of a folder: `requirements.txt`, or the only one that is not for work on the project.
fn list(source: &Source<'_>, folder: &Path) -> Result<Option<PathBuf>, BuildError> {
    let usual = folder.join("requirements.txt");
    if usual.is_file() {
        return Ok(Some(usual));
    }
    let mut names: Vec<String> = fs::read_dir(folder)
        .map_err(BuildError::file("search for requirements"))?
        .filter_map(Result::ok)
        .map(|item| item.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("requirements") && name.ends_with(".txt"))
        .filter(|name| !FOR_WORK.iter().any(|word| name.contains(word)))
        .collect();
    names.sort();
    match names.as_slice() {
        [] => Ok(None),
        [name] => Ok(Some(folder.join(name))),
        several => Err(PythonError::SeveralLists {
            service: source.service.to_string(),
            folder: folder.to_owned(),
            files: several.join(", "),
        }
        .into()),
    }
}

/// A manifest of a member of a workspace: the workspace above it has the lock.
fn within_workspace(declared: Declared, folders: &[PathBuf]) -> Result<Declared, BuildError> {
    if declared.form != Form::Manifest {
        return Ok(declared);
    }
    let above = folders
        .iter()
        .filter(|folder| declared.folder().starts_with(folder) && folder.as_path() != declared.folder());
    let Some(workspace) = above.into_iter().find(|folder| folder.join("uv.lock").is_file()) else {
        return Ok(declared);
    };
    let table = read_toml(&declared.file)?;
    let member = lookup(&table, &["project", "name"]).and_then(Value::as_str);
    Ok(Declared {
        form: Form::UvLock,
        file: workspace.join("uv.lock"),
        member: member.map(str::to_owned),
    })
}

/// Who says it first: the config, the version files from the root upward, the manifests.
fn wish(
    source: &Source<'_>,
    settings: &PythonConfig,
    root: &Path,
    folders: &[PathBuf],
) -> Result<Wish, BuildError> {
    if let Some(text) = &settings.python_version {
        return Ok(parse(text, "languageSpecificConfig.pythonVersion")?);
    }
    for (name, find) in [
        (
            ".python-version",
            version::version_file as fn(&str) -> Option<&str>,
        ),
        (".tool-versions", version::tool_version),
    ] {
        for folder in folders {
            let file = folder.join(name);
            let Some(text) = read_if_present(&file)? else {
                continue;
            };
            if let Some(text) = find(&text) {
                return Ok(parse(text, &source.relative(&file).display().to_string())?);
            }
        }
    }
    for (name, paths) in MANIFEST_VERSIONS {
        for folder in folders.iter().filter(|folder| folder.starts_with(root)) {
            let file = folder.join(name);
            if !file.is_file() {
                continue;
            }
            let table = read_toml(&file)?;
            let found = paths
                .iter()
                .find_map(|path| Some((path.last()?, lookup(&table, path)?.as_str()?)));
            if let Some((key, text)) = found {
                return Ok(parse(
                    text,
                    &format!("{key} of {}", source.relative(&file).display()),
                )?);
            }
        }
    }
    Ok(Wish::none())
}

/// Where manifests say which Python they want.
const MANIFEST_VERSIONS: [(&str, &[&[&str]]); 2] = [
    (
        "pyproject.toml",
        &[
            &["project", "requires-python"],
            &["tool", "poetry", "dependencies", "python"],
        ],
    ),
    (
        "Pipfile",
        &[
            &["requires", "python_full_version"],
            &["requires", "python_version"],
        ],
    ),
];

fn parse(text: &str, asked_by: &str) -> Result<Wish, PythonError> {
    Ok(Wish::parse(text, asked_by)?)
}

/// Reads a file of TOML.
pub(super) fn read_toml(path: &Path) -> Result<Table, BuildError> {
    let text = fs::read_to_string(path).map_err(BuildError::file("read the project"))?;
    parse_toml(path, &text)
}

/// The same with a text that was read already.
pub(super) fn parse_toml<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, BuildError> {
    toml::from_str(text).map_err(|source| {
        PythonError::Toml {
            path: path.to_owned(),
            source: Box::new(source),
        }
        .into()
    })
}

/// The value that a path of keys leads to.
pub(super) fn lookup<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let mut value = table.get(*first)?;
    for key in rest {
        value = value.get(key)?;
    }
    Some(value)
}

fn read_if_present(file: &Path) -> Result<Option<String>, BuildError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(BuildError::file("read the project")(error)),
    }
}
