//! The program `moto`, which answers for services of AWS that [`Emulator`](crate::Emulator) does not have, such as Application Auto Scaling.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::server::{Server, installed};

/// What is installed, with as much of what its server needs as is used.
const PACKAGES: [&str; 7] = [
    "moto==5.2.5",
    "cryptography",
    "docker",
    "flask",
    "flask-cors",
    "openapi-spec-validator",
    "PyYAML",
];

/// What has to be there.
const CHECK: &str =
    "import botocore.session, cryptography, docker, flask_cors, moto.server, openapi_spec_validator, yaml";

/// See the module. It judges neither signatures nor permissions, runs nothing, and forgets everything at its end.
#[derive(Debug)]
pub struct Moto(Server);

impl Moto {
    /// Starts one; none, loudly, where it cannot be installed. It is installed once, into `kept`: a folder that lasts, such as
    /// the one that cargo keeps for tests.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "skipping must be seen")]
    pub fn start(kept: &Path) -> Option<Self> {
        static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let python = match INSTALLED.get_or_init(|| installed(kept, CHECK, &PACKAGES)) {
            Ok(python) => python,
            Err(problem) => {
                eprintln!("SKIPPED: no {}: {problem}", PACKAGES[0]);
                return None;
            }
        };
        let server = Server::start(python, "/moto-api/", |folder, address| {
            let (host, port) = address.rsplit_once(':').expect("an address has a port");
            let mut command = Command::new(python);
            command
                .args(["-m", "moto.server", "-H", host, "-p", port])
                .current_dir(folder)
                .env_clear()
                .env("HOME", folder)
                .env("TMPDIR", folder);
            command
        });
        Some(Self(server))
    }

    /// Its URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.0.endpoint()
    }

    /// What a program in Python prints that uses AWS's own library `botocore`.
    ///
    /// # Panics
    /// When the program fails.
    #[must_use]
    pub fn botocore(&self, program: &str, arguments: &[&str]) -> String {
        self.0.botocore(program, arguments)
    }
}
