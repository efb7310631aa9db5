//! Images from a registry: pinned, asked for again, started in other ways.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_build::{BuildError, BuildRequest, Built, Outcome, build};
use tapedeck_image::registry::Login;
use tapedeck_image::{Image, Platform, Progress, Store};
use tapedeck_model::{Expression, Late, Packaging, PrebuiltImage, ResourceName, SecretReference};
use tapedeck_testkit::registry::{Access, PASSWORD, Pusher, Server, TestImage, USER};
use tempfile::TempDir;

use crate::project::tell;

/// Keeps steps and notices apart.
#[derive(Debug, Default)]
struct Heard {
    steps: Vec<String>,
    notices: Vec<String>,
}

impl Progress for Heard {
    fn step(&mut self, text: &str) {
        self.steps.push(text.to_owned());
    }
    fn notice(&mut self, text: &str) {
        self.notices.push(text.to_owned());
    }
}

/// A service that is an image, with a store of its own.
struct Service {
    folder: TempDir,
    store: Store,
    packaging: PrebuiltImage,
    login: Option<Login>,
    docker_config: Option<PathBuf>,
    platform: Platform,
    heard: Heard,
}

impl Service {
    fn of(image: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(folder.path().join("store")).unwrap(),
            folder,
            packaging: PrebuiltImage {
                image: Late::Known(image.to_owned()),
                repository_credentials_secret_arn: None,
                command: Vec::new(),
                entry_point: Vec::new(),
            },
            login: None,
            docker_config: None,
            platform: Platform::host(),
            heard: Heard::default(),
        }
    }

    fn build(&mut self) -> Result<Built, BuildError> {
        self.heard = Heard::default();
        let search_path = self.folder.path().join("bin").into_os_string();
        let (service, folder) = (ResourceName::new("proxy").unwrap(), self.folder.path());
        let packaging = Packaging::PrebuiltImage(self.packaging.clone());
        let cache = folder.join("cache");
        let request = BuildRequest {
            search_path: &search_path,
            platform: self.platform,
            docker_config: self.docker_config.as_deref(),
            registry_login: self.login.as_ref(),
            ..BuildRequest::new(&self.store, &service, &packaging, folder, &cache)
        };
        build(&request, &mut self.heard)
    }

    fn image(&mut self) -> Image {
        let built = self.build().unwrap_or_else(|error| panic!("{}", tell(&error)));
        self.store.image(&built.image).unwrap()
    }

    fn error(&mut self) -> String {
        tell(&self.build().expect_err("this cannot be packaged"))
    }
}

fn own(word: &str) -> TestImage {
    TestImage::new(Platform::host().as_str(), word)
}

fn push(server: &Server, image: &TestImage, tag: &str) {
    let pusher = Pusher {
        host: &server.host,
        name: "team/proxy",
        authorization: None,
    };
    pusher.image(image, tag);
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn a_tag_is_asked_for_at_each_build_and_pulled_when_it_moved() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let (first, second) = (own("first"), own("second"));
    push(&server, &first, "1");
    let mut service = Service::of(&format!("{}/team/proxy:1", server.host));
    let built = service.build().unwrap();
    assert_eq!(
        built.image,
        first.digest().into(),
        "the image is the registry's own"
    );
    assert_eq!(built.outcome, Outcome::Rebuilt { layers: Vec::new() });
    assert!(
        service.heard.steps.iter().any(|step| step.contains("layers")),
        "{:?}",
        service.heard
    );

    let again = service.build().unwrap();
    assert_eq!((again.image, again.outcome), (built.image, Outcome::Unchanged));
    assert_eq!(service.heard.steps.len(), 1, "one question: {:?}", service.heard);

    push(&server, &second, "1");
    let moved = service.build().unwrap();
    assert_eq!(moved.image, second.digest().into());
    assert_eq!(moved.outcome, Outcome::Rebuilt { layers: Vec::new() });
}

#[test]
fn without_its_registry_a_tag_is_what_it_was_last_and_a_digest_what_it_is() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let image = own("kept");
    push(&server, &image, "1");
    let mut tagged = Service::of(&format!("{}/team/proxy:1", server.host));
    let mut fixed = Service::of(&format!("{}/team/proxy@{}", server.host, image.digest()));
    let mut unknown = Service::of(&format!("{}/team/proxy:2", server.host));
    tagged.packaging.command = words(&["serve"]);
    let before = tagged.image().digest;
    fixed.build().unwrap();
    let refused = unknown.error();
    assert!(
        refused.contains("404") && refused.contains("check the name and the tag"),
        "{refused}"
    );

    drop(server);
    let after = tagged.build().unwrap();
    assert_eq!((after.image, after.outcome), (before, Outcome::Unchanged));
    let [notice] = &tagged.heard.notices[..] else {
        panic!("{:?}", tagged.heard);
    };
    assert!(
        notice.contains("does not answer") && notice.contains(&image.digest().to_string()),
        "{notice}"
    );
    // Another way to start needs no registry either.
    tagged.packaging.command = words(&["serve", "--fast"]);
    assert_eq!(tagged.image().config.cmd, ["serve", "--fast"]);

    let still = fixed.build().unwrap();
    assert_eq!(
        (still.image, still.outcome),
        (image.digest().into(), Outcome::Unchanged)
    );
    assert!(
        fixed.heard.steps.is_empty() && fixed.heard.notices.is_empty(),
        "{:?}",
        fixed.heard
    );
    let error = unknown.build().unwrap_err();
    assert!(error.is_of_surroundings(), "{}", tell(&error));
}

