//! A checked tree to the model.
//!
//! What is missing or of the wrong type was reported by `check`; here it just comes to nothing, so that the rest of
//! the file is still judged.

mod project;
mod scripts;
mod settings;
mod vpc;

use std::collections::BTreeSet;

use tapedeck_diagnostic::{Diagnostics, Spanned};
use tapedeck_model::{
    CloudformationResource, Data, Late, Override, ProjectName, Resource, ResourceName, Stack, WorkerService,
};

use crate::LoadOptions;
use crate::check::Surroundings;
use crate::expand::Question;
use crate::parse::{Mapping, Value};
use crate::schema::{Kind, Object};
use crate::scope::{Declared, Resources, Scope};

/// The stack that a file defines. `None` when something is missing, which has been reported.
pub(crate) fn stack(
    tree: &Spanned<Value>,
    resources: &Resources<'_>,
    surroundings: &Surroundings<'_>,
    questions: &mut BTreeSet<Question>,
    diagnostics: &mut Diagnostics,
) -> Option<Stack> {
    let root = tree.value.as_mapping()?;
    let options = surroundings.options;
    let project = project::name(root, tree.span, options, diagnostics);
    settings::relations(root, diagnostics);
    vpc::check(root, surroundings, questions, diagnostics);
    let (declared, raw) = (resources.declared.as_slice(), resources.raw.as_slice());
    let mut scope = Scope {
        diagnostics,
        declared,
        resources,
        catalogue: surroundings.catalogue,
        options,
        answers: surroundings.answers,
        questions,
        raw_resources: raw,
    };
    scripts::check(root, &mut scope);
    let services: Vec<Option<WorkerService>> = declared
        .iter()
        .filter_map(|one| Some((one, one.kind.service?)))
        .map(|(one, lower)| lower(one, &mut scope))
        .collect();
    let others: Vec<Option<Resource>> = declared
        .iter()
        .filter(|one| one.kind.service.is_none())
        .map(resource)
        .collect();
    Some(Stack {
        project: project?,
        stage: options.stage.clone(),
        region: options.region.clone(),
        // Only now: each of them has been judged, whole or not.
        services: services.into_iter().collect::<Option<_>>()?,
        resources: others.into_iter().collect::<Option<_>>()?,
        cloudformation_resources: raw
            .iter()
            .map(|entry| CloudformationResource {
                logical_id: entry.key.value.clone(),
                definition: entry.value.value.to_data(),
            })
            .collect(),
        settings: settings::lower(root)?,
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

fn resource(one: &Declared<'_>) -> Option<Resource> {
    Some(Resource {
        name: ResourceName::new(one.name.value.clone()).ok()?,
        kind: one.kind.name.to_string(),
        properties: complete(one.properties, one.kind.properties?),
        overrides: overrides(one.whole),
        workload: match one.kind.workload {
            Some(lower) => Some(Box::new(lower(one)?)),
            None => None,
        },
        job: match one.kind.job {
            Some(lower) => Some(Box::new(lower(one)?)),
            None => None,
        },
    })
}

/// The `overrides` of a resource.
#[must_use]
pub fn overrides(whole: &Mapping) -> Vec<Override> {
    let overrides = whole.mapping("overrides");
    let entries = overrides
        .map(|overrides| overrides.entries.as_slice())
        .unwrap_or_default();
    entries
        .iter()
        .map(|entry| Override {
            logical_id: entry.key.value.clone(),
            changes: entry.value.value.to_data(),
        })
        .collect()
}

/// A mapping as data, with the defaults of its table filled in.
#[must_use]
pub fn complete(mapping: &Mapping, object: &'static Object) -> Data {
    let mut entries = Vec::with_capacity(mapping.entries.len());
    for entry in &mapping.entries {
        let kind = object.key(&entry.key.value).map(|key| &key.kind);
        let value = match (kind, &entry.value.value) {
            (Some(Kind::Object(inner)), Value::Mapping(value)) => complete(value, inner),
            (Some(Kind::ListOf(inner)), Value::List(items)) => Data::List(
                items
                    .iter()
                    .map(|item| match item.value.as_mapping() {
                        Some(item) => complete(item, inner),
                        None => item.value.to_data(),
                    })
                    .collect(),
            ),
            (Some(Kind::Branch(branch)), Value::Mapping(value)) => {
                match mapping
                    .text(branch.key)
                    .and_then(|decider| branch.object(decider))
                {
                    Some(inner) => complete(value, inner),
                    None => entry.value.value.to_data(),
                }
            }
            // One text where a list may stand is a list of one.
            (Some(Kind::Texts | Kind::Globs | Kind::Patterns(_) | Kind::TextsOneOf(_)), Value::Scalar(_)) => {
                Data::List(vec![entry.value.value.to_data()])
            }
            (_, value) => value.to_data(),
        };
        entries.push((entry.key.value.clone(), value));
    }
    for key in object.keys {
        if let (Some(default), false) = (key.default, mapping.has(key.name)) {
            entries.push((key.name.to_string(), written_default(default)));
        }
    }
    Data::Mapping(entries)
}

/// A default as the table writes it.
fn written_default(text: &str) -> Data {
    let scalar = |text: &str| match crate::parse::kind_of_plain(text) {
        crate::parse::ScalarKind::Boolean => Data::Boolean(text == "true"),
        crate::parse::ScalarKind::Number => Data::Number(tapedeck_model::Number(text.to_string())),
        _ => Data::Text(text.to_string()),
    };
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let items = inner.split(',').map(str::trim).filter(|item| !item.is_empty());
        return Data::List(items.map(|item| scalar(item.trim_matches('\''))).collect());
    }
    match text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(quoted) => Data::Text(quoted.to_string()),
        None => scalar(text),
    }
}

/// A scalar that may be known late. Numbers and booleans stay as written.
#[must_use]
pub fn late_text(value: &Value) -> Option<Late<String>> {
    match value {
        Value::Later(expression) => Some(Late::Later(expression.clone())),
        value => Some(Late::Known(value.as_scalar()?.text.clone())),
    }
}
