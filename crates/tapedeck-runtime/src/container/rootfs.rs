//! The root file system of a task: its layers and its writable part as one overlay, and the files in it that are
//! different for each task.

use std::ffi::{CString, OsStr};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Component, Path};

use fs_err as fs;
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, mkdirat, openat2, unlinkat};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};
use rustix::process::{chdir, getcwd};

use super::create::mount_scratch;
use crate::definition::{TaskDefinition, TaskDirectory};
use crate::network;

/// Opening a folder to look up names below it.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Mounts the overlay at `rootfs` in the bundle, which becomes a memory file system, and fills in the files of the task.
pub(super) fn prepare(definition: &TaskDefinition, directory: TaskDirectory<'_>) -> io::Result<()> {
    let bundle = directory.bundle();
    for folder in [directory.upper(), directory.work(), bundle.clone()] {
        fs::create_dir_all(folder)?;
    }
    mount_scratch(&bundle)?;
    let rootfs = bundle.join("rootfs");
    fs::create_dir(&rootfs)?;
    mount_overlay(definition, directory)?;

    let root: OwnedFd = fs::File::open(&rootfs)?.into_parts().0.into();
    let hosts = network::hosts_file(&definition.hostname, definition.network.address);
    let etc = ensure_folder(&root, Path::new("/etc"))?;
    replace(&etc, "hosts", &hosts)?;
    replace(&etc, "hostname", &format!("{}\n", definition.hostname))?;
    replace(&etc, "resolv.conf", &definition.resolv_conf)?;
    ensure_folder(&root, &definition.process.working_directory)?;
    Ok(())
}

/// The options of the mount have room for a page of text, and `:` and `,` mean something in it. So the layers are named
/// by short links from here.
fn mount_overlay(definition: &TaskDefinition, directory: TaskDirectory<'_>) -> io::Result<()> {
    let before = getcwd(Vec::new())?;
    let bundle = directory.bundle();
    for (index, layer) in definition.layers.iter().enumerate() {
        symlink(layer, bundle.join(index.to_string()))?;
    }
    symlink(directory.upper(), bundle.join("u"))?;
    symlink(directory.work(), bundle.join("w"))?;
    let layers: Vec<String> = (0..definition.layers.len()).map(|index| index.to_string()).collect();
    let options = format!("lowerdir={},upperdir=u,workdir=w", layers.join(":"));

    chdir(&bundle)?;
    // What the task writes goes away with it, so nothing need ever be forced to disk for its sake.
    let mounted = overlay(&format!("{options},volatile")).or_else(|error| match error {
        Errno::INVAL => overlay(&options),
        other => Err(other),
    });
    let returned = chdir(&*before);
    mounted.map_err(|error| {
        let count = definition.layers.len();
        io::Error::new(io::Error::from(error).kind(), format!("mount {count} layers as an overlay: {error}"))
    })?;
    returned?;
    Ok(())
}

/// Device files of an image must not work: only those the runtime itself puts into `/dev` do.
fn overlay(options: &str) -> Result<(), Errno> {
    let options = CString::new(options).map_err(|_| Errno::INVAL)?;
    mount("overlay", "rootfs", "overlay", MountFlags::NODEV, Some(options.as_c_str()))
}

/// Opens a folder of the container, making what is missing of it. Links are followed as they would be inside: none
/// leads out.
fn ensure_folder(root: &OwnedFd, path: &Path) -> io::Result<OwnedFd> {
    let mut folder = openat2(root, ".", FOLDER, Mode::empty(), ResolveFlags::IN_ROOT)?;
    let mut reached = std::path::PathBuf::new();
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
    Ok(folder)
}

/// Writes a file, in place of whatever the image has there: a link is replaced, not followed.
fn replace(folder: impl AsFd, name: &str, text: &str) -> io::Result<()> {
    match unlinkat(&folder, OsStr::new(name), AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&folder, name, flags, Mode::from_raw_mode(0o644))?;
    std::fs::File::from(file).write_all(text.as_bytes())
}
