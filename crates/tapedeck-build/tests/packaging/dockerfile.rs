//! Images from Dockerfiles, built by the `buildah` of this machine. Without it each test says so and passes.

use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use fs_err as fs;
use tapedeck_build::{BuildError, BuildRequest, Built, Outcome, build, find_executable};
use tapedeck_image::{Image, Store};
use tapedeck_model::{CustomDockerfile, Packaging, ResourceName};
use tapedeck_testkit::buildah_in;
use tempfile::TempDir;

use crate::project::{Told, find, settle, tell};

/// A context with a static program in it, and a store of its own.
struct Service {
    folder: TempDir,
    store: Store,
    packaging: CustomDockerfile,
    search_path: OsString,
    no_cache: bool,
    heard: Told,
}

const DOCKERFILE: &str = "FROM scratch AS first\nARG WORD=none\nCOPY busybox /bin/busybox\nCOPY . /app/\n\
                          RUN [\"/bin/busybox\", \"touch\", \"/made\"]\nENV WORD=$WORD\nUSER 1000\n\
                          ENTRYPOINT [\"/bin/busybox\"]\nCMD [\"echo\", \"hello\"]\nFROM first\nENV STAGE=second\n";

impl Service {
    fn ready() -> Option<Self> {
        let Some(busybox) = tapedeck_testkit::busybox() else {
            skip("needs a static busybox; dev/setup.sh installs it");
            return None;
        };
        let mut service = Self::bare(OsString::new());
        // Alone there: Docker would be chosen before it, wherever its daemon runs.
        service.search_path = buildah_in(service.folder.path())?.into_os_string();
        service.write("context/Dockerfile", DOCKERFILE);
        service.write("context/src/main.txt", "first");
        fs::copy(busybox, service.path("context/busybox")).unwrap();
        settle();
        Some(service)
    }

    fn bare(search_path: OsString) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(folder.path().join("store")).unwrap(),
            folder,
            packaging: CustomDockerfile {
                build_context_path: "context".to_owned(),
                dockerfile_path: "Dockerfile".to_owned(),
                build_args: Vec::new(),
                target: None,
                command: Vec::new(),
                entry_point: Vec::new(),
            },
            search_path,
            no_cache: false,
            heard: Told::default(),
        }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        settle();
    }

    fn build(&mut self) -> Result<Built, BuildError> {
        self.heard = Told::default();
        let packaging = Packaging::CustomDockerfile(self.packaging.clone());
        let (service, cache) = (ResourceName::new("Worker1").unwrap(), self.path("cache"));
        let request = BuildRequest {
            search_path: &self.search_path,
            no_cache: self.no_cache,
            ..BuildRequest::new(&self.store, &service, &packaging, self.folder.path(), &cache)
        };
        build(&request, &mut self.heard)
    }

    fn must_build(&mut self) -> Built {
        self.build().unwrap_or_else(|error| panic!("{}", tell(&error)))
    }

    fn image(&self, built: &Built) -> Image {
        self.store.image(&built.image).unwrap()
    }

    /// Builds what has to be built anew, by the tool.
    fn changed(&mut self) -> Built {
        let built = self.must_build();
        assert!(
            matches!(built.outcome, Outcome::Rebuilt { .. }),
            "{:?}",
            self.heard
        );
        built
    }

    /// Builds what is as it was: the tool is not even asked.
    fn unchanged(&mut self) {
        // No program can be found now, and the one that is known does not run.
        let path = std::mem::replace(&mut self.search_path, OsString::new());
        let built = self.must_build();
        self.search_path = path;
        assert_eq!((built.outcome, &self.heard.0), (Outcome::Unchanged, &Vec::new()));
    }

    fn error(&mut self) -> String {
        tell(&self.build().expect_err("this cannot be packaged"))
    }
}

#[expect(clippy::print_stderr, reason = "skipping must be seen")]
fn skip(what: &str) {
    eprintln!("SKIPPED: {what}");
}

