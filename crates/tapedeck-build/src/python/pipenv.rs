//! `Pipfile.lock`: JSON with the exact packages of each category.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::requirements::{Requirement, Requirements};

/// The part of a `Pipfile.lock` that says what an application needs to run.
#[derive(Debug, Deserialize)]
pub(crate) struct PipfileLock {
    #[serde(rename = "_meta", default)]
    meta: Meta,
    #[serde(default)]
    default: BTreeMap<String, Package>,
}

#[derive(Debug, Default, Deserialize)]
struct Meta {
    #[serde(default)]
    sources: Vec<Source>,
}

#[derive(Debug, Deserialize)]
struct Source {
    url: String,
}

#[derive(Debug, Deserialize)]
struct Package {
    version: Option<String>,
    #[serde(default)]
    hashes: Vec<String>,
    markers: Option<String>,
    git: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    path: Option<String>,
    file: Option<String>,
}

impl PipfileLock {
    /// What it locks.
    pub(crate) fn requirements(&self) -> Requirements {
        let mut requirements = Requirements {
            options: super::indexes(self.meta.sources.iter().map(|source| source.url.as_str())),
            ..Requirements::default()
        };
        for (name, package) in &self.default {
            if let Some(path) = &package.path {
                requirements.folders.push(path.clone());
                continue;
            }
            requirements.packages.push(package.requirement(name));
        }
        requirements
    }
}

impl Package {
    fn requirement(&self, name: &str) -> Requirement {
        let marker = self.markers.as_deref();
        let address = match (&self.git, &self.file) {
            (Some(git), _) => {
                let reference = self
                    .reference
                    .as_deref()
                    .map_or(String::new(), |text| format!("@{text}"));
                Some(format!("git+{git}{reference}"))
            }
            (None, Some(file)) => Some(file.clone()),
            (None, None) => None,
        };
        let version = self
            .version
            .as_deref()
            .unwrap_or_default()
            .trim_start_matches('=');
        let mut requirement = Requirement::exact(name, version, marker, self.hashes.clone());
        if let Some(address) = address {
            let marker = marker.map_or(String::new(), |marker| format!(" ; {marker}"));
            requirement.text = format!("{} @ {address}{marker}", requirement.name);
        }
        requirement
    }
}
