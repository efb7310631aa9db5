//! A home of its own for one engine, and nothing left of it in the end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use fs_err as fs;
use rustix::process::Signal;
use tapedeck_api::Client;
use tapedeck_runtime::cgroup::{CgroupLayout, MOUNT_ROOT};
use tapedeck_runtime::network::{self, HostNetwork};
use tempfile::TempDir;

use crate::leaks::Names;
use crate::processes::kill;
use crate::wait::{DEADLINE, eventually};

/// A folder that serves as `TAPEDECK_HOME`, with commands that see nothing else of the environment but `PATH`.
///
/// The folder has a short path, as people's have. When it is dropped its engine is stopped together with its tasks;
/// what resists is killed and removed.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    binary: PathBuf,
    names: Names,
    /// None when the folder belongs to somebody else.
    folder: Option<TempDir>,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed as data.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Home {
    /// A home in a new folder, which everybody may look into but the home itself, which does not exist yet.
    ///
    /// # Panics
    /// When the folder cannot be made.
    #[must_use]
    pub fn new(binary: &Path) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("td-")
            .rand_bytes(5)
            .tempdir()
            .expect("a temporary folder can be made");
        fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))
            .expect("our own folder can be opened");
        let mut home = Self::at(&folder.path().join("home"), binary);
        home.folder = Some(folder);
        home
    }

    /// A home in this folder, which stays when the home is dropped.
    #[must_use]
    pub fn at(path: &Path, binary: &Path) -> Self {
        Self {
            path: path.to_owned(),
            binary: binary.to_owned(),
            names: Names::of(path),
            folder: None,
        }
    }

    /// The value of `TAPEDECK_HOME`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where in it the files are.
    #[must_use]
    pub fn files(&self) -> tapedeck_api::Home {
        tapedeck_api::Home::at(&self.path)
    }

    /// What its engine makes on this machine.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The program with these arguments, in this home and with an empty standard input. Not started yet.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.within(Command::new(&self.binary), arguments)
    }

    /// The same, started by another program such as `setpriv`, whose own arguments come first.
    #[must_use]
    pub fn command_under(&self, outer: &[&str], arguments: &[&str]) -> Command {
        let (program, own) = outer.split_first().expect("it names a program");
        let mut command = Command::new(program);
        command.args(own).arg(&self.binary);
        self.within(command, arguments)
    }

    fn within(&self, mut command: Command, arguments: &[&str]) -> Command {
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TAPEDECK_HOME", &self.path)
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        Finished::of(self.command(arguments))
    }

    /// Runs the program to its end, which must be a good one; returns what it printed as data.
    ///
    /// # Panics
    /// When its exit code is not 0.
    pub fn must(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {finished:?}");
        finished.stdout
    }

    /// A connection to its engine.
    ///
    /// # Panics
    /// When no engine answers.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::connect(&self.files().socket()).expect("an engine answers")
    }

    /// Process id of its engine, while one answers.
    #[must_use]
    pub fn engine(&self) -> Option<u32> {
        let client = Client::connect(&self.files().socket()).ok()?;
        Some(client.greeting().pid)
    }

    /// Kills its engine, as the machine does when memory runs out, and waits until it is gone.
    ///
    /// # Panics
    /// When there is none.
    pub fn kill_engine(&self) {
        let pid = self.engine().expect("an engine answers");
        kill(pid, Signal::KILL);
        eventually("the end of the engine", DEADLINE, || {
            self.engine().is_none().then_some(())
        });
    }

    /// Stops everything by force. For when nothing else helps, so it does not complain.
    fn destroy(&self) {
        for _ in 0..100 {
            let left = self.names.processes();
            if left.is_empty() {
                break;
            }
            for process in left {
                kill(process.pid, Signal::KILL);
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let Ok(layout) = CgroupLayout::detect(MOUNT_ROOT.as_ref()) else {
            return;
        };
        for task in fs::read_dir(self.files().tasks()).into_iter().flatten().flatten() {
            if let Ok(Some(definition)) = tapedeck_runtime::read_definition(&task.path()) {
                let _ = tapedeck_runtime::cleanup(&task.path(), &definition);
            }
        }
        if let Ok(cgroup) = layout.task(&self.names.cgroup) {
            let _ = cgroup.remove();
        }
        let seed = self.path.as_os_str().as_encoded_bytes();
        if let Some(network) = HostNetwork::candidates(seed).next() {
            let _ = network::remove(&network);
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.names.traces().is_empty() {
            return;
        }
        // An engine that was killed, or stopped without its tasks, may have left some.
        let _ = self.run(&["engine", "start"]);
        let _ = self.run(&["engine", "stop", "--tasks"]);
        if !self.names.traces().is_empty() {
            self.destroy();
        }
    }
}

impl Finished {
    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn of(mut command: Command) -> Self {
        let output = command.output().expect("the program can be started");
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        Self {
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}

/// A copy of a program that stays as it is until this process ends, whatever is built meanwhile, and that everybody may
/// run. Engines of tests start shims of the same program for as long as they live.
///
/// # Panics
/// When it cannot be copied.
#[must_use]
pub fn stable(binary: &Path) -> &'static Path {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    COPY.get_or_init(|| {
        let folder = std::env::temp_dir().join("tapedeck-tests");
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        forget_dead(&folder);
        let name = binary
            .file_name()
            .expect("a program has a name")
            .to_string_lossy();
        let copy = folder.join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_file(&copy);
        if fs::hard_link(binary, &copy).is_err() {
            fs::copy(binary, &copy).expect("the program can be copied");
        }
        copy
    })
}

/// Removes the copies of processes that have ended.
fn forget_dead(folder: &Path) {
    for copy in fs::read_dir(folder).expect("the folder was made").flatten() {
        let name = copy.file_name().to_string_lossy().into_owned();
        let owner = name.rsplit('-').next().unwrap_or_default();
        if !Path::new("/proc").join(owner).exists() {
            let _ = fs::remove_file(copy.path());
        }
    }
}
