//! What a person and a program are told about the config. Pure: values in, text out.

use std::path::Path;

use serde::Serialize;

use super::candidate::{Candidate, Language};
use super::decide::Draft;
use super::detect::LOOKED_FOR;
use super::seen::Seen;
use crate::exit::Failure;
use crate::text::count;

/// Other candidates that are named.
const NAMED: usize = 5;

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report<'a> {
    /// Where the config is, or would be.
    path: &'a str,
    #[serde(flatten)]
    chosen: Choice,
    other_candidates: Vec<Choice>,
    /// The config itself, when it is not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<&'a str>,
}

/// A candidate in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Choice {
    language: Option<Language>,
    entryfile_path: String,
    packaging: &'static str,
}

/// The report about a config at `path`; with its text if it was not written.
pub(crate) fn report<'a>(
    path: &'a str,
    chosen: &Candidate,
    found: &[Candidate],
    config: Option<&'a str>,
) -> Report<'a> {
    Report {
        path,
        chosen: choice(chosen),
        other_candidates: others(chosen, found).map(choice).collect(),
        config,
    }
}

fn choice(candidate: &Candidate) -> Choice {
    Choice {
        language: candidate.packaging.language(),
        entryfile_path: candidate.packaging.path(),
        packaging: candidate.packaging.kind(),
    }
}

/// `service mailer runs src/main.ts (TypeScript, …)`
pub(crate) fn decision(draft: &Draft, chosen: &Candidate) -> String {
    format!(
        "service {} runs {}: {} of {} with {}",
        draft.service,
        chosen.shown(),
        count(draft.instances as usize, "instance"),
        draft.cpu,
        draft.memory
    )
}

/// A line about what else could be run, if there is anything.
pub(crate) fn also_found(chosen: &Candidate, found: &[Candidate]) -> Option<String> {
    let others: Vec<String> = others(chosen, found)
        .map(|other| other.packaging.path())
        .collect();
    if others.is_empty() {
        return None;
    }
    let more = match others.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "also found: {}{more} (--entryfilePath takes another one; each service has an entry of its own under \
         `resources`)",
        others[..others.len().min(NAMED)].join(", ")
    ))
}

fn others<'a>(chosen: &Candidate, found: &'a [Candidate]) -> impl Iterator<Item = &'a Candidate> {
    let path = chosen.packaging.path();
    found
        .iter()
        .filter(move |candidate| candidate.packaging.path() != path)
}

/// A line about a language that has to wait.
pub(crate) fn not_packaged_yet(chosen: &Candidate) -> String {
    format!(
        "this version of tapedeck does not package {} yet: `tapedeck validate` says so too, until one does",
        chosen.packaging.label()
    )
}

/// The commands that come next. `folder` is the project's, if it is not the working directory.
pub(crate) fn next(folder: Option<&Path>) -> String {
    let flag = folder.map_or(String::new(), |folder| {
        format!(" --currentWorkingDirectory {}", shell_word(folder))
    });
    format!(
        "next:\n  tapedeck validate{flag}  say everything that is wrong with the config\n  tapedeck deploy{flag}    \
         package the service and make it run"
    )
}

/// A line about the types of a config in TypeScript, unless the project has them.
pub(crate) fn types_missing(seen: &Seen) -> Option<&'static str> {
    let has_types = seen.text("package.json").contains("\"stacktape\"");
    (!has_types).then_some("`npm install --save-dev stacktape` gives the editor the types of the config")
}

/// A path as a shell takes it.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    if text
        .chars()
        .all(|letter| letter.is_alphanumeric() || "._-/+@".contains(letter))
    {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// There is nothing that can be run.
pub(crate) fn nothing_found(folder: &Path, cut_short: bool) -> Failure {
    let far = if cut_short {
        " (there are very many files; only the first of them were looked at)"
    } else {
        ""
    };
    Failure::usage(format!(
        "could not tell what to run in {}{far}; looked for\n{LOOKED_FOR}",
        folder.display()
    ))
    .help(
        "name it with --entryfilePath, such as `--entryfilePath src/worker.ts`, or another folder with \
         --projectDirectory",
    )
}
