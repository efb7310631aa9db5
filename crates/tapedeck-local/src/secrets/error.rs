//! What can go wrong in the store, one type per operation. No value of a secret is ever part of an error.

use std::io;
use std::path::PathBuf;

use tapedeck_model::SecretName;

use super::value::PickError;

/// The store cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[error("could not look at the secrets in {}", folder.display())]
pub struct OpenError {
    /// The folder of the store.
    pub folder: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// The key of the store cannot be used. It is never replaced: all values would be lost with it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It could not be read.
    #[error("could not read the key of the secrets")]
    Read(#[source] io::Error),
    /// The first one could not be made.
    #[error("could not make the key of the secrets")]
    Make(#[source] io::Error),
    /// The file is there and is no key.
    #[error("{} is no key: it has 32 bytes, this one has {bytes}", file.display())]
    Length {
        /// The file.
        file: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// There are secrets, but no key.
    #[error("the key of the secrets is gone: there is no {}", file.display())]
    Gone {
        /// Where it was.
        file: PathBuf,
    },
}

/// The file of a secret cannot be used. It is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// It could not be read.
    #[error("could not read a secret")]
    Read(#[source] io::Error),
    /// The key is of no use.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It is not in the form of these files.
    #[error("{} is damaged: it does not read as a secret", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong with its form.
        #[source]
        source: serde_json::Error,
    },
    /// A later version wrote it.
    #[error("{} was written by a newer tapedeck (format {format})", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its form.
        format: u32,
    },
    /// It was encrypted with another key.
    #[error("secret `{name}` ({}) was encrypted with another key than {}", file.display(), key.display())]
    OtherKey {
        /// The file.
        file: PathBuf,
        /// The secret that it says it is.
        name: SecretName,
        /// The file of the key that was tried.
        key: PathBuf,
    },
    /// It is not as it was written.
    #[error("secret `{name}` is damaged: {} is not as it was written", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The secret that it says it is.
        name: SecretName,
    },
    /// It is in the place of another one.
    #[error("{} is in the place of another secret: it holds `{name}`", file.display())]
    Misplaced {
        /// The file.
        file: PathBuf,
        /// The secret that it says it is.
        name: SecretName,
    },
}

/// A value was not set; the secret is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// There is a secret of that name, which was to stay.
    #[error("there is a secret `{name}` already")]
    Exists {
        /// Its name.
        name: SecretName,
    },
    /// What is there cannot be read, and is not overwritten.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// It could not be written.
    #[error("could not write secret `{name}`")]
    Write {
        /// Its name.
        name: SecretName,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// There is no secret to give.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// There is none of that name.
    #[error("there is no secret `{name}`")]
    Missing {
        /// The name.
        name: SecretName,
    },
    /// There is one, but it cannot be read.
    #[error(transparent)]
    Entry(#[from] EntryError),
}

/// The secrets cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("could not list the secrets in {}", folder.display())]
pub struct ListError {
    /// The folder of the store.
    pub folder: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// A secret was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// There is none of that name.
    #[error("there is no secret `{name}`")]
    Missing {
        /// The name.
        name: SecretName,
    },
    /// It could not be removed.
    #[error("could not delete secret `{name}`")]
    Remove {
        /// Its name.
        name: SecretName,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// There is no value where a reference points.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The secret cannot be had.
    #[error(transparent)]
    Get(#[from] GetError),
    /// It has no such key.
    #[error("{why}")]
    Pick {
        /// The secret.
        name: SecretName,
        /// What it has instead.
        why: PickError,
    },
}

/// What to do when the system let somebody not in.
fn let_in(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "the secrets belong to whoever set the first one, mostly root: run this with sudo"
        }
        _ => "see that the folder of the secrets is there, is yours and has room, then try again",
    }
}

impl OpenError {
    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        let_in(&self.source).to_owned()
    }
}

impl KeyError {
    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::Read(error) | Self::Make(error) => let_in(error).to_owned(),
            Self::Length { .. } | Self::Gone { .. } => {
                "put it back from a backup; if there is none, no value can be read any more: delete each secret that \
                 `tapedeck secret:list` names, then set it again"
                    .to_owned()
            }
        }
    }
}

impl EntryError {
    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::Read(error) => let_in(error).to_owned(),
            Self::Key(error) => error.way_out(),
            Self::Newer { .. } => "use that version, or delete the secret and set it again".to_owned(),
            Self::OtherKey { key, .. } => format!(
                "put the key that belongs to it back to {}, or delete the secret and set it again",
                key.display()
            ),
            Self::Malformed { .. } | Self::Misplaced { .. } => {
                "put the right file back from a backup, or remove it and set the secret again".to_owned()
            }
            Self::Damaged { .. } => {
                "put the file back from a backup, or delete the secret (`tapedeck secret:delete`) and set it again"
                    .to_owned()
            }
        }
    }
}

impl SetError {
    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::Exists { .. } => "add --forceUpdate to give it another value".to_owned(),
            Self::Entry(error) => error.way_out(),
            Self::Write { source, .. } => let_in(source).to_owned(),
        }
    }
}

impl GetError {
    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::Missing { name } => format!("set it with `tapedeck secret:set --secretName {name}`"),
            Self::Entry(error) => error.way_out(),
        }
    }
}

impl ListError {
    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        let_in(&self.source).to_owned()
    }
}

impl DeleteError {
    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::Missing { .. } => "`tapedeck secret:list` lists those that are there".to_owned(),
            Self::Remove { source, .. } => let_in(source).to_owned(),
        }
    }
}

impl ResolveError {
    /// What to do next.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::Get(error) => error.way_out(),
            Self::Pick { name, .. } => format!(
                "name a key that it has, or set a value that has it with `tapedeck secret:set --secretName {name} \
                 --forceUpdate`"
            ),
        }
    }
}
