//! Everything whose change could change the image: the files that were read, and the places where a new file
//! would have been found first.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::bundler::Bundle;
use super::dependencies::marker_paths;
use super::is_of_a_package;
use super::prisma;
use super::project::Project;
use crate::included::Included;
use crate::path::{ancestors_in_repository, normalized};
use crate::request::Source;

/// Files that decide about what is in their folder and below. That one of them appears shows in the folder.
const DECIDING_FILES: [&str; 6] = [
    "package.json",
    "tsconfig.json",
    "jsconfig.json",
    ".nvmrc",
    ".node-version",
    ".tool-versions",
];

/// How long a chain of `extends` is followed.
const MOST_EXTENDS: usize = 16;

/// Their paths, which need not exist.
pub(crate) fn paths(
    source: &Source<'_>,
    project: &Project,
    bundle: &Bundle,
    included: &Included,
) -> BTreeSet<PathBuf> {
    let mut paths: BTreeSet<PathBuf> = bundle.inputs.iter().cloned().collect();
    let mut folders: BTreeSet<&Path> =
        BTreeSet::from([project.root.as_path(), &project.workspace, source.root]);
    // Packages change only by being installed, which the package manager's own files tell.
    for input in bundle.inputs.iter().filter(|input| !is_of_a_package(input)) {
        folders.extend(input.parent().into_iter().flat_map(ancestors_in_repository));
    }
    folders.retain(|folder| folder.starts_with(&project.workspace) || folder.starts_with(source.root));
    for folder in folders {
        paths.extend(
            DECIDING_FILES
                .map(|name| folder.join(name))
                .into_iter()
                .filter(|path| path.is_file()),
        );
        paths.insert(folder.to_owned());
    }
    paths.extend(marker_paths(project));
    paths.extend(prisma::watched(project));
    paths.extend(prisma::companions(&bundle.inputs).into_values());
    paths.extend(project.tsconfig.clone());
    paths.extend(extended(&paths));
    paths.extend(included.paths(source.root));
    paths
}

/// The files that the `tsconfig.json` files among `paths` extend, directly or not.
fn extended(paths: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let is_settings = |path: &&PathBuf| {
        path.extension().is_some_and(|extension| extension == "json")
            && path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().contains("config"))
    };
    let mut found = BTreeSet::new();
    let mut open: Vec<PathBuf> = paths.iter().filter(is_settings).cloned().collect();
    for _ in 0..MOST_EXTENDS {
        let next: Vec<PathBuf> = open.iter().flat_map(|path| extends_of(path)).collect();
        open = next
            .into_iter()
            .filter(|path| found.insert(path.clone()))
            .collect();
    }
    found
}

/// Relative paths after `"extends"` in a file of JSON with comments. Reading a little too much does no harm
/// here.
fn extends_of(path: &Path) -> Vec<PathBuf> {
    let Ok(text) = fs_err::read_to_string(path) else {
        return Vec::new();
    };
    let Some((_, after)) = text.split_once("\"extends\"") else {
        return Vec::new();
    };
    let value = after.trim_start_matches([':', ' ', '\t', '\n', '\r']);
    let end = if value.starts_with('[') {
        value.find(']')
    } else {
        value.match_indices('"').nth(1).map(|(at, _)| at)
    };
    let folder = path.parent().unwrap_or(Path::new("/"));
    value[..end.unwrap_or(value.len())]
        .split('"')
        .filter(|text| text.starts_with('.') || text.starts_with('/'))
        .map(|text| normalized(&folder.join(text)))
        .map(|target| {
            if target.extension().is_some() {
                target
            } else {
                target.with_extension("json")
            }
        })
        .collect()
}
