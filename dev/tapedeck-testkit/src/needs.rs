//! What a machine must have before containers can be tested on it.

use std::path::PathBuf;

use tapedeck_runtime::cgroup::check_controllers;

use crate::busybox::busybox;

/// Where programs are, also for users whose `PATH` lacks the administrator's folders; what is elsewhere is found by `PATH`.
const FOLDERS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// What this machine lacks for running containers, or one of these programs; none when all is there.
///
/// A test that gets an answer has to say so on standard error and to end.
#[must_use]
pub fn missing(programs: &[&str]) -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("root".to_owned());
    }
    if find("nft").is_none() {
        return Some("`nft` (package nftables)".to_owned());
    }
    if busybox().is_none() {
        return Some("a static `busybox` (package busybox-static)".to_owned());
    }
    if let Some(program) = programs.iter().find(|program| find(program).is_none()) {
        return Some(format!("`{program}`"));
    }
    check_controllers().err().map(|error| error.to_string())
}

/// Where a program is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = FOLDERS.iter().map(PathBuf::from);
    folders
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(program))
        .find(|path| path.exists())
}
