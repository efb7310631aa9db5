//! The rules of the house as checks: one file per group of rules, each a function from the tree to findings.

mod crates;
mod prose;
mod source;
mod text;

use crate::conformance;
use crate::finding::Finding;
use crate::generate;
use crate::tree::Tree;
use crate::weaknesses;

pub(crate) use crates::PURE;

/// Everything in the tree that breaks a rule, sorted by place.
///
/// # Errors
/// When `cargo metadata` fails.
pub(crate) fn check(tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    let mut found = crates::check(tree, &crates::of_workspace(tree)?);
    found.extend(
        tree.files
            .iter()
            .filter(|file| file.is_rust())
            .flat_map(source::check),
    );
    found.extend(tree.files.iter().flat_map(text::check));
    found.extend(tree.files.iter().flat_map(|file| prose::check(file, &tree.root)));
    found.extend(conformance::check(tree));
    found.extend(weaknesses::check(tree));
    found.extend(generate::stale(&tree.root));
    found.sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
    Ok(found)
}

#[cfg(test)]
mod tests;