#[test]
fn command_and_entry_point_take_the_place_of_the_images_own_as_on_ecs() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    push(&server, &own("start"), "1");
    let mut service = Service::of(&format!("{}/team/proxy:1", server.host));
    let mut started = |entry_point: &[&str], command: &[&str]| {
        service.packaging.entry_point = words(entry_point);
        service.packaging.command = words(command);
        let config = service.image().config;
        [config.entrypoint, config.cmd].concat().join(" ")
    };
    assert_eq!(started(&[], &[]), "docker-entrypoint.sh node");
    assert_eq!(started(&[], &["sh", "-x"]), "docker-entrypoint.sh sh -x");
    assert_eq!(started(&["/bin/own"], &[]), "/bin/own");
    assert_eq!(started(&["/bin/own"], &["x"]), "/bin/own x");
    assert_eq!(started(&[], &[]), "docker-entrypoint.sh node");
}

#[test]
fn of_an_index_the_image_for_the_processor_is_taken_and_others_are_named() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let other = TestImage::new("arm64", "other");
    let pusher = Pusher {
        host: &server.host,
        name: "team/proxy",
        authorization: None,
    };
    if Platform::host() == Platform::Amd64 {
        pusher.index(&own("own"), &other, "both");
        let mut service = Service::of(&format!("{}/team/proxy:both", server.host));
        assert_eq!(service.build().unwrap().image, own("own").digest().into());
        service.platform = Platform::Arm64;
        assert_eq!(service.build().unwrap().image, other.digest().into());
    }
    pusher.image(&TestImage::new("s390x", "big"), "big");
    let error = Service::of(&format!("{}/team/proxy:big", server.host)).error();
    assert!(
        error.contains("is not for linux/") && error.contains("but for linux/s390x"),
        "{error}"
    );
}

#[test]
fn a_protected_registry_wants_a_login_from_a_secret_or_from_docker() {
    let Some(server) = Server::start(Access::Players) else {
        return;
    };
    let pusher = Pusher {
        host: &server.host,
        name: "team/proxy",
        authorization: Some("Basic cGxheWVyOmdlaGVpbS0x".to_owned()),
    };
    pusher.image(&own("private"), "1");
    let reference = format!("{}/team/proxy:1", server.host);

    let error = Service::of(&reference).error();
    assert!(error.contains("401") && error.contains("docker login"), "{error}");

    let mut by_secret = Service::of(&reference);
    by_secret.login = Some(Login::password(USER, PASSWORD));
    by_secret.docker_config = Some(server.login("wrong"));
    by_secret.build().unwrap();

    let mut by_file = Service::of(&reference);
    by_file.docker_config = Some(server.login(PASSWORD));
    by_file.build().unwrap();

    let mut by_program = Service::of(&reference);
    let config = by_program.folder.path().join("config.json");
    fs::write(&config, r#"{"credsStore": "keys"}"#).unwrap();
    by_program.docker_config = Some(config);
    let error = by_program.error();
    assert!(
        error.contains("docker-credential-keys") && error.contains("not in PATH"),
        "{error}"
    );
    plant_program(
        &by_program.folder.path().join("bin"),
        &format!("echo '{{\"Username\": \"{USER}\", \"Secret\": \"{PASSWORD}\"}}'"),
    );
    by_program.build().unwrap();
    assert!(!format!("{:?}", by_program.heard).contains(PASSWORD));
}

/// A program that keeps credentials. `cp` makes it, since no thread of this process may have it open when it is started.
fn plant_program(folder: &Path, line: &str) {
    let draft = folder.with_extension("draft");
    fs::write(&draft, format!("#!/bin/sh\n{line}\n")).unwrap();
    fs::create_dir_all(folder).unwrap();
    let made = std::process::Command::new("install")
        .args(["-m", "755"])
        .arg(draft)
        .arg(folder.join("docker-credential-keys"))
        .status();
    assert!(made.unwrap().success());
}

#[test]
fn names_that_cannot_be_used_are_told_before_anybody_is_asked() {
    for (name, said) in [
        ("", "it is empty"),
        ("https://hub.docker.com/_/nginx", "leave out the part before"),
        ("Nginx", "lower-case"),
        ("nginx@sha256:abc", "64 hexadecimal digits"),
    ] {
        let error = Service::of(name).error();
        assert!(
            error.contains("cannot package `proxy`") && error.contains(said),
            "{error}"
        );
    }
    let mut late = Service::of("");
    let secret = SecretReference::new("image-name").unwrap();
    late.packaging.image = Late::Later(Expression::Secret(secret));
    let error = late.error();
    assert!(
        error.contains("comes from `$Secret`") && error.contains("write the name itself"),
        "{error}"
    );
}
