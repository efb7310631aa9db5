//! Rules about prose: a path that a page names is there.

use std::path::Path;

use crate::finding::Finding;
use crate::tree::File;

/// Folders at the root. A word in backticks that begins with one of them is a path.
const FOLDERS: [&str; 6] = [".ci/", "benches/", "crates/", "dev/", "docs/", "examples/"];

/// Checks the pages that describe the repository: those at its root and in `docs`.
pub(crate) fn check(file: &File, root: &Path) -> Vec<Finding> {
    if !file.path.ends_with(".md") || (file.path.contains('/') && !file.path.starts_with("docs/")) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        // Every second piece between backticks is code.
        for word in line.split('`').skip(1).step_by(2) {
            if is_path(word) && !root.join(word).exists() {
                found.push(Finding {
                    file: file.path.clone(),
                    line: index + 1,
                    rule: "named-path",
                    message: format!("`{word}` does not exist"),
                    help: "name what took its place, or name a type instead of a file".to_string(),
                });
            }
        }
    }
    found
}

/// Patterns such as `crates/<name>` and commands are no paths.
fn is_path(word: &str) -> bool {
    FOLDERS.iter().any(|folder| word.starts_with(folder)) && !word.contains([' ', '<', '*', '{', '…'])
}
