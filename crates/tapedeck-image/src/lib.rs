//! The image store of region `local`: layers, manifests, base images. No daemon.
//!
//! A [`Store`] is an OCI image layout on disk plus every layer unpacked once, ready to be a read-only lower
//! directory of an overlayfs. [`Store::put_layer`] turns [`Entry`] values into a reproducible layer,
//! [`Store::put_image`] stacks layers on a base, [`Store::image`] says what to mount and what to start.
//! [`base`] gets base images: by name from a container [`registry`], or assembled where none is reached.
//!
//! How files are named: images by the digest of their manifest, layers by their diff id. Nothing is ever
//! changed in place; everything is written beside and renamed. See [`store`](mod@crate::store) for durability.

mod attest;
pub mod base;
mod changes;
mod component;
mod description;
mod digest;
mod entry;
mod error;
mod garbage;
mod image;
mod import;
mod key;
mod layer;
mod layout;
mod manifest;
mod platform;
mod progress;
mod recompress;
pub mod registry;
pub mod store;
mod tarball;
mod unpack;

pub use attest::{Material, Provenance, Sbom};
pub use component::{Component, package_url};
pub use description::Description;
pub use digest::Digest;
pub use entry::{Contents, Entry, EntryKind};
pub use error::{
    CollectError, ImportArchiveError, ImportError, PutImageError, PutLayerError, ReadImageError, StoreError,
};
pub use garbage::{Collected, Collection, KeepBases};
pub use image::{ConfigChange, Image, ImageConfig};
pub use key::InputKey;
pub use layer::{Layer, LayerMediaType};
pub use platform::Platform;
pub use progress::{NoProgress, Progress};
pub use store::{SharedLock, Store};
