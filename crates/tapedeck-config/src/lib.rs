//! The text of a `stacktape.yml` to the model, or findings about it.
//!
//! Three steps, each a function of values: [`parse`] makes a tree that knows its places, `check` holds it against the
//! [`schema`], `lower` makes the [`Stack`] of it and judges what relates several keys. All findings come at once.
//! **Invariant:** no file, clock or environment is read here; names of folders and stages are arguments.

mod check;
mod lower;
pub mod parse;
mod reference;
pub mod schema;

use tapedeck_diagnostic::{Diagnostics, Source};
use tapedeck_model::{ProjectName, Stack, StageName};

pub use reference::reference_markdown;

/// What the meaning of a config file depends on besides its text.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The project's name as given on the command line. It goes before that in the file.
    pub project_name: Option<ProjectName>,
    /// What to name the project after when nobody names it: the folder of the file, in whatever characters.
    pub fallback_project_name: Option<String>,
    /// The stage.
    pub stage: StageName,
}

/// Reads a config file. The stack is there exactly when the findings hold no error; warnings may come along with it.
///
/// Never panics and always ends, within the [limits](parse::MAX_NODES) of `parse`, whatever the text.
#[must_use]
pub fn load(source: &Source, options: &LoadOptions) -> (Option<Stack>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let tree = parse::parse(source, &mut diagnostics);
    let stack = tree.and_then(|tree| {
        check::file(&tree, &mut diagnostics);
        lower::stack(&tree, options, &mut diagnostics)
    });
    let usable = !diagnostics.has_errors();
    (stack.filter(|_| usable), diagnostics)
}

/// The name of the project alone, for commands about what is deployed already: it is there even while the rest of the
/// file has mistakes.
#[must_use]
pub fn project_name(source: &Source, options: &LoadOptions) -> Option<ProjectName> {
    let mut unread = Diagnostics::new();
    let tree = parse::parse(source, &mut unread)?;
    lower::project_name(&tree, options, &mut unread)
}

#[cfg(test)]
mod tests;
