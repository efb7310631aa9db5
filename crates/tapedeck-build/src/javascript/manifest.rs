//! The parts of a `package.json` that packaging needs. Read leniently: odd values count as absent.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::BuildError;

/// A `package.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Manifest {
    #[serde(deserialize_with = "lenient")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) version: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub(crate) module_type: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) package_manager: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) engines: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) volta: Option<BTreeMap<String, String>>,
    pub(crate) workspaces: Option<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) dependencies: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) dev_dependencies: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) optional_dependencies: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) peer_dependencies: Option<BTreeMap<String, String>>,
}

impl Manifest {
    /// Reads the file at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, BuildError> {
        let bytes = fs_err::read(path).map_err(BuildError::file("read a package.json"))?;
        // Some editors put a byte order mark in front.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        serde_json::from_slice(text).map_err(|source| BuildError::InvalidFile {
            path: path.to_owned(),
            expected: "a package.json",
            source,
        })
    }

    /// The range in `engines.node`.
    pub(crate) fn engine_range(&self) -> Option<&str> {
        self.engines.as_ref()?.get("node").map(String::as_str)
    }

    /// The version in `volta.node`.
    pub(crate) fn volta_version(&self) -> Option<&str> {
        self.volta.as_ref()?.get("node").map(String::as_str)
    }

    /// Names of the packages that its code may need when it runs.
    pub(crate) fn production_names(&self) -> impl Iterator<Item = &str> {
        [
            &self.dependencies,
            &self.optional_dependencies,
            &self.peer_dependencies,
        ]
        .into_iter()
        .flatten()
        .flat_map(|section| section.keys().map(String::as_str))
    }

    /// Every dependency with its kind and wanted version, for comparing.
    pub(crate) fn wanted(&self) -> Vec<(&'static str, &str, &str)> {
        [
            ("dependencies", &self.dependencies),
            ("devDependencies", &self.dev_dependencies),
            ("optionalDependencies", &self.optional_dependencies),
            ("peerDependencies", &self.peer_dependencies),
        ]
        .into_iter()
        .flat_map(|(kind, section)| {
            section
                .iter()
                .flatten()
                .map(move |(name, version)| (kind, name.as_str(), version.as_str()))
        })
        .collect()
    }

    /// The patterns of `workspaces`, in either of its two forms. None when there are none.
    pub(crate) fn workspace_patterns(&self) -> Option<Vec<&str>> {
        let field = self.workspaces.as_ref()?;
        let list = field.as_array().or_else(|| field.get("packages")?.as_array())?;
        Some(list.iter().filter_map(Value::as_str).collect())
    }
}

fn lenient<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}
