//! The access key of who may do everything in an emulator of AWS: made on this machine, kept as a secret.

use std::fmt;

use serde::{Deserialize, Serialize};
use tapedeck_model::{SecretName, SecretReference, Timestamp};

use crate::secrets::{Existing, ResolveError, SecretStore, SecretValue, SetError, random_hexadecimal};

/// The key, within the secret, of the id.
pub const ACCESS_KEY_ID: &str = "accessKeyId";
/// The key of what requests are signed with.
pub const SECRET_ACCESS_KEY: &str = "secretAccessKey";

/// An access key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessKey {
    /// Its id, which is no secret.
    pub access_key_id: String,
    /// What requests are signed with.
    pub secret_access_key: String,
}

impl AccessKey {
    /// A new one.
    fn random() -> Self {
        Self {
            access_key_id: format!("AKIA{}", random_hexadecimal::<8>().to_ascii_uppercase()),
            secret_access_key: random_hexadecimal::<20>(),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`ResolveError`] when it is not there or cannot be read.
    pub fn read(store: &SecretStore, name: &SecretName) -> Result<Self, ResolveError> {
        let part = |key: &str| {
            let reference = SecretReference::new(format!("{name}.{key}")).expect("a name, a dot and a key");
            store.resolve(&reference)
        };
        Ok(Self {
            access_key_id: part(ACCESS_KEY_ID)?,
            secret_access_key: part(SECRET_ACCESS_KEY)?,
        })
    }

    /// Makes it, unless it is there.
    ///
    /// # Errors
    /// [`SetError`] when it cannot be written.
    pub fn ensure(store: &SecretStore, name: &SecretName, now: Timestamp) -> Result<(), SetError> {
        match store.set(name, &Self::random().value(), Existing::Keep, now) {
            Err(SetError::Exists { .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Keeps it, in place of one that is there.
    ///
    /// # Errors
    /// [`SetError`] when it cannot be written.
    pub fn keep(&self, store: &SecretStore, name: &SecretName, now: Timestamp) -> Result<(), SetError> {
        store.set(name, &self.value(), Existing::Replace, now).map(drop)
    }

    fn value(&self) -> SecretValue {
        let text = serde_json::to_string(self).expect("two texts");
        SecretValue::new(text).expect("not empty, and as long as keys are")
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AccessKey")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
