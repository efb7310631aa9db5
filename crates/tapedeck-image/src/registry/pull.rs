//! From a name to an image in the store: resolve, fetch what is missing, write the manifest last.

use std::io::Read;

use tapedeck_model::ImageDigest;
use ureq::http::header;

use super::client::{Ask, Client};
use super::credentials::Credentials;
use super::documents::{ACCEPTED, ConfigurationFault, Document, Fault, check_configuration, choose};
use super::error::RegistryError;
use super::layers::missing_layers;
use super::reference::Reference;
use crate::manifest::Manifest;
use crate::store::Unsettled;
use crate::{Digest, Platform, Progress, Store};

/// Most bytes of a manifest, an index or a configuration.
const LONGEST_DOCUMENT: u64 = 4 << 20;

const MANIFEST: &str = "the manifest";
const CONFIGURATION: &str = "the configuration";

/// A registry, asked about one reference.
pub struct Registry {
    pub(super) reference: Reference,
    pub(super) client: Client,
}

/// What a reference stands for at the moment.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Digest of the index or manifest that it leads to.
    pub digest: Digest,
    content: Vec<u8>,
    media_type: String,
}

impl Registry {
    /// Nothing is sent yet.
    #[must_use]
    pub fn of(reference: &Reference, credentials: &Credentials) -> Self {
        Self {
            reference: reference.clone(),
            client: Client::new(reference, credentials),
        }
    }

    /// The same that tries again what may work in a moment, a few times, with growing pauses of random length, or those that the
    /// registry asks for. Whoever can do without an answer does not want that.
    #[must_use]
    pub fn patient(mut self) -> Self {
        self.client.is_patient = true;
        self
    }

    /// Asks what the reference stands for.
    ///
    /// # Errors
    /// [`RegistryError`]; [`RegistryError::NoAnswer`] when nobody can be asked.
    pub fn resolve(&self) -> Result<Resolved, RegistryError> {
        self.manifest(&self.reference.wanted(), self.reference.digest())
    }

