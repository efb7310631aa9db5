//! `customDockerBuildCommands`: run in a container while the image is made, kept as a layer, leaving nothing behind.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use fs_err as fs;
use tapedeck_build::find_executable;
use tapedeck_image::Platform;
use tapedeck_runtime::TaskDefinition;
use tapedeck_testkit::registry::{Access, Pusher, Server, TestImage, layer};
use tapedeck_testkit::{DEADLINE, Finished, Home, Leaks, busybox, eventually, missing};
use tempfile::TempDir;

use crate::stage::{PROJECT, home};

/// Says what a command has left, then waits.
const MAIN: &str = r#"package main

import (
    "fmt"
    "os"
    "time"
)

func main() {
    word, _ := os.ReadFile("/opt/word")
    _, gone := os.Stat("/etc/old")
    facts, _ := os.Stat("/opt/word")
    fmt.Printf("%s%v %v\n", word, os.IsNotExist(gone), facts.Mode())
    time.Sleep(time.Hour)
}
"#;

/// A worker in Go, on a base with busybox.
pub(crate) struct Project {
    pub(crate) home: Home,
    pub(crate) folder: TempDir,
    server: Server,
    /// Whether its base is the image with busybox, and not one that is assembled.
    has_base: bool,
}

impl Project {
    fn ready() -> Option<Self> {
        let home = home()?;
        // It often has a folder of its own.
        if find_executable("go", &std::env::var_os("PATH")?).is_none() {
            eprintln!("SKIPPED: this test needs `go`");
            return None;
        }
        let server = Server::start(Access::Anybody)?;
        let pusher = Pusher {
            host: &server.host,
            name: "base",
            authorization: None,
        };
        let busybox = fs::read(busybox()?).unwrap();
        let files = [
            ("bin/busybox", busybox.as_slice()),
            ("bin/sh", busybox.as_slice()),
            ("etc/old", b"x"),
        ];
        let base = TestImage::of_layer(Platform::host().as_str(), layer(&files), &["/bin/sh"]);
        pusher.image(&base, "1");
        let folder = tempfile::Builder::new().prefix("td-commands-").tempdir().unwrap();
        let project = Self {
            home,
            folder,
            server,
            has_base: true,
        };
        project.write("go.mod", "module example.com/worker\n\ngo 1.21\n");
        project.write("main.go", MAIN);
        Some(project)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    /// Writes a config with these commands.
    fn configure(&self, commands: &[&str]) {
        let commands = serde_json::to_string(commands).unwrap();
        self.write(
            "stacktape.yml",
            &format!(
                "resources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
                 type: stacktape-image-buildpack\n        properties:\n          entryfilePath: main.go\n          \
                 customDockerBuildCommands: {commands}\n      resources: {{ cpu: 0.25, memory: 512 }}\n"
            ),
        );
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.home.command(&[arguments, &PROJECT].concat());
        let caches = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
        command
            .current_dir(self.folder.path())
            .env("GOCACHE", caches.join("build"))
            .env("GOPATH", caches.join("path"));
        if self.has_base {
            command.env("TAPEDECK_STATIC_BASE", format!("{}/base:1", self.server.host));
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        Finished::of(self.command(arguments))
    }

    fn must(&self, arguments: &[&str]) -> Finished {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished
    }
}

#[test]
fn what_commands_change_is_in_the_image_and_they_run_once() {
    let Some(project) = Project::ready() else { return };
    let write = "/bin/busybox mkdir -p /opt; echo written > /opt/word; /bin/busybox chmod 640 /opt/word";
    let more = "/bin/busybox rm /etc/old; /bin/busybox chown 65532:65532 /opt/word";
    project.configure(&[write, more]);
    let nothing = Leaks::before(&project.home);
    let first = project.must(&["package"]);
    nothing.check();
    assert!(
        first.stderr.contains("command 1 of 2: /bin/busybox mkdir"),
        "{first:?}"
    );
    assert!(
        first.stdout.contains("new layers: commands, application"),
        "{first:?}"
    );

    let again = project.must(&["package"]);
    assert!(again.stdout.contains("unchanged"), "{again:?}");
    assert!(!again.stderr.contains("command 1"), "{again:?}");

    project.must(&["deploy"]);
    let line = "written";
    eventually("what the command wrote", DEADLINE, || {
        let text = project.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
        text.contains(line).then_some(())
    });
    let logs = project.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
    assert!(logs.contains("true -rw-r-----"), "{logs}");

    // An edit runs no command, another way to build does.
    project.write("main.go", &MAIN.replace("time.Hour", "2*time.Hour"));
    let edited = project.must(&["package"]);
    assert!(!edited.stderr.contains("command 1"), "{edited:?}");
    assert!(edited.stdout.contains("new layers: application"), "{edited:?}");
    let anew = project.must(&["package", "--noCache"]);
    assert!(anew.stderr.contains("command 2 of 2"), "{anew:?}");

    project.configure(&[write, "echo one; echo two >&2; exit 3"]);
    let failed = project.run(&["deploy"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    for part in [
        "command 2 of 2 in customDockerBuildCommands",
        "ended with exit code 3",
        "\none\n",
        "two\n",
        "what runs keeps running",
    ] {
        assert!(failed.stderr.contains(part), "{part}: {failed:?}");
    }
}

#[test]
fn what_cannot_be_run_is_told() {
    let Some(project) = Project::ready() else { return };
    project.configure(&["apk add curl"]);
    let failed = project.run(&["package"]);
    assert!(failed.stderr.contains("is no Alpine"), "{failed:?}");

    let other = match Platform::host() {
        Platform::Amd64 => "arm64",
        Platform::Arm64 => "amd64",
    };
    let foreign = project.run(&["package", "--platform", other]);
    assert_ne!(foreign.code, Some(0), "{foreign:?}");
}

/// With the packages of this machine's distribution, as they are in its archive now.
#[test]
fn packages_are_installed_on_a_base_that_was_assembled() {
    let Some(mut project) = Project::ready() else {
        return;
    };
    if missing(&["apt-get"]).is_some() {
        eprintln!("SKIPPED: this test needs apt");
        return;
    }
    project.has_base = false;
    // Removing a package must leave the folders and links that it shares with others.
    project.configure(&[
        "apt-get update && apt-get install --yes --no-install-recommends jq libcap2-bin",
        "setcap cap_net_raw+ep /usr/bin/jq && apt-get purge --yes libcap2-bin && apt-get autoremove --yes",
        "mkdir /opt && jq --null-input --raw-output '\"sum \\(1 + 1)\"' > /opt/word",
    ]);
    let deployed = project.must(&["deploy"]);
    assert!(deployed.stderr.contains("Setting up jq"), "{deployed:?}");
    eventually("what the package said", DEADLINE, || {
        let text = project.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
        text.lines().any(|line| line == "sum 2").then_some(())
    });
}

/// What a container of a build has on this machine, once there is one.
fn running(home: &Home) -> TaskDefinition {
    let scratch = home.files().build_cache().join("scratch");
    eventually("a container that builds", DEADLINE, || {
        let folders = fs::read_dir(&scratch).ok()?.flatten();
        folders
            .filter_map(|folder| fs::read(folder.path().join("container/task.json")).ok())
            .find_map(|text| serde_json::from_slice(&text).ok())
    })
}

#[test]
fn a_build_that_is_killed_leaves_nothing() {
    let Some(project) = Project::ready() else { return };
    let nothing = Leaks::before(&project.home);
    project.configure(&["/bin/busybox touch /started; echo here; /bin/busybox sleep 1000"]);
    let mut command = project.command(&["package"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let definition = running(&project.home);
    let errand = definition.errand.unwrap();
    let bridge = Path::new("/sys/class/net").join(&errand.network.bridge);
    eventually("a process that builds", DEADLINE, || {
        let is_there = |folder: &Path| folder.join("container/upper/started").exists();
        (is_there(&errand.folder) && bridge.exists()).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("the end of everything", DEADLINE, || {
        (!bridge.exists() && !errand.folder.exists()).then_some(())
    });
    let table = std::process::Command::new("nft")
        .args(["list", "table", "inet", &errand.network.table])
        .output();
    assert!(!table.unwrap().status.success());
    for hierarchy in fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
        let group = hierarchy.path().join(definition.cgroup.trim_start_matches('/'));
        assert!(!group.exists(), "{} is left", group.display());
    }
    nothing.check();
}
