//! Base images and the tools of packaging: made once, linked into the home of each test, and kept for the next run.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use rustix::fs::{FlockOperation, flock};
use tapedeck_build::{BuildError, BuildRequest};
use tapedeck_image::{NoProgress, Platform, Store};
use tapedeck_local::stand_in::{self, Kind, StandInError, Workshop};
use tapedeck_model::{LanguageConfig, Packaging, ResourceName, StacktapeImageBuildpack};
use tapedeck_testkit::Home;
use tempfile::TempDir;

/// The seed that most tests have in common.
pub(crate) const SEED: &str = "tapedeck-machine";

/// Packaging of an entry file with the settings of its language and nothing else.
pub(crate) fn buildpack(entry: &str, language: LanguageConfig) -> StacktapeImageBuildpack {
    StacktapeImageBuildpack {
        entryfile_path: entry.to_owned(),
        include_files: Vec::new(),
        exclude_files: Vec::new(),
        exclude_dependencies: Vec::new(),
        custom_docker_build_commands: Vec::new(),
        language,
    }
}

/// A copy of a project of these tests, in which packaging looks for manifests and not above it.
pub(crate) fn copy_of(project: &str) -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix(&format!("td-{project}-"))
        .tempdir()
        .unwrap();
    let original = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/projects")
        .join(project);
    let mut copy = Command::new("cp");
    copy.arg("-r").arg(original.join(".")).arg(folder.path());
    assert!(copy.status().unwrap().success());
    fs::create_dir(folder.path().join(".git")).unwrap();
    folder
}

/// Links what packaging the project in `folder` needs into a home.
pub(crate) fn plant(
    home: &Home,
    folder: &Path,
    packaging: StacktapeImageBuildpack,
) -> Result<(), BuildError> {
    let seed = Seed::take(SEED);
    seed.build(folder, packaging)?;
    seed.plant(home);
    Ok(())
}

/// The same, with what stands in for databases and the like: those of these kinds that can be made here.
pub(crate) fn plant_with(
    home: &Home,
    folder: &Path,
    packaging: StacktapeImageBuildpack,
    stand_ins: &[Kind],
) -> Result<(), BuildError> {
    let seed = Seed::take(SEED);
    seed.build(folder, packaging)?;
    for kind in stand_ins {
        // What cannot be made is told by whoever needs it.
        let _ = seed.stand_in(*kind);
    }
    seed.plant(home);
    Ok(())
}

/// A store of images and a cache of builds, for one test at a time.
pub(crate) struct Seed {
    folder: PathBuf,
    store: Store,
    _turn: fs::File,
}

impl Seed {
    /// The one of that name, when it is this test's turn.
    pub(crate) fn take(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        let turn = fs::File::create(folder.join("turn")).unwrap();
        flock(turn.file(), FlockOperation::LockExclusive).unwrap();
        Self {
            store: Store::open(folder.join("images")).unwrap(),
            folder,
            _turn: turn,
        }
    }

    /// Builds the project in `folder`.
    pub(crate) fn build(&self, folder: &Path, packaging: StacktapeImageBuildpack) -> Result<(), BuildError> {
        let (service, cache) = (ResourceName::new("seed").unwrap(), self.folder.join("build"));
        let packaging = Packaging::StacktapeImageBuildpack(packaging);
        let request = BuildRequest {
            search_path: &std::env::var_os("PATH").unwrap(),
            ..BuildRequest::new(&self.store, &service, &packaging, folder, &cache)
        };
        tapedeck_build::build(&request, &mut NoProgress).map(drop)
    }

    /// Makes the image of what stands in for a service of AWS.
    pub(crate) fn stand_in(&self, kind: Kind) -> Result<(), StandInError> {
        let workshop = Workshop {
            store: &self.store,
            cache: &self.folder.join("build"),
            search_path: &std::env::var_os("PATH").unwrap(),
            platform: Platform::host(),
            program: Path::new(env!("CARGO_BIN_EXE_tapedeck")),
        };
        stand_in::prepare(kind, &workshop, &mut NoProgress).map(drop)
    }

    /// Links all of it into a home.
    pub(crate) fn plant(&self, home: &Home) {
        fs::create_dir_all(home.path()).unwrap();
        for folder in ["images", "build"] {
            let copied = |how: &str| {
                let mut command = Command::new("cp");
                command.arg(how).arg(self.folder.join(folder)).arg(home.path());
                command.status().unwrap().success()
            };
            assert!(copied("-al") || copied("-a"));
        }
        // A lock is on the file, whatever its name: one that is shared would be a lock on all homes.
        let mut folders = vec![home.path().join("build"), home.path().join("images")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap().flatten() {
                let name = entry.file_name();
                if entry.file_type().unwrap().is_dir() && name != "layers" {
                    folders.push(entry.path());
                } else if name.to_string_lossy().ends_with("lock") {
                    fs::remove_file(entry.path()).unwrap();
                }
            }
        }
    }
}
