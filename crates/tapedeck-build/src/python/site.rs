//! Installed packages as they lie in an image: a virtual environment in `/opt/venv`.
//!
//! Nothing of this machine gets in: neither the path of its Python in scripts nor notes of the installer.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_image::Entry;

use super::version::Line;
use crate::BuildError;

/// Where it is in the image.
pub(crate) const FOLDER: &str = "opt/venv";

/// Notes of the installer that are about this machine or this run.
const NOTES: [&str; 5] = [
    "direct_url.json",
    "uv_cache.json",
    "uv_build.json",
    "REQUESTED",
    "INSTALLER",
];

/// The Python that packages are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interpreter<'a> {
    pub(crate) line: Line,
    /// Its program in the base, absolute.
    pub(crate) program: &'a Path,
}

impl Interpreter<'_> {
    /// Where its packages are in the image.
    pub(crate) fn packages(&self) -> PathBuf {
        let (major, minor) = self.line;
        Path::new(FOLDER).join(format!("lib/python{major}.{minor}/site-packages"))
    }
}

/// The entries of everything that was installed into `installed`, without the folders they need.
pub(crate) fn entries(installed: &Path, interpreter: &Interpreter<'_>) -> Result<Vec<Entry>, BuildError> {
    let (major, minor) = interpreter.line;
    let root = Path::new(FOLDER);
    let packages = interpreter.packages();
    let home = interpreter.program.parent().unwrap_or(Path::new("/usr/bin"));
    let settings = format!(
        "home = {}\ninclude-system-site-packages = false\nversion = {major}.{minor}\n",
        home.display()
    );
    let mut entries = vec![
        Entry::file(root.join("pyvenv.cfg"), settings.into_bytes()),
        Entry::symlink(root.join("bin/python3"), interpreter.program),
        Entry::symlink(root.join("bin/python"), "python3"),
    ];
    for file in files(installed)? {
        let below = file.strip_prefix(installed).unwrap_or(&file);
        if is_note(below) {
            continue;
        }
        entries.push(entry(&file, below, &packages)?);
    }
    Ok(entries)
}

fn entry(file: &Path, below: &Path, packages: &Path) -> Result<Entry, BuildError> {
    let failed = BuildError::file("read an installed package");
    if let Ok(script) = below.strip_prefix("bin") {
        let bytes = fs::read(file).map_err(&failed)?;
        return Ok(Entry::file(Path::new(FOLDER).join("bin").join(script), for_image(bytes)).executable());
    }
    let place = packages.join(below);
    if below.file_name().is_some_and(|name| name == "RECORD") && is_of_distribution(below) {
        let text = fs::read_to_string(file).map_err(&failed)?;
        return Ok(Entry::file(place, record(&text).into_bytes()));
    }
    Ok(Entry::copy(place, file).executable_if(is_executable(file).map_err(&failed)?))
}

/// A script with the Python of the image in its first line.
pub(crate) fn for_image(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return bytes;
    };
    let first = text.lines().next().unwrap_or_default();
    // A path that is too long for a first line is called by a shell in two more.
    let is_wrapped = first == "#!/bin/sh"
        && text
            .lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("'''exec'"));
    let names_python = first.starts_with("#!") && first.contains("python");
    let replaced = match (is_wrapped, names_python) {
        (true, _) => 3,
        (false, true) => 1,
        (false, false) => return bytes,
    };
    let rest: Vec<&str> = text.split_inclusive('\n').skip(replaced).collect();
    format!("#!/{FOLDER}/bin/python3\n{}", rest.concat()).into_bytes()
}

/// The list of a package's files as they are in the image, sorted.
pub(crate) fn record(text: &str) -> String {
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| {
            !NOTES.iter().any(|note| {
                line.split(',')
                    .next()
                    .is_some_and(|path| path.ends_with(&format!(".dist-info/{note}")))
            })
        })
        .map(|line| match line.strip_prefix("bin/") {
            Some(script) => format!("../../../bin/{},,", script.split(',').next().unwrap_or(script)),
            None => line.to_owned(),
        })
        .collect();
    lines.sort();
    lines.into_iter().map(|line| line + "\n").collect()
}

fn is_note(below: &Path) -> bool {
    let name = below.file_name().unwrap_or_default().to_string_lossy();
    let is_at_top = below.components().count() == 1;
    (is_at_top && (name.starts_with(".lock") || name == "CACHEDIR.TAG" || name == ".gitignore"))
        || (is_of_distribution(below) && NOTES.contains(&name.as_ref()))
        || below.extension().is_some_and(|extension| extension == "pyc")
}

fn is_of_distribution(below: &Path) -> bool {
    below
        .parent()
        .and_then(Path::extension)
        .is_some_and(|extension| extension == "dist-info")
}

fn is_executable(file: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(file)?.permissions().mode() & 0o111 != 0)
}

/// All files below a folder, sorted.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let failed = BuildError::file("read the installed packages");
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for item in fs::read_dir(&folder).map_err(&failed)? {
            let item = item.map_err(&failed)?;
            if item.file_type().map_err(&failed)?.is_dir() {
                open.push(item.path());
            } else {
                found.push(item.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The same with the folders they need.
pub(crate) fn with_folders(mut entries: Vec<Entry>) -> Vec<Entry> {
    let folders: std::collections::BTreeSet<PathBuf> = entries
        .iter()
        .flat_map(|entry| entry.path.ancestors().skip(1))
        .filter(|folder| !folder.as_os_str().is_empty())
        .map(Path::to_owned)
        .collect();
    entries.extend(folders.into_iter().map(Entry::directory));
    entries
}
