//! Pulling from a real registry.

use std::error::Error;

use tapedeck_image::registry::{Credentials, Reference, Registry, RegistryError};
use tapedeck_image::{ConfigChange, Digest, Image, NoProgress, Platform, Store};
use tempfile::TempDir;

use tapedeck_testkit::registry::{Access, PASSWORD, Server, free_address};
use tapedeck_testkit::registry::{Pusher, TestImage, layer};

pub(crate) fn new_store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    (folder, store)
}

pub(crate) fn pusher(server: &Server) -> Pusher<'_> {
    Pusher {
        host: &server.host,
        name: "test/node",
        authorization: None,
    }
}

fn pull_as(store: &Store, reference: &Reference, credentials: &Credentials) -> Result<Image, RegistryError> {
    let registry = Registry::of(reference, credentials);
    let resolved = registry.resolve()?;
    let digest = registry.pull(store, &resolved, Platform::host(), &mut NoProgress)?;
    Ok(store.image(&digest).unwrap())
}

pub(crate) fn pull(store: &Store, reference: &Reference) -> Result<Image, RegistryError> {
    pull_as(store, reference, &Credentials::none())
}

/// An error with its sources.
pub(crate) fn tell(error: &dyn Error) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(source) = next {
        text.push_str(&format!(": {source}"));
        next = source.source();
    }
    text
}

fn host_image(word: &str) -> TestImage {
    TestImage::new(Platform::host().as_str(), word)
}

#[test]
fn an_image_is_pulled_by_tag_and_by_digest() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (own, other) = (host_image("own"), TestImage::new("s390x", "other"));
    let index = pusher(&server).index(&own, &other, "22");
    let (_folder, store) = new_store();
    let image = pull(&store, &server.reference("test/node:22")).unwrap();
    assert_eq!(
        image.digest,
        own.digest().into(),
        "the image keeps the digest it has in the registry"
    );
    assert_eq!(image.config.env["NODE_VERSION"], "22.1.0");
    assert_eq!(
        (image.config.cmd, image.config.user),
        (vec!["node".to_owned()], String::new())
    );
    assert_eq!(image.layers.len(), 2);
    let node = fs_err::read_to_string(image.layers[0].join("usr/local/bin/node")).unwrap();
    assert!(node.contains("own"));
    assert!(image.layers[1].join("etc/os-release").is_file());

    for digest in [index, own.digest()] {
        let (_folder, store) = new_store();
        let reference = server.reference(&format!("test/node@{digest}"));
        assert_eq!(pull(&store, &reference).unwrap().digest, own.digest().into());
    }
}

#[test]
fn what_is_pulled_is_a_base_like_any_other() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    pusher(&server).image(&host_image("base"), "22");
    let (_folder, store) = new_store();
    let base = pull(&store, &server.reference("test/node:22")).unwrap();
    let app = store
        .put_layer([tapedeck_image::Entry::file("app/index.js", b"1".as_slice())])
        .unwrap();
    let change = ConfigChange {
        entrypoint: Some(vec!["node".to_owned(), "/app/index.js".to_owned()]),
        user: Some("65532:65532".to_owned()),
        ..ConfigChange::default()
    };
    let image = store
        .put_image(Some(&base.digest), &[(app, "app")], &change)
        .unwrap();
    assert_eq!(image.layers[1..], base.layers);
    assert_eq!(
        (image.config.user.as_str(), image.config.cmd.len()),
        ("65532:65532", 0)
    );
    assert_eq!(image.config.env["PATH"], "/usr/local/bin:/usr/bin");
    // The image is OCI's throughout, whatever its base was.
    let hex = image.digest.to_string().replace("sha256:", "");
    let manifest = fs_err::read_to_string(store.root().join("blobs/sha256").join(hex)).unwrap();
    assert!(!manifest.contains("docker"), "{manifest}");
}

