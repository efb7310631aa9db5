//! Secrets, in place of AWS Secrets Manager: an encrypted store in one folder.
//!
//! ```text
//! key           32 random bytes, made with the first secret and never replaced
//! lock          held while something is written
//! <hash>.json   one secret: name, version and times to be read, the value encrypted
//! new           what was being written when a process was killed, if one was
//! ```
//!
//! Values are sealed with XChaCha20-Poly1305 under a random nonce, together with everything else in their file: none
//! can be changed, or put in the place of another, without being noticed. Who can read the folder can read the values;
//! the encryption keeps them out of searches, copies and backups of single files. What is written is on the disk
//! before it is seen under its name, so a process that is killed leaves the old value or the new one.

mod entry;
mod error;
mod files;
mod key;
mod store;
mod value;

pub use entry::{SecretDescription, VersionId};
pub use error::{DeleteError, EntryError, GetError, KeyError, ListError, OpenError, ResolveError, SetError};
pub use store::{Existing, Listing, Secret, SecretStore, SecretSummary};
pub use value::{InvalidValue, PickError, SecretValue};

pub(crate) use key::random_hexadecimal;

#[cfg(test)]
mod tests;
