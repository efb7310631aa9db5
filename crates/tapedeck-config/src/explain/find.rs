//! From a path to a part of the language.

use std::collections::{HashSet, VecDeque};

use tapedeck_diagnostic::{Rule, nearest};

use super::ExplainError;
use crate::directive::{BUILTINS, Builtin};
use crate::schema::{Branch, Catalogue, Key, Kind, Object, Parameter, RESOURCE, ROOT, ResourceType};

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

/// The way to a key.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    /// The type of resource that it begins in; none for keys of the file.
    pub(super) kind: Option<&'static ResourceType>,
    /// The keys on the way, at least one. The last is where it leads to.
    pub(super) steps: Vec<Step>,
    /// Other ways to a key of this name.
    pub(super) also: Vec<String>,
}

/// A key on the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) key: &'static Key,
    /// The case of the branch that the way goes on in, or ends in.
    pub(super) case: Option<(&'static Branch, &'static str, &'static Object)>,
}

impl Trail {
    pub(super) fn last(&self) -> &Step {
        self.steps.last().expect("a trail has at least one step")
    }

    /// As it is written on the command line.
    pub(super) fn path(&self) -> String {
        let mut names: Vec<&str> = self.kind.iter().map(|kind| kind.name).collect();
        for step in &self.steps {
            names.push(step.key.name);
            names.extend(step.case.map(|(_, value, _)| value));
        }
        names.join(".")
    }

    /// The objects that the next key may be in, each with the case that leads to it.
    fn inside(
        &self,
    ) -> Vec<(
        &'static Object,
        Option<(&'static Branch, &'static str, &'static Object)>,
    )> {
        let Some(step) = self.steps.last() else {
            let start = match self.kind {
                Some(kind) => kind.properties,
                None => Some(&ROOT),
            };
            return start.into_iter().map(|object| (object, None)).collect();
        };
        match (step.case, &step.key.kind) {
            (Some((_, _, object)), _) => vec![(object, None)],
            (
                None,
                Kind::Object(object) | Kind::ListOf(object) | Kind::MapOf(object) | Kind::Environment(object),
            ) => {
                vec![(*object, None)]
            }
            (None, Kind::Branch(branch)) => {
                let cases = branch.cases.iter();
                cases
                    .map(|case| (case.object, Some((*branch, case.values[0], case.object))))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn with(&self, step: Step) -> Self {
        let mut longer = self.clone();
        longer.steps.push(step);
        longer
    }

    /// One key further. A key of a branch can be named without the key that the branch is at, and a case by its value.
    fn step(&self, name: &str) -> Option<Self> {
        let here = self.key(name).or_else(|| self.case(name));
        here.or_else(|| {
            let branches = self.branches();
            branches
                .into_iter()
                .find_map(|deeper| deeper.case(name).or_else(|| deeper.key(name)))
        })
    }

    /// One key further, of those that may come next.
    fn key(&self, name: &str) -> Option<Self> {
        let (object, case) = self
            .inside()
            .into_iter()
            .find(|(object, _)| object.key(name).is_some())?;
        let mut longer = self.clone();
        if let (Some(case), Some(last)) = (case, longer.steps.last_mut()) {
            last.case = Some(case);
        }
        Some(longer.with(Step {
            key: object.key(name)?,
            case: None,
        }))
    }

    /// The case of the branch at the end that a value leads to.
    fn case(&self, value: &str) -> Option<Self> {
        let mut longer = self.clone();
        let last = longer.steps.last_mut()?;
        let Kind::Branch(branch) = last.key.kind else {
            return None;
        };
        let case = branch.cases.iter().find(|case| case.values.contains(&value))?;
        let value = case.values.iter().find(|one| **one == value)?;
        last.case = Some((branch, value, case.object));
        Some(longer)
    }

    /// The keys one further whose value depends on another.
    fn branches(&self) -> Vec<Self> {
        let inside = self.inside().into_iter().filter(|(_, case)| case.is_none());
        let keys = inside.flat_map(|(object, _)| object.keys);
        keys.filter(|key| matches!(key.kind, Kind::Branch(_)))
            .map(|key| self.with(Step { key, case: None }))
            .collect()
    }

    /// The names of what may come next.
    fn next_names(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for (object, case) in self.inside() {
            names.extend(case.map(|(_, value, _)| value));
            names.extend(object.key_names());
        }
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }
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
        return in_file(catalogue, &parts);
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
