//! What is in the zip of a function, and where.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use super::{Code, Member};

/// Folders of an image that nothing but our own layers has: the application, dependencies of a workspace above it, and
/// packages of Python.
pub(super) const ROOTS: [&str; 3] = ["app", "node_modules", "opt/venv"];

/// Where the packages of Python are below `opt/venv/lib/python3.N`.
const SITE: &str = "site-packages";

/// The bundle, and what it is called where something of ours stands before it.
const BUNDLE: &str = "index.js";
const OTHER_BUNDLE: &str = "index.bundle.js";

/// What stands before a bundle, by how Node reads it.
const PICKS_FROM_MODULE: &str =
    "import * as code from \"./index.bundle.js\";\nexport default code.default ?? code.handler;\n";
const PICKS_FROM_COMMON: &str = "\"use strict\";\nconst code = require(\"./index.bundle.js\");\n\
     exports.default = typeof code === \"function\" ? code : code.default ?? code.handler;\n";

/// What is in layers that lie on each other.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// By the path in the image, without the first slash.
    members: BTreeMap<PathBuf, Member>,
}

impl Contents {
    /// Of layers, top first.
    pub(super) fn of_layers(layers: &[PathBuf]) -> io::Result<Self> {
        let mut contents = Self::default();
        for layer in layers.iter().rev() {
            for root in ROOTS {
                walk(&layer.join(root), Path::new(root), &mut contents.members)?;
            }
        }
        Ok(contents)
    }

    /// What goes into the zip.
    pub(super) fn of_code(&self, code: &Code) -> io::Result<BTreeMap<String, Member>> {
        let mut zipped = self.placed();
        match code {
            Code::Node { is_handler_named } => {
                if !is_handler_named && let Some(bundle) = zipped.remove(BUNDLE) {
                    zipped.insert(OTHER_BUNDLE.to_owned(), bundle);
                    let is_module = zipped.get("package.json").is_some_and(says_module);
                    let picks = if is_module {
                        PICKS_FROM_MODULE
                    } else {
                        PICKS_FROM_COMMON
                    };
                    zipped.insert(BUNDLE.to_owned(), Member::Made(picks.to_owned()));
                }
            }
            Code::Python {
                entry,
                import_folders,
            } => {
                add_import_folders(import_folders, &mut zipped);
                add_entry(entry, &mut zipped);
            }
            Code::Program { path } => {
                let name = path.trim_start_matches("/app/");
                if let Some(program) = zipped.remove(name) {
                    zipped.insert("bootstrap".to_owned(), program);
                }
            }
        }
        Ok(zipped)
    }

    /// Everything at its place in the zip, with links that lead there too.
    fn placed(&self) -> BTreeMap<String, Member> {
        let members = self.members.iter();
        let placed = members.filter_map(|(path, member)| {
            let place = place_of(path)?;
            let member = match member {
                Member::Link(target) => {
                    let target = normalized(&path.parent()?.join(target));
                    Member::Link(relative(&place_of(&target)?, &place))
                }
                other => other.clone(),
            };
            Some((place.to_str()?.to_owned(), member))
        });
        // Where two have the same place, the application goes before packages.
        let mut all = BTreeMap::new();
        for (name, member) in placed {
            all.entry(name).or_insert(member);
        }
        all
    }
}

/// A folder or a single file of this machine.
pub(super) fn of_path(path: &Path) -> io::Result<BTreeMap<String, Member>> {
    let mut members = BTreeMap::new();
    if path.is_dir() {
        walk(path, Path::new(""), &mut members)?;
    } else {
        let name = path.file_name().map(PathBuf::from).unwrap_or_default();
        members.insert(name, file(path)?);
    }
    let named = members.into_iter();
    Ok(named
        .filter_map(|(path, member)| Some((path.to_str()?.to_owned(), member)))
        .collect())
}

fn walk(folder: &Path, below: &Path, members: &mut BTreeMap<PathBuf, Member>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for item in fs::read_dir(folder)? {
        let item = item?;
        let (path, place) = (item.path(), below.join(item.file_name()));
        let kind = item.file_type()?;
        if kind.is_dir() {
            // Bytecode is made where it is missing, and that of an image names paths of the image.
            if item.file_name() != "__pycache__" {
                walk(&path, &place, members)?;
            }
        } else if kind.is_symlink() {
            let target = fs::read_link(&path)?;
            members.insert(place, Member::Link(target.to_string_lossy().into_owned()));
        } else if kind.is_file() {
            members.insert(place, file(&path)?);
        }
    }
    Ok(())
}

fn file(path: &Path) -> io::Result<Member> {
    Ok(Member::File {
        path: path.to_owned(),
        is_executable: fs::metadata(path)?.permissions().mode() & 0o111 != 0,
    })
}

/// Where something of an image is in the zip; nowhere for what only an image needs.
fn place_of(path: &Path) -> Option<PathBuf> {
    if let Ok(below) = path.strip_prefix("app") {
        return (!below.as_os_str().is_empty()).then(|| below.to_owned());
    }
    if path.starts_with("node_modules") {
        return Some(path.to_owned());
    }
    let below = path.strip_prefix("opt/venv/lib").ok()?;
    let mut parts = below.components();
    parts.next();
    let is_site = parts.next() == Some(Component::Normal(SITE.as_ref()));
    is_site.then(|| parts.as_path().to_owned())
}

/// A path without `.` and `..`.
fn normalized(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name),
            _ => {}
        }
    }
    parts
}

/// The way from a link to what it leads to.
fn relative(target: &Path, link: &Path) -> String {
    let folder = link.parent().unwrap_or(Path::new(""));
    let shared = folder
        .components()
        .zip(target.components())
        .take_while(|(one, other)| one == other)
        .count();
    let mut way: PathBuf = folder.components().skip(shared).map(|_| "..").collect();
    way.extend(target.components().skip(shared));
    way.to_string_lossy().into_owned()
}

/// Whether a `package.json` makes modules of all files.
fn says_module(manifest: &Member) -> bool {
    let Member::File { path, .. } = manifest else {
        return false;
    };
    let text = fs::read(path).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    manifest.get("type").and_then(serde_json::Value::as_str) == Some("module")
}

/// Puts what is imported from other folders to where Lambda imports from.
fn add_import_folders(folders: &[String], zipped: &mut BTreeMap<String, Member>) {
    for folder in folders {
        let Some(folder) = folder.strip_prefix("/app/") else {
            continue;
        };
        let inner = zipped.iter().filter_map(|(name, member)| {
            let name = name.strip_prefix(folder)?.strip_prefix('/')?;
            Some((name.to_owned(), member.clone()))
        });
        for (name, member) in inner.collect::<Vec<_>>() {
            zipped.entry(name).or_insert(member);
        }
    }
}

/// A module that stands for the entry file, where that is in a folder: Lambda is told the name of the file alone.
fn add_entry(entry: &str, zipped: &mut BTreeMap<String, Member>) {
    let parts: Vec<&str> = entry
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let found = (0..parts.len())
        .map(|first| &parts[first..])
        .find(|rest| zipped.contains_key(&rest.join("/")));
    let Some([folders @ .., name]) = found else {
        return;
    };
    if folders.is_empty() {
        return;
    }
    let stem = name.trim_end_matches(".py");
    let module = format!("{}.{stem}", folders.join("."));
    let folder = folders.join("/");
    let text = format!(
        "import importlib, os, sys\n\
         sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), \"{folder}\"))\n\
         sys.modules[__name__] = importlib.import_module(\"{module}\")\n"
    );
    zipped.insert((*name).to_owned(), Member::Made(text));
}
