//! A real base image: packages through apt, Node through npm. Needs the network and, to look inside, root.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in a test, a panic is a failure, and skipping must be seen"
)]

use std::process::Command;
use std::time::Instant;

use tapedeck_image::base::{NodeVersion, ensure_node_base, packages_of_base};
use tapedeck_image::{Platform, Progress, Store};

struct Shown(Instant);

impl Progress for Shown {
    fn step(&mut self, text: &str) {
        eprintln!("{:7.3} s  {text}", self.0.elapsed().as_secs_f64());
    }
}

#[test]
fn a_base_for_node_runs_node_curl_and_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let mut shown = Shown(Instant::now());
    let image = ensure_node_base(&store, NodeVersion::LTS, Platform::host(), &mut shown).unwrap();
    shown.step("assembled");
    assert_eq!(image.config.user, "65532:65532");
    assert_eq!(image.config.stop_signal, "SIGTERM");
    assert!(image.config.env["NODE_VERSION"].starts_with("24."));
    assert_eq!(image.layers.len(), 2);
    let packages = packages_of_base(&store, &image.digest).unwrap().unwrap();
    assert!(
        packages
            .iter()
            .any(|package| package.name == "libc6" && package.sha256.len() == 64)
    );
    assert!(
        packages
            .iter()
            .any(|package| package.name.starts_with("node-linux-"))
    );

    let again = Instant::now();
    let second = ensure_node_base(&store, NodeVersion::LTS, Platform::host(), &mut shown).unwrap();
    eprintln!("a second call takes {:?}", again.elapsed());
    assert_eq!(second, image);

    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: looking inside the base needs root for mounting and chroot");
        return;
    }
    let merged = Merged::mount(&image.layers, folder.path());
    let script = "set -e; node -e 'console.log(process.version)'; curl --version | head -1; \
        ls /usr/share/zoneinfo/Europe/Prague; cat /etc/passwd; sleep 0; kill -0 $$; test -x /bin/ps; test -x /bin/kill; date; id; \
        test -s /etc/ssl/certs/ca-certificates.crt; test -L /bin; . /etc/os-release; echo \"$PRETTY_NAME\"; \
        test $(stat -c %a /tmp) = 1777; ls /usr/share/doc/libc6/copyright /var/lib/dpkg/status.d/libc6; \
        node -e 'if (require(\"tls\").rootCertificates.length < 50) process.exit(1); require(\"fs\").writeFileSync(\"/tmp/x\", \"\")'; \
        curl -s file:///etc/hosts; if test -e /usr/share/man; then exit 7; fi";
    let output = Command::new("chroot")
        .args(["--userspec=65532:65532".as_ref(), merged.0.as_os_str()])
        .args(["/bin/sh", "-c", script])
        .env_clear()
        .envs(&image.config.env)
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    eprintln!("{stdout}{stderr}");
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(stdout.contains(&image.config.env["NODE_VERSION"]));
    assert!(stdout.contains("nonroot"));
}

/// The layers as one folder, through overlayfs, until it is dropped.
struct Merged(std::path::PathBuf);

impl Merged {
    fn mount(layers: &[std::path::PathBuf], folder: &std::path::Path) -> Self {
        let path = |name: &str| {
            let path = folder.join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let (upper, work, merged) = (path("upper"), path("work"), path("merged"));
        let lower: Vec<_> = layers.iter().map(|layer| layer.to_string_lossy()).collect();
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            lower.join(":"),
            upper.display(),
            work.display()
        );
        let mounted = Command::new("mount")
            .args(["-t", "overlay", "overlay", "-o", &options])
            .arg(&merged)
            .status()
            .unwrap();
        assert!(mounted.success(), "overlayfs cannot be mounted here");
        Self(merged)
    }
}

impl Drop for Merged {
    fn drop(&mut self) {
        let status = Command::new("umount").arg(&self.0).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "the overlay must not stay mounted"
        );
    }
}
