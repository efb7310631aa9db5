//! The layer of dependencies: what an application needs of `node_modules`, and nothing that only development
//! needs.
//!
//! A package keeps its place relative to the application, so that Node resolves in the image as it does in
//! the project: the project's own `node_modules` goes to `/app/node_modules`, that of a workspace above it to
//! `/node_modules`.

mod production;
mod tree;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use tapedeck_image::Entry;

use super::install::NPM_RECORD;
use super::lock::{InstalledPackages, Selection, join};
use super::package_manager::{ChosenPackageManager, PackageManager};
use super::prisma;
use super::project::Project;
use crate::BuildError;
use crate::layers::{owned, sort};
use crate::request::Workshop;
use crate::stamp::{Stamp, hash};
use production::production_folder;
use tree::{Excluding, Place, add_tree, names_in};

/// What the last build found out about dependencies. Good as long as `quick` is what [`quick_key`] gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DependencyMemory {
    pub(crate) quick: String,
    /// Packages that the application finds outside of its bundle.
    pub(crate) external: Vec<String>,
    /// Key of the layer. None: nothing is needed, so there is no layer.
    pub(crate) layer_key: Option<String>,
}

/// The dependencies of an application, ready to become a layer.
#[derive(Debug)]
pub(crate) struct Dependencies {
    pub(crate) external: Vec<String>,
    pub(crate) entries: Vec<Entry>,
}

/// What decides about dependencies, read without looking at each file: metadata of the folders, the record of
/// the package manager, and what `package.json` wants.
pub(crate) fn quick_key(project: &Project, salt: &str) -> Result<String, BuildError> {
    let mut text = format!("{salt}{:?}", project.manifest.wanted());
    for path in marker_paths(project) {
        let stamp = Stamp::of(&path).map_err(BuildError::file("look at node_modules"))?;
        text.push_str(&format!("{}{stamp:?}", path.display()));
    }
    Ok(hash(text.as_bytes()))
}

/// Files and folders that change whenever packages are installed.
pub(crate) fn marker_paths(project: &Project) -> Vec<PathBuf> {
    let modules = project.workspace.join("node_modules");
    let mut paths: Vec<PathBuf> = [
        ".package-lock.json",
        ".modules.yaml",
        ".yarn-integrity",
        ".yarn-state.yml",
    ]
    .map(|name| modules.join(name))
    .to_vec();
    paths.push(modules);
    if project.is_in_workspace() {
        paths.push(project.root.join("node_modules"));
    }
    paths.extend(project.lock.as_ref().map(|lock| lock.path.clone()));
    // Generating writes it anew.
    paths.extend(prisma::generated(project).map(|folder| folder.join("client/index.js")));
    paths
}

/// Finds everything the application needs.
pub(crate) fn collect(
    project: &Project,
    manager: &ChosenPackageManager,
    excluded: &[String],
    workshop: &mut Workshop<'_>,
) -> Result<Dependencies, BuildError> {
    let mut found = collect_packages(project, manager, excluded, workshop)?;
    prisma::keep_engines(&mut found.entries, |entry| &entry.path, workshop.platform)?;
    Ok(found)
}

fn collect_packages(
    project: &Project,
    manager: &ChosenPackageManager,
    excluded: &[String],
    workshop: &mut Workshop<'_>,
) -> Result<Dependencies, BuildError> {
    let record = project.workspace.join(NPM_RECORD);
    if manager.manager == PackageManager::Npm && record.is_file() {
        return collect_selected(project, &record, excluded);
    }
    match production_folder(project, manager, workshop)? {
        Some(folder) => {
            workshop.progress.step("packing the production dependencies");
            let modules = folder.join("node_modules");
            let mut found = collect_whole(&[(modules.clone(), PathBuf::from("app/node_modules"))], excluded)?;
            let own = prisma::modules_beside(&modules).and_then(|beside| {
                Some(
                    Path::new("app/node_modules")
                        .join(beside.strip_prefix(fs::canonicalize(&modules).ok()?).ok()?),
                )
            });
            if let Some(destination) = own {
                add_generated(project, destination.join(".prisma"), &mut found)?;
            }
            Ok(found)
        }
        None => {
            workshop
                .progress
                .step("packing the whole of node_modules, development dependencies included");
            let mut roots = vec![(
                project.root.join("node_modules"),
                PathBuf::from("app/node_modules"),
            )];
            if project.is_in_workspace() {
                roots.push((
                    project.workspace.join("node_modules"),
                    PathBuf::from("node_modules"),
                ));
            }
            collect_whole(&roots, excluded)
        }
    }
}

