//! Images go out as layouts and come back; what is not as announced does not.

use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;
use crate::{ConfigChange, Entry};

fn image(store: &Store) -> ImageDigest {
    let layer = store
        .put_layer([Entry::file("etc/word", b"x".as_slice())])
        .unwrap();
    let image = store.put_image(None, &[(layer, "a test")], &ConfigChange::default());
    image.unwrap().digest
}

/// A folder, a store in it, and a layout of an image of that store.
fn ready() -> (TempDir, Store, PathBuf, ImageDigest) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let image = image(&store);
    let layout = folder.path().join("layout");
    store.write_sparse_layout(&image, &layout).unwrap();
    (folder, store, layout, image)
}

#[test]
fn an_image_comes_back_where_its_layers_are_known() {
    let (folder, store, layout, image) = ready();
    assert_eq!(store.import_layout(&layout).unwrap(), image);
    let other = Store::open(folder.path().join("other")).unwrap();
    let refused = other.import_layout(&layout).unwrap_err();
    assert!(matches!(refused, ImportArchiveError::Missing { .. }), "{refused}");
}

#[test]
fn a_layer_that_is_in_the_layout_is_taken_in() {
    let (folder, store, layout, image) = ready();
    let layer = store.documents(&image).unwrap().manifest.layers[0].digest;
    fs::copy(store.blob_path(&layer), layout.join(path_of(layer))).unwrap();
    let other = Store::open(folder.path().join("other")).unwrap();
    assert_eq!(other.import_layout(&layout).unwrap(), image);
    assert_eq!(other.image(&image).unwrap().layers.len(), 1);

    fs::write(layout.join(path_of(layer)), "something else").unwrap();
    let third = Store::open(folder.path().join("third")).unwrap();
    assert!(third.import_layout(&layout).is_err());
}

#[test]
fn no_link_is_followed() {
    let (_folder, store, layout, image) = ready();
    let path = layout.join(path_of(Digest::from(&image)));
    let elsewhere = layout.join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    let refused = store.import_layout(&layout).unwrap_err();
    assert!(matches!(refused, ImportArchiveError::Missing { .. }), "{refused}");
}
