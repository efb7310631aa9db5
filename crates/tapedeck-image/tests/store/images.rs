//! Images: reproducible, inheriting, and honest about what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tapedeck_image::{
    ConfigChange, Description, Image, Layer, Platform, PutImageError, ReadImageError, Store,
};
use tapedeck_model::ImageDigest;

use crate::{app, large, store, tree};

fn base_change() -> ConfigChange {
    ConfigChange {
        env: BTreeMap::from([
            ("PATH".to_owned(), "/bin".to_owned()),
            ("NODE_VERSION".to_owned(), "24.1.0".to_owned()),
        ]),
        cmd: Some(vec!["node".to_owned()]),
        user: Some("65532:65532".to_owned()),
        stop_signal: Some("SIGTERM".to_owned()),
        annotations: BTreeMap::from([("only".to_owned(), "of the base".to_owned())]),
        platform: Some(Platform::Amd64),
        ..ConfigChange::default()
    }
}

fn app_change() -> ConfigChange {
    ConfigChange {
        env: BTreeMap::from([
            ("PATH".to_owned(), "/app/bin:/bin".to_owned()),
            ("URL".to_owned(), "a=b".to_owned()),
        ]),
        entrypoint: Some(vec!["node".to_owned(), "main.js".to_owned()]),
        working_dir: Some("/app".to_owned()),
        ..ConfigChange::default()
    }
}

fn put(store: &Store) -> (Image, Image, Layer, Layer) {
    let (deps, code) = (
        store.put_layer(large()).unwrap(),
        store.put_layer(app("hello")).unwrap(),
    );
    let base = store
        .put_image(None, &[(deps.clone(), "deps")], &base_change())
        .unwrap();
    let image = store
        .put_image(Some(&base.digest), &[(code.clone(), "app")], &app_change())
        .unwrap();
    (base, image, deps, code)
}

fn blob(store: &Store, hex: &str) -> PathBuf {
    store.root().join("blobs/sha256").join(hex)
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn an_image_inherits_from_its_base() {
    let (_folder, store) = store();
    let (base, image, deps, code) = put(&store);
    let folder = |layer: &Layer| store.root().join("layers").join(layer.diff_id.hex());
    assert_eq!(image.layers, [folder(&code), folder(&deps)]);
    assert_eq!(image.config.env["PATH"], "/app/bin:/bin");
    assert_eq!(image.config.env["NODE_VERSION"], "24.1.0");
    assert_eq!(image.config.env["URL"], "a=b");
    assert_eq!(image.config.entrypoint, ["node", "main.js"]);
    assert!(
        image.config.cmd.is_empty(),
        "a new entrypoint leaves nothing of the old command line"
    );
    assert_eq!(image.config.working_dir, Path::new("/app"));
    assert_eq!(image.config.user, "65532:65532");
    assert_eq!(image.config.stop_signal, "SIGTERM");
    assert_eq!(base.config.cmd, ["node"]);
    assert_eq!(base.config.working_dir, Path::new("/"));
    assert!(image.size > base.size && base.size > deps.size);
    assert_eq!(store.image(&image.digest).unwrap(), image);
    let annotations = &json(&blob(&store, image.digest.hex()))["annotations"];
    assert_eq!(
        annotations["org.opencontainers.image.base.digest"],
        base.digest.as_str()
    );
    assert_eq!(annotations["only"], serde_json::Value::Null);
}

#[test]
fn a_layer_that_is_there_again_counts_where_it_is_topmost() {
    let (_folder, store) = store();
    let [first, second] = ["first", "second"].map(|text| store.put_layer(app(text)).unwrap());
    let stack = [(first.clone(), "a"), (second.clone(), "b"), (first.clone(), "a")];
    let image = store.put_image(None, &stack, &base_change()).unwrap();
    let folder = |layer: &Layer| store.root().join("layers").join(layer.diff_id.hex());
    assert_eq!(image.layers, [folder(&first), folder(&second)]);
    let manifest = json(&blob(&store, image.digest.hex()));
    assert_eq!(
        manifest["layers"].as_array().unwrap().len(),
        3,
        "the image itself has all of them"
    );
}

#[test]
fn an_image_says_what_it_is_and_nothing_of_what_its_base_is() {
    let (_folder, store) = store();
    let about = |description| ConfigChange {
        labels: BTreeMap::from([("maintainer".to_owned(), "somebody".to_owned())]),
        description,
        ..ConfigChange::default()
    };
    let text = |text: &str| Some(text.to_owned());
    let base = store
        .put_image(
            None,
            &[],
            &about(Description {
                title: text("node"),
                version: text("24.1.0"),
                ..Description::default()
            }),
        )
        .unwrap();
    let description = Description {
        created: 1_700_000_000,
        title: text("shop/mailer"),
        revision: text("0123abc"),
        base_name: text("node:24"),
        version: None,
    };
    let image = store
        .put_image(Some(&base.digest), &[], &about(description))
        .unwrap();
    let prefix = "org.opencontainers.image";
    let expected = BTreeMap::from([
        (format!("{prefix}.base.digest"), base.digest.to_string()),
        (format!("{prefix}.base.name"), "node:24".to_owned()),
        (format!("{prefix}.created"), "2023-11-14T22:13:20Z".to_owned()),
        (format!("{prefix}.revision"), "0123abc".to_owned()),
        (format!("{prefix}.title"), "shop/mailer".to_owned()),
    ]);
    let mut labels = image.config.labels.clone();
    assert_eq!(labels.remove("maintainer").as_deref(), Some("somebody"));
    assert_eq!(labels, expected);
    assert_eq!(base.config.labels[&format!("{prefix}.version")], "24.1.0");
    assert_eq!(
        base.config.labels[&format!("{prefix}.created")],
        "1970-01-01T00:00:00Z"
    );
    let annotations = &json(&blob(&store, image.digest.hex()))["annotations"];
    assert_eq!(*annotations, serde_json::to_value(&expected).unwrap());
}

#[test]
fn equal_images_have_equal_digests_in_every_store() {
    let (_folder, first) = store();
    let (_other_folder, second) = store();
    let digest = put(&first).1.digest;
    assert_eq!(digest, put(&second).1.digest);
    assert_eq!(digest, put(&first).1.digest);
    let expected = "sha256:d8636eed1a271e3aea7a6eaee44ef8d9d8fc010d6ead2db1537929af5b07f8a7";
    assert_eq!(
        digest.as_str(),
        expected,
        "the bytes of images changed: every image gets a new digest"
    );
}

#[test]
fn the_store_is_an_oci_layout() {
    let (_folder, store) = store();
    let (base, image, ..) = put(&store);
    store.settle().unwrap();
    assert_eq!(
        json(&store.root().join("oci-layout"))["imageLayoutVersion"],
        "1.0.0"
    );
    let index = json(&store.root().join("index.json"));
    let listed: Vec<&str> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["digest"].as_str().unwrap())
        .collect();
    assert_eq!(
        BTreeSet::from_iter(listed),
        BTreeSet::from([base.digest.as_str(), image.digest.as_str()])
    );
    let manifest = json(&blob(&store, image.digest.hex()));
    assert_eq!(manifest["schemaVersion"], 2);
    let config = json(&blob(
        &store,
        &manifest["config"]["digest"].as_str().unwrap()["sha256:".len()..],
    ));
    assert_eq!(config["created"], "1970-01-01T00:00:00Z");
    assert_eq!(config["architecture"], "amd64");
    assert_eq!(config["history"][1]["created_by"], "app");
}

