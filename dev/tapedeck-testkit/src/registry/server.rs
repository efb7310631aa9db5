//! The program `docker-registry` on a free port, with files of its own, until it is dropped.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::image::Pusher;
use tapedeck_image::Digest;
use tapedeck_image::registry::Reference;
use tempfile::TempDir;

/// The user of protected registries.
pub const USER: &str = "player";

/// The password of that user.
pub const PASSWORD: &str = "geheim-1";

/// Both, as a line of a htpasswd file.
const HTPASSWD: &str = "player:$2y$05$Lkdq/Ws4EjCrQ5c1ULM9WOL/hL4fsK4xyU9LijXbmaR8TD3Bk2EhG\n";

/// See the module.
#[derive(Debug)]
pub struct Server {
    process: Child,
    folder: TempDir,
    /// Host and port.
    pub host: String,
}

/// Who may use a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Anybody,
    /// Who knows [`PASSWORD`].
    Players,
}

impl Server {
    /// Pushes as nobody in particular, into the repository `team/app`.
    #[must_use]
    pub fn pusher(&self) -> Pusher<'_> {
        Pusher {
            host: &self.host,
            name: "team/app",
            authorization: None,
        }
    }

    /// Starts a registry; none, loudly, where the program is not installed.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "skipping must be seen")]
    pub fn start(access: Access) -> Option<Self> {
        let missing = Command::new("docker-registry")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_err();
        if missing {
            eprintln!("SKIPPED: needs the program docker-registry; dev/setup.sh installs it");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
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
            fs_err::write(path("htpasswd"), HTPASSWD).expect("our own folder can be written");
            config.push_str(&format!(
                "auth: {{htpasswd: {{realm: tests, path: {}}}}}\n",
                path("htpasswd").display()
            ));
        }
        fs_err::write(path("config.yml"), config).expect("our own folder can be written");
        let output = fs_err::File::create(path("output"))
            .expect("our own folder can be written")
            .into_file();
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(path("config.yml"))
            .stdout(output.try_clone().expect("a file can be opened twice"))
            .stderr(output)
            .spawn()
            .expect("the registry can be started");
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&host).is_err() {
            if process.try_wait().expect("a child can be waited for").is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "the registry does not start");
            std::thread::yield_now();
        }
        Some((process, host))
    }

    /// The name of an image in this registry.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn reference(&self, name: &str) -> Reference {
        Reference::parse(&format!("{}/{name}", self.host)).expect("tests write names of images")
    }

    /// The file in which the registry keeps a blob.
    #[must_use]
    pub fn file_of(&self, blob: &Digest) -> PathBuf {
        let hex = blob.hex();
        let blobs = self.folder.path().join("storage/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }

    /// Docker's config.json with the credentials for this registry.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn login(&self, password: &str) -> PathBuf {
        let path = self.folder.path().join(format!("{password}.json"));
        let entry = serde_json::json!({ "username": USER, "password": password });
        let config = serde_json::json!({ "auths": { self.host.clone(): entry } });
        fs_err::write(&path, config.to_string()).expect("our own folder can be written");
        path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been ended by the test.
        let _ = self.process.kill();
        self.process.wait().expect("a child can be waited for");
    }
}

/// An address on loopback where nobody listens.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_address() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it has just been bound");
    address.to_string()
}
