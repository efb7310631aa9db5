//! Removing what is left of a task, by its shim at the end or by the engine after a shim was killed.

use std::fmt;
use std::io;
use std::path::Path;

use fs_err as fs;

use crate::cgroup::{CgroupError, CgroupLayout, MOUNT_ROOT, MissingControllers};
use crate::definition::{SOCKET_NAME, TaskDefinition, TaskDirectory};
use crate::network::{self, NetworkError};
use crate::sides;

/// One thing that could not be removed.
#[derive(Debug, thiserror::Error)]
pub enum CleanupError {
    /// It is not known where the cgroups are.
    #[error(transparent)]
    Layout(#[from] MissingControllers),
    /// Processes, or the groups they were in.
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    /// The link to the bridge.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Files; the error names them.
    #[error("could not remove the files of a task")]
    Files(#[source] io::Error),
}

/// Everything that could not be removed, at least one thing.
#[derive(Debug)]
pub struct CleanupErrors(pub Vec<CleanupError>);

impl fmt::Display for CleanupErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("could not remove all of a task")?;
        for (index, error) in self.0.iter().enumerate() {
            out.write_str(if index == 0 { ": " } else { "; " })?;
            write!(out, "{error}")?;
            let mut cause = std::error::Error::source(error);
            while let Some(source) = cause {
                write!(out, ": {source}")?;
                cause = source.source();
            }
        }
        Ok(())
    }
}

impl std::error::Error for CleanupErrors {}

/// Removes what a task has used: kills its processes, then removes its cgroup, its link, what it wrote, and the socket
/// of its shim. Its folder stays, with its definition, its exit and `shim.log`, and so does its log folder.
///
/// For when its shim is gone, in whatever way. Does no harm where there is nothing (left), so it can be repeated; a
/// step that fails does not keep the others from being tried.
///
/// # Errors
/// [`CleanupErrors`] with all that failed.
pub fn cleanup(task_directory: &Path, definition: &TaskDefinition) -> Result<(), CleanupErrors> {
    let mut errors = Vec::new();
    match CgroupLayout::detect(MOUNT_ROOT.as_ref()) {
        Ok(layout) => remove_resources(task_directory, definition, &layout, &mut errors),
        Err(error) => errors.push(error.into()),
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(CleanupErrors(errors))
    }
}

/// The same for a shim, which knows the layout.
pub(crate) fn remove_resources(
    task_directory: &Path,
    definition: &TaskDefinition,
    layout: &CgroupLayout,
    errors: &mut Vec<CleanupError>,
) {
    let cgroup = layout.task(&definition.cgroup);
    let removed = cgroup.and_then(|cgroup| cgroup.kill_all().and_then(|()| cgroup.remove()));
    errors.extend(removed.err().map(CleanupError::from));
    errors.extend(
        network::delete_interface(definition.id.as_str())
            .err()
            .map(CleanupError::from),
    );
    let directory = TaskDirectory(task_directory);
    for file in [task_directory.join(SOCKET_NAME), directory.disk()] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => errors.push(CleanupError::Files(error)),
            _ => {}
        }
    }
    if let Some(errand) = &definition.errand {
        errors.extend(network::remove(&errand.network).err().map(CleanupError::from));
    }
    // What an errand has changed is what somebody waits for.
    let upper = definition.errand.is_none().then(|| directory.upper());
    let sides = definition.sides.as_ref().map(|_| sides::folder(task_directory));
    let folders = upper.into_iter().chain(sides);
    for folder in folders.chain([directory.work(), directory.bundle()]) {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => errors.push(CleanupError::Files(error)),
            _ => {}
        }
    }
}