fn collect_selected(
    project: &Project,
    record: &Path,
    excluded: &[String],
) -> Result<Dependencies, BuildError> {
    let text = fs::read_to_string(record).map_err(BuildError::file("read npm's record of node_modules"))?;
    let installed = InstalledPackages::parse(&text).map_err(|source| BuildError::InvalidFile {
        path: record.to_owned(),
        expected: "npm's record of node_modules",
        source,
    })?;
    let place = project.place_in_workspace();
    let mut selection = installed.needed_by(&place, &project.manifest);
    selection.packages.retain(|folder| {
        !excluded
            .iter()
            .any(|name| folder.ends_with(&join("node_modules", name)))
    });
    let external = external_names(project, &selection, excluded);
    let mut entries = Vec::new();
    for folder in &selection.packages {
        // What belongs to the project's other packages is bundled together with them.
        let Some(destination) = destination_of(folder, &place) else {
            continue;
        };
        let package = Place {
            source: project.workspace.join(folder),
            destination,
        };
        // An optional package may be meant for another platform.
        if package.source.is_dir() {
            add_tree(&package, &Excluding::NestedModules, &mut entries)?;
        }
    }
    add_programs(project, &selection, &place, &mut entries)?;
    sort(&mut entries);
    let mut found = Dependencies { external, entries };
    let generated = prisma::generated(project);
    let folder = generated.and_then(|folder| Some(folder.strip_prefix(&project.workspace).ok()?.to_owned()));
    if let Some(destination) = folder.and_then(|folder| destination_of(&folder.to_string_lossy(), &place)) {
        add_generated(project, destination, &mut found)?;
    }
    Ok(found)
}

/// Adds Prisma's client, which is generated beside the packages and is none itself.
fn add_generated(
    project: &Project,
    destination: PathBuf,
    found: &mut Dependencies,
) -> Result<(), BuildError> {
    let Some(source) = prisma::generated(project) else {
        return Ok(());
    };
    // An installation may have made one that only says that it is not generated yet.
    found
        .entries
        .retain(|entry| !entry.path.starts_with(&destination));
    found.entries.push(owned(Entry::directory(&destination)));
    let place = Place { source, destination };
    add_tree(&place, &Excluding::NestedModules, &mut found.entries)?;
    sort(&mut found.entries);
    found.external.push(".prisma".to_owned());
    Ok(())
}

/// Packages that the bundle leaves outside. When one of the project's own packages has its own version of a
/// package, that name is not left outside: both versions are bundled, each where it belongs.
fn external_names(project: &Project, selection: &Selection, excluded: &[String]) -> Vec<String> {
    let place = project.place_in_workspace();
    let mut names: BTreeSet<&str> = selection.names_in("").chain(selection.names_in(&place)).collect();
    for linked in &selection.linked {
        for name in selection.names_in(linked) {
            names.remove(name);
        }
    }
    names.extend(excluded.iter().map(String::as_str));
    names.into_iter().map(str::to_owned).collect()
}

/// Where a package goes, or None when it belongs to another package of the workspace.
fn destination_of(folder: &str, place: &str) -> Option<PathBuf> {
    if place.is_empty() {
        return folder
            .starts_with("node_modules/")
            .then(|| Path::new("app").join(folder));
    }
    if folder.starts_with("node_modules/") {
        return Some(PathBuf::from(folder));
    }
    let own = folder.strip_prefix(place)?.strip_prefix('/')?;
    own.starts_with("node_modules/")
        .then(|| Path::new("app").join(own))
}

/// Adds the links in `.bin` that lead to selected packages.
fn add_programs(
    project: &Project,
    selection: &Selection,
    place: &str,
    entries: &mut Vec<Entry>,
) -> Result<(), BuildError> {
    let read = BuildError::file("read node_modules/.bin");
    let places: BTreeSet<&str> = ["", place].into();
    for here in places {
        let modules = join(here, "node_modules");
        let folder = project.workspace.join(&modules).join(".bin");
        let Some(destination) = destination_of(&join(&modules, ".bin"), place) else {
            continue;
        };
        if !folder.is_dir() {
            continue;
        }
        for link in fs::read_dir(&folder).map_err(&read)? {
            let link = link.map_err(&read)?;
            let Ok(target) = fs::read_link(link.path()) else {
                continue;
            };
            let owner = target.strip_prefix("..").ok().map(package_name);
            let is_selected = owner.is_some_and(|name| selection.packages.contains(&join(&modules, &name)));
            if is_selected {
                entries.push(owned(Entry::symlink(destination.join(link.file_name()), target)));
            }
        }
    }
    Ok(())
}

/// The package at the beginning of a path below `node_modules`: one part, or two when it has a scope.
fn package_name(path: &Path) -> String {
    let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    let first = parts.next().unwrap_or_default();
    if first.starts_with('@') {
        format!("{first}/{}", parts.next().unwrap_or_default())
    } else {
        first.into_owned()
    }
}

fn collect_whole(roots: &[(PathBuf, PathBuf)], excluded: &[String]) -> Result<Dependencies, BuildError> {
    let mut entries = Vec::new();
    let mut external: BTreeSet<String> = excluded.iter().cloned().collect();
    for (source, destination) in roots.iter().filter(|(source, _)| source.is_dir()) {
        external.extend(names_in(source, roots)?);
        let place = Place {
            source: source.clone(),
            destination: destination.clone(),
        };
        add_tree(&place, &Excluding::LinksOutOf(roots), &mut entries)?;
    }
    let is_excluded = |entry: &Entry| {
        excluded.iter().any(|name| {
            roots
                .iter()
                .any(|(_, root)| entry.path.starts_with(root.join(name)))
        })
    };
    entries.retain(|entry| !is_excluded(entry));
    sort(&mut entries);
    Ok(Dependencies {
        external: external.into_iter().collect(),
        entries,
    })
}
