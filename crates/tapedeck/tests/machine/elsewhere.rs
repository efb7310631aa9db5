//! Images that come from elsewhere, deployed: from a registry that the test starts, or a Dockerfile.

mod containers;
mod packaging;

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use fs_err as fs;
use tapedeck_image::Platform;
use tapedeck_testkit::registry::{Access, PASSWORD, Pusher, Server, TestImage, USER, layer};
use tapedeck_testkit::{
    DEADLINE, Finished, Home, buildah_in, busybox, eventually, let_buildah_pull_from, push_bash_image,
};
use tempfile::TempDir;

use crate::forwarding::start_engine;
use crate::log_endpoint::{Answer, Endpoint};
use crate::stage::{PROJECT, home};

/// A project whose only file is the config, and a home.
struct Project {
    home: Home,
    folder: TempDir,
    /// Where programs are looked for first.
    first: Option<PathBuf>,
}

impl Project {
    fn ready() -> Option<Self> {
        let home = home()?;
        let folder = tempfile::Builder::new()
            .prefix("td-elsewhere-")
            .tempdir()
            .unwrap();
        Some(Self {
            home,
            folder,
            first: None,
        })
    }

    /// Writes the config of a service with this packaging.
    fn configure(&self, kind: &str, properties: &str) {
        self.configure_all(&[("worker", kind, properties)]);
    }

    /// The same of an image that was pushed to this registry.
    fn configure_image(&self, server: &Server, tag: &str) {
        let image = format!("{{ image: '{}/team/app:{tag}' }}", server.host);
        self.configure("prebuilt-image", &image);
    }

    /// The same for several: name, packaging, properties.
    fn configure_all(&self, services: &[(&str, &str, &str)]) {
        let mut config = "resources:\n".to_owned();
        for (name, kind, properties) in services {
            config.push_str(&format!(
                "  {name}:\n    type: worker-service\n    properties:\n      packaging:\n        \
             type: {kind}\n        properties: {properties}\n      resources: {{ cpu: 0.25, memory: 512 }}\n"
            ));
        }
        fs::write(self.folder.path().join("stacktape.yml"), config).unwrap();
    }

    fn deploy(&self) -> Finished {
        self.run(&["deploy", PROJECT[0], PROJECT[1]])
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = self.home.command(arguments);
        command.current_dir(self.folder.path());
        if let Some(bin) = &self.first {
            let mut path = bin.clone().into_os_string();
            path.push(":");
            path.push(std::env::var_os("PATH").unwrap());
            command.env("PATH", path);
        }
        Finished::of(command)
    }

    fn must_deploy(&self) -> Finished {
        let deployed = self.deploy();
        assert_eq!(deployed.code, Some(0), "{deployed:?}");
        deployed
    }

    fn wait_for_line(&self, line: &str) {
        eventually(&format!("the line `{line}`"), DEADLINE, || {
            let text = self.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
            text.lines().any(|found| found == line).then_some(())
        });
    }
}

/// An image with a shell that says this and waits.
fn image_that_says(word: &str) -> TestImage {
    let busybox = fs::read(busybox().unwrap()).unwrap();
    let script = format!("echo {word}; while :; do /bin/busybox sleep 1000 & wait $!; done");
    let files = [("bin/busybox", busybox)];
    TestImage::of_layer(
        Platform::host().as_str(),
        layer(&files),
        &["/bin/busybox", "sh", "-c", &script],
    )
}

