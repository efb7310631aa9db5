//! System packages that an application needs beside its runtime: a layer of their own.

use super::apt::Wanted;
use super::installable::Below;
use super::layers::{Assembler, Part, Recipe};
use super::unmet::{unmet, without_dependencies};
use super::{BaseError, installable};
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

    /// Makes the layer with these packages, and those that they need and `below` lacks; none if it lacks nothing.
    pub(super) fn layer(
        &self,
        assembler: &mut Assembler<'_>,
        below: &[Part],
        record: &str,
    ) -> Result<Option<Part>, BaseError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let installed = assembler.installed(below)?;
        let is_meant = installable::is_meant(&self.0);
        let missing = unmet(&installed);
        let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
        let recipe = Recipe {
            name: record.to_owned(),
            created_by: format!("system packages: {}", self.0.join(" ")),
            wanted: Wanted {
                names: self.0.iter().map(String::as_str).collect(),
                left_out: &missing,
                // Some of what was left out so far is wanted now, which must not make the rest look broken.
                installed: match is_meant {
                    true => without_dependencies(&installed),
                    false => installed.clone(),
                },
            },
        };
        let sources = match is_meant && assembler.recorded(record)?.is_none() {
            true => installable::sources(assembler.apt()?)?,
            false => None,
        };
        let folder = |part: &Part| assembler.store.layer_folder(&part.layer.diff_id);
        let under = Below {
            layers: below.iter().map(folder).collect(),
            installed,
        };
        let part = assembler.packages(&recipe, |files| {
            let files = match is_meant {
                true => installable::finish(files, &under, sources),
                false => files,
            };
            files.into_values().collect()
        })?;
        Ok(Some(part).filter(|part| !part.packages.is_empty()))
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
