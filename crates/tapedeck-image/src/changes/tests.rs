//! What a layer of changes keeps. As root also the marks that only root can make.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use rustix::fs::{CWD, FileType, Mode, XattrFlags};

use super::*;

/// The entries of an archive: path, kind, mode, owner, where a link leads.
fn entries(layer: &Layer, store: &Store) -> Vec<String> {
    let blob = fs::File::open(store.root().join("blobs/sha256").join(layer.digest.hex())).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(blob).unwrap());
    let told = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(header.mtime().unwrap(), 0);
        let link = entry.link_name().unwrap();
        let link = link.map_or(String::new(), |link| format!(" -> {}", link.display()));
        let kind = char::from(header.entry_type().as_byte());
        let path = entry.path().unwrap().display().to_string();
        format!("{kind} {:o} {path}{link}", header.mode().unwrap())
    });
    told.collect()
}

fn folder_with_changes() -> tempfile::TempDir {
    let upper = tempfile::tempdir().unwrap();
    let path = |name: &str| upper.path().join(name);
    fs::create_dir_all(path("usr/bin")).unwrap();
    fs::create_dir_all(path("proc")).unwrap();
    fs::write(path("usr/bin/tool"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(path("usr/bin/tool"), std::fs::Permissions::from_mode(0o4755)).unwrap();
    fs::hard_link(path("usr/bin/tool"), path("usr/bin/twin")).unwrap();
    symlink("tool", path("usr/bin/link")).unwrap();
    fs::write(path(&format!("usr/{}", "long".repeat(50))), "x").unwrap();
    upper
}

#[test]
fn links_permissions_and_long_names_are_kept_and_some_paths_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let upper = folder_with_changes();
    let layer = store.put_changes(upper.path(), &[Path::new("proc")]).unwrap();
    let found = entries(&layer, &store);
    let long = format!("0 644 usr/{}", "long".repeat(50));
    assert_eq!(
        found,
        [
            "5 755 usr",
            "5 755 usr/bin",
            "2 777 usr/bin/link -> tool",
            "0 4755 usr/bin/tool",
            "1 4755 usr/bin/twin -> usr/bin/tool",
            long.as_str(),
        ]
    );
}

#[test]
fn equal_changes_make_an_equal_layer() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let (one, other) = (folder_with_changes(), folder_with_changes());
    assert_eq!(
        store.put_changes(one.path(), &[]).unwrap(),
        store.put_changes(other.path(), &[]).unwrap()
    );
}

#[test]
fn removed_files_and_hidden_folders_become_marks() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: this test needs root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let upper = folder.path().join("upper");
    fs::create_dir_all(upper.join("etc/new")).unwrap();
    let gone = upper.join("etc/gone");
    rustix::fs::mknodat(CWD, &gone, FileType::CharacterDevice, Mode::empty(), 0).unwrap();
    rustix::fs::setxattr(upper.join("etc/new"), OPAQUE, b"y", XattrFlags::empty()).unwrap();
    fs::write(upper.join("etc/new/file"), "").unwrap();
    let capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let file = upper.join("etc/new/file");
    rustix::fs::setxattr(&file, "security.capability", &capability, XattrFlags::empty()).unwrap();

    let layer = store.put_changes(&upper, &[]).unwrap();
    assert_eq!(
        entries(&layer, &store),
        [
            "5 755 etc",
            "0 600 etc/.wh.gone",
            "5 755 etc/new",
            "0 600 etc/new/.wh..wh..opq",
            "0 644 etc/new/file",
        ]
    );
    let unpacked = store.root().join("layers").join(layer.diff_id.hex());
    assert_eq!(
        attribute(&unpacked.join("etc/new/file"), "security.capability").unwrap(),
        Some(capability.to_vec())
    );
    assert!(
        fs::symlink_metadata(unpacked.join("etc/gone"))
            .unwrap()
            .file_type()
            .is_char_device()
    );
}