#[test]
fn a_dockerfile_becomes_an_image_and_what_is_unchanged_is_not_built_again() {
    let Some(mut service) = Service::ready() else {
        return;
    };
    service.packaging.build_args = vec![("WORD".to_owned(), "given".to_owned())];
    let built = service.changed();
    let image = service.image(&built);
    assert_eq!(image.config.env["WORD"], "given");
    assert_eq!(image.config.env["STAGE"], "second");
    assert_eq!(
        (image.config.user.as_str(), image.config.cmd.join(" ")),
        ("1000", "echo hello".to_owned())
    );
    assert!(find(&image, "made").is_some() && find(&image, "app/src/main.txt").is_some());
    assert!(
        service.heard.0.iter().any(|step| step.contains("STEP ")),
        "{:?}",
        service.heard
    );
    assert!(
        built
            .source_files
            .iter()
            .any(|file| file.ends_with("context/src/main.txt"))
    );
    assert_eq!(built.runtime, None);
    service.unchanged();

    // Touched is not changed.
    service.write("context/src/main.txt", "first");
    service.unchanged();
    service.write("context/src/main.txt", "second");
    let second = service.changed();
    assert_ne!(second.image, built.image);
    service.unchanged();

    service.packaging.target = Some("first".to_owned());
    let first = service.changed();
    assert!(!service.image(&first).config.env.contains_key("STAGE"));
    service.packaging.build_args = Vec::new();
    let without = service.changed();
    assert_eq!(service.image(&without).config.env["WORD"], "none");

    service.packaging.command = vec!["true".to_owned()];
    let other = service.must_build();
    assert_eq!(service.image(&other).config.cmd, ["true"]);
    assert_eq!(service.image(&other).config.entrypoint, ["/bin/busybox"]);
    assert_eq!(
        service.heard.0,
        Vec::<String>::new(),
        "another start needs no tool"
    );
    service.packaging.entry_point = vec!["/bin/busybox".to_owned(), "sh".to_owned()];
    service.packaging.command = Vec::new();
    let other = service.must_build();
    assert_eq!(service.image(&other).config.cmd, Vec::<String>::new());
}

#[test]
fn exactly_what_the_context_sends_counts() {
    let Some(mut service) = Service::ready() else {
        return;
    };
    let dockerfile = "FROM scratch\nCOPY . /app/\n";
    service.write("context/Dockerfile", dockerfile);
    fs::remove_file(service.path("context/busybox")).unwrap();
    service.write("context/.dockerignore", "**/*.log\n!keep.log\nnode_modules\n");
    service.write("context/keep.log", "kept");
    symlink("src/main.txt", service.path("context/link")).unwrap();
    let image = service.changed();
    let image = service.image(&image);
    assert!(find(&image, "app/keep.log").is_some());
    service.unchanged();

    service.write("context/src/debug.log", "left out");
    service.write("context/node_modules/a/index.js", "left out");
    service.unchanged();
    service.write("context/node_modules/a/index.js", "left out, too");
    service.unchanged();

    service.write("context/keep.log", "changed");
    service.changed();
    let program = service.path("context/src/main.txt");
    fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    settle();
    service.changed();
    fs::remove_file(service.path("context/link")).unwrap();
    symlink("src/../src/main.txt", service.path("context/link")).unwrap();
    settle();
    service.changed();
    service.write("context/src/new.txt", "");
    service.changed();
    fs::remove_file(service.path("context/src/new.txt")).unwrap();
    settle();
    service.changed();
    service.unchanged();

    // The file of the Dockerfile's own comes first.
    service.write("context/Dockerfile.dockerignore", "keep.log\n");
    let built = service.changed();
    let image = service.image(&built);
    assert!(find(&image, "app/keep.log").is_none() && find(&image, "app/src/debug.log").is_some());
    service.write("context/keep.log", "left out now");
    service.unchanged();
    service.write("context/Dockerfile", &format!("{dockerfile}ENV MORE=1\n"));
    service.changed();
}

#[test]
fn a_dockerfile_that_does_not_build_is_told_with_its_step_and_harms_nothing() {
    let Some(mut service) = Service::ready() else {
        return;
    };
    let before = service.changed();
    let broken = DOCKERFILE.replace("\"touch\", \"/made\"", "\"cat\", \"/not-there\"");
    service.write("context/Dockerfile", &broken);
    let error = service.error();
    assert!(
        error.contains("the Dockerfile of `Worker1` does not build: `buildah` ended with")
            && error.contains("at [1/2] STEP 5/9: RUN [\"/bin/busybox\", \"cat\"")
            && error.contains("can't open '/not-there'"),
        "{error}"
    );
    service.image(&before);
    service.write("context/Dockerfile", "FROM scratch\nRNU x\n");
    let error = service.error();
    assert!(error.contains("RNU"), "{error}");
    service.write("context/Dockerfile", DOCKERFILE);
    let again = service.must_build();
    assert_eq!(again.image, before.image, "the tool has it all in its cache");
}

