//! From the files of packages to a system that programs can start in: what maintainer scripts would have done.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::deb::Package;
use super::{NONROOT, alternatives};
use crate::{Contents, Entry, EntryKind};

/// Top-level folders that are links into `usr` since the distributions merged them.
const MERGED: [&str; 6] = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"];

/// Below `usr/share`: what only people at a terminal or compilers need.
const UNWANTED: [&str; 14] = [
    "bash-completion",
    "bug",
    "doc-base",
    "fish",
    "gcc",
    "gdb",
    "info",
    "lintian",
    "locale",
    "man",
    "menu",
    "perl5",
    "pixmaps",
    "zsh",
];

/// Commands that busybox brings where nothing else does.
const BUSYBOX: [&str; 22] = [
    "awk", "clear", "find", "free", "grep", "gzip", "hostname", "ip", "kill", "less", "nc", "netstat",
    "nslookup", "ping", "pidof", "ps", "sed", "tar", "top", "vi", "wget", "xargs",
];

/// Where scanners look for packages in images that were not installed by dpkg.
pub(super) const STATUS_FOLDER: &str = "var/lib/dpkg/status.d";

/// The init that needs no C library, beside [`super::INIT`].
const STATIC_INIT: &str = "tini-static";

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n\
                      nonroot:x:65532:65532:nonroot:/home/nonroot:/bin/sh\n";
const GROUP: &str = "root:x:0:\ntty:x:5:\nstaff:x:50:\nnogroup:x:65534:\nnonroot:x:65532:\n";
const NSSWITCH: &str = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n\
                        protocols: files\nservices: files\nethers: files\nrpc: files\n";
const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";

/// Where a path of a package goes: without leading `./`, and into `usr` where the folders are merged.
/// Nothing for the root itself, for a merged folder itself and for paths that lead out.
pub(super) fn place(raw: &[u8]) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in raw
        .split(|byte| *byte == b'/')
        .filter(|part| !matches!(*part, b"" | b"."))
    {
        if part == b".." {
            return None;
        }
        path.push(to_path(part));
    }
    path.components().next()?;
    match (is_merged(&path), path.components().count()) {
        (true, 1) => None,
        (true, _) => Some(Path::new("usr").join(path)),
        (false, _) => Some(path),
    }
}

/// Whether a path is in one of the folders that are links now.
pub(super) fn is_merged(path: &Path) -> bool {
    let first = path.components().next();
    first.is_some_and(|first| MERGED.iter().any(|name| first.as_os_str() == *name))
}

/// Whether a path, already placed, belongs into an image. Copyright notices always do.
pub(super) fn is_wanted(path: &Path, is_link: bool) -> bool {
    let Ok(below) = path.strip_prefix("usr/share") else {
        return !path.starts_with("usr/include");
    };
    let mut parts = below.components().map(|part| part.as_os_str());
    let first = parts.next().unwrap_or_default();
    if first == "doc" {
        // A package may share the folder of another one through a link.
        return path.file_name().is_some_and(|name| name == "copyright") || is_link && parts.count() == 1;
    }
    // What asks questions while packages are installed is written in Perl.
    let asks = path.starts_with("usr/share/perl5/Debconf") || path.starts_with("usr/share/perl5/Debian");
    asks || !UNWANTED.iter().any(|unwanted| first == *unwanted)
}

/// The files of a layer by their path.
pub(super) type Files = BTreeMap<PathBuf, Entry>;

/// All files of some packages, and what their maintainer scripts would have linked. Later packages do not replace
/// files of earlier ones: there are no such files.
pub(super) fn files_of(packages: Vec<Package>) -> Files {
    let mut files = Files::new();
    let mut alternatives = Vec::new();
    for package in packages {
        alternatives.extend(package.alternatives);
        let status = format!("{STATUS_FOLDER}/{}", package.record.name);
        files.insert(
            PathBuf::from(&status),
            Entry::file(status, package.control.into_bytes()),
        );
        for entry in package.entries {
            files.entry(entry.path.clone()).or_insert(entry);
        }
    }
    for (link, target) in alternatives::best(alternatives) {
        files
            .entry(link.clone())
            .or_insert_with(|| Entry::symlink(link, target));
    }
    link_folders(&mut files);
    files
}

