//! The real lifecycle of Cloud Native Buildpacks, compiled from its module.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};

/// Its version, and what the module has to hash to.
const MODULE: &str = "module lifecycle\n\ngo 1.25\n\nrequire github.com/buildpacks/lifecycle v0.20.19\n";
const SUMS: &str = "\
github.com/buildpacks/lifecycle v0.20.19 h1:RyQe2QO524eiJNUpFNTdQKVgasPRP5Dl7zrqrFeJA6k=
github.com/buildpacks/lifecycle v0.20.19/go.mod h1:Sp2Gc7hPquJ0BivUJjn1FKMzdNNrIAFP0MjNlkwxNGc=
";

/// The two programs of a lifecycle that an image is made with.
#[derive(Debug)]
pub struct Lifecycle {
    /// All phases; under the name `creator` it does them all in one go.
    pub lifecycle: PathBuf,
    /// What starts a process in an image that was built.
    pub launcher: PathBuf,
}

/// The programs, compiled into `folder` unless they are there. None, and a word on standard error, where there is no Go, or
/// one that cannot have the module.
///
/// # Panics
/// When the folder cannot be written.
#[must_use]
#[expect(clippy::print_stderr, reason = "skipping must be seen")]
pub fn lifecycle_in(folder: &Path) -> Option<Lifecycle> {
    fs_err::create_dir_all(folder).expect("our own folder can be written");
    let turn = fs_err::File::create(folder.join("turn")).expect("our own folder can be written");
    flock(turn.file(), FlockOperation::LockExclusive).expect("our own file can be locked");
    let found = Lifecycle {
        lifecycle: folder.join("lifecycle"),
        launcher: folder.join("launcher"),
    };
    for (name, path) in [("lifecycle", &found.lifecycle), ("launcher", &found.launcher)] {
        if path.exists() {
            continue;
        }
        fs_err::write(folder.join("go.mod"), MODULE).expect("our own folder can be written");
        fs_err::write(folder.join("go.sum"), SUMS).expect("our own folder can be written");
        let draft = folder.join(format!("{name}.draft"));
        let built = Command::new("go")
            .args(["build", "-trimpath", "-ldflags=-s -w", "-o"])
            .arg(&draft)
            .arg(format!("github.com/buildpacks/lifecycle/cmd/{name}"))
            .current_dir(folder)
            .env("CGO_ENABLED", "0")
            .env("GOFLAGS", "-mod=mod -buildvcs=false")
            .output();
        let said = match built {
            Ok(output) if output.status.success() => {
                fs_err::rename(&draft, path).expect("our own folder can be written");
                continue;
            }
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        eprintln!(
            "SKIPPED: needs the lifecycle of Cloud Native Buildpacks, which Go could not compile: {said}"
        );
        return None;
    }
    Some(found)
}
