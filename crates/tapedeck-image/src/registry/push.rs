//! From an image in the store to a name in a registry: what is missing there is sent, the manifest last.
//!
//! Blobs that the registry has are not sent, nor those that it can take over from another repository of its own. Large ones
//! are sent in chunks, so that a broken connection costs a chunk where the registry keeps what came.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tapedeck_model::ImageDigest;
use ureq::http::{HeaderMap, Method, StatusCode, header};

mod attach;
mod error;
mod upload;

pub use error::PushError;

use super::client::{Ask, Content, Message};
use super::error::RegistryError;
use super::pull::Registry;
use crate::manifest::MANIFEST_TYPE;
use crate::{Digest, Progress, Store};
use upload::Source;

/// Blobs that are sent at the same time.
const AT_ONCE: usize = 2;
const MANIFEST: &str = "the manifest";
const BLOB: &str = "a blob";

/// How an image is pushed.
#[derive(Debug, Clone)]
pub struct PushOptions<'a> {
    /// Repositories of the same registry that may have some of the blobs.
    pub mount_from: &'a [&'a str],
    /// Bytes that are sent at a time. Blobs up to this size go in one piece.
    pub chunk: u64,
}

impl Default for PushOptions<'_> {
    fn default() -> Self {
        Self {
            mount_from: &[],
            chunk: 16 << 20,
        }
    }
}

/// What pushing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// The image as the registry has it: the same digest as in the store.
    pub digest: Digest,
    /// Blobs that the registry had.
    pub present: usize,
    /// Blobs that it took over from another repository.
    pub mounted: usize,
    /// Blobs that were sent.
    pub sent: usize,
    /// Bytes of those.
    pub bytes: u64,
}

/// A blob to be sent.
#[derive(Debug, Clone, Copy)]
struct Blob {
    digest: Digest,
    size: u64,
}

/// How a blob came to be in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    Present,
    Mounted,
    Sent(u64),
}

impl Registry {
    /// Puts an image of the store into the registry, under the tag of the reference, or under its digest alone if it has
    /// no tag.
    ///
    /// # Errors
    /// [`PushError`]; the name in the registry then stands for what it stood for.
    pub fn push(
        &self,
        store: &Store,
        image: &ImageDigest,
        options: &PushOptions<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Pushed, PushError> {
        let documents = store.documents(image)?;
        let mut blobs: BTreeMap<Digest, u64> = documents
            .manifest
            .layers
            .iter()
            .map(|layer| (layer.digest, layer.size))
            .collect();
        blobs.insert(documents.manifest.config.digest, documents.manifest.config.size);
        if let Some((digest, _)) = blobs
            .iter()
            .find(|(digest, size)| !store.has_blob(digest, **size))
        {
            return Err(PushError::NoBlob {
                image: image.clone(),
                blob: *digest,
            });
        }
        let arrivals = self.send_blobs(store, &blobs, options, progress)?;
        progress.step(&format!("pushing {}: {MANIFEST}", self.reference));
        let digest = Digest::from(image);
        let content = fs_err::read(store.blob_path(&digest)).map_err(store.failed("read a blob"))?;
        let media_type = match documents.manifest.media_type.as_str() {
            "" => MANIFEST_TYPE,
            own => own,
        };
        let name = match self.reference.tag() {
            Some(tag) => tag.to_owned(),
            None => digest.to_string(),
        };
        self.put_manifest(&name, &content, media_type)?;
        let sent = arrivals.iter().filter_map(|arrival| match arrival {
            Arrival::Sent(bytes) => Some(*bytes),
            _ => None,
        });
        let count = |wanted| arrivals.iter().filter(|&&arrival| arrival == wanted).count();
        Ok(Pushed {
            digest,
            present: count(Arrival::Present),
            mounted: count(Arrival::Mounted),
            sent: sent.clone().count(),
            bytes: sent.sum(),
        })
    }

    /// Sends blobs, some at a time. The first failure leaves the rest.
    fn send_blobs(
        &self,
        store: &Store,
        blobs: &BTreeMap<Digest, u64>,
        options: &PushOptions<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Arrival>, PushError> {
        let queue = Mutex::new(blobs.iter().map(|(&digest, &size)| Blob { digest, size }));
        let told = |done: usize| format!("pushing {}: {done} of {} blobs", self.reference, blobs.len());
        progress.step(&told(0));
        thread::scope(|scope| {
            let (arrived, shown) = channel();
            let workers: Vec<_> = (0..AT_ONCE.min(blobs.len()))
                .map(|_| {
                    let (arrived, queue) = (arrived.clone(), &queue);
                    scope.spawn(move || self.work_off(store, queue, options, &arrived))
                })
                .collect();
            drop(arrived);
            let mut arrivals = Vec::new();
            for arrival in shown {
                arrivals.push(arrival);
                progress.step(&told(arrivals.len()));
            }
            workers.into_iter().try_for_each(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })?;
            Ok(arrivals)
        })
    }

    fn work_off(
        &self,
        store: &Store,
        queue: &Mutex<impl Iterator<Item = Blob>>,
        options: &PushOptions<'_>,
        arrived: &Sender<Arrival>,
    ) -> Result<(), PushError> {
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some(blob) = next() {
            match self.send_blob(Source::Store(store), blob, options) {
                // Nobody may be listening any more; that changes nothing here.
                Ok(arrival) => drop(arrived.send(arrival)),
                Err(error) => {
                    while next().is_some() {}
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Whether the registry has a blob.
    fn has(&self, blob: Blob) -> Result<bool, RegistryError> {
        let response = self.client.get(Ask {
            what: BLOB,
            path: &format!("blobs/{}", blob.digest),
            accept: "*/*",
            is_head: true,
        });
        match response {
            Ok(_) => Ok(true),
            // It may be that it is not there, or that one may only write: then sending tells more.
            Err(RegistryError::Refused { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives a manifest a name: a tag, or its digest. The headers of the answer.
    fn put_manifest(&self, name: &str, content: &[u8], media_type: &str) -> Result<HeaderMap, RegistryError> {
        let response = self.client.send(Message {
            method: Method::PUT,
            url: self.client.url(&format!("manifests/{name}")),
            headers: vec![(header::CONTENT_TYPE, media_type.to_owned())],
            content: Content::Bytes(content),
        })?;
        if response.status() != StatusCode::CREATED {
            return Err(self.client.refused(MANIFEST, response));
        }
        let told = response.headers().get("docker-content-digest");
        if let Some(other) = told.and_then(|value| value.to_str().ok()?.parse().ok()) {
            self.compare(MANIFEST, Digest::of(content), other)?;
        }
        Ok(response.headers().clone())
    }
}
