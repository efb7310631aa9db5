//! The documents as other tools read them.

use std::collections::BTreeMap;

use serde_json::Value;
use tapedeck_model::ImageDigest;

use super::{Material, Provenance, Sbom};
use crate::{Collection, Component, Digest, Entry, KeepBases, Store, package_url};

fn digest(letter: &str) -> ImageDigest {
    ImageDigest::new(format!("sha256:{}", letter.repeat(64))).unwrap()
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    (folder, store)
}

fn json(text: Option<String>) -> Value {
    serde_json::from_str(&text.unwrap()).unwrap()
}

#[test]
fn package_urls_are_escaped() {
    assert_eq!(
        package_url("npm", "@aws-sdk/client-s3", "3.1.0", &[]),
        "pkg:npm/%40aws-sdk/client-s3@3.1.0"
    );
    let qualifiers = [("arch", ""), ("distro", "debian-12"), ("upstream", "gcc-12")];
    assert_eq!(
        package_url("deb", "debian/libstdc++6", "1:12.2.0-14+deb12u1", &qualifiers),
        "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?distro=debian-12&upstream=gcc-12"
    );
    assert_eq!(package_url("generic", "a b", "", &[]), "pkg:generic/a%20b");
}

#[test]
fn a_bill_of_materials_lists_each_component_once_and_in_order() {
    let (_folder, store) = store();
    let image = digest("a");
    let mut hashed = Component::new("npm", "express", "5.1.0");
    hashed.sha256 = Some("b".repeat(64));
    let other = Component::new("npm", "accepts", "2.0.0");
    let sbom = |components: &[&Component]| Sbom {
        title: "shop/mailer".to_owned(),
        made_by_version: "1.2.3".to_owned(),
        created: 0,
        components: components.iter().map(|component| (*component).clone()).collect(),
    };
    let path = store
        .put_sbom(&image, &sbom(&[&hashed, &other, &hashed]))
        .unwrap();
    assert!(path.ends_with(format!("sbom/{}.spdx.json", "a".repeat(64))));
    let before = fs_err::read(&path).unwrap();
    store.put_sbom(&image, &sbom(&[&other, &hashed])).unwrap();
    assert_eq!(
        fs_err::read(&path).unwrap(),
        before,
        "equal components make equal bytes"
    );
    let document = json(store.sbom(&image).unwrap());
    assert_eq!(document["spdxVersion"], "SPDX-2.3");
    assert_eq!(document["creationInfo"]["created"], "1970-01-01T00:00:00Z");
    assert_eq!(document["creationInfo"]["creators"][0], "Tool: tapedeck-1.2.3");
    let packages = document["packages"].as_array().unwrap();
    let names: Vec<&str> = packages
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["shop/mailer", "accepts", "express"]);
    assert_eq!(packages[2]["checksums"][0]["checksumValue"], "b".repeat(64));
    assert_eq!(
        packages[2]["externalRefs"][0]["referenceLocator"],
        "pkg:npm/express@5.1.0"
    );
    for relationship in document["relationships"].as_array().unwrap() {
        let target = &relationship["relatedSpdxElement"];
        assert!(packages.iter().any(|package| package["SPDXID"] == *target));
    }
}

#[test]
fn provenance_names_what_was_asked_for_and_used() {
    let (_folder, store) = store();
    let (image, base) = (digest("a"), digest("c"));
    assert_eq!(store.provenance(&image).unwrap(), None);
    let provenance = Provenance {
        title: "shop/mailer".to_owned(),
        builder_version: "1.2.3".to_owned(),
        invocation: BTreeMap::from([("entryfilePath".to_owned(), "src/main.ts".to_owned())]),
        materials: vec![
            Material::base("node", &base),
            Material {
                uri: "package-lock.json".to_owned(),
                sha256: "d".repeat(64),
            },
        ],
    };
    let path = store.put_provenance(&image, &provenance).unwrap();
    assert!(path.ends_with(format!("provenance/{}.intoto.json", "a".repeat(64))));
    let statement = json(store.provenance(&image).unwrap());
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["subject"][0]["digest"]["sha256"], "a".repeat(64));
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["externalParameters"]["entryfilePath"], "src/main.ts");
    let used = definition["resolvedDependencies"].as_array().unwrap();
    assert_eq!(used[0]["uri"], "package-lock.json");
    assert_eq!(used[1]["digest"]["sha256"], "c".repeat(64));
    assert!(
        used[1]["uri"]
            .as_str()
            .unwrap()
            .starts_with("pkg:oci/node@sha256:")
    );
}

#[test]
fn documents_go_with_their_image() {
    let (_folder, store) = store();
    let layer = store.put_layer([Entry::file("a", b"a".as_slice())]).unwrap();
    let kept = store
        .put_image(None, &[(layer, "a")], &Default::default())
        .unwrap();
    for image in [&kept.digest, &digest("e")] {
        store.put_sbom(image, &Sbom::default()).unwrap();
        store.put_provenance(image, &Provenance::default()).unwrap();
    }
    fs_err::write(store.sbom_path(&digest("f")), "{\"spdxVersion\":").unwrap();
    assert_eq!(store.sbom(&digest("f")).unwrap(), None, "torn is as good as none");
    let collected = store
        .collect_garbage(std::slice::from_ref(&kept.digest), KeepBases::All)
        .unwrap();
    assert!(matches!(collected, Collection::Done(_)));
    assert!(store.sbom(&kept.digest).unwrap().is_some());
    assert!(store.provenance(&kept.digest).unwrap().is_some());
    for folder in ["sbom", "provenance"] {
        let left = fs_err::read_dir(store.root().join(folder)).unwrap();
        assert_eq!(left.count(), 1);
    }
    assert_eq!(Digest::from(&kept.digest).hex().len(), 64);
}
