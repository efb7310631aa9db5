//! Rules about every text file: white space, and paths that exist on one machine only.

use crate::finding::Finding;
use crate::tree::File;

/// Files in which a tab is a mistake. Makefiles and Go need them; specifications show them.
const WITHOUT_TABS: [&str; 9] = ["json", "md", "rs", "sh", "toml", "ts", "txt", "yaml", "yml"];

/// Folders below which the files of a person or a build are.
const MACHINE_FOLDERS: [&str; 6] = ["Users", "builds", "home", "root", "work", "workspace"];

/// Those of [`MACHINE_FOLDERS`] whose folders are named after a person.
const OF_PERSONS: [&str; 2] = ["Users", "home"];

/// Checks a text file.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut tell = |line: usize, rule, message: String, help: &str| {
        found.push(Finding {
            file: file.path.clone(),
            line,
            rule,
            message,
            help: help.to_string(),
        });
    };
    let extension = file.path.rsplit('.').next().unwrap_or_default();
    for (index, line) in file.text.lines().enumerate() {
        if line.ends_with([' ', '\t', '\r']) {
            tell(
                index + 1,
                "white-space",
                "white space at the end of the line".to_string(),
                "take it out",
            );
        }
        if line.contains('\t') && WITHOUT_TABS.contains(&extension) && !file.path.contains("/specs/") {
            tell(index + 1, "white-space", "a tab".to_string(), "use spaces");
        }
        if let Some(path) = machine_path(line) {
            let help = "make it relative, an argument, or a path that every machine has";
            tell(
                index + 1,
                "machine-path",
                format!("{path} exists on one machine only"),
                help,
            );
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        let line = file.text.lines().count();
        tell(
            line,
            "white-space",
            "the last line has no end".to_string(),
            "add one",
        );
    }
    found
}

/// A path below one of [`MACHINE_FOLDERS`], up to the next folder.
fn machine_path(line: &str) -> Option<&str> {
    let part_of_name = |letter: char| letter.is_alphanumeric() || "._-".contains(letter);
    line.match_indices('/').find_map(|(start, _)| {
        let relative = line[..start]
            .chars()
            .next_back()
            .is_some_and(|before| part_of_name(before) || "~*/}>)]$".contains(before));
        let rest = &line[start + 1..];
        let name = MACHINE_FOLDERS
            .into_iter()
            .find(|name| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))?;
        let below = &rest[name.len() + 1..];
        let length = below.find(|letter| !part_of_name(letter)).unwrap_or(below.len());
        let deep = !OF_PERSONS.contains(&name) || below[length..].starts_with('/');
        (!relative && length > 0 && deep).then(|| &line[start..start + name.len() + 2 + length])
    })
}
