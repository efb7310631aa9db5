//! What a part of the config language is: a key, a type of resource, a parameter, a directive or a rule, by its path.
//!
//! [`explain`] finds the part and gathers what the tables say of it; [`render`] writes that as text for people. Where
//! parts are looked for is in `find`, the ways that lead to keys in `trail`.

mod describe;
mod find;
mod render;
mod trail;

use serde::Serialize;

use crate::schema::Catalogue;

pub use render::render;

/// A part of the config language.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// Its path, such as `worker-service.scaling.minInstances`; empty for the language as a whole.
    pub path: String,
    /// What it is.
    pub kind: Part,
    /// What it takes or, of a parameter, gives.
    #[serde(rename = "type")]
    pub value: Option<String>,
    /// What holds when it is left out, as it would be written.
    pub default: Option<String>,
    /// Whether it must be there, and if so, when.
    pub required: Option<String>,
    /// The values that it may have.
    pub allowed: Vec<Entry>,
    /// What it means.
    pub doc: String,
    /// How far this version supports it, unless fully.
    pub support: Option<String>,
    /// What is in it.
    pub keys: Vec<Entry>,
    /// What `$ResourceParam` can ask of it.
    pub parameters: Vec<Entry>,
    /// What naming it in `connectTo` does.
    pub connecting: Option<String>,
    /// Lists of other parts, for the language as a whole.
    pub lists: Vec<List>,
    /// Other paths that lead to a part of this name.
    pub also: Vec<String>,
    /// An example: the least that is right, as YAML.
    pub example: Option<String>,
}

/// What can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// All of it.
    Language,
    /// A type of resource.
    ResourceType,
    /// A key of the file or of a resource.
    Key,
    /// A parameter of a resource, for `$ResourceParam`.
    Parameter,
    /// A directive.
    Directive,
    /// A rule that findings are made by.
    Rule,
}

/// A line of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its name or value.
    pub name: String,
    /// What it takes or gives.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The environment variable that it becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// Whether it must be there, and if so, when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<String>,
    /// What is said of it.
    pub doc: String,
}

/// A list of parts with a title.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    /// What they are.
    pub title: String,
    /// The parts.
    pub entries: Vec<Entry>,
}

/// Why a path leads to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// Nothing has this name.
    #[error("nothing in the config language is called `{part}`")]
    Unknown {
        /// The name.
        part: String,
        /// A name that it may have meant.
        nearest: Option<String>,
        /// What there is.
        known: Vec<String>,
    },
    /// A part has no such part.
    #[error("`{within}` has no `{part}`")]
    NotWithin {
        /// The name.
        part: String,
        /// Where it was looked for.
        within: String,
        /// A name that it may have meant.
        nearest: Option<String>,
        /// What is there.
        known: Vec<String>,
    },
}

impl ExplainError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        let (Self::Unknown { nearest, known, .. } | Self::NotWithin { nearest, known, .. }) = self;
        let there = match known.as_slice() {
            [] => "there is nothing in it".to_string(),
            known => format!("there is {}", known.join(", ")),
        };
        match nearest {
            Some(nearest) => format!("did you mean `{nearest}`? {there}"),
            None => there,
        }
    }
}

/// Explains the part at a path: keys with dots between, after a key of the file or a type of resource; or the name of a
/// rule, or `$` and the name of a directive. An empty path is the language as a whole. A path may begin in the middle,
/// such as `packaging`, if there is anything of that name.
///
/// # Errors
/// [`ExplainError`] when the path leads to nothing.
pub fn explain(catalogue: &Catalogue, path: &str) -> Result<Explained, ExplainError> {
    let found = find::find(catalogue, path.trim())?;
    Ok(describe::describe(catalogue, &found))
}
