//! An OCI image layout in an archive: `index.json` leads to manifests by digest.

use serde::Deserialize;
use tapedeck_model::ImageDigest;

use super::{Found, compare, parse, writing};
use crate::manifest::{ConfigFile, Manifest};
use crate::store::Unsettled;
use crate::{Digest, ImportArchiveError, Platform, Store};

pub(super) const INDEX: &str = "index.json";

/// How many documents may lie between `index.json` and an image.
const DEEPEST: usize = 4;

/// A list of documents.
#[derive(Deserialize)]
struct List {
    manifests: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    digest: Digest,
}

/// What is to be known of a document before it is read.
#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    manifests: Option<serde::de::IgnoredAny>,
}

/// What an image is made for.
#[derive(Deserialize)]
struct MadeFor {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
}

/// The digest that a path of a layout names a blob by.
pub(super) fn digest_of(path: &str) -> Option<Digest> {
    path.strip_prefix("blobs/sha256/").and_then(Digest::from_hex)
}

fn path_of(digest: Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// Puts the image for a platform into the store.
pub(super) fn put(
    store: &Store,
    found: &Found,
    platform: Platform,
) -> Result<ImageDigest, ImportArchiveError> {
    let mut offered = Vec::new();
    for digest in images(found)? {
        let path = path_of(digest);
        let content = found.document(&path, Some(digest))?;
        let Ok(manifest) = serde_json::from_slice::<Manifest>(content) else {
            // An attestation, or something else that is no image.
            continue;
        };
        let config = found.document(&path_of(manifest.config.digest), Some(manifest.config.digest))?;
        let made_for: MadeFor = parse(&path_of(manifest.config.digest), config)?;
        if made_for.os != "linux" || made_for.architecture != platform.as_str() {
            offered.push(format!("{}/{}", made_for.os, made_for.architecture));
            continue;
        }
        check_layers(store, found, &manifest, &parse::<ConfigFile>(&path, config)?)?;
        let write = || {
            store.put_blob(config)?;
            store.mark_unsettled(Unsettled::Image, &digest)?;
            store.put_blob(content)
        };
        return write().map(Into::into).map_err(writing(store));
    }
    // Attestations are for no machine.
    offered.retain(|platform| !matches!(platform.as_str(), "/" | "unknown/unknown"));
    match offered.is_empty() {
        true => Err(ImportArchiveError::NoImage),
        false => Err(ImportArchiveError::Platform {
            platform: platform.as_str(),
            offered: offered.join(", "),
        }),
    }
}

/// The digests of all manifests, through lists of lists.
fn images(found: &Found) -> Result<Vec<Digest>, ImportArchiveError> {
    let top: List = parse(INDEX, found.document(INDEX, None)?)?;
    let mut listed: Vec<Digest> = top.manifests.iter().map(|listed| listed.digest).collect();
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        let mut is_flat = true;
        for digest in listed {
            let path = path_of(digest);
            // A list may name what was left out: images for other machines.
            let Some(content) = found.documents.get(&path) else {
                continue;
            };
            if parse::<Shape>(&path, content)?.manifests.is_some() {
                is_flat = false;
                let list: List = parse(&path, found.document(&path, Some(digest))?)?;
                next.extend(list.manifests.iter().map(|listed| listed.digest));
            } else {
                next.push(digest);
            }
        }
        listed = next;
        if is_flat {
            return Ok(listed);
        }
    }
    Err(ImportArchiveError::NoImage)
}

/// Every layer is in the store, and those that came are the ones that the configuration speaks of.
fn check_layers(
    store: &Store,
    found: &Found,
    manifest: &Manifest,
    config: &ConfigFile,
) -> Result<(), ImportArchiveError> {
    if config.rootfs.diff_ids.len() != manifest.layers.len() {
        return Err(ImportArchiveError::Document {
            path: path_of(manifest.config.digest),
            source: serde::de::Error::custom("it has another number of layers than the manifest"),
        });
    }
    for (layer, diff_id) in manifest.layers.iter().zip(&config.rootfs.diff_ids) {
        let path = path_of(layer.digest);
        if let Some(came) = found.layers.get(&path) {
            compare(&path, *diff_id, came.diff_id)?;
        }
        if !store.has_blob(&layer.digest, layer.size) {
            return Err(ImportArchiveError::Missing { path });
        }
    }
    Ok(())
}
