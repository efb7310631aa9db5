//! Pushing to a real registry, also over connections that break.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tapedeck_image::registry::{Credentials, Login, PushError, PushOptions, Pushed, Reference, Registry};
use tapedeck_image::{
    Collection, ConfigChange, Digest, Entry, Image, KeepBases, NoProgress, Provenance, Sbom, Store,
};
use tapedeck_testkit::registry::{Access, PASSWORD, Server, TestImage, USER, free_address};

use crate::fake::{Answer, Fake};
use crate::proxy::{Break, Proxy};
use crate::pulls::{new_store, pull, pusher, tell};

/// Bytes that do not get shorter when they are compressed, the same for the same seed.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 56).unwrap()
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// An image of layers with these contents, bottom first.
fn image_of(store: &Store, contents: &[Vec<u8>]) -> Image {
    let layers: Vec<_> = contents
        .iter()
        .enumerate()
        .map(|(place, content)| {
            let entry = Entry::file(format!("app/file-{place}"), content.clone());
            (store.put_layer([entry]).unwrap(), "test")
        })
        .collect();
    let change = ConfigChange {
        cmd: Some(vec!["/app/file-0".to_owned()]),
        ..ConfigChange::default()
    };
    store.put_image(None, &layers, &change).unwrap()
}

fn push(
    store: &Store,
    image: &Image,
    reference: &Reference,
    options: &PushOptions<'_>,
) -> Result<Pushed, PushError> {
    Registry::of(reference, &Credentials::none()).push(store, &image.digest, options, &mut NoProgress)
}

/// What a registry has under a name is this image, to the byte.
fn check(reference: &Reference, image: &Image) {
    let (_folder, store) = new_store();
    let pulled = pull(&store, reference).unwrap_or_else(|error| panic!("{}", tell(&error)));
    assert_eq!((pulled.digest, pulled.size), (image.digest.clone(), image.size));
}

#[test]
fn only_what_is_missing_is_sent() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (_folder, store) = new_store();
    let reference = server.reference("team/app:1");
    let (base, first, second) = (noise(200_000, 1), noise(1000, 2), noise(2000, 3));
    let image = image_of(&store, &[base.clone(), first]);
    let options = PushOptions::default();
    let pushed = push(&store, &image, &reference, &options).unwrap();
    assert_eq!(
        (pushed.digest, pushed.sent, pushed.present),
        ((&image.digest).into(), 3, 0)
    );
    check(&reference, &image);

    let again = push(&store, &image, &reference, &options).unwrap();
    assert_eq!((again.sent, again.present, again.bytes), (0, 3, 0));

    let changed = image_of(&store, &[base, second]);
    let pushed = push(&store, &changed, &reference, &options).unwrap();
    assert_eq!(
        (pushed.sent, pushed.present),
        (2, 1),
        "one layer and the configuration"
    );
    assert!(pushed.bytes < 5000, "{pushed:?}");
    check(&reference, &changed);
    // Without a tag it is there by its digest.
    let fixed = server.reference(&format!("team/other@{}", image.digest));
    push(&store, &image, &fixed, &options).unwrap();
    check(&fixed, &image);
}

#[test]
fn blobs_of_another_repository_are_taken_over() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (_folder, store) = new_store();
    let image = image_of(&store, &[noise(100_000, 4)]);
    push(
        &store,
        &image,
        &server.reference("team/one:1"),
        &PushOptions::default(),
    )
    .unwrap();
    let options = PushOptions {
        mount_from: &["team/nothing", "team/one"],
        ..PushOptions::default()
    };
    let reference = server.reference("other/two:1");
    let pushed = push(&store, &image, &reference, &options).unwrap();
    assert_eq!((pushed.mounted, pushed.sent, pushed.bytes), (2, 0, 0));
    check(&reference, &image);
}

#[test]
fn layers_go_as_gzip_to_whoever_reads_nothing_else() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (_folder, store) = new_store();
    let image = image_of(&store, &[noise(300_000, 6), vec![b'a'; 5_000]]);
    store.put_sbom(&image.digest, &Sbom::default()).unwrap();
    let gzip = store.with_gzip_layers(&image.digest).unwrap();
    assert_eq!(store.with_gzip_layers(&image.digest).unwrap(), gzip);
    let collected = store
        .collect_garbage(std::slice::from_ref(&image.digest), KeepBases::All)
        .unwrap();
    let Collection::Done(collected) = collected else {
        panic!("nobody else uses the store");
    };
    assert_eq!(collected.images, 1);
    let before = std::fs::read_dir(store.root().join("blobs/sha256"))
        .unwrap()
        .count();
    assert_eq!(store.with_gzip_layers(&image.digest).unwrap(), gzip);
    let after = std::fs::read_dir(store.root().join("blobs/sha256"))
        .unwrap()
        .count();
    assert_eq!(after, before + 1, "layers are compressed once");

    let sbom = store.sbom(&gzip).unwrap().unwrap();
    assert!(
        sbom.contains(gzip.as_str()) && !sbom.contains(image.digest.as_str()),
        "{sbom}"
    );
    let compressed = store.image(&gzip).unwrap();
    assert_eq!(
        (&compressed.config, &compressed.layers),
        (&image.config, &image.layers)
    );
    let reference = server.reference("old/app:1");
    push(&store, &compressed, &reference, &PushOptions::default()).unwrap();
    check(&reference, &compressed);
    let manifest = document(&server, &Digest::from(&gzip));
    let layers = manifest["layers"].as_array().unwrap();
    assert!(
        layers
            .iter()
            .all(|layer| layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar+gzip")
    );
}

