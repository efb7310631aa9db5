//! `poetry.lock`: what of it an application needs to run.
//!
//! Poetry 2 notes with each package for which groups it is and on what condition. Before that this follows from what
//! the manifest wants and what each package wants in turn.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::{Table, Value};

use super::requirements::{Requirement, Requirements, normal_name};
use super::version::{Line, Wanted};

/// The group of what an application needs to run.
const MAIN: &str = "main";

/// The parsed file.
#[derive(Debug, Deserialize)]
pub(crate) struct PoetryLock {
    #[serde(default)]
    package: Vec<Package>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    /// Where Poetry before 1.3 kept the hashes.
    #[serde(default)]
    files: BTreeMap<String, Vec<File>>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    optional: bool,
    groups: Option<Vec<String>>,
    markers: Option<Value>,
    #[serde(default)]
    files: Vec<File>,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    extras: BTreeMap<String, Vec<String>>,
    source: Option<Source>,
}

#[derive(Debug, Deserialize)]
struct File {
    hash: String,
}

#[derive(Debug, Deserialize)]
struct Source {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    resolved_reference: Option<String>,
}

/// One way in which a package is wanted.
#[derive(Debug, Clone)]
struct Want {
    name: String,
    marker: Option<String>,
    extras: Vec<String>,
}

impl PoetryLock {
    /// What is to be installed for a line of Python, or the name of what the manifest wants and the lock has not.
    pub(crate) fn requirements(&self, manifest: &Table, line: Line) -> Result<Requirements, String> {
        let conditions = self.conditions(manifest, line)?;
        let mut requirements = Requirements::default();
        let mut indexes = BTreeSet::new();
        for package in &self.package {
            let Some(markers) = conditions.get(&normal_name(&package.name)) else {
                continue;
            };
            let marker = alternatives(markers);
            match &package.source {
                Some(source) if source.kind == "directory" => requirements.folders.push(source.url.clone()),
                source => {
                    if let Some(source) = source.as_ref().filter(|source| source.kind == "legacy") {
                        indexes.insert(source.url.clone());
                    }
                    requirements
                        .packages
                        .push(self.requirement(package, marker.as_deref()));
                }
            }
        }
        requirements.options = super::indexes(indexes.iter().map(String::as_str));
        Ok(requirements)
    }

    /// The names of what is wanted, each with the markers of which one has to hold; none means always.
    fn conditions(&self, manifest: &Table, line: Line) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
        if self.package.iter().any(|package| package.groups.is_some()) {
            return Ok(self.noted());
        }
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut open = main_wants(manifest, line);
        while let Some(want) = open.pop() {
            let step = (want.name.clone(), want.marker.clone(), want.extras.clone());
            if !seen.insert(step) {
                continue;
            }
            let packages: Vec<&Package> = self
                .package
                .iter()
                .filter(|package| normal_name(&package.name) == want.name)
                .collect();
            if packages.is_empty() {
                return Err(want.name);
            }
            // The empty marker says always.
            found
                .entry(want.name.clone())
                .or_default()
                .insert(want.marker.clone().unwrap_or_default());
            open.extend(packages.iter().flat_map(|package| package.wants(&want, line)));
        }
        Ok(found)
    }

    fn noted(&self) -> BTreeMap<String, BTreeSet<String>> {
        let of_main = |package: &&Package| {
            let is_main = |groups: &Vec<String>| groups.iter().any(|group| group == MAIN);
            !package.optional && package.groups.as_ref().is_some_and(is_main)
        };
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in self.package.iter().filter(of_main) {
            found
                .entry(normal_name(&package.name))
                .or_default()
                .insert(String::new());
        }
        found
    }

    fn requirement(&self, package: &Package, marker: Option<&str>) -> Requirement {
        let kept_apart = self.metadata.files.get(&package.name);
        let files = if package.files.is_empty() {
            kept_apart
        } else {
            Some(&package.files)
        };
        let hashes = files
            .into_iter()
            .flatten()
            .map(|file| file.hash.clone())
            .collect();
        let noted = package.markers.as_ref().and_then(|markers| match markers {
            Value::String(marker) => Some(marker.as_str()),
            Value::Table(by_group) => by_group.get(MAIN)?.as_str(),
            _ => None,
        });
        let mut requirement = Requirement::exact(&package.name, &package.version, noted.or(marker), hashes);
        if let Some(source) = &package.source {
            let marker = noted
                .or(marker)
                .map_or(String::new(), |marker| format!(" ; {marker}"));
            let address = match (source.kind.as_str(), &source.resolved_reference) {
                ("git", Some(reference)) => format!("git+{}@{reference}", source.url),
                ("url" | "file", _) => source.url.clone(),
                _ => return requirement,
            };
            requirement.text = format!("{} @ {address}{marker}", requirement.name);
        }
        requirement
    }
}

