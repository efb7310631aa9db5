//! Names for what went into a layer, so that an unchanged layer is found again without building it.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::Digest;

/// A hash over everything that decides the contents of a layer: tool versions, settings, paths, file hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InputKey(Digest);

impl InputKey {
    /// The key of a list of parts. Each part counts with its length, so `["ab", "c"]` and `["a", "bc"]` differ.
    #[must_use]
    pub fn of<Part: AsRef<[u8]>>(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            let part = part.as_ref();
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(Digest::from_bytes(hasher.finalize().into()))
    }

    /// A key that was computed elsewhere, by any 256-bit hash function.
    #[must_use]
    pub const fn from_bytes(hash: [u8; 32]) -> Self {
        Self(Digest::from_bytes(hash))
    }

    /// The 64 hexadecimal digits of the key.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.hex()
    }
}

impl fmt::Display for InputKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.hex())
    }
}