/// The lowest layer, which has no program but the init.
pub(super) fn foundation(packages: Vec<Package>) -> Vec<Entry> {
    let mut files = files_of(packages);
    let certificates = certificates(&files);
    for entry in furniture(certificates) {
        files.insert(entry.path.clone(), entry);
    }
    // The other form of it needs a C library.
    let init = Path::new(super::INIT).strip_prefix("/").unwrap_or(Path::new(""));
    files.insert(init.to_owned(), Entry::symlink(init, STATIC_INIT));
    files.into_values().collect()
}

/// The layer with the C library, the shell and the usual commands.
pub(super) fn system(packages: Vec<Package>) -> Vec<Entry> {
    let mut files = files_of(packages);
    link_commands(&mut files);
    files.into_values().collect()
}

fn furniture(certificates: Vec<u8>) -> Vec<Entry> {
    let mut entries = vec![
        Entry::file("etc/ssl/certs/ca-certificates.crt", certificates),
        Entry::file("etc/passwd", PASSWD.as_bytes()),
        Entry::file("etc/group", GROUP.as_bytes()),
        Entry::file("etc/nsswitch.conf", NSSWITCH.as_bytes()),
        // The runtime mounts its own over these; a mount needs something to be on.
        Entry::file("etc/hosts", HOSTS.as_bytes()),
        Entry::file("etc/hostname", b"localhost\n".as_slice()),
        Entry::file("etc/resolv.conf", b"".as_slice()),
        Entry::file("etc/timezone", b"Etc/UTC\n".as_slice()),
        Entry::symlink("etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
        Entry::symlink("etc/mtab", "/proc/mounts"),
        // Where OpenSSL looks.
        Entry::symlink("usr/lib/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt"),
        Entry::symlink("usr/lib/ssl/certs", "/etc/ssl/certs"),
        Entry::directory("root").with_mode(0o700),
        Entry::directory("home"),
        Entry::directory("home/nonroot")
            .with_mode(0o750)
            .owned_by(NONROOT, NONROOT),
        Entry::directory("tmp").with_mode(0o1777),
        Entry::directory("var/tmp").with_mode(0o1777),
    ];
    entries.extend(["dev", "proc", "run", "sys", "usr/local/bin", "var/log"].map(Entry::directory));
    entries.extend(["bin", "sbin", "lib"].map(|name| Entry::symlink(name, format!("usr/{name}"))));
    entries
}

/// Links for merged folders that exist only on some processors.
fn link_folders(files: &mut Files) {
    for name in ["lib32", "lib64", "libx32"] {
        let target = Path::new("usr").join(name);
        if files.keys().any(|path| path.starts_with(&target)) {
            files.insert(name.into(), Entry::symlink(name, target));
        }
    }
}

/// Links for the shell and for busybox.
fn link_commands(system: &mut Files) {
    let mut links = Vec::new();
    if !system.contains_key(Path::new("usr/bin/sh")) {
        links.push(Entry::symlink("usr/bin/sh", "dash"));
    }
    let taken = |name: &str| {
        ["usr/bin", "usr/sbin"]
            .iter()
            .any(|folder| system.contains_key(&Path::new(folder).join(name)))
    };
    if system.contains_key(Path::new("usr/bin/busybox")) {
        let missing = BUSYBOX.into_iter().filter(|name| !taken(name));
        links.extend(missing.map(|name| Entry::symlink(format!("usr/bin/{name}"), "busybox")));
    }
    for link in links {
        system.insert(link.path.clone(), link);
    }
}

/// All certificates in one file, in the order of their names.
fn certificates(system: &Files) -> Vec<u8> {
    let mut all = Vec::new();
    for (path, entry) in system {
        let is_certificate = path.starts_with("usr/share/ca-certificates")
            && path.extension().is_some_and(|extension| extension == "crt");
        if is_certificate && let EntryKind::File(Contents::Bytes(content)) = &entry.kind {
            all.extend_from_slice(content);
            if !content.ends_with(b"\n") {
                all.push(b'\n');
            }
        }
    }
    all
}

/// The bytes of an archive as a path.
pub(super) fn to_path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}
