//! Images by Nixpacks, planned by the `nixpacks` of this machine and built by its `buildah` on a base from a registry that
//! the test starts. Without them each test says so and passes. No test has packages of Nix, which come from the network.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_build::{BuildError, BuildRequest, Built, Outcome, build, find_executable};
use tapedeck_image::{Image, Store};
use tapedeck_model::{Nixpacks, NixpacksPhase, Packaging, ResourceName};
use tapedeck_testkit::registry::{Access, Server};
use tapedeck_testkit::{buildah_in, let_buildah_pull_from, push_bash_image};
use tempfile::TempDir;

use crate::project::{Told, find, settle, tell};

/// A source folder and a store of its own.
struct Service {
    folder: TempDir,
    store: Store,
    packaging: Nixpacks,
    search_path: OsString,
    heard: Told,
}

#[expect(clippy::print_stderr, reason = "skipping must be seen")]
fn skip(what: &str) {
    eprintln!("SKIPPED: {what}");
}

/// Where `nixpacks` is.
fn program() -> Option<PathBuf> {
    let found = find_executable("nixpacks", &std::env::var_os("PATH").unwrap());
    if found.is_none() {
        skip("needs the program nixpacks; dev/setup.sh tests installs it");
    }
    found
}

impl Service {
    /// One that can plan.
    fn planning() -> Option<Self> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        let bin = buildah_in(folder.path())?;
        symlink(program, bin.join("nixpacks")).unwrap();
        fs::create_dir(folder.path().join("source")).unwrap();
        Some(Self {
            store: Store::open(folder.path().join("store")).unwrap(),
            folder,
            packaging: Nixpacks {
                source_directory_path: "source".to_owned(),
                build_image: None,
                providers: None,
                start_cmd: None,
                start_run_image: None,
                start_only_include_files: None,
                phases: Vec::new(),
            },
            search_path: bin.into_os_string(),
            heard: Told::default(),
        })
    }

    /// One whose builds begin with an image of this registry.
    fn building(server: &Server) -> Option<Self> {
        let mut service = Self::planning()?;
        let_buildah_pull_from(&server.host, service.folder.path());
        service.packaging.build_image = Some(push_bash_image(&server.host));
        Some(service)
    }

    fn source(&self, below: &str) -> PathBuf {
        self.folder.path().join("source").join(below)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.source(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        settle();
    }

    fn build(&mut self) -> Result<Built, BuildError> {
        self.heard = Told::default();
        let packaging = Packaging::Nixpacks(self.packaging.clone());
        let (service, folder) = (ResourceName::new("Worker1").unwrap(), self.folder.path());
        let cache = folder.join("cache");
        let request = BuildRequest {
            search_path: &self.search_path,
            ..BuildRequest::new(&self.store, &service, &packaging, folder, &cache)
        };
        build(&request, &mut self.heard)
    }

    fn changed(&mut self) -> Image {
        let built = self.build().unwrap_or_else(|error| panic!("{}", tell(&error)));
        assert!(
            matches!(built.outcome, Outcome::Rebuilt { .. }),
            "{:?}",
            self.heard
        );
        self.store.image(&built.image).unwrap()
    }

    /// Builds what is as it was: no program is even asked.
    fn unchanged(&mut self) {
        let path = std::mem::replace(&mut self.search_path, OsString::new());
        let built = self.build().unwrap_or_else(|error| panic!("{}", tell(&error)));
        self.search_path = path;
        assert_eq!((built.outcome, &self.heard.0), (Outcome::Unchanged, &Vec::new()));
    }

    fn error(&mut self) -> String {
        let error = self.build().expect_err("this cannot be packaged");
        tell(&error)
    }
}

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(ToString::to_string).collect())
}

fn phase(name: &str, commands: &[&str]) -> NixpacksPhase {
    NixpacksPhase {
        name: name.to_owned(),
        cmds: texts(commands),
        ..NixpacksPhase::default()
    }
}

/// What a file of an image holds.
fn text(image: &Image, path: &str) -> String {
    fs::read_to_string(find(image, path).unwrap_or_else(|| panic!("{path} is not in the image"))).unwrap()
}

