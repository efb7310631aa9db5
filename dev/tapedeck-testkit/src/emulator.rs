//! The program `ministack`, which answers as AWS does, on a free port of loopback until it is dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use fs_err as fs;
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::docker::Docker;
use crate::processes::kill;
use crate::python::python_with;
use crate::registry::free_address;
use crate::wait::{DEADLINE, within};

/// What is installed. What it needs beside itself is not named by its package.
const PACKAGES: [&str; 3] = ["ministack==1.5.33", "docker", "cryptography"];

/// What its program does. That names the folder it was installed into, which may have been moved since.
const RUN: &str = "from ministack.app import main; main()";

/// How long it may take to end what it has started.
const GRACE: Duration = Duration::from_secs(5);

/// See the module. It judges signatures and permissions, runs no container unless it has a Docker, and forgets everything at its end.
#[derive(Debug)]
pub struct Emulator {
    process: Child,
    folder: TempDir,
    python: PathBuf,
    address: String,
}

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
        let python = match INSTALLED.get_or_init(|| installed(kept)) {
            Ok(python) => python.clone(),
            Err(problem) => {
                eprintln!("SKIPPED: no {}: {problem}", PACKAGES[0]);
                return None;
            }
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // Another process may take the port before it does.
        let started = (0..5).find_map(|_| try_start(&python, folder.path(), docker));
        let (process, address) = started.expect("the emulator starts");
        Some(Self {
            process,
            folder,
            python,
            address,
        })
    }

    /// Its URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A Python that has AWS's own library.
    #[must_use]
    pub fn python(&self) -> &Path {
        &self.python
    }

    /// What a program in Python prints that uses AWS's own library `botocore`, as root of this emulator.
    ///
    /// # Panics
    /// When the program fails.
    #[must_use]
    pub fn botocore(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(&self.python)
            .args(["-c", program])
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("AWS_ACCESS_KEY_ID", Self::ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", Self::SECRET_ACCESS_KEY)
            .env("AWS_DEFAULT_REGION", Self::REGION)
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .output()
            .expect("python can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        kill(self.process.id(), Signal::TERM);
        let ended = within(GRACE, || self.process.try_wait().ok().flatten());
        if ended.is_none() {
            // It waits for what it is about to do, such as a stack that is never ready.
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

fn try_start(python: &Path, folder: &Path, docker: &str) -> Option<(Child, String)> {
    let address = free_address();
    let (host, port) = address.rsplit_once(':').expect("an address has a port");
    let output = fs::File::create(folder.join("output")).expect("our own folder can be written");
    let output = output.into_file();
    let mut process = Command::new(python)
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
        .env("STATE_DIR", folder.join("state"))
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a file can be opened twice"))
        .stderr(output)
        .spawn()
        .expect("python can be started");
    let health = format!("http://{address}/_ministack/health");
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .into();
    let ready = within(DEADLINE, || match process.try_wait() {
        Ok(None) => agent.get(&health).call().is_ok().then_some(true),
        _ => Some(false),
    });
    match ready {
        Some(true) => Some((process, address)),
        _ => {
            let _ = process.kill();
            let _ = process.wait();
            None
        }
    }
}

/// The Python that has it as a module, which is installed if it is not there yet: by one process at a time.
fn installed(kept: &Path) -> Result<PathBuf, String> {
    let folder = kept.join(PACKAGES[0].replace("==", "-"));
    let text = |error: std::io::Error| error.to_string();
    fs::create_dir_all(kept).map_err(text)?;
    let lock = fs::File::create(folder.with_extension("lock")).map_err(text)?;
    flock(lock.file(), FlockOperation::LockExclusive).map_err(|error| error.to_string())?;
    let check = "import botocore.session, cryptography, docker, ministack.app";
    python_with(&folder, &["-c", check], &PACKAGES)
}
