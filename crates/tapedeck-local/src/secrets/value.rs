//! A value, and what is found within it. Pure; a value never shows itself in an error or a debug text.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;
use tapedeck_model::SecretReference;

/// Keys that are named when one is missing; a secret has room for thousands.
const NAMED_KEYS: usize = 10;

/// The text that a secret holds.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(String);

/// Why a text cannot be the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// It is empty.
    #[error("the value is empty: a secret has 1 to {} bytes", SecretValue::MAX_BYTES)]
    Empty,
    /// It is too long.
    #[error("the value is too long: a secret has 1 to {} bytes", SecretValue::MAX_BYTES)]
    TooLarge,
}

/// Why there is no value where a reference points. Keys are named, values are not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PickError {
    /// What is there has no keys.
    #[error("`{within}` is no JSON object, so it has no key `{key}`")]
    NoKeys {
        /// The secret, or the value within it that was come to.
        within: String,
        /// The key that was looked for in it.
        key: String,
    },
    /// The object has other keys.
    #[error("`{within}` has no key `{key}`: {}", known(keys))]
    NoSuchKey {
        /// The secret, or the value within it that was come to.
        within: String,
        /// The key that was looked for in it.
        key: String,
        /// Its keys.
        keys: Vec<String>,
    },
    /// The list has no item of that number.
    #[error("`{within}` is a list of {length}, numbered from 0: it has no item `{key}`")]
    NoSuchItem {
        /// The secret, or the value within it that was come to.
        within: String,
        /// The item that was looked for in it.
        key: String,
        /// Its number of items.
        length: usize,
    },
}

impl SecretValue {
    /// The longest value in bytes, as in AWS Secrets Manager (API reference, `SecretString`).
    pub const MAX_BYTES: usize = 65_536;

    /// Checks and wraps a text.
    ///
    /// # Errors
    /// [`InvalidValue`] when it is empty or longer than [`Self::MAX_BYTES`].
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
        let text = text.into();
        match text.len() {
            0 => Err(InvalidValue::Empty),
            1..=Self::MAX_BYTES => Ok(Self(text)),
            _ => Err(InvalidValue::TooLarge),
        }
    }

    /// The text itself, for whoever is meant to have it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The names of its keys, sorted; none unless it is a JSON object.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        serde_json::from_str::<BTreeMap<String, &RawValue>>(&self.0)
            .map_or_else(|_| Vec::new(), |object| object.into_keys().collect())
    }

    /// What the reference points at in it: a string as it reads, anything else as its JSON is written, and the whole
    /// text when the reference has no key.
    ///
    /// # Errors
    /// When it has no such key.
    pub fn pick(&self, reference: &SecretReference) -> Result<String, PickError> {
        let mut within = reference.name().to_string();
        let mut at: &str = &self.0;
        for key in reference.key() {
            at = step(at, key, &within)?;
            within = format!("{within}.{key}");
        }
        // Only what was found by a key is JSON; the whole text stays as it is, quotes included.
        if reference.key().is_empty() {
            return Ok(at.to_owned());
        }
        Ok(serde_json::from_str(at).unwrap_or_else(|_| at.to_owned()))
    }
}

/// The JSON of one key of an object, or one item of a list.
fn step<'a>(json: &'a str, key: &str, within: &str) -> Result<&'a str, PickError> {
    let (key_text, within_text) = (key.to_owned(), within.to_owned());
    if let Ok(mut object) = serde_json::from_str::<BTreeMap<String, &'a RawValue>>(json) {
        return match object.remove(key) {
            Some(value) => Ok(value.get()),
            None => Err(PickError::NoSuchKey {
                within: within_text,
                key: key_text,
                keys: object.into_keys().collect(),
            }),
        };
    }
    if let Ok(list) = serde_json::from_str::<Vec<&'a RawValue>>(json) {
        let item = key.parse::<usize>().ok().and_then(|number| list.get(number));
        return item.map(|item| item.get()).ok_or(PickError::NoSuchItem {
            within: within_text,
            key: key_text,
            length: list.len(),
        });
    }
    Err(PickError::NoKeys {
        within: within_text,
        key: key_text,
    })
}

/// The keys in words.
fn known(keys: &[String]) -> String {
    if keys.is_empty() {
        return "it has none".to_owned();
    }
    let named: Vec<String> = keys
        .iter()
        .take(NAMED_KEYS)
        .map(|key| format!("`{key}`"))
        .collect();
    match keys.len().saturating_sub(NAMED_KEYS) {
        0 => format!("it has {}", named.join(", ")),
        more => format!("it has {} and {more} more", named.join(", ")),
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SecretValue({} bytes)", self.0.len())
    }
}
