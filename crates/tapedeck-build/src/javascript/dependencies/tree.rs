//! Copying folders of packages as entries of a layer.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_image::Entry;

use crate::BuildError;
use crate::layers::owned;
use crate::path::{normalized, relative_to};

/// A folder that goes into the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) source: PathBuf,
    /// Path in the image, without the first `/`.
    pub(super) destination: PathBuf,
}

/// What a copied tree leaves out.
pub(super) enum Excluding<'a> {
    /// Packages inside a package: they are selected one by one.
    NestedModules,
    /// Links that lead out of the given roots: packages of the project itself, which are bundled.
    LinksOutOf(&'a [(PathBuf, PathBuf)]),
}

pub(super) fn add_tree(
    place: &Place,
    excluding: &Excluding<'_>,
    entries: &mut Vec<Entry>,
) -> Result<(), BuildError> {
    let read = BuildError::file("read node_modules");
    for item in fs::read_dir(&place.source).map_err(&read)? {
        let item = item.map_err(&read)?;
        let kind = item.file_type().map_err(&read)?;
        let inner = Place {
            source: item.path(),
            destination: place.destination.join(item.file_name()),
        };
        if kind.is_dir() {
            if matches!(excluding, Excluding::NestedModules) && item.file_name() == "node_modules" {
                continue;
            }
            entries.push(owned(Entry::directory(&inner.destination)));
            add_tree(&inner, excluding, entries)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(&inner.source).map_err(&read)?;
            let target = match excluding {
                Excluding::NestedModules => Some(target),
                Excluding::LinksOutOf(roots) => moved_link(&inner, &target, roots),
            };
            entries.extend(target.map(|target| owned(Entry::symlink(&inner.destination, target))));
        } else if kind.is_file() {
            let mode = item.metadata().map_err(&read)?.permissions().mode();
            let copy = owned(Entry::copy(&inner.destination, &inner.source));
            entries.push(copy.executable_if(mode & 0o111 != 0));
        }
    }
    Ok(())
}

/// The target that a link has in the image, or None when what it leads to is not there.
fn moved_link(link: &Place, target: &Path, roots: &[(PathBuf, PathBuf)]) -> Option<PathBuf> {
    let leads_to = normalized(&link.source.parent()?.join(target));
    let (root, destination) = roots.iter().find(|(root, _)| leads_to.starts_with(root))?;
    if link.source.starts_with(root) && target.is_relative() {
        return Some(target.to_owned());
    }
    let leads_to = destination.join(leads_to.strip_prefix(root).ok()?);
    Some(relative_to(&leads_to, link.destination.parent()?).into())
}

/// Names of the packages in a `node_modules` folder that are not links to the project's own packages.
pub(super) fn names_in(modules: &Path, roots: &[(PathBuf, PathBuf)]) -> Result<Vec<String>, BuildError> {
    let read = BuildError::file("read node_modules");
    let mut names = Vec::new();
    for item in fs::read_dir(modules).map_err(&read)? {
        let name = item.map_err(&read)?.file_name().to_string_lossy().into_owned();
        if name.starts_with('@') {
            for inner in fs::read_dir(modules.join(&name)).map_err(&read)? {
                names.push(format!(
                    "{name}/{}",
                    inner.map_err(&read)?.file_name().to_string_lossy()
                ));
            }
        } else if !name.starts_with('.') {
            names.push(name);
        }
    }
    let leads_out = |name: &String| {
        let link = Place {
            source: modules.join(name),
            destination: PathBuf::from(name),
        };
        fs::read_link(&link.source).is_ok_and(|target| moved_link(&link, &target, roots).is_none())
    };
    names.retain(|name| !leads_out(name));
    Ok(names)
}
