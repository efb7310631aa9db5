//! How values that are not to be written down are named: references to secrets, and texts that are made of them.
//!
//! Only names stand here. The values are read where and when a task starts, and never become part of a model.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{InvalidName, SecretName};

/// A secret, or a value within it: `name`, or `name.key.key` where the secret is a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretReference {
    name: SecretName,
    key: Vec<String>,
}

impl SecretReference {
    /// The rule that every such text obeys, for messages.
    pub const RULE: &'static str = "it is the name of a secret (1 to 256 letters, digits and / _ + = @ -), \
        and for a value within it a dot and its key, as in `database.password`";

    /// Reads `name` or `name.key.key`.
    ///
    /// # Errors
    /// [`InvalidName`] when the text breaks [`Self::RULE`].
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
        let text = text.into();
        let mut parts = text.split('.');
        let name = parts.next().and_then(|name| SecretName::new(name).ok());
        let key: Vec<String> = parts.map(str::to_owned).collect();
        match name {
            Some(name) if key.iter().all(|part| !part.is_empty()) => Ok(Self { name, key }),
            _ => Err(InvalidName {
                kind: "reference to a secret",
                text,
                rule: Self::RULE,
            }),
        }
    }

    /// The secret.
    #[must_use]
    pub fn name(&self) -> &SecretName {
        &self.name
    }

    /// The way to the value within it, outermost key first: keys of objects and, from 0, numbers of list items. Empty
    /// for the whole secret.
    #[must_use]
    pub fn key(&self) -> &[String] {
        &self.key
    }
}

impl From<SecretName> for SecretReference {
    /// The whole secret.
    fn from(name: SecretName) -> Self {
        Self {
            name,
            key: Vec::new(),
        }
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name.as_str())?;
        self.key.iter().try_for_each(|part| write!(out, ".{part}"))
    }
}

impl TryFrom<String> for SecretReference {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl From<SecretReference> for String {
    fn from(reference: SecretReference) -> Self {
        reference.to_string()
    }
}

/// A piece of a [`SecretTemplate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SecretPart {
    /// Text as it stands.
    Text(String),
    /// What the secret holds when the value is made.
    Secret(SecretReference),
}

/// A value that is not known yet: its parts, joined, with secrets in place of their references.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretTemplate {
    parts: Vec<SecretPart>,
}

impl SecretTemplate {
    /// A value of these parts.
    #[must_use]
    pub fn new(parts: Vec<SecretPart>) -> Self {
        Self { parts }
    }

    /// Its parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[SecretPart] {
        &self.parts
    }

    /// The secrets that it needs, in order.
    pub fn references(&self) -> impl Iterator<Item = &SecretReference> {
        self.parts.iter().filter_map(|part| match part {
            SecretPart::Text(_) => None,
            SecretPart::Secret(reference) => Some(reference),
        })
    }

    /// Makes the value; `value_of` knows the secrets.
    ///
    /// # Errors
    /// The first error of `value_of`.
    pub fn fill<E>(
        &self,
        mut value_of: impl FnMut(&SecretReference) -> Result<String, E>,
    ) -> Result<String, E> {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                SecretPart::Text(text) => filled.push_str(text),
                SecretPart::Secret(reference) => filled.push_str(&value_of(reference)?),
            }
        }
        Ok(filled)
    }
}

impl From<SecretReference> for SecretTemplate {
    /// The value of that secret alone.
    fn from(reference: SecretReference) -> Self {
        Self::new(vec![SecretPart::Secret(reference)])
    }
}
