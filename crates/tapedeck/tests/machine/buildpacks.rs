//! `external-buildpack`: a small builder with the real lifecycle, from a registry that the test starts.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::json;
use tapedeck_testkit::registry::{Access, Pusher, Server, TestImage, layer_of};
use tapedeck_testkit::{DEADLINE, Finished, Home, Leaks, busybox, eventually, lifecycle_in};
use tempfile::TempDir;

use crate::stage::{PROJECT, home};

const BUILDER: &str = "team/builder";
const RUN: &str = "team/run";

/// Takes whoever has a greeting.
const DETECT: &str = "#!/bin/sh\n[ -f greeting.txt ] || exit 100\n";

/// Makes a layer once, keeps it, and says how the image starts.
const BUILD: &str = r#"#!/bin/sh
set -e
app="$PWD"
cd "$CNB_LAYERS_DIR"
if [ -f words/word ]; then echo "words are there already"; else
  echo "making words for $(/bin/busybox id -u) with ${FLAVOUR:-no} flavour"
  /bin/busybox mkdir -p words
  echo "${FLAVOUR:-no} flavour" > words/word
fi
printf '[types]\nlaunch = true\ncache = true\n' > words.toml
[ ! -e "$app/secret" ] || echo "the secret was sent"
printf '[[processes]]\ntype = "worker"\ncommand = ["/bin/busybox", "sh", "start"]\nargs = ["by default"]\ndefault = true\n' > launch.toml
"#;

const START: &str = "/bin/busybox cat greeting.txt /layers/test_greeter/words/word\n\
    echo \"as $(/bin/busybox id -u): $*\"\nexec /bin/busybox sleep 1000\n";

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\ncnb:x:1234:1234::/home/cnb:/bin/sh\n";

struct Project {
    home: Home,
    folder: TempDir,
    server: Server,
}

impl Project {
    fn ready() -> Option<Self> {
        let home = home()?;
        let server = Server::start(Access::Anybody)?;
        let programs = lifecycle_in(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("lifecycle"))?;
        let (lifecycle, launcher) = (
            fs::read(programs.lifecycle).unwrap(),
            fs::read(programs.launcher).unwrap(),
        );
        let folder = tempfile::Builder::new()
            .prefix("td-buildpacks-")
            .tempdir()
            .unwrap();
        let project = Self { home, folder, server };
        project.push(RUN, &run_image("one"));
        let run = format!("{}/{RUN}:1", project.server.host);
        let builder = builder_image(&lifecycle, &launcher, &run, &["0.11", "0.12", "0.13"]);
        project.push(BUILDER, &builder);
        project.write("app/greeting.txt", "hello\n");
        project.write("app/start", START);
        project.configure("");
        Some(project)
    }