impl Package {
    /// What it wants when it is wanted in this way.
    fn wants(&self, want: &Want, line: Line) -> Vec<Want> {
        let of_extras: BTreeSet<String> = want
            .extras
            .iter()
            .filter_map(|extra| self.extras.get(extra))
            .flatten()
            .map(|text| normal_name(name_in(text)))
            .collect();
        let wants = self
            .dependencies
            .iter()
            .flat_map(|(name, value)| wants_of(name, value, line));
        let wants = wants.filter(|(want, is_optional)| !is_optional || of_extras.contains(&want.name));
        wants
            .map(|(inner, _)| Want {
                marker: both(want.marker.as_deref(), inner.marker.as_deref()),
                ..inner
            })
            .collect()
    }
}

/// What the manifest wants for running.
fn main_wants(manifest: &Table, line: Line) -> Vec<Want> {
    let poetry =
        super::project::lookup(manifest, &["tool", "poetry", "dependencies"]).and_then(Value::as_table);
    let wants = poetry
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.as_str() != "python")
        .flat_map(|(name, value)| wants_of(name, value, line));
    wants
        .filter(|(_, is_optional)| !is_optional)
        .map(|(want, _)| want)
        .collect()
}

/// One entry of a table of dependencies: a version, a table, or several tables of which each has its conditions.
fn wants_of(name: &str, value: &Value, line: Line) -> Vec<(Want, bool)> {
    let tables: Vec<&Value> = value
        .as_array()
        .map_or(vec![value], |several| several.iter().collect());
    tables
        .into_iter()
        .filter_map(|value| {
            let text = |key: &str| value.get(key).and_then(Value::as_str);
            let is_for_line = text("python")
                .and_then(Wanted::parse)
                .is_none_or(|wanted| wanted.allows(line));
            let platform = text("platform").map(|platform| format!("sys_platform == '{platform}'"));
            // A marker that asks for an extra only says again that the dependency is optional.
            let marker = text("markers").filter(|marker| !marker.contains("extra =="));
            let extras = value.get("extras").and_then(Value::as_array);
            let want = Want {
                name: normal_name(name),
                marker: both(marker, platform.as_deref()),
                extras: extras
                    .into_iter()
                    .flatten()
                    .filter_map(|extra| extra.as_str().map(str::to_owned))
                    .collect(),
            };
            let is_optional = value.get("optional").and_then(Value::as_bool).unwrap_or(false);
            is_for_line.then_some((want, is_optional))
        })
        .collect()
}

fn name_in(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter)));
    &text[..end.unwrap_or(text.len())]
}

fn both(one: Option<&str>, other: Option<&str>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Some(format!("({one}) and ({other})")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

fn alternatives(markers: &BTreeSet<String>) -> Option<String> {
    if markers.contains("") || markers.is_empty() {
        return None;
    }
    let each: Vec<String> = markers.iter().map(|marker| format!("({marker})")).collect();
    Some(each.join(" or "))
}
