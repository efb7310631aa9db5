//! What `go list` said, kept as long as it would say the same: most edits change the body of a function, and which files
//! go into a program does not depend on that.
//!
//! So each path that was looked at has a *shape*: of a Go file its imports and the lines that speak to Go's tools, of a folder
//! the names in it, of anything else all of it. Equal shapes, equal listing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::watch::Inputs;
use crate::stamp::{Stamp, hash, hash_of_contents};

/// Shapes by path.
pub(crate) type Shapes = BTreeMap<PathBuf, String>;

/// How a declaration begins; no import comes after the first.
const DECLARATIONS: [&str; 4] = ["const", "func", "type", "var"];

/// What went into a program, and what that depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Listing {
    /// Everything that Go was told, as text.
    question: String,
    pub(crate) inputs: Inputs,
    shapes: Shapes,
}

impl Listing {
    /// Keeps what Go said to a question. `before` are shapes from before it was asked, at `asked_at` or earlier. None if
    /// something may have changed in between.
    pub(crate) fn of(
        question: String,
        inputs: &Inputs,
        before: &Shapes,
        asked_at: SystemTime,
    ) -> Option<Self> {
        let shapes = shapes(&inputs.all);
        let is_settled = |(path, shape): (&PathBuf, &String)| {
            before.get(path) == Some(shape)
                || Stamp::of(path).is_ok_and(|stamp| stamp.is_none_or(|stamp| !stamp.is_newer_than(asked_at)))
        };
        shapes.iter().all(is_settled).then(|| Self {
            question,
            inputs: inputs.clone(),
            shapes,
        })
    }

    /// Whether Go would say the same to this question now.
    pub(crate) fn holds(&self, question: &str) -> bool {
        self.question == question && shapes(self.shapes.keys()) == self.shapes
    }
}

/// The shapes of paths as they are now. What cannot be read has an empty one, like what is not there: to compile tells.
pub(crate) fn shapes<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Shapes {
    let shape = |path: &Path| -> Option<String> {
        let is_go = path.extension().is_some_and(|extension| extension == "go");
        match is_go.then(|| fs::read_to_string(path)) {
            Some(Ok(text)) => Some(hash(outline(&text).as_bytes())),
            // Without being text, or a folder in spite of its name.
            _ => hash_of_contents(path).ok(),
        }
    };
    let each = paths.into_iter();
    each.map(|path| (path.clone(), shape(path).unwrap_or_default()))
        .collect()
}

/// What a Go file says of itself: everything before the first declaration, and each line with a word for Go's tools, such
/// as `//go:embed`. All of it where a comment over several lines could hide the first declaration.
pub(crate) fn outline(text: &str) -> String {
    let is_declaration = |line: &str| {
        DECLARATIONS.iter().any(|word| {
            let rest = line.strip_prefix(word);
            rest.is_some_and(|rest| {
                !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
            })
        })
    };
    let head: usize = text
        .split_inclusive('\n')
        .take_while(|line| !is_declaration(line))
        .map(str::len)
        .sum();
    let (head, body) = text.split_at(head);
    if head.contains("/*") {
        return text.to_owned();
    }
    let spoken = body.split_inclusive('\n').filter(|line| line.contains("//go:"));
    std::iter::once(head).chain(spoken).collect()
}
