//! The far side of ECS Exec, which no emulator has: a program in Go, made of AWS's own code for its messages, that runs commands in the real
//! containers.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use rustix::process::Signal;
use tapedeck_testkit::{kill, missing};

use crate::world::World;

/// See the module. It is stopped when it is dropped.
pub(crate) struct SessionPeer {
    process: Child,
    address: String,
}

impl SessionPeer {
    /// One before the emulator of a world; with `options` of its own. None, and a word on standard error, when it cannot be made.
    pub(crate) fn before(world: &World, options: &[&str]) -> Option<Self> {
        if let Some(missing) = missing(&["go", "docker"]) {
            eprintln!("SKIPPED: this test needs {missing}");
            return None;
        }
        // Once in a process: a program that runs cannot be made anew.
        static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let program = match BUILT.get_or_init(built) {
            Ok(program) => program,
            Err(problem) => {
                eprintln!("SKIPPED: no far side of ECS Exec: {problem}");
                return None;
            }
        };
        let mut process = Command::new(program)
            .args([
                "-upstream",
                &world.emulator.endpoint(),
                "-docker",
                &world.docker.host(),
            ])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut address).unwrap();
        Some(Self {
            process,
            address: address.trim().to_owned(),
        })
    }

    /// Where it answers as the emulator does.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The program, made.
fn built() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws/session-peer");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = kept.join("session-peer");
    let mut build = Command::new("go");
    build
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(source)
        .env("GOCACHE", kept.join("go/build"))
        .env("GOPATH", kept.join("go/path"))
        .env("GOFLAGS", "-mod=readonly -modcacherw");
    let output = build.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(program),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

impl Drop for SessionPeer {
    fn drop(&mut self) {
        kill(self.process.id(), Signal::TERM);
        let _ = self.process.wait();
    }
}
