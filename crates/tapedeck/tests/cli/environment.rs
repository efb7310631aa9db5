//! A folder of its own for each test, with a project and a state folder, and the binary with nothing else around it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::Expect;
use fs_err as fs;
use tempfile::TempDir;

/// The smallest config that is right.
pub(crate) const GOOD: &str = "\
projectName: shop
resources:
  mailer:
    type: worker-service
    properties:
      packaging:
        type: stacktape-image-buildpack
        properties: { entryfilePath: src/main.ts }
      resources: { cpu: 0.25, memory: 512 }
";

/// A config with a mistake of each kind: shape, name of a key, value.
pub(crate) const BAD: &str = "\
projectName: shop
resources:
  mailer:
    type: worker-service
    propertes: {}
  printer:
    type: worker-service
    properties:
      packaging:
        type: stacktape-image-buildpack
        properties: { entryfilePath: [src/main.ts] }
      resources: { cpu: 3, memory: 512 }
";

/// The surroundings of a command: `project` is the working folder, `home` does not exist until a command makes it.
pub(crate) struct Environment {
    folder: PathBuf,
    /// Removes the folder in the end.
    _guard: TempDir,
}

impl Environment {
    /// An empty project.
    pub(crate) fn new() -> Self {
        let guard = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = fs::canonicalize(guard.path()).expect("it was just made");
        fs::create_dir(folder.join("project")).expect("a folder can be made in it");
        Self {
            folder,
            _guard: guard,
        }
    }

    /// A project with this config.
    pub(crate) fn with_config(config: &str) -> Self {
        let environment = Self::new();
        environment.write("project/stacktape.yml", config);
        environment.write("project/src/main.ts", "");
        environment
    }

    /// Writes a file below the folder.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().expect("it is below the folder")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }

    /// A path below the folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The value of `TAPEDECK_HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// A command for a region of AWS at which nobody answers.
    pub(crate) fn command_to_nobody(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command
            .args(["--region", "eu-west-1"])
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            .env("AWS_ACCESS_KEY_ID", "AKIANOBODY")
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        command
    }

    /// The program with these arguments, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tapedeck"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("COLUMNS", "100")
            .env("TAPEDECK_HOME", self.home())
            .current_dir(self.folder.join("project"))
            .stdin(Stdio::null());
        command
    }

    /// The same with this text as its standard input.
    pub(crate) fn command_with_input(&self, arguments: &[&str], input: &str) -> Command {
        self.write("input", input);
        let file = fs::File::open(self.folder.join("input")).expect("it was just written");
        let mut command = self.command(arguments);
        command.stdin(file.into_file());
        command
    }

    /// Runs the program and compares exit code, stdout and stderr.
    pub(crate) fn check(&self, arguments: &[&str], expected: Expect) {
        self.check_command(&mut self.command(arguments), expected);
    }

    /// As [`Self::check`], for a command with surroundings of its own.
    pub(crate) fn check_command(&self, command: &mut Command, expected: Expect) {
        expected.assert_eq(&self.outcome(command));
    }

    /// Runs the program: exit code, stdout and stderr as one text.
    pub(crate) fn outcome(&self, command: &mut Command) -> String {
        let output = command.output().expect("the program can be started");
        self.shown(&output)
    }

    /// What a program came to, the same on every machine and on every run.
    fn shown(&self, output: &Output) -> String {
        let code = output
            .status
            .code()
            .map_or("none".to_string(), |code| code.to_string());
        let mut text = format!("exit code {code}\n");
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let stream = String::from_utf8(bytes.clone()).expect("all output is UTF-8");
            assert!(
                !stream.contains('\x1b'),
                "escape codes on {name}, which is no terminal: {stream:?}"
            );
            if !stream.is_empty() {
                text.push_str(&format!("--- {name} ---\n{stream}"));
            }
        }
        text.replace(&self.folder.display().to_string(), "[TEMP]")
            .replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
    }
}

/// Whether a program is in one of the folders of `PATH`.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: PathBuf| Path::new(&folder).join(program).is_file())
}
