//! The program `ministack`, which answers as AWS does, on a free port of loopback until it is dropped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::docker::Docker;
use crate::server::{Server, installed};

/// What is installed. What it needs beside itself is not named by its package.
const PACKAGES: [&str; 4] = ["ministack==1.5.33", "cbor2", "docker", "cryptography"];

/// What its program does. That names the folder it was installed into, which may have been moved since.
const RUN: &str = "from ministack.app import main; main()";

/// What has to be there.
const CHECK: &str = "import botocore.session, cbor2, cryptography, docker, ministack.app";

/// See the module. It judges signatures and permissions, runs no container unless it has a Docker, and forgets everything at its end.
#[derive(Debug)]
pub struct Emulator(Server);

impl Emulator {
    /// The account that it has.
    pub const ACCOUNT: &'static str = "123456789012";
    /// The region that it takes for its own.
    pub const REGION: &'static str = "eu-west-1";
    /// The access key of its root user.
    pub const ACCESS_KEY_ID: &'static str = "test";
    /// The secret that belongs to it.
    pub const SECRET_ACCESS_KEY: &'static str = "test";

    /// The same that runs tasks of ECS as containers of a Docker.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start_with(kept: &Path, docker: &Docker) -> Option<Self> {
        Self::start_on(kept, &docker.host())
    }

    /// Starts one; none, loudly, where it cannot be installed. It is installed once, into `kept`: a folder that lasts, such as
    /// the one that cargo keeps for tests.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(kept: &Path) -> Option<Self> {
        Self::start_on(kept, "unix:///nonexistent")
    }

    #[expect(clippy::print_stderr, reason = "skipping must be seen")]
    fn start_on(kept: &Path, docker: &str) -> Option<Self> {
        // Whether it can be had is asked once in a process: it takes seconds to find out.
        static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let python = match INSTALLED.get_or_init(|| installed(kept, CHECK, &PACKAGES)) {
            Ok(python) => python,
            Err(problem) => {
                eprintln!("SKIPPED: no {}: {problem}", PACKAGES[0]);
                return None;
            }
        };
        let server = Server::start(python, "/_ministack/health", |folder, address| {
            command(python, folder, address, docker)
        });
        Some(Self(server))
    }

    /// Its URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.0.endpoint()
    }

    /// A Python that has AWS's own library.
    #[must_use]
    pub fn python(&self) -> &Path {
        self.0.python()
    }

    /// What a program in Python prints that uses AWS's own library `botocore`, as root of this emulator.
    ///
    /// # Panics
    /// When the program fails.
    #[must_use]
    pub fn botocore(&self, program: &str, arguments: &[&str]) -> String {
        self.0.botocore(program, arguments)
    }
}

fn command(python: &Path, folder: &Path, address: &str, docker: &str) -> Command {
    let (host, port) = address.rsplit_once(':').expect("an address has a port");
    let mut command = Command::new(python);
    command
        .args(["-c", RUN])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .envs([
            ("AUTH", "true"),
            ("BIND_HOST", host),
            ("DOCKER_HOST", docker),
            ("GATEWAY_PORT", port),
            ("IOT_MTLS_ENABLED", "0"),
            ("MINISTACK_ACCOUNT_ID", Emulator::ACCOUNT),
            ("MINISTACK_HOST", host),
            ("MINISTACK_REGION", Emulator::REGION),
            ("PERSIST_STATE", "1"),
            ("S3_PERSIST", "1"),
            ("SFTP_ENABLED", "0"),
            ("AWS_ENDPOINT_URL", &format!("http://{address}")),
        ])
        .env("S3_DATA_DIR", folder.join("state/s3"))
        .env("STATE_DIR", folder.join("state"));
    command
}