#[test]
fn a_torn_index_is_no_obstacle() {
    let (_folder, store) = store();
    let (.., code) = put(&store);
    store.settle().unwrap();
    std::fs::write(store.root().join("index.json"), "").unwrap();
    let image = store.put_image(None, &[(code, "app")], &app_change()).unwrap();
    store.settle().unwrap();
    assert_eq!(
        json(&store.root().join("index.json"))["manifests"][0]["digest"],
        image.digest.as_str()
    );
}

#[test]
fn a_missing_folder_is_unpacked_again() {
    let (_folder, store) = store();
    let (_, image, ..) = put(&store);
    let before: Vec<_> = image.layers.iter().map(|layer| tree(layer)).collect();
    for layer in &image.layers {
        std::fs::remove_dir_all(layer).unwrap();
    }
    let again = store.image(&image.digest).unwrap();
    assert_eq!(again, image);
    assert_eq!(
        before,
        again.layers.iter().map(|layer| tree(layer)).collect::<Vec<_>>()
    );
}

#[test]
fn a_damaged_blob_is_named_and_removed_and_building_again_heals() {
    for damage in [&b"not an archive"[..], &[0; 100_000], b""] {
        let (_folder, store) = store();
        let (_, image, deps, code) = put(&store);
        for layer in [&deps, &code] {
            std::fs::remove_dir_all(store.root().join("layers").join(layer.diff_id.hex())).unwrap();
            std::fs::write(blob(&store, &layer.digest.hex()), damage).unwrap();
            let error = store.image(&image.digest).unwrap_err();
            assert!(
                matches!(&error, ReadImageError::CorruptBlob { blob, .. } if *blob == layer.digest),
                "{error:?}"
            );
            assert!(
                error.to_string().contains(&layer.digest.hex()) && error.to_string().contains("deploy again")
            );
            let error = store.image(&image.digest).unwrap_err();
            assert!(matches!(error, ReadImageError::MissingBlob { .. }), "{error:?}");
            store
                .put_layer(if layer == &deps { large() } else { app("hello") })
                .unwrap();
        }
        assert_eq!(store.image(&image.digest).unwrap(), image);
    }
}

#[test]
fn a_flipped_bit_in_a_blob_is_noticed() {
    let (_folder, store) = store();
    let (_, image, deps, _) = put(&store);
    let path = blob(&store, &deps.digest.hex());
    let mut content = std::fs::read(&path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    std::fs::write(&path, content).unwrap();
    std::fs::remove_dir_all(&image.layers[1]).unwrap();
    assert!(matches!(
        store.image(&image.digest),
        Err(ReadImageError::CorruptBlob { .. })
    ));
    assert!(!image.layers[1].exists());
}

#[test]
fn what_is_not_there_is_said() {
    let (_folder, store) = store();
    let nothing = ImageDigest::new(format!("sha256:{}", "0".repeat(64))).unwrap();
    assert!(matches!(
        store.image(&nothing),
        Err(ReadImageError::NoImage { .. })
    ));
    let on_nothing = store.put_image(Some(&nothing), &[], &app_change());
    assert!(matches!(on_nothing, Err(PutImageError::Base { .. })));
    let (_, image, deps, _) = put(&store);
    std::fs::write(blob(&store, image.digest.hex()), "{}").unwrap();
    assert!(matches!(
        store.image(&image.digest),
        Err(ReadImageError::CorruptBlob { .. })
    ));
    std::fs::remove_file(blob(&store, &deps.digest.hex())).unwrap();
    assert!(matches!(
        store.put_image(None, &[(deps, "deps")], &app_change()),
        Err(PutImageError::NoLayer { .. })
    ));
}
