//! Base images by name: when is asked, what is remembered, what happens when nobody answers.

use std::time::{Duration, SystemTime};

use tapedeck_image::base::{BaseError, NamedBase, RuntimeKind, ensure_named_base, fresh_named_base};
use tapedeck_image::registry::{Reference, RegistryError};
use tapedeck_image::{Image, KeepBases, NoProgress, Platform, Progress, Store};

use crate::pulls::{new_store, pusher};
use tapedeck_testkit::registry::TestImage;
use tapedeck_testkit::registry::{Access, Server, free_address};

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Default)]
struct Notices(Vec<String>);

impl Progress for Notices {
    fn step(&mut self, _text: &str) {}
    fn notice(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

fn named(reference: &Reference, now: SystemTime) -> NamedBase<'_> {
    NamedBase {
        reference,
        docker_config: None,
        search_path: std::ffi::OsStr::new(""),
        now,
        resolve_anew: false,
    }
}

fn ensure(store: &Store, wanted: &NamedBase<'_>) -> Image {
    ensure_named_base(
        store,
        wanted,
        RuntimeKind::Node,
        Platform::host(),
        &mut NoProgress,
    )
    .unwrap()
    .unwrap()
}

fn host_image(word: &str) -> TestImage {
    TestImage::new(Platform::host().as_str(), word)
}

#[test]
fn a_name_is_asked_for_once_a_day_and_survives_its_registry() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (first, second) = (host_image("first"), host_image("second"));
    pusher(&server).image(&first, "22");
    let (_folder, store) = new_store();
    let reference = server.reference("test/node:22");
    let now = SystemTime::now();
    assert_eq!(
        fresh_named_base(&store, &named(&reference, now), Platform::host()).unwrap(),
        None
    );
    assert_eq!(
        ensure(&store, &named(&reference, now)).digest,
        first.digest().into()
    );

    pusher(&server).image(&second, "22");
    let later = named(&reference, now + 23 * HOUR);
    assert_eq!(
        ensure(&store, &later).digest,
        first.digest().into(),
        "within a day it is not asked"
    );
    let anew = NamedBase {
        resolve_anew: true,
        ..later
    };
    assert_eq!(ensure(&store, &anew).digest, second.digest().into());
    pusher(&server).image(&first, "22");
    let tomorrow = named(&reference, now + 50 * HOUR);
    assert_eq!(
        fresh_named_base(&store, &tomorrow, Platform::host()).unwrap(),
        None
    );
    let moved_back = ensure(&store, &tomorrow);
    assert_eq!(moved_back.digest, first.digest().into());

    // Nothing uses it, and it stays for the next deploy.
    store.collect_garbage(&[], KeepBases::All).unwrap();
    drop(server);
    let next_week = named(&reference, now + 200 * HOUR);
    let mut notices = Notices::default();
    let kept = ensure_named_base(
        &store,
        &next_week,
        RuntimeKind::Node,
        Platform::host(),
        &mut notices,
    )
    .unwrap();
    assert_eq!(kept, Some(moved_back));
    assert!(
        matches!(&notices.0[..], [line] if line.contains("does not answer") && line.contains("pulled last")),
        "{:?}",
        notices.0
    );
}

#[test]
fn nobody_answering_is_said_and_no_error() {
    let reference = Reference::parse(&format!("{}/node:22", free_address())).unwrap();
    let (_folder, store) = new_store();
    let mut notices = Notices::default();
    let wanted = named(&reference, SystemTime::now());
    let base = ensure_named_base(&store, &wanted, RuntimeKind::Node, Platform::host(), &mut notices).unwrap();
    assert_eq!(base, None);
    assert!(
        matches!(&notices.0[..], [line] if line.contains("assembled")),
        "{:?}",
        notices.0
    );
}

#[test]
fn an_answer_that_is_an_error_is_an_error() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (_folder, store) = new_store();
    let reference = server.reference("test/node:22");
    let wanted = named(&reference, SystemTime::now());
    let error = ensure_named_base(
        &store,
        &wanted,
        RuntimeKind::Node,
        Platform::host(),
        &mut NoProgress,
    )
    .unwrap_err();
    assert!(
        matches!(error, BaseError::Pull(RegistryError::Refused { .. })),
        "{error:?}"
    );
}

#[test]
fn a_base_without_node_is_refused() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let mut image = host_image("x");
    let elsewhere = String::from_utf8(image.config)
        .unwrap()
        .replace("/usr/local/bin:/usr/bin", "/bin");
    let config = elsewhere.into_bytes();
    let manifest: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
    let mut changed = manifest.clone();
    changed["config"]["digest"] = tapedeck_image::Digest::of(&config).to_string().into();
    changed["config"]["size"] = config.len().into();
    image.manifest = changed.to_string().into_bytes();
    image.config = config;
    pusher(&server).image(&image, "22");
    let (_folder, store) = new_store();
    let reference = server.reference("test/node:22");
    let wanted = named(&reference, SystemTime::now());
    let error = ensure_named_base(
        &store,
        &wanted,
        RuntimeKind::Node,
        Platform::host(),
        &mut NoProgress,
    )
    .unwrap_err();
    assert!(
        matches!(&error, BaseError::NoRuntime { search_path, .. } if search_path == "/bin"),
        "{error:?}"
    );
}
