//! The text of a config file to the model, or findings about it.
//!
//! Four steps, each a function of values: [`parse`] makes a tree that knows its places, `expand` replaces directives by
//! what they give, `check` holds the tree against the [`schema`], `lower` makes the [`Stack`] of it. All findings come
//! at once. **Invariant:** no file, clock or environment is read here. What the meaning of a file depends on outside of
//! it is asked for as [`Question`]s, and is told as [`Answers`].

mod check;
pub mod directive;
mod example;
mod expand;
pub mod explain;
mod lower;
pub mod parse;
mod reference;
pub mod schema;
mod scope;
mod words;

use std::collections::BTreeMap;

use tapedeck_diagnostic::{Diagnostics, Rule, Source, Sources};
use tapedeck_model::{ProjectName, Region, Stack, StageName};

use check::Surroundings;
use expand::Expander;
use schema::Catalogue;

pub use expand::{Answer, Answers, MAX_CALLS, PathState, Question, SecretState, VpcState};
pub use lower::{complete, late_text, overrides};
pub use reference::{directives_markdown, reference_markdown, resource_markdown};
pub use scope::{Declared, Scope};

/// What the meaning of a config file depends on besides its text.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The project's name as given on the command line. It goes before that in the file.
    pub project_name: Option<ProjectName>,
    /// What to name the project after when nobody names it: the folder of the file, in whatever characters.
    pub fallback_project_name: Option<String>,
    /// The stage.
    pub stage: StageName,
    /// Where it is to run.
    pub region: Region,
    /// The AWS profile, if one was given.
    pub profile: Option<String>,
    /// Options of the command line, for `$CliArgs`.
    pub command_line: BTreeMap<String, String>,
    /// Whether the stack is to be run, so that what cannot be run is an error.
    pub is_deployment: bool,
}

/// What came of reading a config file.
#[derive(Debug)]
pub struct Loaded {
    /// The stack: there exactly when the findings hold no error and nothing is left to be asked.
    pub stack: Option<Stack>,
    /// The name of the project, even when there is no stack.
    pub project: Option<ProjectName>,
    /// What was found.
    pub diagnostics: Diagnostics,
    /// The texts that findings point into.
    pub sources: Sources,
    /// What has to be found out before the file can be judged. When there are any, find the answers and load again.
    pub questions: Vec<Question>,
}

/// Reads a config file.
///
/// Never panics and always ends, within the [limits](parse::MAX_NODES) of `parse` and [`MAX_CALLS`], whatever the text.
#[must_use]
pub fn load(source: &Source, options: &LoadOptions, answers: &Answers, catalogue: &Catalogue) -> Loaded {
    let mut diagnostics = Diagnostics::new();
    if options.is_deployment {
        diagnostics.escalate(Rule::NotRunHereYet);
    }
    let mut sources = Sources::new(source.clone());
    let mut loaded = Loaded {
        stack: None,
        project: None,
        diagnostics: Diagnostics::new(),
        sources: Sources::new(source.clone()),
        questions: Vec::new(),
    };
    if let Some(tree) = parse::parse(source, &mut diagnostics) {
        let (expanded, outcome) =
            Expander::new(&tree, options, answers, &mut sources, &mut diagnostics).file();
        let mut questions = outcome.questions;
        if let Some(tree) = expanded {
            let surroundings = Surroundings {
                catalogue,
                options,
                answers,
            };
            check::file(&tree, &surroundings, &mut questions, &mut diagnostics);
            let resources = check::declared(&tree, catalogue, &diagnostics);
            check::relations(&resources, &surroundings, &mut questions, &mut diagnostics);
            let references = (outcome.expressions.as_slice(), &resources);
            check::expressions(references, &surroundings, &mut questions, &mut diagnostics);
            loaded.project = lower::project_name(&tree, options, &mut Diagnostics::new());
            loaded.stack = lower::stack(&tree, &resources, &surroundings, &mut questions, &mut diagnostics);
        }
        loaded.questions = questions.into_iter().collect();
    }
    let usable = !diagnostics.has_errors() && loaded.questions.is_empty();
    loaded.stack = loaded.stack.filter(|_| usable);
    loaded.diagnostics = diagnostics;
    loaded.sources = sources;
    loaded
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
