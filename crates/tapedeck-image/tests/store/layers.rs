//! Layers made of entries: reproducible, safe, the same in the archive and in the folder.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::sync::Barrier;
use std::thread;

use tapedeck_image::{Digest, Entry, InputKey, Layer, LayerMediaType, PutLayerError, Store};

use crate::{app, is_root, large, store, tree};

fn blob(store: &Store, layer: &Layer) -> Vec<u8> {
    std::fs::read(store.root().join("blobs/sha256").join(layer.digest.hex())).unwrap()
}

fn folder(store: &Store, layer: &Layer) -> std::path::PathBuf {
    store.root().join("layers").join(layer.diff_id.hex())
}

#[test]
fn the_order_of_entries_does_not_matter() {
    let (_folder, store) = store();
    let (_other_folder, other) = crate::store();
    let mut reversed = app("hello");
    reversed.reverse();
    assert_eq!(
        store.put_layer(app("hello")).unwrap(),
        other.put_layer(reversed).unwrap()
    );
    let mut reversed = large();
    reversed.reverse();
    assert_eq!(
        store.put_layer(large()).unwrap(),
        other.put_layer(reversed).unwrap()
    );
    assert_ne!(
        store.put_layer(app("hello")).unwrap(),
        store.put_layer(app("hello!")).unwrap()
    );
}

#[test]
fn equal_entries_have_this_digest_on_every_machine() {
    let (_folder, store) = store();
    let layer = store.put_layer(app("console.log('hello')\n")).unwrap();
    let expected = "sha256:f5b04fcf3e2d9afd1d3eb90e0cd12b5c6e69d04de54c305416897603c7390c58";
    assert_eq!(
        layer.diff_id.to_string(),
        expected,
        "the bytes of layers changed: every layer gets a new digest"
    );
    assert_eq!(layer.media_type, LayerMediaType::TarZstd);
    assert_eq!(
        layer.digest.to_string(),
        "sha256:3faf1eb19844496ece7fb67e703ededfe3d2ebed5eba6658f4f03870be5795b7",
        "layers are compressed in another way: every layer gets a new digest"
    );
}

#[test]
fn the_folder_shows_what_was_given() {
    let (_folder, store) = store();
    let layer = store.put_layer(app("hello")).unwrap();
    let unpacked = folder(&store, &layer);
    let shown: Vec<String> = tree(&unpacked)
        .into_iter()
        .map(|(path, what)| format!("{path}: {what}"))
        .collect();
    let expected = [
        "app: 755 directory",
        "app/bin: 755 directory",
        "app/bin/run: 755 #!/bin/sh\n",
        "app/data: 1777 directory",
        "app/latest: 777 -> main.js",
        "app/main.js: 644 hello",
    ];
    assert_eq!(shown, expected);
    let main = unpacked.join("app/main.js").metadata().unwrap();
    assert_eq!(main.mtime(), 0);
    if is_root() {
        assert_eq!((main.uid(), main.gid()), (65532, 65532));
    }
}

#[test]
fn other_tools_read_the_archive() {
    let (_folder, store) = store();
    let long = format!("app/{}/{}.js", "d".repeat(120), "f".repeat(130));
    let target = "t".repeat(150);
    let mut entries = app("hello");
    entries.push(Entry::file(&long, b"deep".as_slice()).owned_by(4_000_000, 3_000_000));
    entries.push(Entry::symlink("app/far", &target));
    let layer = store.put_layer(entries).unwrap();
    let content = zstd::decode_all(&blob(&store, &layer)[..]).unwrap();
    let mut archive = tar::Archive::new(&content[..]);
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        assert_eq!(entry.header().mtime().unwrap(), 0);
        if path == long {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            assert_eq!(text, "deep");
        }
        if path == "app/far" {
            assert_eq!(entry.link_name().unwrap().unwrap().to_string_lossy(), target);
        }
        found.push(path);
    }
    let mut sorted = found.clone();
    sorted.sort_by(|left, right| {
        left.trim_end_matches('/')
            .as_bytes()
            .cmp(right.trim_end_matches('/').as_bytes())
    });
    assert_eq!(found, sorted);
    assert!(found.contains(&long));
    let listed = std::process::Command::new("tar")
        .arg("--numeric-owner")
        .arg("-tvf")
        .arg(store.root().join("blobs/sha256").join(layer.digest.hex()))
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.contains("4000000/3000000") && listed.contains("65532/65532"),
        "{listed}"
    );
}

