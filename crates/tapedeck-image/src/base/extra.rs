//! System packages that an application needs beside its runtime: a layer of their own.

use super::BaseError;
use crate::InputKey;

/// Names of packages, each once and in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extra(Vec<String>);

impl Extra {
    /// Reads names.
    pub(super) fn of(names: &[String]) -> Result<Self, BaseError> {
        if let Some(wrong) = names.iter().find(|name| !is_name(name)) {
            return Err(BaseError::PackageName { name: wrong.clone() });
        }
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        Ok(Self(names))
    }

    /// What the names of records get for these packages; nothing for none.
    pub(super) fn suffix(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        format!("-{}", &InputKey::of(&self.0).hex()[..16])
    }
}

/// Whether a text is the name of a package and nothing that apt would read as more than that.
fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut bytes = name.bytes();
    bytes.next().is_some_and(is_letter)
        && name.len() >= 2
        && bytes.all(|byte| is_letter(byte) || matches!(byte, b'+' | b'-' | b'.'))
        && !name.ends_with('-')
}