    /// Asks for the digest alone of what the reference stands for, which costs less than [`Self::resolve`]. None when the
    /// registry does not tell, or refuses: then [`Self::resolve`] tells why.
    ///
    /// # Errors
    /// [`RegistryError`] when there is no answer to go by.
    pub fn digest(&self) -> Result<Option<Digest>, RegistryError> {
        let response = self.client.get(Ask {
            what: MANIFEST,
            path: &format!("manifests/{}", self.reference.wanted()),
            accept: ACCEPTED,
            is_head: true,
        });
        match response {
            Ok(response) => {
                let value = response.headers().get("docker-content-digest");
                Ok(value.and_then(|value| value.to_str().ok()?.parse().ok()))
            }
            Err(RegistryError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts the image for `platform` into the store and gives its digest, which is the registry's own.
    ///
    /// What the store has is not fetched. Hold [`Store::share`] meanwhile, and call [`Store::settle`] before
    /// the digest is recorded.
    ///
    /// # Errors
    /// [`RegistryError`]; nothing but complete layers is left behind.
    pub fn pull(
        &self,
        store: &Store,
        resolved: &Resolved,
        platform: Platform,
        progress: &mut dyn Progress,
    ) -> Result<ImageDigest, RegistryError> {
        let (found, manifest) = self.image_manifest(resolved.clone(), platform)?;
        let diff_ids = self.configuration(store, &manifest, platform)?;
        self.fetch_layers(store, missing_layers(store, &manifest, &diff_ids), progress)?;
        let write = || {
            store.mark_unsettled(Unsettled::Image, &found.digest)?;
            store.put_blob(&found.content)
        };
        write().map_err(store.failed("write an image"))?;
        Ok(found.digest.into())
    }

    /// The manifest for the platform, through an index if there is one.
    fn image_manifest(
        &self,
        resolved: Resolved,
        platform: Platform,
    ) -> Result<(Resolved, Manifest), RegistryError> {
        let digest = match self.document(&resolved)? {
            Document::Image(manifest) => return Ok((resolved, manifest)),
            Document::Index(offers) => {
                choose(&offers, platform).map_err(|offered| self.other_platform(platform, offered))?
            }
        };
        let resolved = self.manifest(&digest.to_string(), Some(digest))?;
        match self.document(&resolved)? {
            Document::Image(manifest) => Ok((resolved, manifest)),
            Document::Index(_) => Err(RegistryError::NotAnImage {
                reference: self.reference.to_string(),
                media_type: resolved.media_type,
            }),
        }
    }

    fn manifest(&self, wanted: &str, digest: Option<Digest>) -> Result<Resolved, RegistryError> {
        let response = self.client.get(Ask {
            what: MANIFEST,
            path: &format!("manifests/{wanted}"),
            accept: ACCEPTED,
            is_head: false,
        })?;
        let text = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let media_type = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        // The registry's own word on what it sends catches damage where only a tag is known.
        let announced = digest.or_else(|| text("docker-content-digest")?.parse().ok());
        let content = self.read(MANIFEST, response.into_body().into_reader())?;
        let found = Digest::of(&content);
        self.compare(MANIFEST, announced.unwrap_or(found), found)?;
        Ok(Resolved {
            digest: found,
            content,
            media_type,
        })
    }

    fn document(&self, resolved: &Resolved) -> Result<Document, RegistryError> {
        let reference = self.reference.to_string();
        Document::parse(&resolved.content, &resolved.media_type).map_err(|fault| match fault {
            Fault::Form(source) => RegistryError::Document {
                reference,
                what: MANIFEST,
                source,
            },
            Fault::Type(media_type) => RegistryError::NotAnImage {
                reference,
                media_type,
            },
        })
    }

    /// Fetches the configuration, unless it is there. Gives the diff ids of the layers, bottom first.
    fn configuration(
        &self,
        store: &Store,
        manifest: &Manifest,
        platform: Platform,
    ) -> Result<Vec<Digest>, RegistryError> {
        let digest = manifest.config.digest;
        let content = match store.read_blob(&digest) {
            Ok(content) => content,
            // Missing or damaged: fetched.
            Err(_) => {
                let body = self.blob(CONFIGURATION, &digest)?;
                let content = self.read(CONFIGURATION, body)?;
                self.compare(CONFIGURATION, digest, Digest::of(&content))?;
                content
            }
        };
        let config = check_configuration(&content, manifest, platform).map_err(|fault| match fault {
            ConfigurationFault::Platform { offered } => self.other_platform(platform, offered),
            ConfigurationFault::Form(source) => RegistryError::Document {
                reference: self.reference.to_string(),
                what: CONFIGURATION,
                source,
            },
        })?;
        store.put_blob(&content).map_err(store.failed("write an image"))?;
        Ok(config.rootfs.diff_ids)
    }

    pub(super) fn blob(
        &self,
        what: &'static str,
        digest: &Digest,
    ) -> Result<impl Read + use<>, RegistryError> {
        let response = self.client.get(Ask {
            what,
            path: &format!("blobs/{digest}"),
            accept: "*/*",
            is_head: false,
        })?;
        Ok(response.into_body().into_reader())
    }

    /// Reads a document as a whole.
    fn read(&self, what: &'static str, from: impl Read) -> Result<Vec<u8>, RegistryError> {
        let mut content = Vec::new();
        from.take(LONGEST_DOCUMENT + 1)
            .read_to_end(&mut content)
            .map_err(|source| self.client.interrupted(what, source))?;
        if content.len() as u64 > LONGEST_DOCUMENT {
            return Err(RegistryError::TooLong {
                reference: self.reference.to_string(),
                what,
                limit: LONGEST_DOCUMENT,
            });
        }
        Ok(content)
    }

    pub(super) fn compare(
        &self,
        what: &'static str,
        expected: Digest,
        found: Digest,
    ) -> Result<(), RegistryError> {
        if expected == found {
            return Ok(());
        }
        Err(self.other_digest(what, expected, found))
    }

    pub(super) fn other_digest(&self, what: &'static str, expected: Digest, found: Digest) -> RegistryError {
        RegistryError::Digest {
            reference: self.reference.to_string(),
            what,
            expected,
            found,
        }
    }

    fn other_platform(&self, platform: Platform, offered: String) -> RegistryError {
        RegistryError::Platform {
            reference: self.reference.to_string(),
            platform: platform.as_str(),
            offered,
        }
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the client, which knows credentials.
        out.debug_struct("Registry")
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}
