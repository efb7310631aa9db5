//! The format that all package managers can write: lists of requirements, one a line.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::BuildError;
use crate::path::normalized;

/// What a list says, with the lists that it includes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Requirements {
    pub(crate) packages: Vec<Requirement>,
    /// Lines that say where packages are looked for, as they were written.
    pub(crate) options: Vec<String>,
    /// Folders with source that are to be installed, as they were written.
    pub(crate) folders: Vec<String>,
    /// Absolute paths of files that constrain versions.
    pub(crate) constraints: Vec<PathBuf>,
    /// Absolute paths of everything that was read.
    pub(crate) files: Vec<PathBuf>,
}

/// A package that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// Its name as the index knows it: lower case, with `-` between words. Empty if it is only known by an address.
    pub(crate) name: String,
    /// The line without hashes, such as `orjson==3.11.5 ; python_version < "3.10"`.
    pub(crate) text: String,
    /// Such as `sha256:…`.
    pub(crate) hashes: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Package(Requirement),
    Option(&'a str),
    Folder(&'a str),
    Include(&'a str),
    Constraint(&'a str),
}

impl Requirements {
    /// Reads a list and those that it includes.
    pub(crate) fn read(file: &Path) -> Result<Self, BuildError> {
        let mut requirements = Self::default();
        requirements.add_file(file)?;
        Ok(requirements)
    }

    /// Reads the text of a list that includes no others.
    pub(crate) fn parse(text: &str) -> Self {
        let mut requirements = Self::default();
        for line in logical_lines(text) {
            requirements.add(Line::parse(&line), Path::new(""));
        }
        requirements
    }

    fn add_file(&mut self, file: &Path) -> Result<(), BuildError> {
        let file = normalized(file);
        if self.files.contains(&file) {
            return Ok(());
        }
        let text = fs::read_to_string(&file).map_err(BuildError::file("read the requirements"))?;
        self.files.push(file.clone());
        let folder = file.parent().unwrap_or(Path::new("/"));
        for line in logical_lines(&text) {
            if let Some(included) = self.add(Line::parse(&line), folder) {
                self.add_file(&included)?;
            }
        }
        Ok(())
    }

    /// Gives the file to include, if that is what the line says.
    fn add(&mut self, line: Option<Line<'_>>, folder: &Path) -> Option<PathBuf> {
        match line? {
            Line::Package(package) => self.packages.push(package),
            Line::Option(option) => self.options.push(option.to_owned()),
            Line::Folder(path) => self.folders.push(path.to_owned()),
            Line::Include(file) => return Some(folder.join(file)),
            Line::Constraint(file) => {
                let file = normalized(&folder.join(file));
                self.files.push(file.clone());
                self.constraints.push(file);
            }
        }
        None
    }

    /// Whether somebody wrote hashes, which means that all are to be checked.
    pub(crate) fn has_hashes(&self) -> bool {
        self.packages.iter().any(|package| !package.hashes.is_empty())
    }

    /// Whether everything has hashes.
    pub(crate) fn has_all_hashes(&self) -> bool {
        self.packages.iter().all(|package| !package.hashes.is_empty())
    }

    /// The list as text: equal for equal lists, whatever the order.
    pub(crate) fn to_text(&self) -> String {
        let mut lines: Vec<String> = self.packages.iter().map(Requirement::to_line).collect();
        lines.sort();
        lines.dedup();
        let options = self.options.iter().cloned();
        options.chain(lines).map(|line| line + "\n").collect()
    }
}

impl Requirement {
    /// A package of an exact version, for which a marker may say where it is wanted.
    pub(crate) fn exact(name: &str, version: &str, marker: Option<&str>, hashes: Vec<String>) -> Self {
        let marker = marker.map_or(String::new(), |marker| format!(" ; {marker}"));
        Self {
            name: normal_name(name),
            text: format!("{}=={version}{marker}", normal_name(name)),
            hashes,
        }
    }

    fn to_line(&self) -> String {
        let mut hashes = self.hashes.clone();
        hashes.sort();
        hashes.dedup();
        let hashes: String = hashes.iter().map(|hash| format!(" --hash={hash}")).collect();
        format!("{}{hashes}", self.text)
    }
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let after = |names: [&str; 2]| {
            names.iter().find_map(|name| {
                let rest = line.strip_prefix(name)?;
                let is_whole = name.len() == 2 || rest.starts_with(['=', ' ', '\t']);
                is_whole.then(|| rest.trim_start_matches('=').trim())
            })
        };
        if line.is_empty() {
            return None;
        }
        if let Some(path) = after(["-e", "--editable"]) {
            return Some(Self::of_editable(path));
        }
        if let Some(file) = after(["-r", "--requirement"]) {
            return Some(Self::Include(file));
        }
        if let Some(file) = after(["-c", "--constraint"]) {
            return Some(Self::Constraint(file));
        }
        if line.starts_with('-') {
            return Some(Self::Option(line));
        }
        if is_folder(line) {
            return Some(Self::Folder(line));
        }
        Some(Self::Package(package(line)))
    }

    fn of_editable(path: &'a str) -> Self {
        if path.contains("://") && !path.starts_with("file:") {
            Self::Package(package(path))
        } else {
            Self::Folder(path)
        }
    }
}

fn is_folder(line: &str) -> bool {
    let is_archive = [".whl", ".tar.gz", ".zip"].iter().any(|end| line.ends_with(end));
    !is_archive && (line.starts_with('.') || line.starts_with('/') || line.starts_with("file:"))
}

fn package(line: &str) -> Requirement {
    let (text, options) = line.split_once(" --").unwrap_or((line, ""));
    let hashes = options
        .split_whitespace()
        .filter_map(|word| word.trim_start_matches("--").strip_prefix("hash="));
    let text = text.trim();
    let name = match text.split_once("#egg=") {
        Some((_, name)) => name,
        None if text.contains("://") && !text.contains('@') => "",
        None => text,
    };
    let end = name
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter)))
        .unwrap_or(name.len());
    let is_address = name[end..].starts_with("://") || name[end..].starts_with("+");
    Requirement {
        name: if is_address {
            String::new()
        } else {
            normal_name(&name[..end])
        },
        text: text.to_owned(),
        hashes: hashes.map(str::to_owned).collect(),
    }
}

/// Lines without comments, joined where one ends with a backslash.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = match line.find('#') {
            Some(0) => "",
            Some(_) => line
                .split(" #")
                .next()
                .unwrap_or(line)
                .split("\t#")
                .next()
                .unwrap_or(line),
            None => line,
        };
        if let Some(start) = line.trim_end().strip_suffix('\\') {
            open.push_str(start);
            open.push(' ');
        } else {
            open.push_str(line);
            lines.push(std::mem::take(&mut open).trim().to_owned());
        }
    }
    lines.push(open.trim().to_owned());
    lines
}

/// The form in which two ways to write one name are equal. Source: "Names and normalization" of the packaging guide.
pub(crate) fn normal_name(name: &str) -> String {
    let mut normal = String::new();
    for letter in name.chars() {
        let letter = if "._".contains(letter) {
            '-'
        } else {
            letter.to_ascii_lowercase()
        };
        if letter != '-' || !normal.ends_with('-') {
            normal.push(letter);
        }
    }
    normal
}
