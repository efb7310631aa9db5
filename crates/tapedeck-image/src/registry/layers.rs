//! Fetching layers: those that are missing, some at a time, again where the connection breaks.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::error::RegistryError;
use super::pull::Registry;
use crate::manifest::{LayerDescriptor, Manifest};
use crate::{Digest, ImportError, Progress, Store};

/// Layers that are fetched at the same time.
const AT_ONCE: usize = 2;
/// How often a layer is asked for when the connection breaks.
const ATTEMPTS: usize = 3;

const LAYER: &str = "a layer";

/// Layers with their diff ids, each once although an image may have it twice.
pub(super) type Missing<'a> = BTreeMap<Digest, (&'a LayerDescriptor, &'a Digest)>;

/// The layers of an image that the store does not have.
pub(super) fn missing_layers<'a>(
    store: &Store,
    manifest: &'a Manifest,
    diff_ids: &'a [Digest],
) -> Missing<'a> {
    let is_there = |layer: &LayerDescriptor, diff_id| {
        store.has_blob(&layer.digest, layer.size) && store.layer_folder(diff_id).is_dir()
    };
    let layers = manifest.layers.iter().zip(diff_ids);
    layers
        .filter(|(layer, diff_id)| !is_there(layer, diff_id))
        .map(|(layer, diff_id)| (layer.digest, (layer, diff_id)))
        .collect()
}

impl Registry {
    /// Fetches layers, some at a time.
    pub(super) fn fetch_layers(
        &self,
        store: &Store,
        wanted: Missing<'_>,
        progress: &mut dyn Progress,
    ) -> Result<(), RegistryError> {
        let count = wanted.len();
        let megabytes = wanted
            .values()
            .map(|(layer, _)| layer.size)
            .sum::<u64>()
            .div_ceil(1_000_000);
        let told = |fetched: usize| {
            format!(
                "pulling {}: {fetched} of {count} layers ({megabytes} MB in all)",
                self.reference
            )
        };
        if count > 0 {
            progress.step(&told(0));
        }
        let queue = Mutex::new(wanted.into_values());
        thread::scope(|scope| {
            let (fetched, shown) = channel();
            let workers: Vec<_> = (0..AT_ONCE.min(count))
                .map(|_| {
                    let (fetched, queue) = (fetched.clone(), &queue);
                    scope.spawn(move || self.work(store, queue, &fetched))
                })
                .collect();
            drop(fetched);
            for (done, ()) in shown.into_iter().enumerate() {
                progress.step(&told(done + 1));
            }
            workers.into_iter().try_for_each(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })
    }

    /// Fetches layers until none is left. The first failure empties the queue.
    fn work<'layers>(
        &self,
        store: &Store,
        queue: &Mutex<impl Iterator<Item = (&'layers LayerDescriptor, &'layers Digest)>>,
        fetched: &Sender<()>,
    ) -> Result<(), RegistryError> {
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some((layer, diff_id)) = next() {
            if let Err(error) = self.fetch_layer(store, layer, diff_id) {
                while next().is_some() {}
                return Err(error);
            }
            // Nobody may be listening any more; that changes nothing here.
            let _ = fetched.send(());
        }
        Ok(())
    }

    fn fetch_layer(
        &self,
        store: &Store,
        layer: &LayerDescriptor,
        diff_id: &Digest,
    ) -> Result<(), RegistryError> {
        let mut attempt = 1;
        loop {
            match self.try_layer(store, layer, diff_id) {
                Err(RegistryError::Interrupted { .. }) if attempt < ATTEMPTS => attempt += 1,
                other => return other,
            }
        }
    }

    fn try_layer(
        &self,
        store: &Store,
        layer: &LayerDescriptor,
        diff_id: &Digest,
    ) -> Result<(), RegistryError> {
        let failure = Mutex::new(None);
        let body = Watched {
            // One byte more shows that there is too much, which the digest then tells.
            from: self.blob(LAYER, &layer.digest)?.take(layer.size + 1),
            failure: &failure,
        };
        let imported = store.import_layer(body, Some(layer.digest));
        let failure = failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = failure {
            return Err(self.client.interrupted(LAYER, source));
        }
        let imported = imported.map_err(|error| match error {
            ImportError::Digest { expected, found } => self.other_digest(LAYER, expected, found),
            ImportError::Store(error) => error.into(),
            source => RegistryError::Layer {
                reference: self.reference.to_string(),
                layer: layer.digest,
                source: Box::new(source),
            },
        })?;
        self.compare("an unpacked layer", *diff_id, imported.diff_id)
    }
}

/// Remembers the error of a connection, which otherwise looks like a damaged archive.
struct Watched<'a, R> {
    from: R,
    failure: &'a Mutex<Option<io::Error>>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.from.read(buffer).map_err(|error| {
            let kind = error.kind();
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            kind.into()
        })
    }
}
