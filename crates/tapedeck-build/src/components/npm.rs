//! Packages of npm: each has a folder of its own in a `node_modules`.

use std::path::Path;

use serde::Deserialize;
use tapedeck_image::Component;

#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
}

/// The package whose `package.json` this is. Packages keep such files in inner folders, too, for other purposes.
pub(super) fn of_manifest(path: &Path, below: &Path) -> Option<Component> {
    let folder = below.parent()?;
    let parent = folder.parent()?;
    let scope = parent.file_name()?.to_string_lossy();
    let modules = if scope.starts_with('@') {
        parent.parent()?
    } else {
        parent
    };
    if modules.file_name()? != "node_modules" {
        return None;
    }
    let manifest: Manifest = serde_json::from_slice(&fs_err::read(path).ok()?).ok()?;
    Some(Component::new("npm", &manifest.name, &manifest.version))
}
