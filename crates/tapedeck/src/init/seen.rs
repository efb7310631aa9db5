//! What is seen of a project: the paths of its files, and what is in the few that tell what it runs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Read};
use std::path::Path;

use fs_err as fs;

use super::detect::reading_order;
use super::path::{depth, join, last, parent};

/// Files that are looked at, at most. The search goes level by level, so those near the project's folder are among them.
const MOST_FILES: usize = 5_000;

/// Files of one folder that are looked at, at most, so that a folder of data does not hide the others.
const MOST_OF_FOLDER: usize = 500;

/// Folders that are looked into, at most.
const MOST_FOLDERS: usize = 2_000;

/// Levels of folders; the packages of Java go deep.
const DEEPEST: usize = 14;

/// Files that are read, at most, and how far into each.
const MOST_READ: usize = 400;
const READ_LIMIT: u64 = 256 * 1024;

/// Folders that hold what others wrote, what was built, or what tests need. So do those whose names begin with a dot.
const SKIPPED: [&str; 18] = [
    "__pycache__",
    "__tests__",
    "bower_components",
    "build",
    "cdk.out",
    "coverage",
    "dist",
    "fixtures",
    "node_modules",
    "out",
    "site-packages",
    "target",
    "test",
    "testdata",
    "tests",
    "third_party",
    "vendor",
    "venv",
];

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The paths of all files, relative to the project's folder.
    pub(crate) files: BTreeSet<String>,
    /// What is in some of them.
    pub(crate) texts: BTreeMap<String, String>,
    /// Whether there is more than was looked at.
    pub(crate) cut_short: bool,
}

impl Seen {
    /// Whether there is a file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// What is in a file; empty when it was not read.
    pub(super) fn text(&self, path: &str) -> &str {
        self.texts.get(path).map_or("", String::as_str)
    }

    /// The folders that have a file of this name.
    pub(super) fn folders_with<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.files
            .iter()
            .filter(move |path| last(path) == name)
            .map(|path| parent(path))
    }
}

/// Looks at a project. Folders that cannot be read are left out.
///
/// # Errors
/// When the project's own folder cannot be read.
pub(crate) fn look(project: &Path) -> io::Result<Seen> {
    fs::read_dir(project)?;
    let mut seen = Seen::default();
    let mut folders = VecDeque::from([String::new()]);
    let mut visited = 0;
    while let Some(folder) = folders.pop_front() {
        visited += 1;
        if visited > MOST_FOLDERS || seen.files.len() >= MOST_FILES {
            seen.cut_short = true;
            break;
        }
        let listed = list(project, &folder);
        // A virtual environment of Python, whatever its name.
        if listed.iter().any(|(name, _)| name == "pyvenv.cfg") && !folder.is_empty() {
            continue;
        }
        let mut room = MOST_OF_FOLDER;
        for (name, is_folder) in listed {
            let path = join(&folder, &name);
            if !is_folder && room > 0 {
                room -= 1;
                seen.files.insert(path);
            } else if !is_folder {
                seen.cut_short = true;
            } else if !is_skipped(&name) && depth(&path) < DEEPEST {
                folders.push_back(path);
            }
        }
    }
    read(project, &mut seen);
    Ok(seen)
}

fn is_skipped(folder: &str) -> bool {
    folder.starts_with('.') || SKIPPED.contains(&folder)
}

/// The names in a folder, in order, and whether each is a folder. Links to folders are not followed.
fn list(project: &Path, folder: &str) -> Vec<(String, bool)> {
    let Ok(entries) = fs::read_dir(project.join(folder)) else {
        return Vec::new();
    };
    let mut names: Vec<(String, bool)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let kind = entry.file_type().ok()?;
            let is_file = kind.is_file() || (kind.is_symlink() && entry.path().is_file());
            (kind.is_dir() || is_file).then_some((name, kind.is_dir()))
        })
        .collect();
    names.sort();
    names
}

/// Reads the files that may tell something.
fn read(project: &Path, seen: &mut Seen) {
    let mut wanted: Vec<(u8, usize, &String)> = seen
        .files
        .iter()
        .filter_map(|path| Some((reading_order(path)?, depth(path), path)))
        .collect();
    wanted.sort();
    for (_, _, path) in wanted.into_iter().take(MOST_READ) {
        if let Some(text) = read_start(&project.join(path)) {
            seen.texts.insert(path.clone(), text);
        }
    }
}

/// The beginning of a file; none when it cannot be read.
pub(crate) fn read_start(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).ok()?;
    file.take(READ_LIMIT).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
