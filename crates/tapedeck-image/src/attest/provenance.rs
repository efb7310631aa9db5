//! How an image was made, as an in-toto statement with SLSA provenance 1.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tapedeck_model::ImageDigest;

use super::to_bytes;
use crate::Digest;

/// What kind of build this is; names what the parameters mean and need not lead anywhere.
const BUILD_TYPE: &str = "urn:tapedeck:build:v1";
const BUILDER: &str = "urn:tapedeck:builder";

/// How an image was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// What the image is called.
    pub title: String,
    /// The version of the program that made it.
    pub builder_version: String,
    /// What was asked for: the kind of packaging, the entry file, the processor and so on. No values of secrets.
    pub invocation: BTreeMap<String, String>,
    /// What was used. The order does not matter, and each counts once.
    pub materials: Vec<Material>,
}

/// Something that went into an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Material {
    /// What it is: a package URL, or a path relative to the project such as `package-lock.json`.
    pub uri: String,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

impl Material {
    /// The image that another one is built on.
    #[must_use]
    pub fn base(name: &str, image: &ImageDigest) -> Self {
        Self {
            uri: crate::package_url("oci", name, image.as_str(), &[]),
            sha256: Digest::from(image).hex(),
        }
    }
}

impl Provenance {
    /// The statement.
    pub(super) fn to_json(&self, image: &ImageDigest) -> Vec<u8> {
        let mut materials = self.materials.clone();
        materials.sort();
        materials.dedup();
        let materials: Vec<Value> = materials
            .iter()
            .map(|material| json!({ "uri": material.uri, "digest": { "sha256": material.sha256 } }))
            .collect();
        to_bytes(&json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": self.title, "digest": { "sha256": Digest::from(image).hex() } }],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": self.invocation,
                    "internalParameters": {},
                    "resolvedDependencies": materials,
                },
                "runDetails": {
                    "builder": { "id": BUILDER, "version": { "tapedeck": self.builder_version } },
                },
            },
        }))
    }
}
