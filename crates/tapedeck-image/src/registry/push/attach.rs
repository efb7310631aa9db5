//! Documents about an image, kept beside it in a registry: manifests whose subject is the image, so that its digest stays.
//!
//! A registry that knows of subjects finds them by `GET /v2/<name>/referrers/<digest>`. For any other one the list is kept
//! under the tag `sha256-<hex>`, as the specification wants it. Source: OCI distribution specification 1.1, pushing
//! manifests with subject and referrers tag schema.

use std::io::Read as _;

use serde_json::{Value, json};
use tapedeck_model::ImageDigest;
use ureq::http::HeaderName;

use super::upload::Source;
use super::{BLOB, Blob, MANIFEST, PushError, PushOptions};
use crate::manifest::{INDEX_TYPE, MANIFEST_TYPE};
use crate::registry::client::Ask;
use crate::registry::error::RegistryError;
use crate::registry::pull::Registry;
use crate::{Digest, Store};

const SBOM_TYPE: &str = "application/spdx+json";
const PROVENANCE_TYPE: &str = "application/vnd.in-toto+json";
/// The configuration of what has none, and its content.
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
const EMPTY: &[u8] = b"{}";
/// With what a registry says that it keeps the list itself.
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// Bytes that are read of a list.
const LONGEST_LIST: u64 = 4 << 20;

impl Registry {
    /// Puts the bill of materials and the provenance of an image, as far as the store has them, beside the image that the
    /// registry has already. Gives the digests of their manifests.
    ///
    /// # Errors
    /// [`PushError`]; the image in the registry is what it was.
    pub fn attach(&self, store: &Store, image: &ImageDigest) -> Result<Vec<Digest>, PushError> {
        let own = Digest::from(image);
        let size = fs_err::metadata(store.blob_path(&own)).map_err(store.failed("read a blob"))?;
        let subject = json!({ "mediaType": MANIFEST_TYPE, "digest": own, "size": size.len() });
        let documents = [
            (SBOM_TYPE, store.sbom(image)?),
            (PROVENANCE_TYPE, store.provenance(image)?),
        ];
        let mut attached = Vec::new();
        let mut unlisted = Vec::new();
        for (media_type, document) in documents {
            let Some(document) = document else { continue };
            let descriptor = self.put_blob(media_type, document.as_bytes())?;
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "artifactType": media_type,
                "config": self.put_blob(EMPTY_TYPE, EMPTY)?,
                "layers": [descriptor],
                "subject": subject,
            });
            let content = manifest.to_string().into_bytes();
            let digest = Digest::of(&content);
            let answer = self.put_manifest(&digest.to_string(), &content, MANIFEST_TYPE)?;
            attached.push(digest);
            if !answer.contains_key(SUBJECT) {
                unlisted.push(json!({
                    "mediaType": MANIFEST_TYPE,
                    "artifactType": media_type,
                    "digest": digest,
                    "size": content.len(),
                }));
            }
        }
        if !unlisted.is_empty() {
            self.list(own, unlisted)?;
        }
        Ok(attached)
    }

    fn put_blob(&self, media_type: &str, content: &[u8]) -> Result<Value, PushError> {
        let (digest, size) = (Digest::of(content), content.len() as u64);
        self.send_blob(
            Source::Bytes(content),
            Blob { digest, size },
            &PushOptions::default(),
        )?;
        Ok(json!({ "mediaType": media_type, "digest": digest, "size": size }))
    }

    /// Adds to the list of an image. What is in it of the same kind is replaced; what others put there stays.
    fn list(&self, image: Digest, added: Vec<Value>) -> Result<(), PushError> {
        let tag = format!("sha256-{}", image.hex());
        let mut listed = self.listed(&tag)?;
        let is_replaced = |one: &Value| {
            added
                .iter()
                .any(|other| other["artifactType"] == one["artifactType"])
        };
        listed.retain(|one| !is_replaced(one));
        listed.extend(added);
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": listed });
        self.put_manifest(&tag, index.to_string().as_bytes(), INDEX_TYPE)?;
        Ok(())
    }

    fn listed(&self, tag: &str) -> Result<Vec<Value>, PushError> {
        let response = self.client.get(Ask {
            what: MANIFEST,
            path: &format!("manifests/{tag}"),
            accept: INDEX_TYPE,
            is_head: false,
        });
        let response = match response {
            Ok(response) => response,
            Err(RegistryError::Refused { status, .. }) if status.starts_with("404") => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut text = String::new();
        response
            .into_body()
            .into_reader()
            .take(LONGEST_LIST)
            .read_to_string(&mut text)
            .map_err(|source| self.client.interrupted(BLOB, source))?;
        let mut index: Value = serde_json::from_str(&text).unwrap_or_default();
        Ok(match index["manifests"].take() {
            Value::Array(listed) => listed,
            _ => Vec::new(),
        })
    }
}
