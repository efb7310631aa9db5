//! What an image is made of: components for its bill of materials, materials for its provenance.

use serde::{Deserialize, Serialize};

/// A piece of software in an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Component {
    /// Its name, such as `express`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its package URL, such as `pkg:npm/express@5.1.0`; see [`package_url`].
    pub purl: String,
    /// SHA-256 of the archive it came in, 64 hexadecimal digits, if that is known.
    pub sha256: Option<String>,
}

impl Component {
    /// A component whose archive was not hashed.
    #[must_use]
    pub fn new(kind: &str, name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            purl: package_url(kind, name, version, &[]),
            sha256: None,
        }
    }
}

/// A package URL: `kind` is such as `npm`, `pypi`, `maven`, `golang` or `deb`; a `/` in `name` parts it from its
/// namespace. Qualifiers without a value are left out.
#[must_use]
pub fn package_url(kind: &str, name: &str, version: &str, qualifiers: &[(&str, &str)]) -> String {
    let mut url = format!("pkg:{kind}/{}", escaped(name, b"/"));
    if !version.is_empty() {
        url.push('@');
        url.push_str(&escaped(version, b":"));
    }
    let mut separator = '?';
    for (key, value) in qualifiers.iter().filter(|(_, value)| !value.is_empty()) {
        url.push(separator);
        url.push_str(&format!("{key}={}", escaped(value, b":/")));
        separator = '&';
    }
    url
}

fn escaped(text: &str, also_plain: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also_plain.contains(&byte);
        if is_plain {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push(char::from(DIGITS[usize::from(byte >> 4)]));
            escaped.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    escaped
}
