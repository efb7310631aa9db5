//! Base images and the tools of packaging: made once, linked into the home of each test, and kept for the next run.

use std::path::Path;
use std::process::Command;

use fs_err as fs;
use rustix::fs::{FlockOperation, flock};
use tapedeck_build::{BuildError, BuildRequest};
use tapedeck_image::{NoProgress, Store};
use tapedeck_model::{LanguageConfig, Packaging, ResourceName, StacktapeImageBuildpack};
use tapedeck_testkit::Home;

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

/// Links what packaging the project in `folder` needs into a home.
pub(crate) fn plant(
    home: &Home,
    folder: &Path,
    packaging: StacktapeImageBuildpack,
) -> Result<(), BuildError> {
    let seed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tapedeck-machine");
    fs::create_dir_all(&seed).unwrap();
    let turn = fs::File::create(seed.join("turn")).unwrap();
    flock(turn.file(), FlockOperation::LockExclusive).unwrap();
    let store = Store::open(seed.join("images")).unwrap();
    let (service, cache) = (ResourceName::new("seed").unwrap(), seed.join("build"));
    let packaging = Packaging::StacktapeImageBuildpack(packaging);
    let request = BuildRequest {
        search_path: &std::env::var_os("PATH").unwrap(),
        ..BuildRequest::new(&store, &service, &packaging, folder, &cache)
    };
    tapedeck_build::build(&request, &mut NoProgress)?;
    fs::create_dir_all(home.path()).unwrap();
    for folder in ["images", "build"] {
        let copied = |how: &str| {
            let mut command = Command::new("cp");
            command.arg(how).arg(seed.join(folder)).arg(home.path());
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
    Ok(())
}
