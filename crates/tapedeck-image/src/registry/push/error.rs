//! Why an image could not be given to a registry.

use tapedeck_model::ImageDigest;

use crate::registry::RegistryError;
use crate::{Digest, ReadImageError, StoreError};

/// An image could not be pushed. Never holds credentials.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The registry did not take it.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The image is not in the store, or damaged.
    #[error(transparent)]
    Read(#[from] ReadImageError),
    /// A part of the image is not in the store.
    #[error("the image {image} needs the blob {blob}, which is not in the store: package it again")]
    NoBlob {
        /// The image.
        image: ImageDigest,
        /// The part.
        blob: Digest,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
