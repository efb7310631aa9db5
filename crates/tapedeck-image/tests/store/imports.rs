//! Layers made elsewhere, friendly and hostile.

use std::io::Write;
use std::os::unix::fs::MetadataExt;

use tapedeck_image::{Digest, ImportError, Layer, LayerMediaType, Store};
use tar::{Builder, EntryType, Header};

use crate::{is_root, large, store, tree};

/// An archive of (kind, path, content or link target, mode). Paths are written as they are.
fn archive(entries: &[(EntryType, &str, &str, u32)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (kind, path, text, mode) in entries {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1000);
        let has_content = matches!(kind, EntryType::Regular);
        header.set_size(if has_content { text.len() as u64 } else { 0 });
        if !has_content {
            header.as_mut_bytes()[157..157 + text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_cksum();
        builder
            .append(&header, if has_content { text.as_bytes() } else { b"" })
            .unwrap();
    }
    builder.into_inner().unwrap()
}

const FILE: EntryType = EntryType::Regular;
const FOLDER: EntryType = EntryType::Directory;
const SYMLINK: EntryType = EntryType::Symlink;
const LINK: EntryType = EntryType::Link;

fn shown(store: &Store, layer: &Layer) -> Vec<String> {
    let folder = store.root().join("layers").join(layer.diff_id.hex());
    tree(&folder)
        .into_iter()
        .map(|(path, what)| format!("{path}: {what}"))
        .collect()
}

fn refused(entries: &[(EntryType, &str, &str, u32)]) -> String {
    let (folder, store) = store();
    let error = store.import_layer(&archive(entries)[..], None).unwrap_err();
    assert!(matches!(error, ImportError::Refused { .. }), "{error:?}");
    assert_eq!(std::fs::read_dir(store.root().join("layers")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(store.root().join("tmp")).unwrap().count(), 0);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "something was written beside the store"
    );
    error.to_string()
}

#[test]
fn plain_gzip_and_zstd_are_the_same_layer() {
    let (_folder, store) = store();
    let plain = archive(&[
        (FOLDER, "app/", "", 0o750),
        (FILE, "app/a", "hello", 0o640),
        (FILE, "app/su", "x", 0o4755),
    ]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&plain[..], 3).unwrap();
    for (bytes, media_type) in [
        (&plain, LayerMediaType::Tar),
        (&gzip, LayerMediaType::TarGzip),
        (&zstd, LayerMediaType::TarZstd),
    ] {
        let layer = store.import_layer(&bytes[..], Some(Digest::of(bytes))).unwrap();
        assert_eq!(layer.diff_id, Digest::of(&plain));
        assert_eq!(
            (layer.digest, layer.size),
            (Digest::of(bytes), bytes.len() as u64)
        );
        assert_eq!(layer.media_type, media_type);
        assert_eq!(
            shown(&store, &layer),
            ["app: 750 directory", "app/a: 640 hello", "app/su: 4755 x"]
        );
    }
}

#[test]
fn a_wrong_digest_stores_nothing() {
    let (_folder, store) = store();
    let plain = archive(&[(FILE, "a", "hello", 0o644)]);
    let error = store
        .import_layer(&plain[..], Some(Digest::of(b"other")))
        .unwrap_err();
    assert!(matches!(error, ImportError::Digest { .. }));
    let cut = store.import_layer(&plain[..700], None).unwrap_err();
    assert!(matches!(cut, ImportError::Archive(_)), "{cut:?}");
    for folder in ["layers", "blobs/sha256", "tmp"] {
        assert_eq!(
            std::fs::read_dir(store.root().join(folder)).unwrap().count(),
            0,
            "{folder}"
        );
    }
}

#[test]
fn nothing_leads_out_of_a_layer() {
    assert!(refused(&[(FILE, "../outside", "x", 0o644)]).contains("lead out"));
    assert!(refused(&[(FILE, "a/../../outside", "x", 0o644)]).contains("lead out"));
    assert!(refused(&[(LINK, "a", "../../etc/passwd", 0o644)]).contains("lead out"));
    assert!(refused(&[(LINK, "a", "/etc/passwd", 0o644)]).contains("does not have"));
    assert!(
        refused(&[
            (SYMLINK, "a", "b", 0o777),
            (SYMLINK, "b", "a", 0o777),
            (FILE, "a/x", "x", 0o644)
        ])
        .contains("circle")
    );
    assert!(refused(&[(FILE, "a", "x", 0o644), (FILE, "a/b", "x", 0o644)]).contains("not a directory"));
    assert!(refused(&[(EntryType::Block, "disk", "", 0o666)]).contains("device"));
    assert!(refused(&[(EntryType::Char, "null", "", 0o666)]).contains("device"));
    assert!(refused(&[(EntryType::Fifo, "pipe", "", 0o666)]).contains("pipe"));
}

#[test]
fn links_planted_first_stay_inside() {
    let (folder, store) = store();
    let outside = folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("kept"), "kept").unwrap();
    let target = outside.to_string_lossy().into_owned();
    let up = "../".repeat(20);
    let planted = [
        (SYMLINK, "absolute", &*target, 0o777),
        (FILE, "absolute/kept", "overwritten", 0o644),
    ];
    assert!(matches!(
        store.import_layer(&archive(&planted)[..], None),
        Err(ImportError::Refused { .. })
    ));
    let replaced = [
        (SYMLINK, "upward", &*up, 0o777),
        (FILE, "upward/kept", "overwritten", 0o644),
        (SYMLINK, "folder", &*target, 0o777),
        (FOLDER, "folder/", "", 0o700),
        (SYMLINK, "file", &*target, 0o777),
        (FILE, "file", "replaces the link", 0o644),
    ];
    let layer = store.import_layer(&archive(&replaced)[..], None).unwrap();
    let expected = [
        "file: 644 replaces the link".to_owned(),
        "folder: 700 directory".to_owned(),
        "kept: 644 overwritten".to_owned(),
    ];
    assert_eq!(shown(&store, &layer)[..3], expected);
    assert_eq!(
        tree(&outside).into_iter().collect::<Vec<_>>(),
        [("kept".to_owned(), "644 kept".to_owned())]
    );

    let inside = [
        (FOLDER, "usr/lib", "", 0o755),
        (SYMLINK, "lib", "/usr/lib", 0o777),
        (FILE, "lib/x", "x", 0o644),
    ];
    let layer = store.import_layer(&archive(&inside)[..], None).unwrap();
    assert!(shown(&store, &layer).contains(&"usr/lib/x: 644 x".to_owned()));
}

#[test]
fn hard_links_and_repeated_entries_are_understood() {
    let (_folder, store) = store();
    let entries = [
        (FILE, "a", "first", 0o644),
        (FILE, "a", "second", 0o600),
        (LINK, "b", "a", 0o600),
        (LINK, "b", "./a", 0o600),
        (FOLDER, "d", "", 0o755),
        (SYMLINK, "d", "a", 0o777),
        (FILE, "no/parent/given", "x", 0o644),
        (FOLDER, "./", "", 0o711),
    ];
    let layer = store.import_layer(&archive(&entries)[..], None).unwrap();
    let expected = [
        "a: 600 second",
        "b: 600 second",
        "d: 777 -> a",
        "no: 755 directory",
        "no/parent: 755 directory",
        "no/parent/given: 644 x",
    ];
    assert_eq!(shown(&store, &layer), expected);
    let folder = store.root().join("layers").join(layer.diff_id.hex());
    let (a, b) = (
        folder.join("a").metadata().unwrap(),
        folder.join("b").metadata().unwrap(),
    );
    assert_eq!((a.ino(), a.mtime()), (b.ino(), 1000));
    assert_eq!(folder.metadata().unwrap().mode() & 0o7777, 0o711);
}

#[test]
fn whiteouts_take_the_form_of_overlayfs() {
    if !is_root() {
        return;
    }
    let (_folder, store) = store();
    let entries = [
        (FOLDER, "etc", "", 0o755),
        (FILE, "etc/.wh.gone", "", 0o644),
        (FILE, "cache/.wh..wh..opq", "", 0o644),
        (FILE, "cache/new", "x", 0o644),
        (FILE, ".wh..wh.plnk", "", 0o644),
        (FILE, "again/.wh.folder", "", 0o644),
        (FOLDER, "again/folder", "", 0o755),
        (FILE, "kept", "kept", 0o644),
        (FILE, ".wh.kept", "", 0o644),
    ];
    let layer = store.import_layer(&archive(&entries)[..], None).unwrap();
    let found = shown(&store, &layer);
    assert!(found.contains(&"etc/gone: 600 device 0".to_owned()), "{found:?}");
    assert!(found.contains(&"again/folder: 755 directory".to_owned()));
    assert!(found.contains(&"kept: 644 kept".to_owned()));
    assert!(!found.iter().any(|line| line.contains(".wh.")));
    let folder = store.root().join("layers").join(layer.diff_id.hex());
    let opaque = |path: &str| {
        let mut value = [0; 8];
        let length = rustix::fs::getxattr(folder.join(path), "trusted.overlay.opaque", &mut value[..]);
        length.is_ok_and(|length| &value[..length] == b"y")
    };
    assert!(opaque("cache") && opaque("again/folder") && !opaque("etc"));
}

#[test]
fn our_own_layers_come_back_the_same() {
    let (_folder, store) = store();
    let (_other_folder, other) = crate::store();
    let layer = store.put_layer(large()).unwrap();
    let blob = std::fs::File::open(store.root().join("blobs/sha256").join(layer.digest.hex())).unwrap();
    assert_eq!(other.import_layer(blob, Some(layer.digest)).unwrap(), layer);
    assert_eq!(shown(&store, &layer), shown(&other, &layer));
}
