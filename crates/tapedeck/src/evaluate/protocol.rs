//! What goes to the programs `run.cjs` and `run.py`, and what comes back.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Place;

/// Everything that one process is to do.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    /// Whether the values are configs, which have rules of their own, rather than results of functions.
    pub(super) is_config: bool,
    /// Bytes that a value may have.
    pub(super) largest: u64,
    /// Folders of bundled programs, in which no mistake of the user's can be.
    pub(super) folders: Vec<PathBuf>,
    pub(super) calls: Vec<RequestedCall<'a>>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct RequestedCall<'a> {
    /// The file as the user has it, absolute and without links.
    pub(super) file: &'a Path,
    /// What to load: the same, or a bundle made of it.
    pub(super) program: &'a Path,
    pub(super) is_bundle: bool,
    pub(super) handler: Option<&'a str>,
    pub(super) arguments: &'a [Value],
}

/// A line that comes back: how one call ended.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) index: usize,
    /// The user's files that went in, as far as the program can tell.
    #[serde(default)]
    pub(super) inputs: Vec<PathBuf>,
    #[serde(flatten)]
    pub(super) outcome: Outcome,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// The value as JSON.
    Value(String),
    Failure(Failure),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Failure {
    /// The code threw.
    Thrown { message: String, place: Option<Place> },
    /// The runtime itself cannot load the file, such as one that imports TypeScript.
    Unloadable { message: String, place: Option<Place> },
    /// What was asked for is not exported.
    Missing { exports: Vec<String> },
    /// The value holds something that JSON cannot express.
    Value { path: String, problem: String },
    /// The value is too large.
    Large,
    /// A promise that nothing can settle any more.
    Unsettled,
}