/// A JSON document that a registry keeps.
fn document(server: &Server, digest: &Digest) -> Value {
    serde_json::from_slice(&fs_err::read(server.file_of(digest)).unwrap()).unwrap()
}

/// What a registry has under a tag of `team/app`.
fn listed_as(server: &Server, tag: &str) -> Value {
    let url = format!("http://{}/v2/team/app/manifests/{tag}", server.host);
    let index = "application/vnd.oci.image.index.v1+json";
    let mut response = ureq::get(url).header("accept", index).call().unwrap();
    response.body_mut().read_to_string().unwrap().parse().unwrap()
}

#[test]
fn documents_lie_beside_an_image_and_name_it_as_their_subject() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (_folder, store) = new_store();
    let image = image_of(&store, &[noise(1_000, 5)]);
    let reference = server.reference("team/app:1");
    push(&store, &image, &reference, &PushOptions::default()).unwrap();
    let registry = Registry::of(&reference, &Credentials::none());
    assert_eq!(
        registry.attach(&store, &image.digest).unwrap(),
        [],
        "there is nothing to attach"
    );
    let mut sbom = Sbom::default();
    store.put_sbom(&image.digest, &sbom).unwrap();
    store
        .put_provenance(&image.digest, &Provenance::default())
        .unwrap();
    registry.attach(&store, &image.digest).unwrap();
    sbom.title = "another".to_owned();
    store.put_sbom(&image.digest, &sbom).unwrap();
    let attached = registry.attach(&store, &image.digest).unwrap();

    let list = listed_as(&server, &image.digest.as_str().replace(':', "-"));
    let listed = list["manifests"].as_array().unwrap();
    assert_eq!(
        listed.len(),
        2,
        "the older bill of materials is not listed any more: {list}"
    );
    for (one, digest) in listed.iter().zip(&attached) {
        assert_eq!(one["digest"], digest.to_string());
    }
    let manifest = document(&server, &attached[0]);
    assert_eq!(manifest["artifactType"], "application/spdx+json");
    assert_eq!(manifest["subject"]["digest"], image.digest.as_str());
    let kept = manifest["layers"][0]["digest"].as_str().unwrap().parse().unwrap();
    let sbom = document(&server, &kept);
    assert_eq!(
        sbom.to_string(),
        store
            .sbom(&image.digest)
            .unwrap()
            .map(|text| text.parse::<Value>().unwrap())
            .unwrap()
            .to_string()
    );
    check(&reference, &image);
}

#[test]
fn what_was_pulled_is_pushed_as_it_was() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let original = TestImage::new(tapedeck_image::Platform::host().as_str(), "docker");
    pusher(&server).image(&original, "22");
    let (_folder, store) = new_store();
    let image = pull(&store, &server.reference("test/node:22")).unwrap();
    let copy = server.reference("mirror/node:22");
    push(&store, &image, &copy, &PushOptions::default()).unwrap();
    check(&copy, &image);
    assert_eq!(image.digest, original.digest().into());
}

#[test]
fn a_large_blob_goes_in_chunks() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (_folder, store) = new_store();
    let image = image_of(&store, &[noise(1_000_000, 5)]);
    let reference = server.reference("team/app:1");
    let options = PushOptions {
        chunk: 300_000,
        ..PushOptions::default()
    };
    push(&store, &image, &reference, &options).unwrap();
    check(&reference, &image);
}

#[test]
fn a_broken_connection_is_got_over() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (_folder, store) = new_store();
    let image = image_of(&store, &[noise(2_000_000, 6), noise(500_000, 7)]);
    // In the middle of a chunk, in the middle of a whole blob, in the middle of headers.
    let breaks = [900_000, 300_000, 20, 700_000, 100].map(Break::AfterBytes);
    let proxy = Proxy::to(&server.host, &breaks);
    let reference = Reference::parse(&format!("{}/team/app:1", proxy.host)).unwrap();
    let options = PushOptions {
        chunk: 600_000,
        ..PushOptions::default()
    };
    let pushed =
        push(&store, &image, &reference, &options).unwrap_or_else(|error| panic!("{}", tell(&error)));
    assert_eq!(pushed.digest, (&image.digest).into());
    assert!(proxy.broken() >= 3, "only {} connections broke", proxy.broken());
    check(&server.reference("team/app:1"), &image);
}

