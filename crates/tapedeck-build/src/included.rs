//! Files that a config file adds to an image by globs, beside what the packager makes.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

use crate::BuildError;
use crate::image::{Draft, LayerName};
use crate::layers;
use crate::request::{Source, Workshop};
use crate::stamp::Observations;

/// Files found by `includeFiles` and not taken away by `excludeFiles`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Included {
    /// Paths relative to the folder of the config file, sorted.
    pub(crate) files: Vec<PathBuf>,
    /// Absolute paths of the folders that were searched. A new file changes one of them.
    pub(crate) folders: Vec<PathBuf>,
}

impl Included {
    /// Absolute paths of everything that decides about them, for observation.
    pub(crate) fn paths(&self, root: &Path) -> impl Iterator<Item = PathBuf> {
        let files: Vec<PathBuf> = self.files.iter().map(|file| root.join(file)).collect();
        files.into_iter().chain(self.folders.clone())
    }
}

/// Finds them. Ignore files play no role: a file that is included by name is meant.
pub(crate) fn find(source: &Source<'_>) -> Result<Included, BuildError> {
    let mut included = Included::default();
    if source.packaging.include_files.is_empty() {
        return Ok(included);
    }
    let excluded = globs(source.root, "excludeFiles", &source.packaging.exclude_files)?;
    for pattern in &source.packaging.include_files {
        let wanted = globs(source.root, "includeFiles", std::slice::from_ref(pattern))?;
        let before = included.files.len();
        search(source.root, pattern, &wanted, &mut included)?;
        if included.files.len() == before {
            return Err(BuildError::NothingIncluded {
                glob: pattern.clone(),
                root: source.root.to_owned(),
            });
        }
    }
    included
        .files
        .retain(|file| !excluded.matched(file, false).is_whitelist());
    for list in [&mut included.files, &mut included.folders] {
        list.sort();
        list.dedup();
    }
    Ok(included)
}

/// The layer of included files. None where none are.
pub(crate) fn layer(
    source: &Source<'_>,
    included: &Included,
    observations: &mut Observations,
    workshop: &Workshop<'_>,
) -> Result<Option<Draft>, BuildError> {
    if included.files.is_empty() {
        return Ok(None);
    }
    let files = included
        .files
        .iter()
        .map(|file| (Path::new("app").join(file), source.root.join(file)));
    layers::of_copied_files(LayerName::IncludedFiles, files, observations, workshop).map(Some)
}

/// Globs of a setting, all relative to `root`.
pub(crate) fn globs(root: &Path, setting: &'static str, patterns: &[String]) -> Result<Override, BuildError> {
    let refuse = |glob: &str, rule: String| BuildError::Glob {
        setting,
        glob: glob.to_owned(),
        rule,
    };
    let mut builder = OverrideBuilder::new(root);
    for pattern in patterns {
        let plain = pattern.trim_start_matches("./");
        if plain.is_empty() || plain.starts_with(['/', '!']) || plain.split('/').any(|part| part == "..") {
            let rule =
                "patterns start at the folder of the config file and stay inside it, without `!`".to_owned();
            return Err(refuse(pattern, rule));
        }
        // A leading slash keeps `a.txt` from matching in every folder.
        builder
            .add(&format!("/{plain}"))
            .map_err(|error| refuse(pattern, error.to_string()))?;
    }
    builder
        .build()
        .map_err(|error| refuse(&patterns.join(", "), error.to_string()))
}

fn search(root: &Path, pattern: &str, wanted: &Override, included: &mut Included) -> Result<(), BuildError> {
    let start = root.join(literal_folder(pattern.trim_start_matches("./")));
    let mentions_packages = pattern.contains("node_modules");
    let walk = WalkBuilder::new(&start)
        .standard_filters(false)
        .filter_entry(move |entry| {
            let name = entry.file_name();
            name != ".git" && (mentions_packages || name != "node_modules")
        })
        .build();
    for item in walk {
        let item = match item {
            Ok(item) => item,
            Err(_) if !start.exists() => return Ok(()),
            Err(error) => {
                let source = error
                    .into_io_error()
                    .unwrap_or_else(|| std::io::Error::other("the walk failed"));
                return Err(BuildError::file("search for included files")(source));
            }
        };
        if item.file_type().is_some_and(|kind| kind.is_dir()) {
            included.folders.push(item.path().to_owned());
        } else if item.path().is_file()
            && let Ok(relative) = item.path().strip_prefix(root)
            && is_wanted(wanted, relative)
        {
            included.files.push(relative.to_owned());
        }
    }
    Ok(())
}

/// Whether a pattern names the file or a folder it is in.
fn is_wanted(wanted: &Override, file: &Path) -> bool {
    let folders = file
        .ancestors()
        .skip(1)
        .filter(|folder| !folder.as_os_str().is_empty());
    wanted.matched(file, false).is_whitelist()
        || folders
            .into_iter()
            .any(|folder| wanted.matched(folder, true).is_whitelist())
}

/// The folders at the beginning of a pattern that hold no wildcard.
fn literal_folder(pattern: &str) -> PathBuf {
    let is_literal = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']);
    let parts: Vec<&str> = pattern.split('/').collect();
    parts[..parts.len() - 1]
        .iter()
        .copied()
        .take_while(is_literal)
        .collect()
}
