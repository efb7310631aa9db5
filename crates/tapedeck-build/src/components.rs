//! What is in a layer, found by looking at its files: packages of npm, Python, Maven, Go modules and packages of the
//! distribution. So it is true of images from elsewhere, too.

mod distribution;
mod go;
mod java;
mod npm;
mod python;

use std::path::Path;

use ignore::WalkBuilder;
use tapedeck_image::{Component, Digest, Store, StoreError};

/// The components of unpacked layers, top first. What was found in a layer is kept and not looked for again.
///
/// A list of a distribution's packages is a whole one, so that only the topmost counts. Whatever else a layer brings is
/// in the image even if a layer above hides it.
pub(crate) fn of_layers<'a>(
    store: &Store,
    layers: impl IntoIterator<Item = &'a Path>,
) -> Result<Vec<Component>, StoreError> {
    let mut all: Vec<Component> = Vec::new();
    for folder in layers {
        let found = of_layer(store, folder)?;
        let is_listed = |kind: &str| all.iter().any(|component| component.purl.starts_with(kind));
        let hidden: Vec<&str> = distribution::KINDS
            .into_iter()
            .filter(|kind| is_listed(kind))
            .collect();
        all.extend(
            found
                .into_iter()
                .filter(|component| !hidden.iter().any(|kind| component.purl.starts_with(kind))),
        );
    }
    Ok(all)
}

/// What is in a base and in the layers above it, which perhaps have a whole list of the distribution's packages. Of a
/// package in both, what is known of the base says more.
pub(crate) fn joined(mut base: Vec<Component>, mut above: Vec<Component>) -> Vec<Component> {
    for kind in distribution::KINDS {
        let is_of = |component: &Component| component.purl.starts_with(kind);
        if !above.iter().any(is_of) {
            continue;
        }
        let is_in = |all: &[Component], wanted: &Component| {
            let is_same = |other: &Component| other.name == wanted.name && other.version == wanted.version;
            all.iter().any(|other| is_of(other) && is_same(other))
        };
        base.retain(|component| !is_of(component) || is_in(&above, component));
        above.retain(|component| !is_of(component) || !is_in(&base, component));
    }
    base.extend(above);
    base
}

fn of_layer(store: &Store, folder: &Path) -> Result<Vec<Component>, StoreError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let Some(diff_id) = Digest::from_hex(&name) else {
        return Ok(found_in(folder));
    };
    if let Some(known) = store.components_of_layer(&diff_id)? {
        return Ok(known);
    }
    let found = found_in(folder);
    store.put_components_of_layer(&diff_id, &found)?;
    Ok(found)
}

/// What a folder has. A file that cannot be read as what its name says is none.
fn found_in(folder: &Path) -> Vec<Component> {
    let mut found = Vec::new();
    let walk = WalkBuilder::new(folder)
        .standard_filters(false)
        .follow_links(false)
        .build();
    for entry in walk.filter_map(Result::ok) {
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        let Ok(below) = path.strip_prefix(folder) else {
            continue;
        };
        let name = entry.file_name().to_string_lossy();
        match name.as_ref() {
            "package.json" => found.extend(npm::of_manifest(path, below)),
            "METADATA" => found.extend(python::of_metadata(path, below)),
            _ if name.ends_with(".jar") => found.extend(java::of_jar(path)),
            _ if distribution::is_list(below) => found.extend(distribution::of_list(folder, below)),
            _ => found.extend(go::of_program(path)),
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests;
