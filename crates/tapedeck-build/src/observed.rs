//! What the last build of a service looked at, for whoever wants to know when another build may come out differently.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_model::ResourceName;

use crate::record::{self, Record};

/// A path whose change could change the image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observed {
    /// Where it is, or would be: some are looked for and need not exist.
    pub path: PathBuf,
    /// Whether it was a folder, of which only the names in it count.
    pub is_folder: bool,
}

/// Everything that the last build of a service by [`build`](crate::build) looked at, sorted. Nothing when there was none.
///
/// `cache_directory` and `source_root` are those of its [`BuildRequest`](crate::BuildRequest).
#[must_use]
pub fn observed(cache_directory: &Path, source_root: &Path, service: &ResourceName) -> Vec<Observed> {
    let Ok(root) = fs::canonicalize(source_root) else {
        return Vec::new();
    };
    let Some(record) = Record::load(&record::path_of(cache_directory, &root, service)) else {
        return Vec::new();
    };
    let inputs = record.inputs.into_iter();
    let observed = inputs.map(|(path, input)| Observed {
        is_folder: input.is_directory(),
        path,
    });
    observed.collect()
}
