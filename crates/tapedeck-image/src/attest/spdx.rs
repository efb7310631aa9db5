//! A bill of materials as SPDX 2.3 in JSON.

use serde_json::{Value, json};
use tapedeck_model::ImageDigest;

use super::to_bytes;
use crate::description::moment_text;
use crate::{Component, Digest};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";

/// What is in an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sbom {
    /// What the image is called.
    pub title: String,
    /// The version of the program that made it.
    pub made_by_version: String,
    /// When it claims to have been made, in seconds since the Unix epoch.
    pub created: i64,
    /// Its components. Their order does not matter, and each counts once.
    pub components: Vec<Component>,
}

impl Sbom {
    /// The document.
    pub(super) fn to_json(&self, image: &ImageDigest) -> Vec<u8> {
        let mut components = self.components.clone();
        components.sort();
        components.dedup();
        let hex = Digest::from(image).hex();
        let mut packages = vec![json!({
            "SPDXID": IMAGE,
            "name": self.title,
            "versionInfo": image.as_str(),
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "primaryPackagePurpose": "CONTAINER",
            "checksums": [{ "algorithm": "SHA256", "checksumValue": hex }],
        })];
        let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", IMAGE)];
        for (position, component) in components.iter().enumerate() {
            let id = format!("SPDXRef-Package-{position}");
            relationships.push(relationship(IMAGE, "CONTAINS", &id));
            packages.push(package(&id, component));
        }
        to_bytes(&json!({
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": DOCUMENT,
            "name": self.title,
            // Has to be unique to the document and need not lead anywhere.
            "documentNamespace": format!("urn:tapedeck:sbom:sha256:{hex}"),
            "creationInfo": {
                "created": moment_text(self.created),
                "creators": [format!("Tool: tapedeck-{}", self.made_by_version)],
            },
            "packages": packages,
            "relationships": relationships,
        }))
    }
}

fn package(id: &str, component: &Component) -> Value {
    let mut package = json!({
        "SPDXID": id,
        "name": component.name,
        "versionInfo": component.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": component.purl,
        }],
    });
    if let Some(sha256) = &component.sha256 {
        package["checksums"] = json!([{ "algorithm": "SHA256", "checksumValue": sha256 }]);
    }
    package
}

fn relationship(from: &str, kind: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to })
}
