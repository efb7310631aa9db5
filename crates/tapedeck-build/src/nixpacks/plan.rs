//! Plans of Nixpacks: what the config wishes as part of one, and what the program says of the whole. Looks at no disk.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tapedeck_model::{Nixpacks, NixpacksPhase};

/// A whole plan, as far as it is looked at here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Plan {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) phases: BTreeMap<String, Phase>,
    pub(super) start: Option<Start>,
}

/// A phase of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Phase {
    pub(super) nix_pkgs: Vec<String>,
    pub(super) depends_on: Vec<String>,
}

/// How the program is started.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Start {
    pub(super) cmd: Option<String>,
}

impl Plan {
    /// What the Dockerfile takes as arguments, which become variables of the image.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let variables = self.variables.iter();
        variables
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The packages of Nix of all phases.
    pub(super) fn packages(&self) -> impl Iterator<Item = &str> {
        self.phases
            .values()
            .flat_map(|phase| phase.nix_pkgs.iter().map(String::as_str))
    }
}

/// The settings as a plan, which goes above what the sources say.
pub(super) fn wishes(packaging: &Nixpacks) -> Value {
    let start = object(vec![
        ("cmd", packaging.start_cmd.as_ref().map(|text| json!(text))),
        (
            "runImage",
            packaging.start_run_image.as_ref().map(|text| json!(text)),
        ),
        (
            "onlyIncludeFiles",
            list(packaging.start_only_include_files.as_ref()),
        ),
    ]);
    let phases: Map<String, Value> = packaging
        .phases
        .iter()
        .map(|phase| (phase.name.clone(), phase_of(phase)))
        .collect();
    let plan = object(vec![
        (
            "buildImage",
            packaging.build_image.as_ref().map(|text| json!(text)),
        ),
        ("providers", list(packaging.providers.as_ref())),
        ("phases", (!phases.is_empty()).then(|| json!(phases))),
        ("start", (!start.is_empty()).then(|| json!(start))),
    ]);
    plan.into()
}

fn phase_of(phase: &NixpacksPhase) -> Value {
    object(vec![
        ("cmds", list(phase.cmds.as_ref())),
        ("nixPkgs", list(phase.nix_pkgs.as_ref())),
        ("nixLibs", list(phase.nix_libs.as_ref())),
        ("nixOverlays", list(phase.nix_overlay.as_ref())),
        (
            "nixpkgsArchive",
            phase.nixpkgs_archive.as_ref().map(|text| json!(text)),
        ),
        ("aptPkgs", list(phase.apt_pkgs.as_ref())),
        ("cacheDirectories", list(phase.cache_directories.as_ref())),
        ("onlyIncludeFiles", list(phase.only_include_files.as_ref())),
    ])
    .into()
}

/// The wishes, with each phase waiting for the one before it in the list: Nixpacks itself takes phases that wait for nothing
/// in the order of their names. `plan` is what it makes of the wishes as they are; phases that it has the other way round stay so.
pub(super) fn in_order(mut wishes: Value, plan: &Plan, packaging: &Nixpacks) -> Value {
    let planned = plan.phases.iter();
    let mut waits: BTreeMap<&str, Vec<&str>> = planned
        .map(|(name, phase)| {
            (
                name.as_str(),
                phase.depends_on.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    for pair in packaging.phases.windows(2) {
        let [before, after] = [&pair[0].name, &pair[1].name].map(String::as_str);
        if !is_after(before, after, &waits) && !is_after(after, before, &waits) {
            let awaited = waits.entry(after).or_default();
            awaited.push(before);
            wishes["phases"][after]["dependsOn"] = json!(awaited);
        }
    }
    wishes
}

/// Whether a phase is another, or comes after it.
fn is_after(phase: &str, other: &str, waits: &BTreeMap<&str, Vec<&str>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![phase];
    while let Some(phase) = next.pop() {
        if phase == other {
            return true;
        }
        if seen.insert(phase) {
            next.extend(waits.get(phase).into_iter().flatten());
        }
    }
    false
}

fn list(texts: Option<&Vec<String>>) -> Option<Value> {
    texts.map(|texts| json!(texts))
}

fn object(entries: Vec<(&str, Option<Value>)>) -> Map<String, Value> {
    let set = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
    entries.into_iter().filter_map(set).collect()
}
