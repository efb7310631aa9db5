//! The store of secrets on a real disk.
#![expect(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod crashes;
mod damage;
mod life;

use std::path::{Path, PathBuf};

use tapedeck_local::secrets::{Existing, SecretDescription, SecretStore, SecretValue};
use tapedeck_model::{SecretName, SecretReference, Timestamp};

/// A store in a folder that is not there yet.
fn store() -> (tempfile::TempDir, PathBuf, SecretStore) {
    let guard = tempfile::tempdir().unwrap();
    let folder = guard.path().join("state/secrets");
    let store = SecretStore::open(&folder).unwrap();
    (guard, folder, store)
}

fn name(text: &str) -> SecretName {
    SecretName::new(text).unwrap()
}

fn reference(text: &str) -> SecretReference {
    SecretReference::new(text).unwrap()
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Sets a value, whatever is there.
fn put(store: &SecretStore, secret: &str, value: &str, now: u64) -> SecretDescription {
    let value = SecretValue::new(value).unwrap();
    store
        .set(&name(secret), &value, Existing::Replace, at(now))
        .unwrap()
}

fn value_of(store: &SecretStore, secret: &str) -> String {
    store.get(&name(secret)).unwrap().value.expose().to_owned()
}

/// The files of the secrets in a store.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect()
}