    fn push(&self, name: &str, image: &TestImage) {
        let pusher = Pusher {
            host: &self.server.host,
            name,
            authorization: None,
        };
        pusher.image(image, "1");
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes the config, with more properties of the packaging.
    fn configure(&self, more: &str) {
        self.write(
            "stacktape.yml",
            &format!(
                "resources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
                 type: external-buildpack\n        properties:\n          sourceDirectoryPath: app\n          \
                 builder: {}/{BUILDER}:1\n{more}      resources: {{ cpu: 0.25, memory: 512 }}\n",
                self.server.host
            ),
        );
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = self.home.command(&[arguments, &PROJECT].concat());
        command.current_dir(self.folder.path());
        Finished::of(command)
    }

    fn must(&self, arguments: &[&str]) -> Finished {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished
    }

    fn wait_for_line(&self, line: &str) {
        eventually(&format!("the line `{line}`"), DEADLINE, || {
            let text = self.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
            text.lines().any(|found| found == line).then_some(())
        });
    }
}

fn run_image(word: &str) -> TestImage {
    let busybox = fs::read(busybox().unwrap()).unwrap();
    let system = layer_of(&[
        ("bin/busybox", 0o755, &busybox),
        ("bin/sh", 0o755, &busybox),
        ("etc/passwd", 0o644, PASSWD.as_bytes()),
        ("etc/word", 0o644, word.as_bytes()),
        ("tmp/", 0o1777, b""),
    ]);
    TestImage::of_layers(
        vec![system],
        &json!({ "User": "1234:1234", "Env": ["PATH=/bin"] }),
    )
}

fn builder_image(lifecycle: &[u8], launcher: &[u8], run_image: &str, apis: &[&str]) -> TestImage {
    let busybox = fs::read(busybox().unwrap()).unwrap();
    let system = layer_of(&[
        ("bin/busybox", 0o755, &busybox),
        ("bin/sh", 0o755, &busybox),
        ("etc/passwd", 0o644, PASSWD.as_bytes()),
        ("tmp/", 0o1777, b""),
    ]);
    let buildpack = "api = \"0.10\"\n\n[buildpack]\nid = \"test/greeter\"\nversion = \"1.0.0\"\n\n\
        [[targets]]\nos = \"linux\"\n\n[[stacks]]\nid = \"*\"\n";
    let order = "[[order]]\n[[order.group]]\nid = \"test/greeter\"\nversion = \"1.0.0\"\n";
    let run = format!("[[images]]\nimage = \"{run_image}\"\n");
    let lifecycle_descriptor = "[lifecycle]\nversion = \"0.20.19\"\n";
    let own = layer_of(&[
        ("cnb/lifecycle/creator", 0o755, lifecycle),
        ("cnb/lifecycle/launcher", 0o755, launcher),
        ("cnb/lifecycle.toml", 0o644, lifecycle_descriptor.as_bytes()),
        ("cnb/order.toml", 0o644, order.as_bytes()),
        ("cnb/run.toml", 0o644, run.as_bytes()),
        (
            "cnb/buildpacks/test_greeter/1.0.0/buildpack.toml",
            0o644,
            buildpack.as_bytes(),
        ),
        (
            "cnb/buildpacks/test_greeter/1.0.0/bin/detect",
            0o755,
            DETECT.as_bytes(),
        ),
        (
            "cnb/buildpacks/test_greeter/1.0.0/bin/build",
            0o755,
            BUILD.as_bytes(),
        ),
    ]);
    let metadata = json!({
        "buildpacks": [{ "id": "test/greeter", "version": "1.0.0" }],
        "images": [{ "image": run_image, "mirrors": null }],
        "stack": { "runImage": { "image": run_image, "mirrors": null } },
        "lifecycle": { "version": "0.20.19", "apis": { "platform": { "deprecated": [], "supported": apis } } },
    });
    let config = json!({
        "User": "1234:1234",
        "Env": ["PATH=/bin", "CNB_USER_ID=1234", "CNB_GROUP_ID=1234"],
        "Labels": { "io.buildpacks.builder.metadata": metadata.to_string() },
    });
    TestImage::of_layers(vec![system, own], &config)
}

#[test]
fn what_a_builder_makes_runs_and_is_made_again_only_when_something_changed() {
    let Some(project) = Project::ready() else { return };
    let nothing = Leaks::before(&project.home);
    let first = project.must(&["package"]);
    nothing.check();
    assert!(
        first.stderr.contains("making words for 1234 with no flavour"),
        "{first:?}"
    );
    project.must(&["deploy"]);
    for line in ["hello", "no flavour", "as 1234: by default"] {
        project.wait_for_line(line);
    }
    let again = project.must(&["deploy"]);
    assert!(again.stderr.contains("nothing has changed"), "{again:?}");
    assert!(!again.stderr.contains("BUILDING"), "{again:?}");

    // Layers are kept from build to build, and files are left out as the project says.
    project.write("app/greeting.txt", "good day\n");
    project.write("app/secret", "x");
    project.write(
        "app/project.toml",
        "[_]\nschema-version = \"0.2\"\n[io.buildpacks]\nexclude = [\"/secret\"]\n",
    );
    let edited = project.must(&["deploy"]);
    assert!(edited.stderr.contains("words are there already"), "{edited:?}");
    assert!(!edited.stderr.contains("the secret was sent"), "{edited:?}");
    project.wait_for_line("good day");

    project.write(
        "app/project.toml",
        "[[build.env]]\nname = \"FLAVOUR\"\nvalue = \"mint\"\n",
    );
    project.configure("          buildpacks: [test/greeter@1.0.0]\n          command: [in other words]\n");
    let anew = project.must(&["deploy", "--noCache"]);
    assert!(anew.stderr.contains("with mint flavour"), "{anew:?}");
    assert!(anew.stderr.contains("the secret was sent"), "{anew:?}");
    project.wait_for_line("mint flavour");
    project.wait_for_line("as 1234: in other words");

    // Another run image is another image, once it is asked for.
    project.push(RUN, &run_image("two"));
    let same_day = project.must(&["package"]);
    assert!(same_day.stdout.contains("unchanged"), "{same_day:?}");
    let anew = project.must(&["package", "--noCache"]);
    assert!(anew.stdout.contains("new image"), "{anew:?}");
}

#[test]
fn what_a_builder_cannot_do_is_told() {
    let Some(project) = Project::ready() else { return };
    let refused = |more: &str, parts: &[&str]| {
        project.configure(more);
        let failed = project.run(&["package"]);
        assert_eq!(failed.code, Some(1), "{failed:?}");
        for part in parts {
            assert!(failed.stderr.contains(part), "{part}: {failed:?}");
        }
    };
    refused(
        "          buildpacks: [paketo-buildpacks/go]\n",
        &[
            "the buildpack `paketo-buildpacks/go` is not in the builder",
            "it has test/greeter",
        ],
    );
    refused(
        "          buildpacks: [test/greeter@2.0.0]\n",
        &["it has the versions 1.0.0", "test/greeter@1.0.0"],
    );
    fs::remove_file(project.path("app/greeting.txt")).unwrap();
    refused(
        "",
        &[
            "none of the buildpacks knows what to do with its source (exit code 20)",
            "sourceDirectoryPath",
        ],
    );
    project.write(
        "app/project.toml",
        "[build]\ninclude = [\"a\"]\nexclude = [\"b\"]\n",
    );
    refused("", &["app/project.toml: it has both `include` and `exclude`"]);
    fs::remove_file(project.path("app/project.toml")).unwrap();

    project.push(BUILDER, &run_image("no builder"));
    let failed = project.run(&["package", "--noCache"]);
    assert!(
        failed.stderr.contains("is no builder of Cloud Native Buildpacks"),
        "{failed:?}"
    );
    let run = format!("{}/{RUN}:1", project.server.host);
    project.push(BUILDER, &builder_image(b"", b"", &run, &["0.10"]));
    let failed = project.run(&["package", "--noCache"]);
    assert!(failed.stderr.contains("has the lifecycle 0.20.19"), "{failed:?}");
}
