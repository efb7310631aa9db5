//! The root file system of a task: its layers and its writable part as one overlay, and the files in it that are
//! different for each task.

use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use rustix::fs::{Mode, OFlags, ResolveFlags, mkdirat, openat2};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};
use rustix::process::{chdir, getcwd};

use super::create::mount_scratch;
use crate::definition::{TaskDefinition, TaskDirectory};
use crate::{network, storage};

/// Opening a folder to look up names below it.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Mounts the overlay at `rootfs` in the bundle, which becomes a memory file system.
///
/// What is different for each task is its own topmost layer, in that memory: nothing has to be copied up for it, nothing
/// written to disk, and whatever the image has in these places (a link, often) is hidden, not followed.
pub(super) fn prepare(
    definition: &TaskDefinition,
    directory: TaskDirectory<'_>,
    disk: Option<&OwnedFd>,
) -> io::Result<()> {
    let bundle = directory.bundle();
    fs::create_dir_all(&bundle)?;
    mount_scratch(&bundle)?;
    let writable = writable_folders(directory, disk)?;
    let rootfs = bundle.join("rootfs");
    fs::create_dir(&rootfs)?;
    write_own_layer(definition, &bundle.join("own"))?;
    mount_overlay(definition, &bundle, &writable)?;
    let root: OwnedFd = fs::File::open(&rootfs)?.into_parts().0.into();
    ensure_folder(&root, &definition.process.working_directory)
}

/// Where what the task writes goes, and scratch space beside it: on its disk, or in its folder when it has none.
fn writable_folders(directory: TaskDirectory<'_>, disk: Option<&OwnedFd>) -> io::Result<[PathBuf; 2]> {
    let Some(disk) = disk else {
        let folders = [directory.upper(), directory.work()];
        folders.iter().try_for_each(fs::create_dir_all)?;
        return Ok(folders);
    };
    let mount_point = directory.bundle().join("disk");
    fs::create_dir(&mount_point)?;
    storage::place(disk, &mount_point, directory.0.file_name().unwrap_or_default())
}

/// The topmost layer: the files of `/etc` that describe the task. The folder looks as it does in the image.
fn write_own_layer(definition: &TaskDefinition, own: &Path) -> io::Result<()> {
    let etc = own.join("etc");
    fs::create_dir_all(&etc)?;
    let as_in_image = definition
        .layers
        .iter()
        .find_map(|layer| fs::symlink_metadata(layer.join("etc")).ok());
    if let Some(found) = as_in_image.filter(std::fs::Metadata::is_dir) {
        std::os::unix::fs::chown(&etc, Some(found.uid()), Some(found.gid()))?;
        fs::set_permissions(&etc, found.permissions())?;
    }
    let hosts = network::hosts_file(
        &definition.hostname,
        definition.network.address,
        &definition.hosts,
    );
    fs::write(etc.join("hosts"), hosts)?;
    fs::write(etc.join("hostname"), format!("{}\n", definition.hostname))?;
    fs::write(etc.join("resolv.conf"), &definition.resolv_conf)
}

/// The options of the mount have room for a page of text, and `:` and `,` mean something in it. So the layers are named
/// by short links from here.
fn mount_overlay(definition: &TaskDefinition, bundle: &Path, [upper, work]: &[PathBuf; 2]) -> io::Result<()> {
    let before = getcwd(Vec::new())?;
    for (index, layer) in definition.layers.iter().enumerate() {
        symlink(layer, bundle.join(index.to_string()))?;
    }
    symlink(upper, bundle.join("u"))?;
    symlink(work, bundle.join("w"))?;
    let layers: Vec<String> = (0..definition.layers.len())
        .map(|index| index.to_string())
        .collect();
    let options = format!("lowerdir=own:{},upperdir=u,workdir=w", layers.join(":"));

    chdir(bundle)?;
    // What the task writes goes away with it, so nothing need ever be forced to disk for its sake. All files shall seem
    // to be on one device, although the own layer is on another. What an errand writes becomes a layer: there whole
    // files and folders are wanted, and no marks that only this kernel understands.
    let plain = match definition.errand {
        Some(_) => ",redirect_dir=off,metacopy=off,index=off",
        None => "",
    };
    let options = format!("{options}{plain}");
    let mounted = overlay(&format!("{options},xino=on,volatile")).or_else(|error| match error {
        Errno::INVAL => overlay(&options),
        other => Err(other),
    });
    let returned = chdir(&*before);
    mounted.map_err(|error| {
        let count = definition.layers.len();
        io::Error::new(
            io::Error::from(error).kind(),
            format!("mount {count} layers as an overlay: {error}"),
        )
    })?;
    returned?;
    Ok(())
}

/// Device files of an image must not work: only those the runtime itself puts into `/dev` do.
fn overlay(options: &str) -> Result<(), Errno> {
    let options = CString::new(options).map_err(|_| Errno::INVAL)?;
    mount(
        "overlay",
        "rootfs",
        "overlay",
        MountFlags::NODEV,
        Some(options.as_c_str()),
    )
}

/// Makes what is missing of a folder of the container. Links are followed as they would be inside: none leads out.
fn ensure_folder(root: &OwnedFd, path: &Path) -> io::Result<()> {
    let mut folder = openat2(root, ".", FOLDER, Mode::empty(), ResolveFlags::IN_ROOT)?;
    let mut reached = PathBuf::new();
    for part in path.components() {
        let Component::Normal(name) = part else { continue };
        reached.push(name);
        folder = match openat2(root, &reached, FOLDER, Mode::empty(), ResolveFlags::IN_ROOT) {
            Err(Errno::NOENT) => {
                mkdirat(&folder, name, Mode::from_raw_mode(0o755))?;
                openat2(root, &reached, FOLDER, Mode::empty(), ResolveFlags::IN_ROOT)?
            }
            other => other?,
        };
    }
    Ok(())
}
