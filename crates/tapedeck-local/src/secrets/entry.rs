//! One secret as its file holds it: what may be read by everybody who can read the file, and the sealed value.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead as _, Payload};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tapedeck_model::{SecretName, Timestamp};

use super::error::EntryError;
use super::key::{Key, hex, random};
use super::value::SecretValue;

/// The form of these files. A newer one is left alone.
const FORMAT: u32 = 1;

/// End of the names of these files.
pub(super) const SUFFIX: &str = ".json";

/// Bytes of a nonce: long enough to be random for ever.
const NONCE: usize = 24;

/// Names one value that a secret has or had: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionId(String);

impl VersionId {
    pub(super) fn new() -> Self {
        Self(hex(&random::<16>()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// All about a secret but its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretDescription {
    /// Its name.
    pub name: SecretName,
    /// Names its value: another with each value that is set.
    pub version: VersionId,
    /// When it got its first value.
    pub created: Timestamp,
    /// When it got this value.
    pub updated: Timestamp,
}

/// What is in front of the sealed value. Sealed with it, so that nothing of it can be changed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    format: u32,
    /// Which key it takes.
    key: String,
    #[serde(flatten)]
    description: SecretDescription,
}

impl Header {
    /// What is authenticated together with the value. The same bytes for the same header, whatever the file looks like.
    fn sealed_bytes(&self) -> Vec<u8> {
        let about = &self.description;
        serde_json::to_vec(&(
            self.format,
            &self.key,
            &about.name,
            &about.version,
            about.created,
            about.updated,
        ))
        .expect("texts and numbers can be written as JSON")
    }
}

/// The whole file.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    header: Header,
    nonce: String,
    value: String,
}

/// Only what says whether the rest can be understood.
#[derive(Debug, Deserialize)]
struct Format {
    format: u32,
}

/// The name of the file of a secret. Names may be longer than those of files, and have slashes in them.
pub(super) fn file_name(name: &SecretName) -> String {
    hex(&Sha256::digest(name.as_str())) + SUFFIX
}

/// The bytes of the file of a secret.
pub(super) fn seal(description: &SecretDescription, value: &SecretValue, key: &Key) -> Vec<u8> {
    let header = Header {
        format: FORMAT,
        key: key.id.clone(),
        description: description.clone(),
    };
    let nonce = random::<NONCE>();
    let payload = Payload {
        msg: value.expose().as_bytes(),
        aad: &header.sealed_bytes(),
    };
    let sealed = key
        .cipher
        .encrypt(&XNonce::from(nonce), payload)
        .expect("the longest value is far below what the cipher takes");
    let file = Sealed {
        header,
        nonce: BASE64.encode(nonce),
        value: BASE64.encode(sealed),
    };
    serde_json::to_vec(&file).expect("texts and numbers can be written as JSON")
}

/// A file that was read, its value still sealed.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    file: &'a Path,
    sealed: Sealed,
}

impl<'a> Entry<'a> {
    /// Reads the bytes of a file.
    pub(super) fn parse(file: &'a Path, bytes: &[u8]) -> Result<Self, EntryError> {
        let malformed = |source| EntryError::Malformed {
            file: file.to_owned(),
            source,
        };
        let Format { format } = serde_json::from_slice(bytes).map_err(malformed)?;
        if format != FORMAT {
            return Err(EntryError::Newer {
                file: file.to_owned(),
                format,
            });
        }
        let sealed = serde_json::from_slice(bytes).map_err(malformed)?;
        Ok(Self { file, sealed })
    }

    /// What the file says of its secret. To be trusted only once it has been opened.
    pub(super) fn description(&self) -> &SecretDescription {
        &self.sealed.header.description
    }

    /// Opens the value, which proves that all of the file is as it was written, and where it belongs.
    pub(super) fn open(&self, key: &Key) -> Result<SecretValue, EntryError> {
        let (file, header) = (|| self.file.to_owned(), &self.sealed.header);
        let name = || header.description.name.clone();
        if self.file.file_name() != Some(file_name(&header.description.name).as_ref()) {
            return Err(EntryError::Misplaced {
                file: file(),
                name: name(),
            });
        }
        if header.key != key.id {
            return Err(EntryError::OtherKey {
                file: file(),
                name: name(),
                key: Key::path(self.file.parent().unwrap_or(Path::new(""))),
            });
        }
        self.unsealed(key).ok_or_else(|| EntryError::Damaged {
            file: file(),
            name: name(),
        })
    }

    fn unsealed(&self, key: &Key) -> Option<SecretValue> {
        let nonce = <[u8; NONCE]>::try_from(BASE64.decode(&self.sealed.nonce).ok()?).ok()?;
        let sealed = BASE64.decode(&self.sealed.value).ok()?;
        let payload = Payload {
            msg: &sealed,
            aad: &self.sealed.header.sealed_bytes(),
        };
        let bytes = key.cipher.decrypt(&XNonce::from(nonce), payload).ok()?;
        SecretValue::new(String::from_utf8(bytes).ok()?).ok()
    }
}
