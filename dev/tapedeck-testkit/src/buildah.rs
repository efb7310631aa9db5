//! A `buildah` that keeps what it builds to itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::needs::find;

/// A folder for `PATH` below `folder`, with a `buildah` whose images are in `folder`, too, and nothing else. None, and a word
/// on standard error, where the program is not installed or this is not root.
///
/// # Panics
/// When the folder cannot be written.
#[must_use]
#[expect(clippy::print_stderr, reason = "skipping must be seen")]
pub fn buildah_in(folder: &Path) -> Option<PathBuf> {
    let Some(program) = find("buildah").filter(|_| rustix::process::geteuid().is_root()) else {
        eprintln!("SKIPPED: needs root and the program buildah; dev/setup.sh installs it");
        return None;
    };
    let (bin, images, draft) = (
        folder.join("bin"),
        folder.join("buildah"),
        folder.join("buildah.draft"),
    );
    fs_err::create_dir_all(&bin).expect("our own folder can be written");
    let script = format!(
        "#!/bin/sh\nif [ -e {registries} ]; then export CONTAINERS_REGISTRIES_CONF={registries}; fi\n\
         exec {} --storage-driver vfs --root {images}/root --runroot {images}/run \"$@\"\n",
        program.display(),
        registries = registries(folder).display(),
        images = images.display(),
    );
    fs_err::write(&draft, script).expect("our own folder can be written");
    // By another process: a program cannot be started while a thread of this one has it open for writing.
    let made = Command::new("install")
        .args(["-m", "755"])
        .args([&draft, &bin.join("buildah")])
        .status();
    assert!(made.is_ok_and(|status| status.success()), "install works");
    Some(bin)
}

/// Lets the `buildah` in a folder pull from this registry, although that speaks no TLS.
///
/// # Panics
/// When the folder cannot be written.
pub fn let_buildah_pull_from(host: &str, folder: &Path) {
    let text = format!("[[registry]]\nlocation = \"{host}\"\ninsecure = true\n");
    fs_err::write(registries(folder), text).expect("our own folder can be written");
}

fn registries(folder: &Path) -> PathBuf {
    folder.join("registries.conf")
}