#[test]
fn an_upload_goes_on_where_the_registry_has_kept_it() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (_folder, store) = new_store();
    let image = image_of(&store, &[noise(2_000_000, 8)]);
    // The configuration goes first or beside it; whatever breaks, breaks between two requests.
    let proxy = Proxy::to(&server.host, &[Break::AfterAccepted(3), Break::AfterAccepted(2)]);
    let reference = Reference::parse(&format!("{}/team/app:1", proxy.host)).unwrap();
    let options = PushOptions {
        chunk: 250_000,
        ..PushOptions::default()
    };
    push(&store, &image, &reference, &options).unwrap_or_else(|error| panic!("{}", tell(&error)));
    check(&server.reference("team/app:1"), &image);
    assert!(proxy.broken() >= 1, "nothing was broken");
    assert!(
        proxy.passed() < 2_300_000,
        "{} bytes were sent for 2 MB",
        proxy.passed()
    );
}

#[test]
fn a_registry_that_never_takes_it_is_given_up() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (_folder, store) = new_store();
    let image = image_of(&store, &[noise(100_000, 9)]);
    let proxy = Proxy::to(&server.host, &[Break::AfterBytes(5000); 100]);
    let reference = Reference::parse(&format!("{}/team/app:1", proxy.host)).unwrap();
    push(&store, &image, &reference, &PushOptions::default()).unwrap_err();
    assert!(proxy.broken() < 40, "it tried {} times", proxy.broken());
    pull(&new_store().1, &server.reference("team/app:1"))
        .expect_err("the name must not stand for half an image");

    let nowhere = Reference::parse(&format!("{}/team/app:1", free_address())).unwrap();
    let error = push(&store, &image, &nowhere, &PushOptions::default()).unwrap_err();
    assert!(error.to_string().contains("does not answer"), "{error}");
}

#[test]
fn a_busy_registry_is_asked_again_by_whoever_is_patient() {
    let digest = Digest::of(b"an image");
    let busy = || {
        let times = AtomicUsize::new(0);
        Fake::start(move |_| match times.fetch_add(1, Ordering::SeqCst) {
            0 => Answer::new("429 Too Many Requests", "").with("Retry-After: 0".to_owned()),
            1 => Answer::new("503 Service Unavailable", ""),
            _ => Answer::new("200 OK", "").with(format!("Docker-Content-Digest: {digest}")),
        })
    };
    let registry_of = |fake: &Fake| {
        let reference = Reference::parse(&format!("{}/team/app:1", fake.host)).unwrap();
        Registry::of(&reference, &Credentials::none())
    };
    let fake = busy();
    assert_eq!(registry_of(&fake).patient().digest().unwrap(), Some(digest));
    assert_eq!(fake.asked().len(), 3);
    let fake = busy();
    assert_eq!(registry_of(&fake).digest().unwrap(), None);
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn a_protected_registry_wants_a_login_for_pushing_too() {
    let Some(server) = Server::start(Access::Players) else {
        return;
    };
    let (_folder, store) = new_store();
    let image = image_of(&store, &[noise(1000, 10)]);
    let reference = server.reference("team/app:1");
    let error = push(&store, &image, &reference, &PushOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("401") && error.to_string().contains("docker login"),
        "{error}"
    );
    let own = Credentials::none().with(reference.registry(), Login::password(USER, PASSWORD));
    let registry = Registry::of(&reference, &own);
    registry
        .push(&store, &image.digest, &PushOptions::default(), &mut NoProgress)
        .unwrap();
    let missing = tapedeck_image::Digest::of(b"none").into();
    let error = registry
        .push(&store, &missing, &PushOptions::default(), &mut NoProgress)
        .unwrap_err();
    assert!(matches!(error, PushError::Read(_)), "{error:?}");
}

#[test]
fn a_registry_that_takes_no_second_chunk_gets_the_blob_in_one_piece() {
    // Takes blobs as some registries do: one chunk at most, or the whole with the request that closes the upload.
    let registry = Fake::start(|asked| {
        let place = || "Location: /v2/team/app/blobs/uploads/1".to_owned();
        match asked.method.as_str() {
            "HEAD" => Answer::new("404 Not Found", ""),
            "POST" => Answer::new("202 Accepted", "").with(place()),
            "PATCH" if asked.target.contains("second") => Answer::new("416 Range Not Satisfiable", ""),
            "PATCH" => Answer::new("202 Accepted", "").with(place() + "?second"),
            "GET" => Answer::new("404 Not Found", ""),
            "PUT" => Answer::new("201 Created", ""),
            other => panic!("{other}"),
        }
    });
    let (_folder, store) = new_store();
    let image = image_of(&store, &[noise(100_000, 11)]);
    let reference = Reference::parse(&format!("{}/team/app:1", registry.host)).unwrap();
    let options = PushOptions {
        chunk: 40_000,
        ..PushOptions::default()
    };
    push(&store, &image, &reference, &options).unwrap_or_else(|error| panic!("{}", tell(&error)));
    let asked = registry.asked();
    let whole = asked
        .iter()
        .filter(|asked| asked.method == "PUT" && asked.body.len() > 100_000);
    assert_eq!(whole.count(), 1);
    let manifest = asked.last().unwrap();
    assert!(
        manifest.target.ends_with("/manifests/1"),
        "the name comes last: {manifest:?}"
    );
}
