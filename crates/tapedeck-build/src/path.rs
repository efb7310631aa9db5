//! Ways from one path to another. Nothing here but [`ancestors_in_repository`] looks at the disk.

use std::path::{Component, Path, PathBuf};

/// Removes `.` and `..` by name.
pub(crate) fn normalized(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

/// The way from `folder` to `path`, with `..` where needed. Both start at the same place.
pub(crate) fn relative_to(path: &Path, folder: &Path) -> String {
    let shared = path
        .components()
        .zip(folder.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = folder.components().skip(shared).map(|_| "..".to_owned());
    let down = path
        .components()
        .skip(shared)
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The folder itself and those above it, up to the one that holds `.git`.
pub(crate) fn ancestors_in_repository(folder: &Path) -> impl Iterator<Item = &Path> {
    let mut is_past_top = false;
    folder.ancestors().take_while(move |folder| {
        let is_inside = !is_past_top;
        is_past_top |= folder.join(".git").exists();
        is_inside
    })
}