/// Files of a folder with their contents, as text.
fn snapshot(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push((path.clone(), fs::read_to_string(&path).unwrap_or_default())),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_nixpacks_plans_becomes_an_image_and_what_is_unchanged_is_not_planned_again() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let Some(mut service) = Service::building(&server) else {
        return;
    };
    service.write("word.txt", "first");
    service.write("secret.txt", "kept back");
    service.write(".dockerignore", "*\n!word.txt\n");
    service.write(
        "nixpacks.toml",
        "[variables]\nKIND = \"of the file\"\n[start]\ncmd = 'of the file'\n",
    );
    service.packaging.start_cmd = Some("busybox cat /app/out/word.txt".to_owned());
    let mut install = phase(
        "install",
        &["busybox mkdir out && busybox cp word.txt out/word.txt"],
    );
    // A folder that lives from build to build, and nothing of it is in the image.
    install.cache_directories = texts(&["/var/kept"]);
    let mut build = phase(
        "build",
        &["echo \"after $(busybox cat out/word.txt) $KIND\" > out/log.txt"],
    );
    build.cache_directories = texts(&["/var/kept"]);
    service.packaging.phases = vec![install, build];
    let before = snapshot(&service.source(""));

    let image = service.changed();
    assert_eq!(
        snapshot(&service.source("")),
        before,
        "something is among the user's files"
    );
    assert_eq!(text(&image, "app/out/word.txt"), "first");
    assert_eq!(text(&image, "app/out/log.txt"), "after first of the file\n");
    assert_eq!(find(&image, "app/secret.txt"), None);
    assert_eq!(image.config.env["KIND"], "of the file");
    assert_eq!(image.config.entrypoint, ["/bin/bash", "-l", "-c"]);
    assert_eq!(
        image.config.cmd,
        ["busybox cat /app/out/word.txt"],
        "the config goes above the file"
    );
    assert!(
        service
            .heard
            .0
            .iter()
            .any(|line| line == "planning with nixpacks"),
        "{:?}",
        service.heard
    );
    service.unchanged();

    service.write("secret.txt", "kept back, whatever is in it");
    service.write("word.txt", "second");
    let image = service.changed();
    assert_eq!(text(&image, "app/out/word.txt"), "second");
    service.write("nixpacks.toml", "[variables]\nKIND = \"another\"\n");
    let image = service.changed();
    assert_eq!(image.config.env["KIND"], "another");
    service.packaging.start_cmd = Some("true".to_owned());
    assert_eq!(service.changed().config.cmd, ["true"]);
    service.unchanged();
}

#[test]
fn the_only_folder_is_the_source_where_there_is_nothing_beside_it() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let Some(mut service) = Service::building(&server) else {
        return;
    };
    service.write("app/package.json", r#"{"scripts": {"start": "from here"}}"#);
    service.write(
        "app/nixpacks.toml",
        "[phases.setup]\nnixPkgs = []\n[phases.install]\ncmds = ['busybox touch made']\n",
    );
    let image = service.changed();
    assert!(find(&image, "app/made").is_some());
    assert!(find(&image, "app/package.json").is_some());
    assert_eq!(image.config.cmd, ["npm run start"]);
    assert_eq!(image.config.env["NIXPACKS_METADATA"], "node");
}

#[test]
fn a_plan_that_cannot_be_made_says_why() {
    let Some(mut service) = Service::planning() else {
        return;
    };
    service.packaging.source_directory_path = "elsewhere".to_owned();
    let error = service.error();
    assert!(error.contains("sourceDirectoryPath is `elsewhere`"), "{error}");
    service.packaging.source_directory_path = "source".to_owned();

    service.write("notes.txt", "nothing to run");
    let error = service.error();
    assert!(error.contains("finds no language that it knows"), "{error}");
    service.packaging.phases = vec![phase("build", &["true"])];
    let error = service.error();
    assert!(error.contains("set `startCmd`"), "{error}");
    service.packaging.phases.clear();
    service.packaging.providers = texts(&["cobolt"]);
    let error = service.error();
    assert!(error.contains("Provider cobolt not found"), "{error}");
    assert!(!error.contains("backtrace"), "{error}");
    service.packaging.providers = None;

    service.write("nixpacks.toml", "[start]\ncmd = 3\n");
    let error = service.error();
    assert!(
        error.contains("`nixpacks.toml`") && error.contains("line 2"),
        "{error}"
    );
    fs::remove_file(service.source("nixpacks.toml")).unwrap();

    service.write("package.json", "{\n \"engines\": {\n  \"node\": \"26\" }\n}");
    service.write("index.js", "");
    let error = service.error();
    assert!(error.contains("package.json:3 asks for Node 26"), "{error}");
    assert!(error.contains("would take nodejs_18"), "{error}");

    let nowhere = service.folder.path().join("nowhere");
    service.search_path = nowhere.into_os_string();
    let error = service.build().expect_err("there is no program");
    assert!(error.is_of_surroundings());
    assert!(tell(&error).contains("install it with"), "{}", tell(&error));
}

#[test]
fn a_phase_that_fails_is_named() {
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let Some(mut service) = Service::building(&server) else {
        return;
    };
    service.write("word.txt", "x");
    service.packaging.start_cmd = Some("true".to_owned());
    service.packaging.phases = vec![phase("build", &["echo it broke; exit 3"])];
    let error = service.error();
    assert!(
        error.contains("the Dockerfile that Nixpacks wrote for `Worker1` does not build"),
        "{error}"
    );
    assert!(
        error.contains("echo it broke; exit 3") && error.contains("it broke"),
        "{error}"
    );
}
