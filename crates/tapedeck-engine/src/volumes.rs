//! Folders of services that outlive their tasks.
//!
//! They lie below the state folder and belong to the user of the container. When somebody deletes a stack they go with it;
//! those of a service that a deployment leaves out stay, and it finds them when it comes back.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use tapedeck_api::Home;
use tapedeck_model::{ContainerSpec, StackName};
use tapedeck_runtime::{FolderMount, TaskProcess};

use crate::fleet::ServiceKey;
use crate::main_loop::Engine;

/// How the names of folders begin that nobody needs any more. No stack is called so.
const GARBAGE: &str = ".garbage-";

/// Makes the volumes of a container that are not there yet, and says where they are mounted.
pub(crate) fn ready(
    home: &Home,
    key: &ServiceKey,
    container: &ContainerSpec,
    process: &TaskProcess,
) -> Result<Vec<FolderMount>, String> {
    let mounts = container.mount_points.iter().map(|point| {
        let source = home.volume(&key.stack, &key.name, &point.volume);
        make(&source, process)
            .map_err(|error| format!("could not make the volume {}: {error}", point.volume))?;
        Ok(FolderMount {
            source,
            target: point.container_path.clone().into(),
            read_only: false,
        })
    });
    mounts.collect()
}

/// A folder that is there keeps what is in it, whoever that belongs to.
fn make(folder: &Path, process: &TaskProcess) -> io::Result<()> {
    if folder.exists() {
        return Ok(());
    }
    // Renamed once it belongs to whom it should, so that no crash leaves it to another.
    let unfinished = folder.with_extension("new");
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&unfinished)?;
    std::os::unix::fs::chown(&unfinished, Some(process.uid), Some(process.gid))?;
    fs_err::rename(&unfinished, folder)
}

impl Engine {
    /// Sets the volumes of a stack aside: what is deployed under its name from now on gets new ones. They are removed when
    /// no task is left that uses them.
    pub(crate) fn set_volumes_aside(&self, stack: &StackName) -> io::Result<()> {
        let folder = self.host.home.stack_volumes(stack);
        if !folder.exists() {
            return Ok(());
        }
        let aside = (0..u32::MAX).map(|number| self.host.home.volumes_aside(stack, number));
        match aside.into_iter().find(|aside| !aside.exists()) {
            Some(aside) => fs_err::rename(&folder, aside),
            None => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    /// Removes what was set aside of stacks of which nothing is left: in the background, since there may be much in it.
    pub(crate) fn remove_volumes_aside(&self) {
        let home = &self.host.home;
        let Ok(folders) = fs_err::read_dir(home.volumes()) else {
            return;
        };
        let mut garbage = Vec::new();
        for folder in folders.flatten() {
            let name = folder.file_name();
            let owner = Home::owner_of_volumes_aside(&name.to_string_lossy());
            if name.to_string_lossy().starts_with(GARBAGE) {
                garbage.push(folder.path());
            } else if owner.is_some_and(|stack| self.fleet.of_stack(&stack).next().is_none()) {
                // Under a name that no stack has again, so that whoever is slow to remove it removes nothing else.
                let mut names = (0..u32::MAX).map(|number| home.volumes().join(format!("{GARBAGE}{number}")));
                if let Some(unused) = names.find(|name| !name.exists())
                    && fs_err::rename(folder.path(), &unused).is_ok()
                {
                    garbage.push(unused);
                }
            }
        }
        if !garbage.is_empty() {
            // What cannot be removed now is tried again with the next stack that goes, and by the next engine.
            tokio::task::spawn_blocking(move || {
                for folder in garbage {
                    let _ = fs_err::remove_dir_all(folder);
                }
            });
        }
    }
}
