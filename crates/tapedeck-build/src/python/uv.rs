//! uv, which chooses and installs packages without running any Python of the image: that of this machine if it is new
//! enough, else one pinned version that pip fetches once.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_image::Platform;

use super::error::PythonError;
use crate::BuildError;
use crate::guard::Guard;
use crate::process::{Finished, Invocation, find_executable};
use crate::request::{Workshop, scratch};

/// The version that is fetched. An older one on this machine is not used where this can be fetched.
pub(super) const PINNED_VERSION: &str = "0.13.9";

/// Hashes of its wheels for x86-64 and 64-bit ARM, glibc and musl.
const PINNED_HASHES: [&str; 3] = [
    "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    "5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    "2c45530751517d6c3bbc69a19473f6effe47cce047bede01ffd8af7ea7b36b25",
];

/// The program, and what it gets to run with.
#[derive(Debug)]
pub(super) struct Uv {
    program: PathBuf,
    /// A Python of this machine, of whatever version, which it asks for paths.
    python: Option<PathBuf>,
    search_path: OsString,
    environment: Vec<(&'static str, OsString)>,
}

impl Uv {
    /// Finds it, or fetches it.
    pub(super) fn find(workshop: &mut Workshop<'_>) -> Result<Self, BuildError> {
        let python = find_executable("python3", workshop.search_path);
        let own = find_executable("uv", workshop.search_path);
        let program = match own.as_ref().filter(|program| is_new_enough(program, workshop)) {
            Some(program) => program.clone(),
            None => pinned(python.as_deref(), own, workshop)?,
        };
        Ok(Self {
            program,
            environment: super::index::settings(),
            python,
            search_path: workshop.search_path.to_owned(),
        })
    }

    /// Runs it in a folder. `needs_python` is whether it asks a Python of this machine for anything.
    pub(super) fn run(
        &self,
        folder: &Path,
        needs_python: bool,
        arguments: &[OsString],
    ) -> Result<Finished, BuildError> {
        let mut all = arguments.to_vec();
        all.extend(["--quiet", "--no-progress", "--color", "never"].map(OsString::from));
        if let Some(python) = self.python.as_ref().filter(|_| needs_python) {
            all.extend(["--python".into(), python.into()]);
        }
        let mut environment = vec![("UV_COMPILE_BYTECODE", "0".into())];
        environment.extend(self.environment.iter().cloned());
        Invocation {
            program: self.program.clone(),
            arguments: all,
            folder: folder.to_owned(),
            search_path: self.search_path.clone(),
            environment,
        }
        .finish()
    }
}

fn is_new_enough(program: &Path, workshop: &Workshop<'_>) -> bool {
    let invocation = Invocation {
        program: program.to_owned(),
        arguments: vec!["--version".into()],
        folder: workshop.cache.to_owned(),
        search_path: workshop.search_path.to_owned(),
        environment: Vec::new(),
    };
    let Ok(finished) = invocation.run() else {
        return false;
    };
    let said = String::from_utf8_lossy(&finished.stdout);
    let version = said.split_whitespace().nth(1).map(release);
    version.is_some_and(|version| version >= release(PINNED_VERSION))
}

fn release(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

/// The pinned version, or `own` where there is nothing to fetch that with.
fn pinned(
    python: Option<&Path>,
    own: Option<PathBuf>,
    workshop: &mut Workshop<'_>,
) -> Result<PathBuf, BuildError> {
    let folder = workshop
        .cache
        .join("uv")
        .join(format!("{PINNED_VERSION}-{}", Platform::host().as_str()));
    let program = folder.join("bin/uv");
    if program.is_file() {
        return Ok(program);
    }
    match fetch(python, &folder, workshop) {
        Ok(()) => Ok(program),
        Err(BuildError::MissingProgram { .. }) if own.is_some() => Ok(own.unwrap_or(program)),
        Err(error) => Err(error),
    }
}

fn fetch(python: Option<&Path>, folder: &Path, workshop: &mut Workshop<'_>) -> Result<(), BuildError> {
    let keep = BuildError::file("keep the installer of packages");
    let above = folder.parent().unwrap_or(workshop.cache).to_owned();
    let progress = &mut *workshop.progress;
    let _guard = Guard::acquire(&above.join("fetch.lock"), || {
        progress.step("waiting for another deploy that fetches uv");
    })
    .map_err(&keep)?;
    if folder.join("bin/uv").is_file() {
        return Ok(());
    }
    let missing = |program| BuildError::MissingProgram {
        program,
        purpose: "install Python packages",
        package: "python3-pip",
    };
    let python = python.ok_or_else(|| missing("python3"))?;
    workshop.progress.step(&format!(
        "fetching uv {PINNED_VERSION}, which installs Python packages"
    ));
    let scratch = tempfile::tempdir_in(scratch(workshop.cache)?).map_err(&keep)?;
    let hashes: String = PINNED_HASHES
        .iter()
        .map(|hash| format!(" --hash=sha256:{hash}"))
        .collect();
    fs::write(
        scratch.path().join("uv.txt"),
        format!("uv=={PINNED_VERSION}{hashes}\n"),
    )
    .map_err(&keep)?;
    let invocation = Invocation {
        program: python.to_owned(),
        arguments: [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--require-hashes",
            "--no-compile",
            "--disable-pip-version-check",
            "--target",
            "uv",
            "-r",
            "uv.txt",
        ]
        .map(OsString::from)
        .to_vec(),
        folder: scratch.path().to_owned(),
        search_path: workshop.search_path.to_owned(),
        environment: vec![("PIP_REQUIRE_VIRTUALENV", "0".into())],
    };
    let finished = invocation.finish()?;
    let unpacked = scratch.path().join("uv");
    if !finished.status.success() || !unpacked.join("bin/uv").is_file() {
        if String::from_utf8_lossy(&finished.stderr).contains("No module named pip") {
            return Err(missing("pip"));
        }
        return Err(PythonError::FetchInstaller {
            command: invocation.to_string(),
            status: finished.status.to_string(),
            output: finished.excerpt(),
        }
        .into());
    }
    fs::rename(&unpacked, folder).map_err(&keep)
}
