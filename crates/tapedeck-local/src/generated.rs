//! Secrets that are made for what stands in for a service elsewhere: passwords and tokens that nobody but this machine has to know.

use std::collections::BTreeMap;

use tapedeck_model::{SecretName, StackName, Timestamp};

use crate::secrets::{Existing, SecretStore, SecretValue, SetError, random_hexadecimal};

/// How the names of those begin that are of a stack.
#[must_use]
pub fn prefix(stack: &StackName) -> String {
    format!("tapedeck/{stack}/")
}

/// Makes a secret with a random value for each of its keys, unless it is there. The values are digits and letters, so that they
/// stand in URLs as they are.
///
/// # Errors
/// [`SetError`] when it cannot be written.
pub fn ensure(store: &SecretStore, name: &SecretName, keys: &[&str], now: Timestamp) -> Result<(), SetError> {
    let values: BTreeMap<&str, String> = keys
        .iter()
        .map(|key| (*key, random_hexadecimal::<20>()))
        .collect();
    let text = serde_json::to_string(&values).expect("texts only");
    let value = SecretValue::new(text).expect("not empty, not long");
    match store.set(name, &value, Existing::Keep, now) {
        Err(SetError::Exists { .. }) => Ok(()),
        other => other.map(drop),
    }
}

#[cfg(test)]
mod tests;