#[test]
fn what_is_missing_is_named() {
    let mut service = Service::bare(OsString::from("/nowhere"));
    let error = service.error();
    assert!(
        error.contains("buildContextPath is `context`, but there is no folder"),
        "{error}"
    );
    service.write("context/a", "");
    let error = service.error();
    assert!(
        error.contains("dockerfilePath is `Dockerfile`, but there is no file"),
        "{error}"
    );
    service.write("context/Dockerfile", "FROM scratch\n");
    let failed = service.build().unwrap_err();
    let error = tell(&failed);
    assert!(
        error.contains("neither `docker` nor `buildah` nor `podman` is in PATH")
            && error.contains("apt install buildah"),
        "{error}"
    );
    assert!(failed.is_of_surroundings());
}

#[test]
fn a_docker_without_its_daemon_is_passed_over() {
    let mut service = Service::bare(OsString::new());
    service.write("context/Dockerfile", "FROM scratch\n");
    let bin = service.path("bin");
    fs::create_dir(&bin).unwrap();
    // `false` is a Docker that fails at everything.
    symlink(
        find_executable("false", std::ffi::OsStr::new("/bin:/usr/bin")).unwrap(),
        bin.join("docker"),
    )
    .unwrap();
    service.search_path = bin.into_os_string();
    let error = service.error();
    assert!(
        error.contains("`docker` is installed, but its daemon does not answer"),
        "{error}"
    );
}

/// The command line of Docker over `buildah`, with BuildKit or without it. It shows that what Docker is asked is well-formed
/// and that what `docker save` writes is taken over, not what Docker itself does with it.
fn plant_docker(service: &Service, has_buildkit: bool) {
    let script = format!(
        "#!/bin/sh\nset -e\nbin=$(dirname \"$0\")\ncase \"$1 $2\" in\n\
         version*) exit 0;;\n\
         'buildx version') exit {code};;\n\
         'buildx build') shift 2; test \"$1 $2 $3\" = '--progress plain --load'; shift 3; \
         exec \"$bin/buildah\" bud --isolation chroot --format docker \"$@\";;\n\
         'build '*) shift; exec \"$bin/buildah\" bud --isolation chroot --format docker \"$@\";;\n\
         'save '*) \"$bin/buildah\" push --quiet \"$2\" \"docker-archive:$bin/a.tar\" >&2; cat \"$bin/a.tar\"; rm \"$bin/a.tar\";;\n\
         *) echo \"what is $*?\" >&2; exit 9;;\nesac\n",
        code = i32::from(!has_buildkit),
    );
    service.write("docker.draft", &script);
    let made = std::process::Command::new("install")
        .args(["-m", "755"])
        .args([service.path("docker.draft"), service.path("bin/docker")])
        .status();
    assert!(made.unwrap().success());
    for program in ["dirname", "cat", "rm", "sh"] {
        let found = find_executable(program, std::ffi::OsStr::new("/usr/bin:/bin")).unwrap();
        if !service.path("bin").join(program).exists() {
            symlink(found, service.path("bin").join(program)).unwrap();
        }
    }
}

#[test]
fn docker_is_asked_first_and_its_archive_taken_over() {
    let Some(mut service) = Service::ready() else {
        return;
    };
    service.packaging.build_args = vec![("WORD".to_owned(), "by docker".to_owned())];
    service.packaging.target = Some("first".to_owned());
    for has_buildkit in [true, false] {
        plant_docker(&service, has_buildkit);
        service.no_cache = !has_buildkit;
        let built = service.must_build();
        let image = service.image(&built);
        assert_eq!(image.config.env["WORD"], "by docker");
        assert!(find(&image, "made").is_some());
        let told = format!(
            "building with {}",
            if has_buildkit { "docker buildx" } else { "docker" }
        );
        assert!(service.heard.0.contains(&told), "{:?}", service.heard);
        service.no_cache = false;
        service.unchanged();
    }
    service.write(
        "context/Dockerfile",
        &DOCKERFILE.replace("\"touch\"", "\"no-such-command\""),
    );
    let error = service.error();
    assert!(
        error.contains("`docker` ended with") && error.contains("no-such-command"),
        "{error}"
    );
}
