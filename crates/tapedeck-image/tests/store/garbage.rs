//! Garbage collection: everything needed stays, everything else goes, and never under somebody's feet.

use tapedeck_image::{Collection, ConfigChange, Image, InputKey, KeepBases, ReadImageError, Store};
use tapedeck_model::ImageDigest;

use crate::{app, large, store};

fn built(store: &Store, text: &str) -> Image {
    let (deps, code) = (
        store.put_layer(large()).unwrap(),
        store.put_layer(app(text)).unwrap(),
    );
    store.remember_layer(&InputKey::of([text]), &code).unwrap();
    let base = store
        .put_image(None, &[(deps, "deps")], &ConfigChange::default())
        .unwrap();
    store
        .put_image(Some(&base.digest), &[(code, text)], &ConfigChange::default())
        .unwrap()
}

fn count(store: &Store, folder: &str) -> usize {
    std::fs::read_dir(store.root().join(folder)).unwrap().count()
}

#[test]
fn what_is_kept_needs_stays_and_the_rest_goes() {
    let (_folder, store) = store();
    let (old, new) = (built(&store, "old"), built(&store, "new"));
    store.settle().unwrap();
    let Collection::Done(collected) = store
        .collect_garbage(std::slice::from_ref(&new.digest), KeepBases::All)
        .unwrap()
    else {
        panic!("nobody holds the store");
    };
    // The old image and the base, which only exists as layers of the new one from now on.
    assert_eq!((collected.images, collected.layers), (2, 1));
    assert!(collected.bytes > 0);
    assert_eq!(store.image(&new.digest).unwrap(), new);
    assert!(new.layers.iter().all(|layer| layer.is_dir()));
    assert!(!old.layers[0].exists());
    assert!(matches!(
        store.image(&old.digest),
        Err(ReadImageError::NoImage { .. })
    ));
    assert!(store.layer_of_key(&InputKey::of(["new"])).unwrap().is_some());
    assert_eq!(
        (
            count(&store, "keys"),
            count(&store, "layers"),
            count(&store, "blobs/sha256")
        ),
        (1, 2, 4)
    );
    let index: serde_json::Value =
        serde_json::from_slice(&std::fs::read(store.root().join("index.json")).unwrap()).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    let again = store.collect_garbage(&[new.digest], KeepBases::All).unwrap();
    assert!(matches!(again, Collection::Done(collected) if collected.bytes == 0 && collected.images == 0));
}

#[test]
fn nothing_to_keep_empties_the_store() {
    let (_folder, store) = store();
    let image = built(&store, "app");
    assert!(matches!(
        store.collect_garbage(&[], KeepBases::All).unwrap(),
        Collection::Done(_)
    ));
    assert_eq!(
        (
            count(&store, "keys"),
            count(&store, "layers"),
            count(&store, "blobs/sha256")
        ),
        (0, 0, 0)
    );
    assert_eq!(count(&store, "tmp"), 0);
    assert_eq!(built(&store, "app"), image);
}

#[test]
fn recorded_bases_stay_as_long_as_they_are_wanted() {
    let (_folder, store) = store();
    let layer = store.put_layer(large()).unwrap();
    let base = store
        .put_image(None, &[(layer, "system")], &ConfigChange::default())
        .unwrap();
    let record = serde_json::json!({ "assembler": 2, "image": base.digest, "packages": [] });
    std::fs::write(
        store.root().join("bases/node-24-amd64.image.json"),
        record.to_string(),
    )
    .unwrap();
    let code = store.put_layer(app("hello")).unwrap();
    let image = store
        .put_image(Some(&base.digest), &[(code, "app")], &ConfigChange::default())
        .unwrap();

    store
        .collect_garbage(std::slice::from_ref(&image.digest), KeepBases::Used)
        .unwrap();
    assert_eq!(
        store.image(&base.digest).unwrap(),
        base,
        "a base that a kept image is built on is used"
    );
    store.collect_garbage(&[], KeepBases::All).unwrap();
    assert_eq!(store.image(&base.digest).unwrap(), base);
    assert!(store.image(&image.digest).is_err());
    store.collect_garbage(&[], KeepBases::Used).unwrap();
    assert!(store.image(&base.digest).is_err());
    assert_eq!(count(&store, "bases"), 0);
}

#[test]
fn a_deploy_holds_collection_off() {
    let (_folder, store) = store();
    let image = built(&store, "app");
    let held = store.share().unwrap();
    let another = Store::open(store.root()).unwrap();
    let _held_too = another.share().unwrap();
    assert_eq!(
        another.collect_garbage(&[], KeepBases::Used).unwrap(),
        Collection::Busy
    );
    drop(held);
    assert_eq!(
        store.collect_garbage(&[], KeepBases::Used).unwrap(),
        Collection::Busy
    );
    assert_eq!(store.image(&image.digest).unwrap(), image);
}

#[test]
fn an_unreadable_image_to_keep_stops_it_before_anything_is_lost() {
    let (_folder, store) = store();
    let image = built(&store, "app");
    let unknown = ImageDigest::new(format!("sha256:{}", "0".repeat(64))).unwrap();
    let blobs = count(&store, "blobs/sha256");
    assert!(
        store
            .collect_garbage(&[image.digest.clone(), unknown], KeepBases::All)
            .is_err()
    );
    assert_eq!(count(&store, "blobs/sha256"), blobs);
    assert_eq!(store.image(&image.digest).unwrap(), image);
}
