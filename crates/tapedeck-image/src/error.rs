//! What can go wrong in the store, one type per operation.

use std::io;
use std::path::PathBuf;

use tapedeck_model::ImageDigest;

use crate::Digest;

/// The store's own files could not be read or written: no space, no permission, not a store.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} in the image store {}", root.display())]
pub struct StoreError {
    /// What was tried, such as `write a blob`.
    pub action: &'static str,
    /// Root folder of the store.
    pub root: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// A layer could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PutLayerError {
    /// A path that leaves the image or names nothing.
    #[error("`{}` is not a path inside an image: use a relative path without `..`", path.display())]
    Path {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A name with a meaning of its own in layers.
    #[error("`{}` cannot be in a layer: names that begin with `.wh.` mark removed files; rename it or leave it out", path.display())]
    Reserved {
        /// The path as it was given.
        path: PathBuf,
    },
    /// Two entries for one path.
    #[error("two entries for `{}`: each path of a layer can be given once", path.display())]
    Duplicate {
        /// The path.
        path: PathBuf,
    },
    /// An entry below something that is no directory.
    #[error("`{}` is below `{}`, which is not a directory", path.display(), parent.display())]
    BelowFile {
        /// The entry.
        path: PathBuf,
        /// The file or link that would have to be a directory.
        parent: PathBuf,
    },
    /// The source of a file could not be read.
    #[error("cannot read the source of `{}`", path.display())]
    Source {
        /// Path inside the image.
        path: PathBuf,
        /// What the system said, with the path of the source.
        #[source]
        source: io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A layer made elsewhere could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Not a tar archive, or damaged.
    #[error("the layer cannot be read as a tar archive (plain, gzip or zstd)")]
    Archive(#[source] io::Error),
    /// What was changed on this machine cannot be read.
    #[error("what was changed cannot be read")]
    Changes(#[source] io::Error),
    /// An entry that could harm this machine.
    #[error("the layer has the entry `{path}`, which is refused: {reason}")]
    Refused {
        /// Path as the archive has it.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// The bytes are not those that were asked for.
    #[error(
        "the layer was to have the digest {expected} but has {found}: it was damaged or replaced on the way, fetch it again"
    )]
    Digest {
        /// What was asked for.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An image in an archive could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportArchiveError {
    /// Not a tar archive, or one that ends too early.
    #[error("the archive of the image cannot be read as a tar archive")]
    Archive(#[source] io::Error),
    /// No image is in it.
    #[error("the archive has no image: neither index.json nor manifest.json leads to one")]
    NoImage,
    /// Something that was announced is not in it.
    #[error("the archive of the image lacks {path}")]
    Missing {
        /// The path within the archive.
        path: String,
    },
    /// A document that is not understood.
    #[error("{path} in the archive of the image is not understood")]
    Document {
        /// The path within the archive.
        path: String,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The bytes are not those that were announced.
    #[error("{path} in the archive of the image was to have the digest {expected} but has {found}")]
    Digest {
        /// The path within the archive.
        path: String,
        /// What was announced.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// A layer could not be taken in.
    #[error("cannot take in the layer {path} of the archive of the image")]
    Layer {
        /// The path within the archive.
        path: String,
        /// Why.
        #[source]
        source: Box<ImportError>,
    },
    /// An image for other machines.
    #[error("the image is not for linux/{platform} but for {offered}")]
    Platform {
        /// The processor that is needed.
        platform: &'static str,
        /// What there is.
        offered: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An image could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadImageError {
    /// No such image.
    #[error("the image {digest} is not in the store: deploy again to build it")]
    NoImage {
        /// The image.
        digest: ImageDigest,
    },
    /// The image needs a blob that is gone.
    #[error("the image {image} needs the blob {blob}, which is not in the store: deploy again to build it")]
    MissingBlob {
        /// The image.
        image: ImageDigest,
        /// The blob.
        blob: Digest,
    },
    /// A blob is not what its name says. It was removed, so that the next build writes it again.
    #[error("the blob {blob} of the image {image} is damaged and was removed: deploy again to build it")]
    CorruptBlob {
        /// The image.
        image: ImageDigest,
        /// The blob.
        blob: Digest,
    },
    /// A manifest or configuration that is not understood.
    #[error("the blob {blob} of the image {image} is not a usable OCI document")]
    Document {
        /// The image.
        image: ImageDigest,
        /// The blob.
        blob: Digest,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A layer could not be unpacked.
    #[error("cannot unpack the layer {blob} of the image {image}")]
    Unpack {
        /// The image.
        image: ImageDigest,
        /// The blob.
        blob: Digest,
        /// Why.
        #[source]
        source: Box<ImportError>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An image could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PutImageError {
    /// The base cannot be used.
    #[error("cannot build on the base image {base}")]
    Base {
        /// The base.
        base: ImageDigest,
        /// Why.
        #[source]
        source: ReadImageError,
    },
    /// A layer is not in the store.
    #[error("the layer {digest} is not in the store: build it again")]
    NoLayer {
        /// Its blob.
        digest: Digest,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Garbage could not be collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// An image that is to be kept cannot be read, so what it needs is not known. Nothing was removed.
    #[error("cannot tell what the image {image} needs, so nothing was removed")]
    Keep {
        /// The image.
        image: ImageDigest,
        /// Why.
        #[source]
        source: Box<ReadImageError>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
