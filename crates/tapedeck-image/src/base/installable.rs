//! Apt in a base, for commands that people have run on top of it: the packages that installing others takes, and the state
//! that an installation would have left behind, so that apt knows what is there and where to get more.
//!
//! Nothing of it is run here. Maintainer scripts of these packages have not been run either; what of their work is needed
//! is done below.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::BaseError;
use super::apt::{Apt, Installed};
use super::distribution::Distribution;
use super::rootfs::{Files, STATUS_FOLDER};
use super::unmet::unmet;
use crate::{Contents, Entry, EntryKind};

/// What every installation of Debian has and packages therefore use without saying so, and apt.
const ESSENTIAL: [&str; 28] = [
    "apt",
    "base-passwd",
    "bash",
    "bsdutils",
    "coreutils",
    "dash",
    "debconf",
    "debianutils",
    "diffutils",
    "dpkg",
    "findutils",
    "grep",
    "gzip",
    "hostname",
    "init-system-helpers",
    "libc-bin",
    "login",
    "mawk",
    "ncurses-base",
    "ncurses-bin",
    "openssl",
    "passwd",
    "perl-base",
    "sed",
    "sysvinit-utils",
    "tar",
    "ucf",
    "util-linux",
];

/// The user that apt fetches as.
const FETCHER: &str = "_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n";

/// Folders that packages expect and none brings.
const FOLDERS: [&str; 6] = [
    "var/cache/apt/archives/partial",
    "var/lib/apt/lists/partial",
    "var/lib/dpkg/alternatives",
    "var/lib/dpkg/info",
    "var/lib/dpkg/triggers",
    "var/lib/dpkg/updates",
];

/// The description of packages that are only said to be there, so that apt does not miss them.
pub const PRETENDED: &str = "left out of base images";

/// The packages that make a base one on which others can be installed. For an application's own commands.
#[must_use]
pub fn packages_for_commands() -> Vec<String> {
    let keys = Distribution::of_this_machine()
        .keyring()
        .map(|keyring| keyring.package);
    let names = ESSENTIAL.into_iter().chain(keys);
    names.map(str::to_owned).collect()
}

/// Whether these are such packages.
pub(super) fn is_meant(names: &[String]) -> bool {
    ["apt", "dpkg"]
        .iter()
        .all(|needed| names.iter().any(|name| name == needed))
}

/// What is below a layer.
pub(super) struct Below {
    pub(super) installed: Installed,
    /// Unpacked layers.
    pub(super) layers: Vec<PathBuf>,
}

/// Where packages for these come from on this machine, in the format of `sources.list.d`.
pub(super) fn sources(apt: &Apt) -> Result<Option<String>, BaseError> {
    Ok(Distribution::of_this_machine().sources(&apt.archives()?))
}

/// Adds the state of an installation to the files of a layer, with `sources` as where apt finds more.
pub(super) fn finish(mut files: Files, below: &Below, sources: Option<String>) -> Files {
    let mut controls = below.installed.clone();
    controls.extend(own_controls(&files));
    // Otherwise apt would first of all want to have what the base leaves out.
    for name in unmet(&controls) {
        let control = pretended(&name);
        controls.insert(name, control);
    }
    let mut entries: Vec<Entry> = FOLDERS.map(Entry::directory).to_vec();
    entries.push(Entry::file("var/lib/dpkg/status", status(&controls)));
    entries.push(Entry::file("var/lib/dpkg/info/format", b"1\n".as_slice()));
    let folders = folders(&files, &below.layers);
    // Which package a file is of is not known any more: one that is replaced takes it over. Folders are of one package
    // that nobody removes, or they and the links to them would go with the first package that is removed.
    entries.extend(controls.iter().map(|(name, control)| {
        let path = format!("var/lib/dpkg/info/{}.list", qualified(name, control));
        let list = if name == "base-files" {
            folders.as_str()
        } else {
            "/.\n"
        };
        Entry::file(path, list.as_bytes())
    }));
    entries.extend(accounts(&files));
    entries.push(Entry::symlink("usr/bin/sh", "dash"));
    entries.extend(
        sources.map(|text| Entry::file("etc/apt/sources.list.d/distribution.sources", text.into_bytes())),
    );
    for entry in entries {
        files.insert(entry.path.clone(), entry);
    }
    files
}

