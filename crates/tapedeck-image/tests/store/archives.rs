//! Whole images in an archive, as building tools write them, and archives that are not what they say.

use serde_json::{Value, json};
use tapedeck_image::{Digest, ImportArchiveError, Platform};
use tapedeck_testkit::registry::layer;
use tar::{Builder, EntryType, Header};

use crate::store;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Paths and contents.
type Files = Vec<(String, Vec<u8>)>;

/// An archive of files, and of links whose content begins with `->`.
fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        if let Some(target) = content.strip_prefix(b"->") {
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            let target = std::str::from_utf8(target).unwrap();
            builder.append_link(&mut header, path, target).unwrap();
        } else {
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, path, &content[..]).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

fn blob(content: &[u8]) -> (String, Vec<u8>) {
    (
        format!("blobs/sha256/{}", Digest::of(content).hex()),
        content.to_vec(),
    )
}

fn described(kind: &str, content: &[u8]) -> Value {
    json!({ "mediaType": kind, "digest": Digest::of(content).to_string(), "size": content.len() })
}

fn config(platform: &str, diff_ids: &[Digest]) -> Vec<u8> {
    let diff_ids: Vec<String> = diff_ids.iter().map(Digest::to_string).collect();
    let config = json!({
        "architecture": platform, "os": "linux", "config": { "Cmd": ["/bin/app"], "Env": ["A=b"] },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    config.to_string().into_bytes()
}

fn manifest(config: &[u8], layer: &[u8]) -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": described("application/vnd.oci.image.config.v1+json", config),
        "layers": [described("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
    });
    manifest.to_string().into_bytes()
}

fn list(manifests: &[&[u8]]) -> Vec<u8> {
    let listed: Vec<Value> = manifests.iter().map(|one| described(MANIFEST, one)).collect();
    json!({ "schemaVersion": 2, "manifests": listed })
        .to_string()
        .into_bytes()
}

/// One layer and an image of it.
fn parts() -> (Vec<u8>, Digest, Vec<u8>, Vec<u8>) {
    let (layer, diff_id) = layer(&[("bin/app", "run")]);
    let config = config(Platform::host().as_str(), &[diff_id]);
    let manifest = manifest(&config, &layer);
    (layer, diff_id, config, manifest)
}

fn index(content: Vec<u8>) -> (String, Vec<u8>) {
    ("index.json".to_owned(), content)
}

#[test]
fn an_oci_archive_keeps_the_digest_of_its_image() {
    let (layer, _, config, manifest) = parts();
    let files = [
        blob(&layer),
        blob(&config),
        index(list(&[&manifest])),
        blob(&manifest),
    ];
    let (_folder, store) = store();
    for _ in 0..2 {
        let digest = store
            .import_archive(&archive(&files)[..], Platform::host())
            .unwrap();
        assert_eq!(digest, Digest::of(&manifest).into());
    }
    let image = store.image(&Digest::of(&manifest).into()).unwrap();
    assert_eq!(
        (image.config.cmd, image.config.env["A"].as_str()),
        (vec!["/bin/app".to_owned()], "b")
    );
    assert_eq!(
        fs_err::read_to_string(image.layers[0].join("bin/app")).unwrap(),
        "run"
    );
}

#[test]
fn the_image_for_the_processor_is_found_in_lists_of_lists() {
    let (layer, diff_id, config_bytes, own) = parts();
    let foreign_config = config("s390x", &[diff_id]);
    let foreign = manifest(&foreign_config, &layer);
    let inner = list(&[&foreign, &own]);
    let documents = [&inner, &foreign, &foreign_config, &own, &config_bytes];
    let mut files: Vec<_> = documents.into_iter().map(|content| blob(content)).collect();
    files.extend([blob(&layer), index(list(&[&inner]))]);
    let (_folder, first) = store();
    let digest = first
        .import_archive(&archive(&files)[..], Platform::host())
        .unwrap();
    assert_eq!(digest, Digest::of(&own).into());

    let only = [
        blob(&foreign),
        blob(&foreign_config),
        blob(&layer),
        index(list(&[&foreign])),
    ];
    let (_folder, second) = store();
    let error = second
        .import_archive(&archive(&only)[..], Platform::host())
        .unwrap_err();
    assert!(error.to_string().contains("but for linux/s390x"), "{error}");
}

#[test]
fn what_docker_save_wrote_in_former_times_is_taken_in() {
    let (gzip, diff_id) = layer(&[("[slug]/page", "x")]);
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut plain).unwrap();
    let config = config(Platform::host().as_str(), &[diff_id, diff_id]);
    let name = format!("{}.json", Digest::of(&config).hex());
    let saved = json!([{ "Config": name, "RepoTags": null, "Layers": ["a/layer.tar", "b/layer.tar"] }]);
    let file = |path: &str, content: &[u8]| (path.to_owned(), content.to_vec());
    let files = [
        file("a/VERSION", b"1.0"),
        file("a/json", b"{}"),
        file("a/layer.tar", &plain),
        file("b/layer.tar", b"->../a/layer.tar"),
        file(&name, &config),
        file("manifest.json", saved.to_string().as_bytes()),
    ];
    let (_folder, first) = store();
    let digest = first
        .import_archive(&archive(&files)[..], Platform::host())
        .unwrap();
    let image = first.image(&digest).unwrap();
    assert_eq!(
        image.layers.len(),
        1,
        "a layer that is there twice is mounted once"
    );
    assert!(image.layers[0].join("[slug]/page").is_file());

    // Another layer than the configuration speaks of.
    let (other, _) = layer(&[("other", "x")]);
    let mut swapped = files.clone();
    swapped[2].1 = other;
    let (_folder, second) = store();
    let error = second
        .import_archive(&archive(&swapped)[..], Platform::host())
        .unwrap_err();
    assert!(matches!(error, ImportArchiveError::Digest { .. }), "{error:?}");
}

#[test]
fn archives_that_are_not_what_they_say_are_refused() {
    let (layer, _, config, manifest) = parts();
    let good = [
        blob(&layer),
        blob(&config),
        blob(&manifest),
        index(list(&[&manifest])),
    ];
    let refused = |change: &dyn Fn(&mut Files)| {
        let mut files = good.to_vec();
        change(&mut files);
        let (_folder, store) = store();
        let error = store
            .import_archive(&archive(&files)[..], Platform::host())
            .unwrap_err();
        store.image(&Digest::of(&manifest).into()).unwrap_err();
        error
    };
    let error = refused(&|files| files[0].1.push(b' '));
    assert!(matches!(error, ImportArchiveError::Layer { .. }), "{error:?}");
    let error = refused(&|files| files[1].1.push(b' '));
    assert!(matches!(error, ImportArchiveError::Digest { .. }), "{error:?}");
    let error = refused(&|files| files[2].1.push(b' '));
    assert!(matches!(error, ImportArchiveError::Digest { .. }), "{error:?}");
    let error = refused(&|files| drop(files.remove(0)));
    assert!(matches!(error, ImportArchiveError::Missing { .. }), "{error:?}");
    let error = refused(&|files| files.truncate(3));
    assert!(matches!(error, ImportArchiveError::NoImage), "{error:?}");

    let (_folder, store) = store();
    let cut = archive(&good);
    let error = store.import_archive(&cut[..700], Platform::host()).unwrap_err();
    assert!(
        matches!(
            error,
            ImportArchiveError::Layer { .. } | ImportArchiveError::Archive(_)
        ),
        "{error:?}"
    );
}
