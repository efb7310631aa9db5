//! A checked tree to the model, and the rules that relate several keys.
//!
//! What is missing or of the wrong type was reported by `check`; here it just comes to nothing, so that the rest of
//! the file is still judged.

mod fargate;
mod packaging;
mod project;
mod worker_service;

use tapedeck_diagnostic::{Diagnostics, Spanned};
use tapedeck_model::{ProjectName, Stack, WorkerService};

use crate::LoadOptions;
use crate::parse::{Mapping, Value};

/// The stack that a file defines. `None` when something is missing, which has been reported.
pub(crate) fn stack(
    tree: &Spanned<Value>,
    options: &LoadOptions,
    diagnostics: &mut Diagnostics,
) -> Option<Stack> {
    let root = tree.value.as_mapping()?;
    let project = project::name(root, tree.span, options, diagnostics);
    let resources = root.get("resources")?.value.as_mapping()?;
    let services: Vec<Option<WorkerService>> = resources
        .entries
        .iter()
        .filter(|entry| is_of_type(&entry.value.value, "worker-service"))
        .map(|entry| worker_service::lower(entry, diagnostics))
        .collect();
    Some(Stack {
        project: project?,
        stage: options.stage.clone(),
        // Only now: each of them has been judged, whole or not.
        services: services.into_iter().collect::<Option<_>>()?,
    })
}

/// The name of the project alone.
pub(crate) fn project_name(
    tree: &Spanned<Value>,
    options: &LoadOptions,
    diagnostics: &mut Diagnostics,
) -> Option<ProjectName> {
    project::name(tree.value.as_mapping()?, tree.span, options, diagnostics)
}

fn is_of_type(resource: &Value, wanted: &str) -> bool {
    let mapping = resource.as_mapping();
    mapping
        .and_then(|mapping| text(mapping, "type"))
        .is_some_and(|given| given == wanted)
}

/// The text of a key, if it is one.
fn text<'a>(mapping: &'a Mapping, key: &str) -> Option<&'a str> {
    mapping.get(key)?.value.as_text()
}

/// The mapping of a key, if it is one.
fn mapping<'a>(mapping: &'a Mapping, key: &str) -> Option<&'a Mapping> {
    mapping.get(key)?.value.as_mapping()
}

/// The whole number of a key, if it is one.
fn integer<T: TryFrom<i64>>(mapping: &Mapping, key: &str) -> Option<T> {
    T::try_from(mapping.get(key)?.value.as_integer()?).ok()
}

/// The boolean of a key; false when it is none.
fn flag(mapping: &Mapping, key: &str) -> bool {
    mapping
        .get(key)
        .and_then(|value| value.value.as_boolean())
        .unwrap_or(false)
}

/// The texts of a key that takes a list or one text; none when it is not there.
fn texts(mapping: &Mapping, key: &str) -> Vec<String> {
    match mapping.get(key).map(|value| &value.value) {
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|item| item.value.as_text())
            .map(str::to_string)
            .collect(),
        Some(value) => value.as_text().map(str::to_string).into_iter().collect(),
        None => Vec::new(),
    }
}