fn set_secret(home: &Home, name: &str, value: &str) {
    let mut command = home.command(&["secret:set", name, "--forceUpdate"]);
    command.stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_config_says_who_gets_the_output_and_whether_it_is_kept() {
    let Some(project) = Project::ready() else { return };
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let pusher = server.pusher();
    pusher.image(&image_that_says("hello"), "1");
    let endpoint = Endpoint::answering(Answer::Acknowledge);
    set_secret(&project.home, "endpoint", r#"{"key":"hush"}"#);
    start_engine(&project.home);
    let logging = |logging: &str| {
        let config = format!(
            "resources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
             type: prebuilt-image\n        properties: {{ image: {}/team/app:1 }}\n      \
             resources: {{ cpu: 0.25, memory: 512 }}\n      logging: {logging}\n",
            server.host
        );
        fs::write(project.folder.path().join("stacktape.yml"), config).unwrap();
    };
    logging(&format!(
        "{{ retentionDays: 3, logForwarding: {{ type: http-endpoint, properties: {{ endpointUrl: \"{}\", \
         accessKey: \"$Secret('endpoint.key')\", parameters: {{ team: mail }}, gzipEncodingEnabled: true }} }} }}",
        endpoint.url()
    ));
    let deployed = project.must_deploy();
    assert!(!deployed.stderr.contains("warning"), "{deployed:?}");
    eventually("the line there", DEADLINE, || {
        (endpoint.acknowledged() == ["hello"]).then_some(())
    });
    let headers = &endpoint.received()[0].headers;
    assert_eq!(headers["x-amz-firehose-access-key"], "hush");
    assert_eq!(
        headers["x-amz-firehose-common-attributes"],
        r#"{"commonAttributes":{"team":"mail"}}"#
    );
    logging("{ disabled: true }");
    project.must_deploy();
    let told = project.run(&["logs", PROJECT[0], PROJECT[1]]);
    assert!(
        told.stderr
            .contains("the output of service worker is thrown away"),
        "{told:?}"
    );
}

#[test]
fn an_image_from_a_registry_runs_and_follows_its_tag() {
    let Some(project) = Project::ready() else { return };
    let Some(server) = Server::start(Access::Players) else {
        return;
    };
    let pusher = Pusher {
        host: &server.host,
        name: "team/app",
        authorization: Some("Basic cGxheWVyOmdlaGVpbS0x".to_owned()),
    };
    pusher.image(&image_that_says("first"), "1");
    let reference = format!("{}/team/app:1", server.host);
    let with_login = format!("{{ image: '{reference}', repositoryCredentialsSecretArn: registry }}");

    project.configure("prebuilt-image", &with_login);
    let refused = project.deploy();
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("names the secret registry"),
        "{refused:?}"
    );

    set_secret(&project.home, "registry", "not what it should be");
    let refused = project.deploy();
    assert!(
        refused.stderr.contains("is not a JSON object of `username`"),
        "{refused:?}"
    );
    assert!(!refused.stderr.contains("not what it should be"), "{refused:?}");

    let login = format!(r#"{{"username": "{USER}", "password": "{PASSWORD}"}}"#);
    set_secret(&project.home, "registry", &login);
    let first = project.must_deploy();
    project.wait_for_line("first");
    assert!(!format!("{first:?}").contains(PASSWORD));
    let again = project.must_deploy();
    assert!(again.stderr.contains("nothing has changed"), "{again:?}");

    pusher.image(&image_that_says("second"), "1");
    project.must_deploy();
    project.wait_for_line("second");

    drop(server);
    let alone = project.must_deploy();
    assert!(alone.stderr.contains("does not answer: using"), "{alone:?}");
    assert!(alone.stderr.contains("nothing has changed"), "{alone:?}");
    assert!(
        !found_in(project.home.path(), PASSWORD),
        "the password is on the disk"
    );
}

#[test]
fn t38_a_tag_that_moves_changes_nothing_until_the_next_deployment() {
    let Some(project) = Project::ready() else { return };
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let pusher = server.pusher();
    pusher.image(&image_that_says("first"), "1");
    project.configure_image(&server, "1");
    project.must_deploy();
    let name = tapedeck_model::StackName::new(crate::stage::STACK).unwrap();
    let pids = || crate::stage::all_pids(&project.home.client().describe_stack(&name).unwrap());
    pusher.image(&image_that_says("second"), "1");
    let (task, pid) = pids().pop_first().unwrap();
    tapedeck_testkit::kill(pid, rustix::process::Signal::KILL);
    eventually("the replacement", DEADLINE, || {
        let now = pids();
        (now.len() == 1 && !now.contains_key(&task)).then_some(())
    });
    eventually("two lines", DEADLINE, || {
        let text = project.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
        (text.lines().collect::<Vec<_>>() == ["first", "first"]).then_some(())
    });
    project.must_deploy();
    project.wait_for_line("second");
}

#[test]
fn t78_a_config_that_says_the_same_in_other_words_deploys_nothing() {
    let Some(project) = Project::ready() else { return };
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let pusher = server.pusher();
    pusher.image(&image_that_says("first"), "1");
    let image = format!("{}/team/app:1", server.host);
    let write = |text: String| fs::write(project.folder.path().join("stacktape.yml"), text).unwrap();
    let describe = || {
        project
            .home
            .must(&["info:stack", PROJECT[0], PROJECT[1], "--json"])
    };
    write(format!(
        "resources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
         type: prebuilt-image\n        properties: {{ image: '{image}' }}\n      \
         environment:\n        - name: COLOUR\n          value: blue\n        - name: SIZE\n          value: '3'\n      \
         resources: {{ cpu: 0.25, memory: 512 }}\n"
    ));
    project.must_deploy();
    let before = describe();

    write(format!(
        "# A comment.\nresources:\n  worker:\n    properties:\n      resources:\n        memory: 512\n        cpu: 0.25\n      \
         environment:\n        - {{ value: \"3\", name: SIZE }}\n        - {{ value: blue, name: COLOUR }}\n      \
         packaging:\n        properties:\n          image: {image} # the same\n        type: prebuilt-image\n    \
         type: worker-service\n"
    ));
    let again = project.must_deploy();
    assert!(again.stderr.contains("nothing has changed"), "{again:?}");
    assert_eq!(describe(), before);
}

#[test]
fn a_dockerfile_is_built_runs_and_is_left_alone_when_it_breaks() {
    let Some(mut project) = Project::ready() else {
        return;
    };
    let tools = tempfile::tempdir().unwrap();
    project.first = buildah_in(tools.path());
    if project.first.is_none() {
        return;
    }
    // A Docker whose daemon does not run is passed over.
    symlink("/bin/false", tools.path().join("bin/docker")).unwrap();
    let write = |path: &str, text: &str| fs::write(project.folder.path().join(path), text).unwrap();
    let dockerfile = "FROM scratch\nCOPY busybox /bin/busybox\nCOPY word /word\nSTOPSIGNAL SIGKILL\n\
        CMD [\"/bin/busybox\", \"sh\", \"-c\", \"/bin/busybox cat /word; exec /bin/busybox sleep 1000\"]\n";
    fs::copy(busybox().unwrap(), project.folder.path().join("busybox")).unwrap();
    write("Dockerfile", dockerfile);
    write("word", "first\n");
    project.configure("custom-dockerfile", "{ buildContextPath: . }");
    project.must_deploy();
    project.wait_for_line("first");

    let again = project.must_deploy();
    assert!(again.stderr.contains("nothing has changed"), "{again:?}");
    assert!(!again.stderr.contains("building"), "{again:?}");

    write("Dockerfile", &dockerfile.replace("COPY word", "COPY world"));
    let broken = project.deploy();
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert!(
        broken
            .stderr
            .contains("the Dockerfile of `worker` does not build"),
        "{broken:?}"
    );
    assert!(broken.stderr.contains("what runs keeps running"), "{broken:?}");
    write("Dockerfile", dockerfile);
    let mended = project.must_deploy();
    assert!(mended.stderr.contains("nothing has changed"), "{mended:?}");
}

#[test]
fn what_nixpacks_plans_is_built_and_runs() {
    let Some(mut project) = Project::ready() else {
        return;
    };
    let tools = tempfile::tempdir().unwrap();
    let (Some(bin), Some(server)) = (buildah_in(tools.path()), Server::start(Access::Anybody)) else {
        return;
    };
    if tapedeck_build::find_executable("nixpacks", &std::env::var_os("PATH").unwrap()).is_none() {
        skip("needs the program nixpacks; dev/setup.sh tests installs it");
        return;
    }
    symlink("/bin/false", bin.join("docker")).unwrap();
    project.first = Some(bin);
    let_buildah_pull_from(&server.host, tools.path());
    let write = |path: &str, text: &str| fs::write(project.folder.path().join(path), text).unwrap();
    fs::create_dir(project.folder.path().join("app")).unwrap();
    let manifest = r#"{ "scripts": { "start": "not this" }, "engines": { "node": "26" } }"#;
    write("app/package.json", manifest);
    write("app/word", "first");
    let properties = |setup: &str| {
        let image = push_bash_image(&server.host);
        let start =
            "busybox cat /app/made; trap 'exit 0' TERM; while :; do busybox sleep 1000 & wait $!; done";
        format!(
            "{{ sourceDirectoryPath: app, buildImage: '{image}', startCmd: \"{start}\", phases: [{setup}{{ name: install, \
             cmds: [] }}, {{ name: write, cmds: ['echo made of $(busybox cat word) > made'] }}] }}"
        )
    };
    project.configure("nixpacks", &properties(""));
    let refused = project.deploy();
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("package.json:1 asks for Node 26"),
        "{refused:?}"
    );

    project.configure("nixpacks", &properties("{ name: setup, nixPkgs: [] }, "));
    project.must_deploy();
    project.wait_for_line("made of first");
    let again = project.must_deploy();
    assert!(again.stderr.contains("nothing has changed"), "{again:?}");
    assert!(!again.stderr.contains("planning"), "{again:?}");
    write("app/word", "second");
    project.must_deploy();
    project.wait_for_line("made of second");
}

#[expect(clippy::print_stderr, reason = "skipping must be seen")]
fn skip(what: &str) {
    eprintln!("SKIPPED: {what}");
}

#[test]
fn an_image_that_cannot_be_run_is_refused() {
    let Some(project) = Project::ready() else { return };
    let Some(server) = Server::start(Access::Anybody) else {
        return;
    };
    let pusher = server.pusher();
    let nothing_to_run = TestImage::of_layer(Platform::host().as_str(), layer(&[("a", "b")]), &[]);
    pusher.image(&nothing_to_run, "1");
    project.configure(
        "prebuilt-image",
        &format!("{{ image: '{}/team/app:1' }}", server.host),
    );
    let refused = project.deploy();
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("the image names no command to run"),
        "{refused:?}"
    );
}

/// Whether any file below a folder has this text.
fn found_in(folder: &Path, text: &str) -> bool {
    let found = std::process::Command::new("grep")
        .args(["-rqaF", text])
        .arg(folder)
        .status();
    found.unwrap().success()
}
