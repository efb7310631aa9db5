//! Which of the installed packages an application needs when it runs, read from npm's own record of what it
//! installed.
//!
//! npm keeps that record in `node_modules/.package-lock.json`, in the format of `package-lock.json`. The
//! choice is a walk from the application's dependencies along npm's rules of resolution; what only
//! development needs is never reached.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::manifest::Manifest;

/// npm's record, version 2 or 3.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct InstalledPackages {
    /// By folder, such as `node_modules/pino` or `packages/app/node_modules/pino`.
    #[serde(default)]
    packages: BTreeMap<String, InstalledPackage>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InstalledPackage {
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    link: bool,
    optional: bool,
    dev_optional: bool,
    dependencies: BTreeMap<String, String>,
    dev_dependencies: BTreeMap<String, String>,
    optional_dependencies: BTreeMap<String, String>,
    peer_dependencies: BTreeMap<String, String>,
}

/// What an application needs of a `node_modules` folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Folders of packages, relative to the workspace.
    pub(crate) packages: BTreeSet<String>,
    /// Folders of the project's own packages that it uses, relative to the workspace. They are bundled, not
    /// copied.
    pub(crate) linked: BTreeSet<String>,
}

impl InstalledPackages {
    /// Reads the text of a record.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Everything that the package in the folder `place` (empty: the root) needs when it runs.
    pub(crate) fn needed_by(&self, place: &str, manifest: &Manifest) -> Selection {
        let mut selection = Selection::default();
        let mut open: Vec<String> = manifest
            .production_names()
            .filter_map(|name| self.resolve(place, name))
            .collect();
        while let Some(folder) = open.pop() {
            let Some(package) = self.packages.get(&folder) else {
                continue;
            };
            let (folder, is_new) = if package.link {
                let target = package.resolved.clone().unwrap_or_default();
                (target.clone(), selection.linked.insert(target))
            } else {
                (folder.clone(), selection.packages.insert(folder))
            };
            if is_new {
                let package = self.packages.get(&folder).unwrap_or(package);
                open.extend(package.needs().filter_map(|name| self.resolve(&folder, name)));
            }
        }
        selection
    }

    /// The folder that Node would find for `name` from inside the folder `from`.
    fn resolve(&self, from: &str, name: &str) -> Option<String> {
        let mut here = Some(from);
        while let Some(folder) = here {
            let candidate = join(folder, &format!("node_modules/{name}"));
            if self.packages.contains_key(&candidate) {
                return Some(candidate);
            }
            here = if folder.is_empty() {
                None
            } else {
                Some(folder.rsplit_once('/').map_or("", |(above, _)| above))
            };
        }
        None
    }

    /// Whether this record of what is installed is what `lock` (a `package-lock.json`) asks for.
    pub(crate) fn satisfies(&self, lock: &Self) -> bool {
        let is_as_locked = |(folder, package): (&String, &InstalledPackage)| {
            lock.packages
                .get(folder)
                .is_some_and(|locked| locked.is_same_version(package))
        };
        let is_there = |(folder, package): (&String, &InstalledPackage)| {
            folder.is_empty()
                || package.optional
                || package.dev_optional
                || self.packages.contains_key(folder)
        };
        self.packages.iter().all(is_as_locked) && lock.packages.iter().all(is_there)
    }

    /// Whether the lock file was made for this `package.json`, which lies in the folder `place`.
    pub(crate) fn is_lock_of(&self, place: &str, manifest: &Manifest) -> bool {
        let Some(root) = self.packages.get(place) else {
            return false;
        };
        let empty = BTreeMap::new();
        [
            (&root.dependencies, &manifest.dependencies),
            (&root.dev_dependencies, &manifest.dev_dependencies),
            (&root.optional_dependencies, &manifest.optional_dependencies),
            (&root.peer_dependencies, &manifest.peer_dependencies),
        ]
        .into_iter()
        .all(|(locked, wanted)| locked == wanted.as_ref().unwrap_or(&empty))
    }
}

impl InstalledPackage {
    fn needs(&self) -> impl Iterator<Item = &str> {
        [
            &self.dependencies,
            &self.optional_dependencies,
            &self.peer_dependencies,
        ]
        .into_iter()
        .flat_map(|section| section.keys().map(String::as_str))
    }

    fn is_same_version(&self, other: &Self) -> bool {
        self.version == other.version && self.integrity == other.integrity && self.link == other.link
    }
}

impl Selection {
    /// Names that resolve to a package in `<place>/node_modules`, for each of the given places.
    pub(crate) fn names_in<'a>(&'a self, place: &str) -> impl Iterator<Item = &'a str> {
        let prefix = join(place, "node_modules/");
        self.packages
            .iter()
            .filter_map(move |folder| folder.strip_prefix(&prefix))
            .filter(|rest| !rest.contains("/node_modules/"))
    }
}

/// Joins two relative paths with `/`; the first may be empty.
pub(crate) fn join(place: &str, rest: &str) -> String {
    if place.is_empty() {
        rest.to_owned()
    } else {
        format!("{place}/{rest}")
    }
}
