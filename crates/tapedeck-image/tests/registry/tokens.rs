//! Tokens, redirects and limits: what real registries on the network do and the one in these tests does not.

use std::path::Path;

use tapedeck_image::Digest;
use tapedeck_image::Platform;
use tapedeck_image::registry::{Credentials, Reference, Registry, RegistryError};

use crate::fake::{Answer, Asked, Fake};
use crate::pulls::{new_store, pull, tell};
use tapedeck_testkit::registry::free_address;
use tapedeck_testkit::registry::{MANIFEST, TestImage};

/// The part of an address after `/v2/a/`, and the blobs of an image for it.
fn content_of(image: &TestImage, target: &str) -> Option<Vec<u8>> {
    let blobs = image.layers.iter().chain([&image.config]);
    let named = |blob: &&Vec<u8>| target.ends_with(&format!("/blobs/{}", Digest::of(blob)));
    blobs.clone().find(named).cloned()
}

fn image() -> TestImage {
    TestImage::new(Platform::host().as_str(), "token")
}

fn reference(fake: &Fake) -> Reference {
    Reference::parse(&format!("{}/a:1", fake.host)).unwrap()
}

/// A registry that wants a token from `issuer` and redirects to `storage` for blobs.
fn registry(issuer: String, storage: String) -> Fake {
    Fake::start(move |asked| {
        if asked.authorization.as_deref() != Some("Bearer abc.def") {
            let challenge = format!(
                "WWW-Authenticate: Bearer realm=\"http://{issuer}/token\",service=\"tests\",scope=\"repository:a:pull\""
            );
            return Answer::new("401 Unauthorized", "").with(challenge);
        }
        if asked.target == "/v2/a/manifests/1" {
            return Answer::new("200 OK", image().manifest);
        }
        Answer::new("307 Temporary Redirect", "").with(format!("Location: http://{storage}{}", asked.target))
    })
}

