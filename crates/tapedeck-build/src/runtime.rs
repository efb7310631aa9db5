//! What a program in an image runs on.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The language runtime in an image, or the compiler that made its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runtime {
    /// Its name, such as `node`.
    pub name: String,
    /// Its version as exactly as is known, such as `24.1.0` or `24`.
    pub version: String,
    /// Who asked for it, such as `engines.node of package.json`, or `default` when nobody did.
    pub asked_by: String,
}

/// Such as `node 24.1.0`.
impl fmt::Display for Runtime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.name, self.version)
    }
}
