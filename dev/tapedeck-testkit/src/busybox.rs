//! The smallest image there is: one static program that is a shell and the usual commands.

use std::path::PathBuf;
use std::process::Command;

use tapedeck_image::{Entry, Layer, Store};

use crate::needs::find;

/// A `busybox` that needs no libraries, if this machine has one: a container of it has none.
#[must_use]
pub fn busybox() -> Option<PathBuf> {
    let path = find("busybox")?;
    let bytes = fs_err::read(&path).ok()?;
    let interpreter = b"/ld-linux";
    let dynamic = bytes[..bytes.len().min(4096)]
        .windows(interpreter.len())
        .any(|part| part == interpreter);
    (!dynamic).then_some(path)
}

/// A layer with `busybox` in `/bin`, a link for each of its commands, and what programs expect of a root folder.
///
/// # Panics
/// When this machine has no static `busybox`, or the store cannot be written.
#[must_use]
pub fn busybox_layer(store: &Store) -> Layer {
    let busybox = busybox().expect("tests of containers ask `missing` first");
    let listed = Command::new(&busybox)
        .arg("--list")
        .output()
        .expect("busybox lists its commands");
    let commands = String::from_utf8(listed.stdout).expect("names of commands are ASCII");
    let links = commands
        .lines()
        .filter(|name| *name != "busybox")
        .map(|name| Entry::symlink(format!("bin/{name}"), "busybox"));
    let fixed = [
        Entry::copy("bin/busybox", &busybox).executable(),
        Entry::directory("tmp").with_mode(0o1777),
        Entry::directory("etc"),
        Entry::file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n".as_slice()),
    ];
    store
        .put_layer(fixed.into_iter().chain(links))
        .expect("the layer can be written")
}
