//! Installing a project's dependencies, when they are missing or older than what asks for them.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::lock::InstalledPackages;
use super::package_manager::{ChosenPackageManager, PackageManager};
use super::project::Project;
use crate::BuildError;
use crate::guard::Guard;
use crate::process::{Invocation, find_executable, require_executable};
use crate::request::Workshop;
use crate::stamp::{Stamp, hash};

/// npm's record of what it installed.
pub(crate) const NPM_RECORD: &str = "node_modules/.package-lock.json";

/// Why dependencies have to be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InstallReason {
    Missing,
    Outdated,
}

impl InstallReason {
    fn describe(self) -> &'static str {
        match self {
            Self::Missing => "node_modules is missing",
            Self::Outdated => "node_modules is older than package.json or the lock file",
        }
    }
}

/// What is known about an installation before anything is done about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct InstallFacts {
    /// When it was made, in nanoseconds since the Unix epoch. None: there is none.
    pub(crate) installed_ns: Option<i128>,
    /// When `package.json` or the lock file was last written.
    pub(crate) wanted_ns: i128,
    /// Whether what is installed is known to be what is wanted, whatever the times say.
    pub(crate) is_as_wanted: bool,
}

/// Decides whether to install.
pub(crate) fn reason_to_install(facts: &InstallFacts) -> Option<InstallReason> {
    match facts.installed_ns {
        None => Some(InstallReason::Missing),
        Some(installed) if installed < facts.wanted_ns && !facts.is_as_wanted => {
            Some(InstallReason::Outdated)
        }
        Some(_) => None,
    }
}

/// The last installation that was made from here, so that a touched lock file does not cause another.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    wanted: String,
}

/// Looks at what is installed and what is wanted.
pub(crate) fn survey(project: &Project, cache: &Path) -> Result<InstallFacts, BuildError> {
    let read = BuildError::file("look at node_modules");
    let modules = Stamp::of(&project.workspace.join("node_modules")).map_err(&read)?;
    let record = Stamp::of(&project.workspace.join(NPM_RECORD)).map_err(&read)?;
    let mut wanted = vec![
        project.root.join("package.json"),
        project.workspace.join("package.json"),
    ];
    wanted.extend(project.lock.as_ref().map(|lock| lock.path.clone()));
    let mut wanted_ns = 0;
    for path in wanted {
        wanted_ns = wanted_ns.max(Stamp::of(&path).map_err(&read)?.map_or(0, Stamp::modified_ns));
    }
    let mut facts = InstallFacts {
        installed_ns: modules.map(|modules| record.unwrap_or(modules).modified_ns()),
        wanted_ns,
        is_as_wanted: false,
    };
    // Only a doubt is worth reading files for.
    if reason_to_install(&facts) == Some(InstallReason::Outdated) {
        facts.is_as_wanted = is_remembered(project, cache) || is_as_locked(project);
    }
    Ok(facts)
}

/// Installs and remembers that. Two deploys of one project do it one after the other.
pub(crate) fn install(
    project: &Project,
    manager: &ChosenPackageManager,
    workshop: &mut Workshop<'_>,
) -> Result<(), BuildError> {
    let _guard = lock(project, workshop)?;
    // Somebody else may have installed in the meantime.
    let Some(reason) = reason_to_install(&survey(project, workshop.cache)?) else {
        return Ok(());
    };
    let arguments = manager.manager.install_arguments(project.lock.is_some());
    let invocation = invocation(
        manager,
        arguments,
        &project.workspace,
        workshop.search_path.to_owned(),
    )?;
    workshop.progress.step(&format!(
        "installing dependencies with `{invocation}`: {}",
        reason.describe()
    ));
    invocation.install()?;
    if !project.workspace.join("node_modules").is_dir() {
        // A package manager need not make an empty folder, but one that plays Plug'n'Play would go unnoticed.
        if manager.manager == PackageManager::YarnBerry {
            let folder = project.workspace.clone();
            return Err(BuildError::NoNodeModules {
                command: invocation.to_string(),
                folder,
            });
        }
        fs::create_dir_all(project.workspace.join("node_modules"))
            .map_err(BuildError::file("make an empty node_modules"))?;
    }
    remember(project, workshop.cache)
}

/// How to run a package manager: its own program, else one that npm fetches for this run.
pub(crate) fn invocation(
    manager: &ChosenPackageManager,
    arguments: &[&str],
    folder: &Path,
    search_path: std::ffi::OsString,
) -> Result<Invocation, BuildError> {
    let name = manager.manager.program();
    let mut all: Vec<std::ffi::OsString> = Vec::new();
    let program = if let Some(program) = find_executable(name, &search_path) {
        program
    } else {
        let package = manager.manager.registry_package(manager.version.as_deref());
        all.extend(["exec", "--yes"].map(Into::into));
        all.push(format!("--package={package}").into());
        all.extend(["--", name].map(Into::into));
        require_executable("npm", "install dependencies", "nodejs npm", &search_path)?
    };
    all.extend(arguments.iter().map(Into::into));
    Ok(Invocation {
        program,
        arguments: all,
        folder: folder.to_owned(),
        search_path,
        environment: Vec::new(),
    })
}

fn lock(project: &Project, workshop: &mut Workshop<'_>) -> Result<Guard, BuildError> {
    let path = memory_path(project, workshop.cache).with_extension("lock");
    let progress = &mut workshop.progress;
    Guard::acquire(&path, || {
        progress.step("waiting for another deploy that installs the same dependencies")
    })
    .map_err(BuildError::file("lock the installation of dependencies"))
}

fn memory_path(project: &Project, cache: &Path) -> PathBuf {
    let name = hash(project.workspace.as_os_str().as_encoded_bytes());
    cache.join("installs").join(format!("{}.json", &name[..32]))
}

fn remember(project: &Project, cache: &Path) -> Result<(), BuildError> {
    let memory = Memory {
        wanted: wanted(&project.with_lock_now()?)?,
    };
    let bytes = serde_json::to_vec(&memory).expect("a struct of one text is always JSON");
    crate::record::write(&memory_path(project, cache), &bytes)
        .map_err(BuildError::file("remember the installation of dependencies"))
}

fn is_remembered(project: &Project, cache: &Path) -> bool {
    let memory = fs::read(memory_path(project, cache)).ok();
    let memory: Option<Memory> = memory.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    memory.is_some_and(|memory| wanted(project).is_ok_and(|wanted| wanted == memory.wanted))
}

/// A hash of everything that says what is to be installed.
fn wanted(project: &Project) -> Result<String, BuildError> {
    let mut text = format!(
        "{:?}{:?}",
        project.manifest.wanted(),
        project.workspace_manifest.wanted()
    );
    if let Some(lock) = &project.lock {
        let bytes = fs::read(&lock.path).map_err(BuildError::file("read the lock file"))?;
        text.push_str(&hash(&bytes));
    }
    Ok(hash(text.as_bytes()))
}

/// Whether npm's record of what it installed agrees with the lock file, and that with `package.json`.
fn is_as_locked(project: &Project) -> bool {
    let Some(lock) = project
        .lock
        .as_ref()
        .filter(|lock| lock.manager == PackageManager::Npm)
    else {
        return false;
    };
    let read = |path: &Path| InstalledPackages::parse(&fs::read_to_string(path).ok()?).ok();
    let (Some(locked), Some(installed)) = (read(&lock.path), read(&project.workspace.join(NPM_RECORD)))
    else {
        return false;
    };
    installed.satisfies(&locked)
        && locked.is_lock_of("", &project.workspace_manifest)
        && locked.is_lock_of(&project.place_in_workspace(), &project.manifest)
}
