//! No key of a type is dropped in silence: it changes the template, or is refused by its name, or is known to change
//! nothing, with a reason.
//!
//! `keys` has configs with every key. Each key of each resource in them is taken out, or given another value where it
//! cannot be left out; then the template has to be another one.

mod answers;
mod paths;

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use tapedeck_config::parse::parse;
use tapedeck_config::schema::{Object, ResourceType};
use tapedeck_diagnostic::{Diagnostics, Source};
use tapedeck_resources::TYPES;

use super::{loaded, lookups};
use crate::synthesize;
use crate::types::is_built;
use answers::{ELSEWHERE, REFUSED, TO_OTHERS};
use paths::{Place, all_paths, walk};

/// What comes of a config.
enum Outcome {
    /// Its template, as JSON.
    Template(String),
    /// What has no template in it.
    Refused(String),
    /// What is wrong with it.
    Wrong(String),
}

/// What comes of a config, whatever it is.
fn outcome(config: &str) -> Outcome {
    let stack = match loaded(config) {
        Ok(stack) => stack,
        Err(said) => return Outcome::Wrong(said),
    };
    match synthesize(&stack, &lookups()) {
        Ok(template) => Outcome::Template(template.to_json()),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

/// A config with every key of the types in it.
struct Example {
    name: &'static str,
    text: &'static str,
}

macro_rules! examples {
    ($($name:literal),* $(,)?) => {
        &[$(Example { name: $name, text: include_str!(concat!("../../keys/", $name, ".yml")) }),*]
    };
}

static EXAMPLES: &[Example] = examples![
    "bucket",
    "databases",
    "messages",
    "mongo-db-atlas-cluster",
    "multi-container-workload",
    "open-search-domain",
    "private-service",
    "redis-cluster",
    "relational-database",
    "state-machine",
    "user-auth-pool",
    "worker-service",
];

/// The types that are looked at: those with a template, but for those that others look at.
fn types() -> impl Iterator<Item = (&'static ResourceType, &'static Object)> {
    TYPES.iter().filter_map(|kind| {
        let is_here = is_built(kind.name) && !TO_OTHERS.contains(&kind.name);
        is_here.then_some((*kind, kind.properties?))
    })
}

fn find(name: &str) -> Option<&'static Object> {
    types()
        .find(|(kind, _)| kind.name == name)
        .map(|(_, object)| object)
}

fn value_of(text: &str) -> Value {
    let mut diagnostics = Diagnostics::default();
    let tree = parse(&Source::new("stacktape.yml", text), &mut diagnostics).unwrap();
    tree.value.to_json().unwrap()
}

/// Whether a path is one of a list of paths, or below one.
fn is_below(path: &str, kind: &str, listed: impl IntoIterator<Item = (&'static str, &'static str)>) -> bool {
    // What holds of the main container holds of those beside it.
    let of_others = ["sideContainers.", "containers."];
    let of_others = of_others.iter().find_map(|above| path.strip_prefix(above));
    let path = of_others
        .filter(|path| path.starts_with("packaging"))
        .unwrap_or(path);
    // And what holds of how the image of a worker is made holds of others.
    let kind = match kind {
        "private-service" | "multi-container-workload" if path.starts_with("packaging") => "worker-service",
        kind => kind,
    };
    listed.into_iter().any(|(listed_kind, above)| {
        let rest = path.strip_prefix(above);
        listed_kind == kind && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn ignored() -> impl Iterator<Item = (&'static str, &'static str)> {
    crate::ignored::KEYS.iter().map(|(kind, path, _)| (*kind, *path))
}

fn elsewhere() -> impl Iterator<Item = (&'static str, &'static str)> {
    ELSEWHERE.iter().map(|(kind, path, _)| (*kind, *path))
}

fn refused() -> impl Iterator<Item = (&'static str, &'static str)> {
    REFUSED.iter().map(|(kind, path, _)| (*kind, *path))
}

#[test]
fn each_key_changes_the_template_or_is_known_not_to() {
    let mut seen: BTreeSet<(&str, String)> = BTreeSet::new();
    let (mut wrong, mut needed, mut heeded) = (Vec::new(), Vec::new(), BTreeSet::new());
    for example in EXAMPLES {
        let whole = value_of(example.text);
        let resources = whole["resources"].as_object().unwrap();
        let names: Vec<&String> = resources.keys().collect();
        for (name, resource) in resources {
            let kind = resource["type"].as_str().unwrap();
            let Some(object) = find(kind) else { continue };
            let (whole, before) = least(&whole, name);
            let nothing = Value::Object(Map::new());
            let properties = resource.get("properties").unwrap_or(&nothing);
            for place in walk(object, properties) {
                seen.insert((
                    TYPES.iter().find(|one| one.name == kind).unwrap().name,
                    place.path.clone(),
                ));
                let is_silent = is_below(&place.path, kind, ignored().chain(elsewhere()));
                if is_silent || place.is_of_others() {
                    continue;
                }
                match check(&whole, (name, &names), &place, &before) {
                    Heed::Heeded => drop(heeded.insert((kind.to_string(), place.path.clone()))),
                    Heed::Needed(problem) => needed.push((kind.to_string(), place.path.clone(), problem)),
                    Heed::Dropped => wrong.push(format!(
                        "{} {name} ({kind}): {} changes nothing",
                        example.name, place.path
                    )),
                }
            }
        }
    }
    for (kind, path, problem) in needed {
        if !heeded.contains(&(kind.clone(), path.clone())) {
            wrong.push(format!(
                "{kind}: {path} cannot be without, nor otherwise: {problem}"
            ));
        }
    }
    for (kind, object) in types() {
        for path in all_paths(object) {
            let is_known = is_below(&path, kind.name, ignored().chain(elsewhere()).chain(refused()));
            if !is_known && !seen.contains(&(kind.name, path.clone())) {
                wrong.push(format!("{}: {path} is in no example", kind.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A config with a resource alone, or all of it if others are needed, and its template.
fn least(whole: &Value, name: &str) -> (Value, String) {
    let mut alone = whole.clone();
    alone["resources"]
        .as_object_mut()
        .unwrap()
        .retain(|other, _| other == name);
    if let Outcome::Template(template) = outcome(&alone.to_string()) {
        return (alone, template);
    }
    match outcome(&whole.to_string()) {
        Outcome::Template(template) => (whole.clone(), template),
        Outcome::Refused(said) | Outcome::Wrong(said) => panic!("{name}: {said}"),
    }
}

/// What comes of a key.
enum Heed {
    /// The template is another one without it, or it is refused by its name.
    Heeded,
    /// The template is the same, whatever it is.
    Dropped,
    /// Others need it as it is.
    Needed(String),
}

/// How a key is heeded.
fn check(whole: &Value, (name, names): (&str, &[&String]), place: &Place, before: &str) -> Heed {
    let pointer = format!("/resources/{name}/properties{}", place.pointer);
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let (mut said, mut is_same) = (Vec::new(), false);
    for replacement in place.replacements(names) {
        let mut changed = whole.clone();
        let parent = changed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match &replacement {
            Some(value) => drop(parent.insert(key.to_string(), value.clone())),
            None => drop(parent.remove(key)),
        }
        match outcome(&changed.to_string()) {
            Outcome::Template(after) if after == before => is_same = true,
            Outcome::Template(_) => return Heed::Heeded,
            Outcome::Refused(problem) if problem.contains(&format!("`{key}")) => return Heed::Heeded,
            Outcome::Refused(problem) | Outcome::Wrong(problem) => said.push(problem),
        }
    }
    match is_same {
        true => Heed::Dropped,
        false => Heed::Needed(said.join("; ")),
    }
}

#[test]
fn a_key_without_a_template_is_refused_by_its_name() {
    for (kind, path, properties) in REFUSED {
        let properties = value_of(properties);
        let mut resources = value_of(answers::COMPANIONS);
        // Before all others.
        resources["a"] = serde_json::json!({ "type": kind, "properties": properties });
        let config = serde_json::json!({ "projectName": "shop", "resources": resources });
        let key = path.rsplit('.').next().unwrap().trim_matches(['<', '>']);
        match outcome(&config.to_string()) {
            Outcome::Refused(said) => assert!(said.contains(&format!("`{key}")), "{kind} {path}: {said}"),
            Outcome::Template(_) => panic!("{kind} {path} is accepted"),
            Outcome::Wrong(said) => panic!("{kind} {path}: {said}"),
        }
    }
}

#[test]
fn a_type_without_a_template_is_refused_with_a_way_out() {
    let without = TYPES
        .iter()
        .filter(|kind| kind.properties.is_some() && !is_built(kind.name) && kind.service.is_none());
    for kind in without {
        let error = crate::SynthError::of_type("main", kind.name);
        let way_out = error.way_out().unwrap_or_default();
        assert!(error.to_string().contains(kind.name), "{error}");
        assert!(way_out.len() > 20, "{}: {way_out}", kind.name);
    }
}
