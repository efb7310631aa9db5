//! The store itself: one file per secret, written under a lock, read without one.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;

use fs_err as fs;
use serde::Serialize;
use tapedeck_model::{SecretName, SecretReference, Timestamp};

use super::entry::{Entry, SUFFIX, SecretDescription, VersionId, file_name, seal};
use super::error::{
    DeleteError, EntryError, GetError, KeyError, ListError, OpenError, ResolveError, SetError,
};
use super::files::{self, Lock};
use super::key::Key;
use super::value::SecretValue;

/// Secrets in a folder. Any number of processes may use one folder at the same time.
#[derive(Debug, Clone)]
pub struct SecretStore {
    folder: PathBuf,
}

/// What becomes of a value that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is set.
    Keep,
    /// The new one takes its place.
    Replace,
}

/// A secret that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// All but its value.
    pub description: SecretDescription,
    /// Its value.
    pub value: SecretValue,
}

impl Secret {
    /// What a reference to this secret points at: a string as it reads, anything else as its JSON is written, and the
    /// whole value when the reference has no key.
    ///
    /// # Errors
    /// [`ResolveError::Pick`] when it has no such key.
    pub fn pick(&self, reference: &SecretReference) -> Result<String, ResolveError> {
        self.value.pick(reference).map_err(|why| ResolveError::Pick {
            name: reference.name().clone(),
            why,
        })
    }
}

/// A secret as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretSummary {
    /// All but its value.
    #[serde(flatten)]
    pub description: SecretDescription,
    /// The names of its keys, sorted; none unless it is a JSON object that can be read.
    pub keys: Vec<String>,
}

/// The secrets of a store, as far as they can be read.
#[derive(Debug, Default)]
pub struct Listing {
    /// By name. Also those whose values cannot be read: they can be deleted and set again.
    pub secrets: Vec<SecretSummary>,
    /// What is wrong with some.
    pub problems: Vec<EntryError>,
}