#[test]
fn what_the_store_has_is_not_fetched_again() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (first, second) = (host_image("first"), host_image("second"));
    pusher(&server).image(&first, "22");
    let (_folder, store) = new_store();
    let reference = server.reference("test/node:22");
    let pulled = pull(&store, &reference).unwrap();
    let gone = |blob: &[u8]| fs_err::remove_file(server.file_of(&Digest::of(blob))).unwrap();
    // The registry could not serve any of these any more.
    first
        .layers
        .iter()
        .chain([&first.config])
        .for_each(|blob| gone(blob));
    assert_eq!(pull(&store, &reference).unwrap(), pulled);

    // The tag moves to an image that shares the lower layer.
    let shared = &first.layers[0];
    assert_eq!(shared, &second.layers[0]);
    pusher(&server).image(&second, "22");
    gone(shared);
    let moved = pull(&store, &reference).unwrap();
    assert_eq!(moved.digest, second.digest().into());
    assert_eq!(moved.layers[1], pulled.layers[1]);
}

#[test]
fn damaged_blobs_are_refused() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let image = host_image("x");
    pusher(&server).image(&image, "22");
    let reference = server.reference("test/node:22");
    let file = server.file_of(&Digest::of(&image.layers[1]));

    // Replaced by another layer, which is no worse in itself.
    fs_err::write(&file, layer(&[("a", "b")]).0).unwrap();
    let (_folder, store) = new_store();
    let error = pull(&store, &reference).unwrap_err();
    assert!(
        matches!(&error, RegistryError::Digest { expected, .. } if *expected == Digest::of(&image.layers[1])),
        "{error:?}"
    );

    let mut flipped = image.layers[1].clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    fs_err::write(&file, flipped).unwrap();
    let error = pull(&store, &reference).unwrap_err();
    assert!(
        matches!(error, RegistryError::Digest { .. } | RegistryError::Layer { .. }),
        "{error:?}"
    );
    store
        .image(&image.digest().into())
        .expect_err("half an image must not be there");

    fs_err::write(&file, &image.layers[1]).unwrap();
    assert_eq!(pull(&store, &reference).unwrap().digest, image.digest().into());
}

#[test]
fn refusals_name_the_image_and_the_registrys_words() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    pusher(&server).image(&TestImage::new("s390x", "other"), "22");
    let (_folder, store) = new_store();
    let error = pull(&store, &server.reference("test/node:23")).unwrap_err();
    let told = tell(&error);
    assert!(matches!(error, RegistryError::Refused { .. }), "{error:?}");
    assert!(
        told.contains("test/node:23") && told.contains("404") && told.contains("MANIFEST_UNKNOWN"),
        "{told}"
    );
    let error = pull(&store, &server.reference("test/node:22")).unwrap_err();
    assert!(
        matches!(&error, RegistryError::Platform { offered, .. } if offered == "linux/s390x"),
        "{error:?}"
    );
}

#[test]
fn a_protected_registry_gets_the_credentials_of_docker() {
    let Some(server) = Server::start(Access::Players) else {
        return;
    };
    let image = host_image("secret");
    let authorization = "Basic cGxheWVyOmdlaGVpbS0x".to_owned();
    let push = Pusher {
        authorization: Some(authorization),
        ..pusher(&server)
    };
    push.image(&image, "22");
    let (_folder, store) = new_store();
    let reference = server.reference("test/node:22");
    let login = |password| Credentials::read(&server.login(password)).unwrap();

    for credentials in [Credentials::none(), login("falsch-9")] {
        let error = pull_as(&store, &reference, &credentials).unwrap_err();
        let told = format!("{} {error:?}", tell(&error));
        assert!(told.contains("401") && told.contains("docker login"), "{told}");
        assert!(!told.contains("falsch-9") && !told.contains("ZmFsc2No"), "{told}");
    }
    let pulled = pull_as(&store, &reference, &login(PASSWORD)).unwrap();
    assert_eq!(pulled.digest, image.digest().into());
}

#[test]
fn a_registry_that_is_not_there_does_not_answer() {
    let (_folder, store) = new_store();
    for registry in [free_address(), "registry.invalid".to_owned()] {
        let reference = Reference::parse(&format!("{registry}/node:22")).unwrap();
        let error = pull(&store, &reference).unwrap_err();
        assert!(
            matches!(error, RegistryError::NoAnswer { .. }),
            "{registry}: {error:?}"
        );
    }
}