fn issuer() -> Fake {
    Fake::start(|_| Answer::new("200 OK", r#"{"token":"abc.def","expires_in":60}"#))
}

#[test]
fn a_token_is_fetched_and_not_passed_on() {
    let issuer = issuer();
    let storage = Fake::start(|asked| match content_of(&image(), &asked.target) {
        Some(content) => Answer::new("200 OK", content),
        None => Answer::new("404 Not Found", ""),
    });
    let registry = registry(issuer.host.clone(), storage.host.clone());
    let (_folder, store) = new_store();
    let pulled = pull(&store, &reference(&registry)).unwrap();
    assert_eq!(pulled.digest, image().digest().into());

    let [ref token] = issuer.asked()[..] else {
        panic!("one token serves for everything: {:?}", issuer.asked());
    };
    assert!(
        token.target.contains("scope=repository%3Aa%3Apull")
            || token.target.contains("scope=repository:a:pull")
    );
    assert!(
        token.target.contains("service=tests") && token.authorization.is_none(),
        "{token:?}"
    );
    let stored = storage.asked();
    assert_eq!(stored.len(), 3);
    assert!(
        stored.iter().all(|asked| asked.authorization.is_none()),
        "{stored:?}"
    );
}

#[test]
fn a_password_goes_to_whoever_hands_out_tokens_and_to_nobody_else() {
    let issuer = issuer();
    let registry = registry(issuer.host.clone(), free_address());
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    let auths =
        serde_json::json!({"auths": {registry.host.clone(): {"username": "u", "password": "geheim-2"}}});
    fs_err::write(&config, auths.to_string()).unwrap();
    let credentials = Credentials::read(&config).unwrap();
    let (_folder, store) = new_store();
    let client = Registry::of(&reference(&registry), &credentials);
    let resolved = client.resolve().unwrap();
    let basic = Some("Basic dTpnZWhlaW0tMg==".to_owned());
    assert_eq!(issuer.asked()[0].authorization, basic);
    let is_leaked = |asked: &Asked| asked.authorization == basic;
    assert!(!registry.asked().iter().any(is_leaked));

    // The registry answers, so this is no reason to do without it.
    let error = client
        .pull(
            &store,
            &resolved,
            Platform::host(),
            &mut tapedeck_image::NoProgress,
        )
        .unwrap_err();
    assert!(matches!(error, RegistryError::NoStorage { .. }), "{error:?}");
    assert!(!format!("{} {error:?} {client:?}", tell(&error)).contains("geheim-2"));
}

#[test]
fn an_identity_token_is_changed_for_one_of_the_registry() {
    let issuer = Fake::start(|_| Answer::new("200 OK", r#"{"access_token":"abc.def"}"#));
    let registry = registry(issuer.host.clone(), free_address());
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    let auths = serde_json::json!({"auths": {registry.host.clone(): {"auth": "PHRva2VuPjo=", "identitytoken": "geheim/3"}}});
    fs_err::write(&config, auths.to_string()).unwrap();
    let credentials = Credentials::read(&config).unwrap();
    Registry::of(&reference(&registry), &credentials)
        .resolve()
        .unwrap();
    let [ref asked] = issuer.asked()[..] else {
        panic!("{:?}", issuer.asked());
    };
    let body = String::from_utf8(asked.body.clone()).unwrap();
    assert_eq!((asked.method.as_str(), &asked.authorization), ("POST", &None));
    for part in [
        "grant_type=refresh_token",
        "refresh_token=geheim%2F3",
        "service=tests",
        "client_id=tapedeck",
    ] {
        assert!(body.contains(part), "{body}");
    }
}

#[test]
fn redirects_without_end_are_not_followed() {
    let registry =
        Fake::start(|asked| Answer::new("302 Found", "").with(format!("Location: {}x", asked.target)));
    let (_folder, store) = new_store();
    let error = pull(&store, &reference(&registry)).unwrap_err();
    assert!(matches!(error, RegistryError::Redirect { .. }), "{error:?}");
    assert!(registry.asked().len() < 10);
}

#[test]
fn endless_and_lying_documents_are_refused() {
    let long = Fake::start(|_| Answer::new("200 OK", vec![b' '; (4 << 20) + 1]));
    let (_folder, store) = new_store();
    let error = pull(&store, &reference(&long)).unwrap_err();
    assert!(
        matches!(error, RegistryError::TooLong { limit, .. } if limit == 4 << 20),
        "{error:?}"
    );

    let lying = Fake::start(|_| {
        let claimed = format!("Docker-Content-Digest: {}", Digest::of(b"something else"));
        Answer::new("200 OK", image().manifest).with(claimed)
    });
    let error = pull(&store, &reference(&lying)).unwrap_err();
    assert!(matches!(error, RegistryError::Digest { .. }), "{error:?}");

    let page = Fake::start(|_| {
        Answer::new("200 OK", "<html>Welcome</html>").with(format!("Content-Type: {MANIFEST}"))
    });
    let error = pull(&store, &reference(&page)).unwrap_err();
    assert!(matches!(error, RegistryError::Document { .. }), "{error:?}");
}

#[test]
fn a_layer_that_breaks_off_is_asked_for_again_and_then_given_up() {
    let registry = Fake::start(|asked| {
        let image = image();
        if asked.target == "/v2/a/manifests/1" {
            return Answer::new("200 OK", image.manifest);
        }
        match content_of(&image, &asked.target) {
            Some(content) if content == image.config => Answer::new("200 OK", content),
            // Promises more than it sends.
            Some(content) => {
                Answer::new("200 OK", content[..10].to_vec()).with("Transfer-Encoding: chunked".to_owned())
            }
            None => Answer::new("404 Not Found", ""),
        }
    });
    let (_folder, store) = new_store();
    let error = pull(&store, &reference(&registry)).unwrap_err();
    assert!(
        matches!(error, RegistryError::Interrupted { what: "a layer", .. }),
        "{error:?}"
    );
    assert!(
        registry
            .asked()
            .iter()
            .filter(|asked| asked.target.contains("/blobs/"))
            .count()
            > 3
    );
}

#[test]
fn a_missing_config_json_means_nobody() {
    let credentials = Credentials::read(Path::new("/nonexistent/config.json")).unwrap();
    assert_eq!(format!("{credentials:?}"), "{}");
}
