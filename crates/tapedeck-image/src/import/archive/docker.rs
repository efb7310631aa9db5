//! What `docker save` wrote before version 25: `manifest.json` names a configuration and layers by path.

use std::collections::BTreeMap;

use serde::Deserialize;
use tapedeck_model::ImageDigest;

use super::{Found, compare, parse, writing};
use crate::manifest::ConfigFile;
use crate::{Digest, ImportArchiveError, Layer, Platform, Store};

const MANIFEST: &str = "manifest.json";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    layers: Vec<String>,
}

/// Puts the only image into the store.
pub(super) fn put(
    store: &Store,
    found: &Found,
    platform: Platform,
) -> Result<ImageDigest, ImportArchiveError> {
    if !found.documents.contains_key(MANIFEST) {
        return Err(ImportArchiveError::NoImage);
    }
    let saved: Vec<Saved> = parse(MANIFEST, found.document(MANIFEST, None)?)?;
    let Some(saved) = saved.first() else {
        return Err(ImportArchiveError::NoImage);
    };
    // Its name is its digest, with or without an ending.
    let name = saved.config.rsplit('/').next().unwrap_or_default();
    let named = Digest::from_hex(name.strip_suffix(".json").unwrap_or(name));
    let content = found.document(&saved.config, named)?;
    let config: ConfigFile = parse(&saved.config, content)?;
    if config.os != "linux" || config.architecture != platform {
        return Err(ImportArchiveError::Platform {
            platform: platform.as_str(),
            offered: format!("{}/{}", config.os, config.architecture.as_str()),
        });
    }
    if config.rootfs.diff_ids.len() != saved.layers.len() {
        return Err(ImportArchiveError::Document {
            path: saved.config.clone(),
            source: serde::de::Error::custom("it has another number of layers than manifest.json"),
        });
    }
    let mut layers = Vec::new();
    for (path, diff_id) in saved.layers.iter().zip(&config.rootfs.diff_ids) {
        let layer = layer(found, path)?;
        compare(path, *diff_id, layer.diff_id)?;
        layers.push(layer.clone());
    }
    store
        .put_manifest(content, &layers, BTreeMap::new())
        .map_err(writing(store))
}

/// A layer by its path, through links.
fn layer<'a>(found: &'a Found, path: &str) -> Result<&'a Layer, ImportArchiveError> {
    let mut place = path;
    // As many steps as there are links are enough, unless they go in a circle.
    for _ in 0..=found.links.len() {
        if let Some(layer) = found.layers.get(place) {
            return Ok(layer);
        }
        let Some(next) = found.links.get(place) else { break };
        place = next;
    }
    Err(ImportArchiveError::Missing {
        path: path.to_owned(),
    })
}
