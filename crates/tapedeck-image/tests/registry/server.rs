//! The program `docker-registry` on a free port, with files of its own, until it is dropped.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tapedeck_image::Digest;
use tapedeck_image::registry::Reference;
use tempfile::TempDir;

/// User and password of protected registries, and the line of their htpasswd file.
pub(crate) const USER: &str = "player";
pub(crate) const PASSWORD: &str = "geheim-1";
const HTPASSWD: &str = "player:$2y$05$Lkdq/Ws4EjCrQ5c1ULM9WOL/hL4fsK4xyU9LijXbmaR8TD3Bk2EhG\n";

pub(crate) struct Server {
    process: Child,
    folder: TempDir,
    pub(crate) host: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Anybody,
    Players,
}

impl Server {
    /// Starts a registry; none, loudly, where the program is not installed.
    pub(crate) fn start(access: Access) -> Option<Self> {
        let missing = Command::new("docker-registry")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_err();
        if missing {
            eprintln!("SKIPPED: needs the program docker-registry; dev/setup.sh installs it");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        // Another process may take the port before the registry does.
        (0..5)
            .find_map(|_| Self::try_start(access, &folder))
            .map(|(process, host)| Self {
                process,
                folder,
                host,
            })
    }

    fn try_start(access: Access, folder: &TempDir) -> Option<(Child, String)> {
        let path = |name: &str| folder.path().join(name);
        let host = free_address();
        let mut config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: \"{host}\", secret: tests}}\n",
            path("storage").display()
        );
        if access == Access::Players {
            fs_err::write(path("htpasswd"), HTPASSWD).unwrap();
            config.push_str(&format!(
                "auth: {{htpasswd: {{realm: tests, path: {}}}}}\n",
                path("htpasswd").display()
            ));
        }
        fs_err::write(path("config.yml"), config).unwrap();
        let output = std::fs::File::create(path("output")).unwrap();
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(path("config.yml"))
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&host).is_err() {
            if process.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "the registry does not start");
            std::thread::yield_now();
        }
        Some((process, host))
    }

    pub(crate) fn reference(&self, name: &str) -> Reference {
        Reference::parse(&format!("{}/{name}", self.host)).unwrap()
    }

    /// The file in which the registry keeps a blob.
    pub(crate) fn file_of(&self, blob: &Digest) -> PathBuf {
        let hex = blob.hex();
        let blobs = self.folder.path().join("storage/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }

    /// Docker's config.json with the credentials for this registry.
    pub(crate) fn login(&self, password: &str) -> PathBuf {
        let path = self.folder.path().join(format!("{password}.json"));
        let entry = serde_json::json!({ "username": USER, "password": password });
        let config = serde_json::json!({ "auths": { self.host.clone(): entry } });
        fs_err::write(&path, config.to_string()).unwrap();
        path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been ended by the test.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}

/// An address on loopback where nobody listens.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().to_string()
}
