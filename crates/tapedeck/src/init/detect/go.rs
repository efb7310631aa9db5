//! Go: files of `package main` that have `func main`, one for each folder.

use std::collections::BTreeMap;

use super::{folder_name, is_in, nearest};
use crate::init::candidate::{Candidate, Language, Strength};
use crate::init::path::{extension, join, last, parent};
use crate::init::seen::Seen;

const MANIFEST: &str = "go.mod";

/// What can be run.
pub(super) fn candidates(seen: &Seen) -> Vec<Candidate> {
    let mut by_folder: BTreeMap<&str, &str> = BTreeMap::new();
    for (path, text) in &seen.texts {
        if extension(path) == "go" && is_program(text) {
            let best = by_folder.entry(parent(path)).or_insert(path);
            if last(path) == "main.go" {
                *best = path;
            }
        }
    }
    by_folder
        .into_values()
        .map(|file| candidate(seen, file))
        .collect()
}

/// The module that a file belongs to.
pub(super) fn owner(seen: &Seen, file: &str) -> Option<String> {
    nearest(seen, file, &[MANIFEST])
}

/// The name of a program: that of its folder below `cmd`, else that of its module without host and version.
pub(super) fn name(seen: &Seen, folder: &str, file: &str) -> Option<String> {
    let own = parent(file);
    if own != folder {
        return folder_name(own);
    }
    let text = seen.text(&join(folder, MANIFEST));
    let module = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("module "))?
        .trim();
    let parts = module.rsplit('/').filter(|part| !is_version(part));
    parts.map(str::to_string).next()
}

/// `v2`, the last part of a module from its second version on.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn candidate(seen: &Seen, file: &str) -> Candidate {
    let folder = owner(seen, file).unwrap_or_default();
    let strength = if is_in(file, &folder) {
        Strength::Usual(0)
    } else if parent(parent(file)) == join(&folder, "cmd") {
        Strength::Usual(1)
    } else {
        Strength::Startable(0)
    };
    let why = "with `func main`".to_string();
    let mut candidate = Candidate::of_file(file.to_string(), Language::Go, strength, why);
    candidate.name = name(seen, &folder, file);
    candidate.folder = folder;
    candidate
}

fn is_program(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end);
    let is_main = lines.clone().any(|line| {
        let code = line.split("//").next().unwrap_or_default();
        code.trim_end() == "package main"
    });
    let is_ignored = lines
        .clone()
        .any(|line| matches!(line, "//go:build ignore" | "// +build ignore"));
    is_main && !is_ignored && lines.any(|line| line.starts_with("func main()"))
}
