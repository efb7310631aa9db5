//! From a path to a part of the language.

use std::collections::{HashSet, VecDeque};

use tapedeck_diagnostic::{Rule, nearest};

use super::ExplainError;
use super::trail::{Step, Trail};
use crate::directive::{BUILTINS, Builtin};
use crate::schema::{Catalogue, Kind, Object, Parameter, RESOURCE, ROOT, ResourceType};

/// What a path leads to.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Language,
    Type(&'static ResourceType),
    Parameter(&'static ResourceType, &'static Parameter),
    Key(Trail),
    Directive(&'static Builtin),
    Rule(Rule),
}

/// Finds the part at a path.
pub(super) fn find(catalogue: &Catalogue, path: &str) -> Result<Found, ExplainError> {
    if path.is_empty() {
        return Ok(Found::Language);
    }
    if let Some(name) = path.strip_prefix('$') {
        return directive(name);
    }
    let parts: Vec<&str> = path.split('.').map(|part| part.trim_end_matches("[]")).collect();
    let (first, rest) = (parts[0], &parts[1..]);
    if let Some(kind) = catalogue.find(first) {
        return in_type(kind, rest);
    }
    if ROOT.key(first).is_some() {
        // Something in a resource may have the name of a key of the file.
        return in_file(catalogue, &parts).or_else(|error| anywhere(catalogue, &parts).map_err(|_| error));
    }
    if let Some(rule) = Rule::ALL.iter().find(|rule| rule.name() == path) {
        return Ok(Found::Rule(*rule));
    }
    anywhere(catalogue, &parts)
}

fn directive(text: &str) -> Result<Found, ExplainError> {
    let name = text.split('(').next().unwrap_or_default();
    match BUILTINS.iter().find(|one| one.name == name) {
        Some(directive) => Ok(Found::Directive(directive)),
        None => {
            let known: Vec<String> = BUILTINS.iter().map(|one| format!("${}", one.name)).collect();
            Err(unknown(&format!("${name}"), &known, Vec::new()))
        }
    }
}

/// A part of a type of resource. `properties` may stand in the path or not.
fn in_type(kind: &'static ResourceType, parts: &[&str]) -> Result<Found, ExplainError> {
    let rest = match parts {
        ["properties", rest @ ..] => rest,
        [single] if RESOURCE.key(single).is_some() && !has_key(kind, single) => &[],
        rest => rest,
    };
    if rest.is_empty() {
        return Ok(Found::Type(kind));
    }
    let start = Trail {
        kind: Some(kind),
        steps: Vec::new(),
        also: Vec::new(),
    };
    if let [name] = rest
        && !has_key(kind, name)
        && let Some(parameter) = kind.parameters.iter().find(|one| one.name == *name)
    {
        return Ok(Found::Parameter(kind, parameter));
    }
    walk(start, rest).map(Found::Key)
}

fn has_key(kind: &ResourceType, name: &str) -> bool {
    kind.properties.is_some_and(|object| object.key(name).is_some())
}

/// A key of the file. Below `resources` stand names, then what the type says; a type may stand for the name.
fn in_file(catalogue: &Catalogue, parts: &[&str]) -> Result<Found, ExplainError> {
    if let ["resources", kind, rest @ ..] = parts
        && let Some(kind) = catalogue.find(kind)
    {
        return in_type(kind, rest);
    }
    let start = Trail {
        kind: None,
        steps: Vec::new(),
        also: Vec::new(),
    };
    walk(start, parts).map(Found::Key)
}

fn walk(start: Trail, parts: &[&str]) -> Result<Trail, ExplainError> {
    let mut trail = start;
    for part in parts {
        match trail.step(part) {
            Some(longer) => trail = longer,
            // A name of the user's own, and indexes of lists.
            None if is_name(&trail, part) => {}
            None => return Err(not_within(&trail, part)),
        }
    }
    Ok(trail)
}

fn is_name(trail: &Trail, part: &str) -> bool {
    let names = trail.next_names();
    trail.steps.last().is_some_and(|step| match step.key.kind {
        Kind::MapOf(_) => nearest(part, &names).is_none(),
        Kind::ListOf(_) | Kind::Environment(_) => part.parse::<usize>().is_ok(),
        _ => false,
    })
}

fn not_within(trail: &Trail, part: &str) -> ExplainError {
    let known = trail.next_names();
    let parameters = trail
        .kind
        .filter(|_| trail.steps.is_empty())
        .map(|kind| kind.parameters);
    let known: Vec<&str> = known
        .into_iter()
        .chain(
            parameters
                .unwrap_or_default()
                .iter()
                .map(|parameter| parameter.name),
        )
        .collect();
    ExplainError::NotWithin {
        part: part.to_string(),
        within: trail.path(),
        nearest: nearest(part, &known).map(str::to_string),
        known: known.into_iter().map(str::to_string).collect(),
    }
}

/// A path that begins in the middle: the first way to it that is found, nearest to the root first, and the others.
fn anywhere(catalogue: &Catalogue, parts: &[&str]) -> Result<Found, ExplainError> {
    let mut trails = Vec::new();
    for trail in all(catalogue) {
        if trail.last().key.name == parts[0]
            && let Ok(found) = walk(trail, &parts[1..])
        {
            trails.push(found);
        }
    }
    let mut trails = trails.into_iter();
    let Some(mut first) = trails.next() else {
        let keys = all(catalogue)
            .into_iter()
            .map(|trail| trail.last().key.name)
            .collect();
        return Err(unknown(parts[0], &beginnings(catalogue), keys));
    };
    first.also = trails.map(|trail| trail.path()).collect();
    Ok(Found::Key(first))
}

/// Everything that a path may begin with, but rules.
fn beginnings(catalogue: &Catalogue) -> Vec<String> {
    let types = catalogue.names().into_iter();
    let directives = BUILTINS.iter().map(|one| format!("${}", one.name));
    let all = ROOT.key_names().into_iter().chain(types).map(str::to_string);
    all.chain(directives).collect()
}

/// A way to each key of the language, the shortest ones first. An object that several keys take is gone into once.
fn all(catalogue: &Catalogue) -> Vec<Trail> {
    let types = catalogue.types.iter().copied().map(Some);
    let mut open: VecDeque<Trail> = types
        .chain([None])
        .filter(|kind| kind.is_none_or(|kind| kind.properties.is_some()))
        .map(|kind| Trail {
            kind,
            steps: Vec::new(),
            also: Vec::new(),
        })
        .collect();
    let mut seen: HashSet<*const Object> = HashSet::new();
    let mut trails = Vec::new();
    while let Some(trail) = open.pop_front() {
        for (object, case) in trail.inside() {
            if !seen.insert(std::ptr::from_ref(object)) {
                continue;
            }
            let mut base = trail.clone();
            if let (Some(case), Some(last)) = (case, base.steps.last_mut()) {
                last.case = Some(case);
            }
            for key in object.keys {
                let longer = base.with(Step { key, case: None });
                trails.push(longer.clone());
                open.push_back(longer);
            }
        }
    }
    trails
}

/// `more`: names that may have been meant, too, and are too many to be listed.
fn unknown(part: &str, known: &[String], more: Vec<&str>) -> ExplainError {
    let rules = Rule::ALL.iter().map(|rule| rule.name());
    let names: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .chain(rules)
        .chain(more)
        .collect();
    ExplainError::Unknown {
        part: part.to_string(),
        nearest: nearest(part, &names).map(str::to_string),
        known: known.to_vec(),
    }
}
