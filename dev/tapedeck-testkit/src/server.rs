//! A program in Python that answers as AWS does, on a free port of loopback until it is dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fs_err as fs;
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::emulator::Emulator;
use crate::processes::kill;
use crate::python::python_with;
use crate::registry::free_address;
use crate::wait::{DEADLINE, within};

/// How long it may take to end what it has started.
const GRACE: Duration = Duration::from_secs(5);

/// See the module. It forgets everything at its end.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    folder: TempDir,
    python: PathBuf,
    address: String,
}

impl Server {
    /// Starts one by a command that is made for a folder of its own and an address, and waits until it answers to a path.
    ///
    /// # Panics
    /// When it does not start.
    pub(crate) fn start(python: &Path, health: &str, command: impl Fn(&Path, &str) -> Command) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // Another process may take the port before it does.
        let started = (0..5).find_map(|_| {
            let address = free_address();
            let process = start(&mut command(folder.path(), &address), folder.path());
            let process = ready(process, &format!("http://{address}{health}"))?;
            Some((process, address))
        });
        let (process, address) = started.expect("the emulator starts");
        Self {
            process,
            folder,
            python: python.to_owned(),
            address,
        }
    }

    /// Its URL.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The Python that it is installed for.
    pub(crate) fn python(&self) -> &Path {
        &self.python
    }

    /// What a program in Python prints that uses AWS's own library `botocore`, as root of this emulator.
    ///
    /// # Panics
    /// When the program fails.
    pub(crate) fn botocore(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(&self.python)
            .args(["-c", program])
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("AWS_ACCESS_KEY_ID", Emulator::ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", Emulator::SECRET_ACCESS_KEY)
            .env("AWS_DEFAULT_REGION", Emulator::REGION)
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .output()
            .expect("python can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Server {
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

fn start(command: &mut Command, folder: &Path) -> Child {
    let output = fs::File::create(folder.join("output")).expect("our own folder can be written");
    let output = output.into_file();
    let process = command
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a file can be opened twice"))
        .stderr(output)
        .spawn();
    process.expect("python can be started")
}

/// The process once it answers; none when it has ended before.
fn ready(mut process: Child, health: &str) -> Option<Child> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .into();
    let is_ready = within(DEADLINE, || match process.try_wait() {
        Ok(None) => agent.get(health).call().is_ok().then_some(true),
        _ => Some(false),
    });
    match is_ready {
        Some(true) => Some(process),
        _ => {
            let _ = process.kill();
            let _ = process.wait();
            None
        }
    }
}

/// The Python that has packages as modules, which are installed into `kept` if `check` fails without them: by one process at a time.
///
/// # Errors
/// What was said when they could not be installed.
pub(crate) fn installed(kept: &Path, check: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = kept.join(packages[0].replace("==", "-"));
    let text = |error: std::io::Error| error.to_string();
    fs::create_dir_all(kept).map_err(text)?;
    let lock = fs::File::create(folder.with_extension("lock")).map_err(text)?;
    flock(lock.file(), FlockOperation::LockExclusive).map_err(|error| error.to_string())?;
    python_with(&folder, &["-c", check], packages)
}