#[test]
fn a_large_layer_is_compressed_and_its_digests_are_true() {
    let (_folder, store) = store();
    let layer = store.put_layer(large()).unwrap();
    let content = blob(&store, &layer);
    assert_eq!(layer.media_type, LayerMediaType::TarZstd);
    assert_eq!(layer.size, content.len() as u64);
    assert_eq!(layer.digest, Digest::of(&content));
    assert_eq!(
        layer.diff_id,
        Digest::of(&zstd::decode_all(&content[..]).unwrap())
    );
    assert_eq!(tree(&folder(&store, &layer)).len(), 11);
}

#[test]
fn sources_on_disk_are_copied() {
    let (temporary, store) = store();
    let source = temporary.path().join("source.js");
    std::fs::write(&source, "from disk").unwrap();
    let copied = store.put_layer([Entry::copy("app/main.js", &source)]).unwrap();
    assert_eq!(
        copied,
        store
            .put_layer([Entry::file("app/main.js", b"from disk".as_slice())])
            .unwrap()
    );
    let missing = store.put_layer([Entry::copy("app/main.js", temporary.path().join("nothing"))]);
    assert!(matches!(missing, Err(PutLayerError::Source { .. })));
    let folder = store.put_layer([Entry::copy("app/main.js", temporary.path())]);
    assert!(matches!(folder, Err(PutLayerError::Source { .. })));
}

#[test]
fn paths_that_cannot_be_in_an_image_are_refused() {
    let (_folder, store) = store();
    let put = |path: &str| store.put_layer([Entry::file(path, b"x".as_slice())]);
    assert!(matches!(put("../outside"), Err(PutLayerError::Path { .. })));
    assert!(matches!(
        put("app/../../outside"),
        Err(PutLayerError::Path { .. })
    ));
    assert!(matches!(put("/"), Err(PutLayerError::Path { .. })));
    assert!(matches!(
        put("app/.wh.main.js"),
        Err(PutLayerError::Reserved { .. })
    ));
    assert_eq!(put("/app/./main.js").unwrap(), put("app/main.js").unwrap());
    let twice = [
        Entry::file("a", b"x".as_slice()),
        Entry::file("/a", b"y".as_slice()),
    ];
    assert!(matches!(
        store.put_layer(twice),
        Err(PutLayerError::Duplicate { .. })
    ));
    let below = [
        Entry::symlink("etc", "/etc"),
        Entry::file("etc/passwd", b"y".as_slice()),
    ];
    assert!(matches!(
        store.put_layer(below),
        Err(PutLayerError::BelowFile { .. })
    ));
}

#[test]
fn a_key_finds_its_layer_again_while_it_is_complete() {
    let (_folder, store) = store();
    let key = InputKey::of(["node 24", "main.js", "hash"]);
    assert_ne!(key, InputKey::of(["node 24", "main.jsh", "ash"]));
    assert_eq!(store.layer_of_key(&key).unwrap(), None);
    let layer = store.put_layer(app("hello")).unwrap();
    store.remember_layer(&key, &layer).unwrap();
    assert_eq!(store.layer_of_key(&key).unwrap(), Some(layer.clone()));
    std::fs::write(store.root().join("keys").join(format!("{key}.json")), "{\"diff").unwrap();
    assert_eq!(store.layer_of_key(&key).unwrap(), None);
    store.remember_layer(&key, &layer).unwrap();
    std::fs::remove_file(store.root().join("blobs/sha256").join(layer.digest.hex())).unwrap();
    assert_eq!(store.layer_of_key(&key).unwrap(), None);
    assert_eq!(store.put_layer(app("hello")).unwrap(), layer);
    assert_eq!(store.layer_of_key(&key).unwrap(), Some(layer));
}

#[test]
fn many_may_put_the_same_layer_at_once() {
    let (_folder, first) = store();
    let start = Barrier::new(8);
    let put = |number: usize| {
        let store = Store::open(first.root()).unwrap();
        start.wait();
        store
            .put_layer(if number.is_multiple_of(2) {
                app("same")
            } else {
                large()
            })
            .unwrap()
    };
    let layers: Vec<Layer> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || put(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (number, layer) in layers.iter().enumerate() {
        assert_eq!(layer, &layers[number % 2]);
        assert_eq!(layer.digest, Digest::of(&blob(&first, layer)));
    }
    assert_eq!(tree(&folder(&first, &layers[0])).len(), 6);
    assert_eq!(std::fs::read_dir(first.root().join("layers")).unwrap().count(), 2);
    assert_eq!(std::fs::read_dir(first.root().join("tmp")).unwrap().count(), 0);
}
