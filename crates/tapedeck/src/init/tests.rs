//! The pure parts of `tapedeck init`: what is found in projects of many shapes, and the configs that are made.

mod ask;
mod docker;
mod go;
mod java;
mod javascript;
mod name;
mod named;
mod python;
mod ranking;
mod render;
mod seen;
mod told;
mod write;

use expect_test::Expect;

use super::detect::{candidates, reading_order};
use super::seen::Seen;

/// A project with these files; those are read that would be.
fn project(files: &[(&str, &str)]) -> Seen {
    let mut seen = Seen::default();
    for (path, text) in files {
        seen.files.insert((*path).to_string());
        if reading_order(path).is_some() {
            seen.texts.insert((*path).to_string(), (*text).to_string());
        }
    }
    seen
}

/// Compares everything that is found in a project, the best first, with the name of each.
fn check(files: &[(&str, &str)], expected: Expect) {
    let found = candidates(&project(files));
    let lines = found.iter().map(|candidate| {
        let name = candidate.name.as_deref().unwrap_or("-");
        format!("{name}: {}\n", candidate.shown())
    });
    expected.assert_eq(&lines.collect::<String>());
}
