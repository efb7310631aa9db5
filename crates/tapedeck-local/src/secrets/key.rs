//! The key that values are sealed with: a file of 32 random bytes. Made once, never replaced.

use std::path::{Path, PathBuf};

use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use sha2::{Digest as _, Sha256};

use super::error::KeyError;
use super::files::{self, Lock};

/// Name of its file.
const NAME: &str = "key";

/// Its length in bytes.
const LENGTH: usize = 32;

/// Sets the hash that names a key apart from any other hash of the same bytes.
const DOMAIN: &[u8] = b"tapedeck secrets: name of a key\0";

/// A key, ready for use.
pub(super) struct Key {
    pub(super) cipher: XChaCha20Poly1305,
    /// Tells keys apart without saying anything about them.
    pub(super) id: String,
}

impl Key {
    /// Where the key of a store lies.
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join(NAME)
    }

    /// The key of a store; none when it has none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, KeyError> {
        let file = Self::path(folder);
        let Some(bytes) = files::read(&file).map_err(KeyError::Read)? else {
            return Ok(None);
        };
        match <[u8; LENGTH]>::try_from(bytes.as_slice()) {
            Ok(bytes) => Ok(Some(Self::of(bytes))),
            Err(_) => Err(KeyError::Length {
                file,
                bytes: bytes.len(),
            }),
        }
    }

    /// Makes the key of a store that has none.
    pub(super) fn make(folder: &Path, lock: &Lock) -> Result<Self, KeyError> {
        let bytes = random::<LENGTH>();
        lock.create(folder, NAME, &bytes).map_err(KeyError::Make)?;
        Ok(Self::of(bytes))
    }

    fn of(bytes: [u8; LENGTH]) -> Self {
        let hash = Sha256::new().chain_update(DOMAIN).chain_update(bytes).finalize();
        Self {
            cipher: XChaCha20Poly1305::new(&bytes.into()),
            id: hex(&hash[..8]),
        }
    }
}

/// Bytes of the kernel's randomness.
pub(super) fn random<const COUNT: usize>() -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    let mut filled = 0;
    while filled < COUNT {
        // Interrupted by a signal at worst: the kernel's pool is ready long before anybody sets a secret.
        if let Ok(count) =
            rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
        {
            filled += count;
        }
    }
    bytes
}

/// So many random bytes as hexadecimal digits.
pub(crate) fn random_hexadecimal<const COUNT: usize>() -> String {
    hex(&random::<COUNT>())
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