impl SecretStore {
    /// The store in a folder, which is made with the first secret.
    ///
    /// # Errors
    /// [`OpenError`] when the folder may not be looked at, or is none.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let folder = folder.into();
        match fs::read_dir(&folder) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(OpenError { folder, source }),
            _ => Ok(Self { folder }),
        }
    }

    /// Sets a value, under a new version. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`SetError`]; the secret is as it was then.
    pub fn set(
        &self,
        name: &SecretName,
        value: &SecretValue,
        existing: Existing,
        now: Timestamp,
    ) -> Result<SecretDescription, SetError> {
        let write = |source| SetError::Write {
            name: name.clone(),
            source,
        };
        files::make_private(&self.folder).map_err(write)?;
        let lock = Lock::take(&self.folder).map_err(write)?;
        let before = self.find(name)?;
        if before.is_some() && existing == Existing::Keep {
            return Err(SetError::Exists { name: name.clone() });
        }
        let description = SecretDescription {
            name: name.clone(),
            version: VersionId::new(),
            created: before.map_or(now, |before| before.description.created),
            updated: now,
        };
        let sealed = seal(&description, value, &self.key_to_write_with(&lock)?);
        lock.replace(&self.folder, &file_name(name), &sealed)
            .map_err(write)?;
        Ok(description)
    }

    /// A secret with its value.
    ///
    /// # Errors
    /// [`GetError`] when there is none, or it cannot be read.
    pub fn get(&self, name: &SecretName) -> Result<Secret, GetError> {
        self.find(name)?
            .ok_or_else(|| GetError::Missing { name: name.clone() })
    }

    /// Whether there is a secret of that name, readable or not.
    ///
    /// # Errors
    /// [`OpenError`] when that cannot be told.
    pub fn contains(&self, name: &SecretName) -> Result<bool, OpenError> {
        fs::exists(self.folder.join(file_name(name))).map_err(|source| OpenError {
            folder: self.folder.clone(),
            source,
        })
    }

    /// All secrets, without their values.
    ///
    /// # Errors
    /// [`ListError`] when the folder cannot be read. A secret that cannot be read is no error: see [`Listing`].
    pub fn list(&self) -> Result<Listing, ListError> {
        let files = self.files().map_err(|source| ListError {
            folder: self.folder.clone(),
            source,
        })?;
        let mut listing = Listing::default();
        let key = match self.key() {
            Ok(key) => Some(key),
            Err(error) => {
                if !files.is_empty() {
                    listing.problems.push(error.into());
                }
                None
            }
        };
        for file in files {
            match files::read(&file) {
                Ok(Some(bytes)) => listing.add(Entry::parse(&file, &bytes), key.as_ref()),
                // Deleted since.
                Ok(None) => {}
                Err(error) => listing.problems.push(EntryError::Read(error)),
            }
        }
        listing
            .secrets
            .sort_by(|one, other| one.description.name.cmp(&other.description.name));
        Ok(listing)
    }

    /// Deletes a secret, readable or not, for good.
    ///
    /// # Errors
    /// [`DeleteError`] when there is none, or it could not be removed.
    pub fn delete(&self, name: &SecretName) -> Result<(), DeleteError> {
        let missing = || DeleteError::Missing { name: name.clone() };
        let remove = |source| DeleteError::Remove {
            name: name.clone(),
            source,
        };
        if !fs::exists(&self.folder).map_err(remove)? {
            return Err(missing());
        }
        let lock = Lock::take(&self.folder).map_err(remove)?;
        match lock.remove(&self.folder, &file_name(name)).map_err(remove)? {
            true => Ok(()),
            false => Err(missing()),
        }
    }

    /// The value that a reference points at.
    ///
    /// # Errors
    /// [`ResolveError`] when there is no such secret or no such key in it, or it cannot be read.
    pub fn resolve(&self, reference: &SecretReference) -> Result<String, ResolveError> {
        self.get(reference.name())?.pick(reference)
    }

    /// The values that some references point at. Each secret is read once, so that what comes of one belongs together.
    ///
    /// # Errors
    /// Every reference without a value, and why.
    pub fn resolve_all<'a>(
        &self,
        references: impl IntoIterator<Item = &'a SecretReference>,
    ) -> Result<BTreeMap<&'a SecretReference, String>, BTreeMap<&'a SecretReference, ResolveError>> {
        let mut secrets: BTreeMap<&SecretName, Secret> = BTreeMap::new();
        let (mut values, mut failures) = (BTreeMap::new(), BTreeMap::new());
        for reference in references {
            let name = reference.name();
            let secret = match secrets.get(name) {
                Some(secret) => Ok(secret),
                None => self.get(name).map(|read| &*secrets.entry(name).or_insert(read)),
            };
            match secret
                .map_err(ResolveError::from)
                .and_then(|secret| secret.pick(reference))
            {
                Ok(value) => drop(values.insert(reference, value)),
                Err(error) => drop(failures.insert(reference, error)),
            }
        }
        if failures.is_empty() {
            Ok(values)
        } else {
            Err(failures)
        }
    }

    /// A secret, if there is one.
    fn find(&self, name: &SecretName) -> Result<Option<Secret>, EntryError> {
        let file = self.folder.join(file_name(name));
        let Some(bytes) = files::read(&file).map_err(EntryError::Read)? else {
            return Ok(None);
        };
        let entry = Entry::parse(&file, &bytes)?;
        let value = entry.open(&self.key()?)?;
        let description = entry.description().clone();
        Ok(Some(Secret { description, value }))
    }

    /// The key of the secrets that are there.
    fn key(&self) -> Result<Key, KeyError> {
        Key::read(&self.folder)?.ok_or_else(|| KeyError::Gone {
            file: Key::path(&self.folder),
        })
    }

    /// The key for a secret to be written: made with the first one, but never beside secrets that need another.
    fn key_to_write_with(&self, lock: &Lock) -> Result<Key, EntryError> {
        match Key::read(&self.folder)? {
            Some(key) => Ok(key),
            None if self.files().map_err(EntryError::Read)?.is_empty() => Ok(Key::make(&self.folder, lock)?),
            None => Ok(self.key()?),
        }
    }

    /// The files of all secrets.
    fn files(&self) -> std::io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_name().to_string_lossy().ends_with(SUFFIX) {
                files.push(entry.path());
            }
        }
        Ok(files)
    }
}

impl Listing {
    fn add(&mut self, entry: Result<Entry<'_>, EntryError>, key: Option<&Key>) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return self.problems.push(error),
        };
        let mut keys = Vec::new();
        match key.map(|key| entry.open(key)) {
            Some(Ok(value)) => keys = value.keys(),
            // It is not the file of the secret that it names: that one is listed by its own.
            Some(Err(error @ EntryError::Misplaced { .. })) => return self.problems.push(error),
            Some(Err(error)) => self.problems.push(error),
            // That there is no key is told already.
            None => {}
        }
        self.secrets.push(SecretSummary {
            description: entry.description().clone(),
            keys,
        });
    }
}