/// The `control` paragraphs of the packages of this layer.
fn own_controls(files: &Files) -> BTreeMap<String, String> {
    let status = files.keys().filter_map(|path| {
        let name = path.strip_prefix(STATUS_FOLDER).ok()?.to_str()?;
        Some((name.to_owned(), text(files, path)?))
    });
    status.collect()
}

/// All folders and links to folders, a line each, also by the names that they had before the merge of `/usr`.
fn folders(files: &Files, layers: &[PathBuf]) -> String {
    let mut all: BTreeSet<PathBuf> = BTreeSet::new();
    for (path, entry) in files {
        if matches!(entry.kind, EntryKind::Directory) {
            all.insert(path.clone());
        }
        all.extend(path.ancestors().skip(1).map(Path::to_owned));
    }
    for layer in layers {
        walk(layer, Path::new(""), &mut all);
    }
    let merged: Vec<PathBuf> = all
        .iter()
        .filter_map(|path| Some(path.strip_prefix("usr").ok()?.to_owned()))
        .filter(|path| super::rootfs::is_merged(path))
        .collect();
    all.extend(merged);
    all.remove(Path::new(""));
    let lines = all.iter().map(|path| format!("/{}\n", path.display()));
    ["/.\n".to_owned()].into_iter().chain(lines).collect()
}

/// Adds the folders of an unpacked layer. What cannot be read is passed over: it would only be missing in a list.
fn walk(layer: &Path, below: &Path, all: &mut BTreeSet<PathBuf>) {
    let entries = fs_err::read_dir(layer.join(below))
        .into_iter()
        .flatten()
        .flatten();
    for entry in entries {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let path = below.join(entry.file_name());
            all.insert(path.clone());
            walk(layer, &path, all);
        }
    }
}

/// A package that is only said to be there.
fn pretended(name: &str) -> String {
    format!(
        "Package: {name}\nMaintainer: none\nArchitecture: all\nMulti-Arch: foreign\nVersion: 999:0\n\
         Description: {PRETENDED}"
    )
}

fn status(controls: &BTreeMap<String, String>) -> Vec<u8> {
    let mut status = String::new();
    for control in controls.values() {
        // Writing to a text cannot fail.
        let _ = write!(status, "{}\nStatus: install ok installed\n\n", control.trim_end());
    }
    status.into_bytes()
}

/// The name of a package as that of its files: with the processor where there may be several.
fn qualified(name: &str, control: &str) -> String {
    let field = |wanted: &str| {
        let line = control
            .lines()
            .find_map(|line| line.strip_prefix(wanted)?.strip_prefix(':'));
        line.map(str::trim)
    };
    match (field("Multi-Arch"), field("Architecture")) {
        (Some("same"), Some(architecture)) => format!("{name}:{architecture}"),
        _ => name.to_owned(),
    }
}

/// The users and groups that packages expect, and ours.
fn accounts(files: &Files) -> Vec<Entry> {
    let master = |name: &str| text(files, Path::new(&format!("usr/share/base-passwd/{name}.master")));
    let (Some(users), Some(groups)) = (master("passwd"), master("group")) else {
        return Vec::new();
    };
    let id = super::NONROOT;
    // `*` would mean a password that nothing matches, and not that it is elsewhere.
    let users = users.replace(":*:", ":x:")
        + FETCHER
        + &format!("nonroot:x:{id}:{id}:nonroot:/home/nonroot:/bin/sh\n");
    let groups = groups.replace(":*:", ":x:") + &format!("nonroot:x:{id}:\n");
    let locked = |accounts: &str, rest: &str| {
        let names = accounts.lines().filter_map(|line| line.split(':').next());
        names.map(|name| format!("{name}:*:{rest}\n")).collect::<String>()
    };
    let shadow = Entry::file("etc/shadow", locked(&users, "19000:0:99999:7:::").into_bytes());
    let group_shadow = Entry::file("etc/gshadow", locked(&groups, ":").into_bytes());
    vec![
        shadow.with_mode(0o640),
        group_shadow.with_mode(0o640),
        Entry::file("etc/passwd", users.into_bytes()),
        Entry::file("etc/group", groups.into_bytes()),
    ]
}

fn text(files: &Files, path: &Path) -> Option<String> {
    match &files.get(&PathBuf::from(path))?.kind {
        EntryKind::File(Contents::Bytes(bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}
