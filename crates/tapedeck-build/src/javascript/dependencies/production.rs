//! A second installation without development dependencies, for package managers whose records do not tell
//! them apart.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::BuildError;
use crate::guard::Guard;
use crate::javascript::install;
use crate::javascript::package_manager::ChosenPackageManager;
use crate::javascript::project::Project;
use crate::request::Workshop;
use crate::stamp::hash;

/// Installs what runs in production into a folder beside the records, once per lock file. None when that
/// cannot be done: packages of a workspace need each other, and some projects have scripts or settings that
/// do not survive it.
pub(super) fn production_folder(
    project: &Project,
    manager: &ChosenPackageManager,
    workshop: &mut Workshop<'_>,
) -> Result<Option<PathBuf>, BuildError> {
    let (Some(arguments), Some(lock)) = (manager.manager.production_arguments(), &project.lock) else {
        return Ok(None);
    };
    if project.is_in_workspace() {
        return Ok(None);
    }
    let write = BuildError::file("prepare a folder for production dependencies");
    let locked = fs::read(&lock.path).map_err(&write)?;
    let key = hash(format!("{:?}{:?}{}", manager, project.manifest.wanted(), hash(&locked)).as_bytes());
    let above = workshop.cache.join("production");
    let folder = above.join(&key[..32]);
    let progress = &mut workshop.progress;
    let _guard = Guard::acquire(&above.join("install.lock"), || {
        progress.step("waiting for another deploy that installs production dependencies");
    })
    .map_err(&write)?;
    if folder.join("node_modules").is_dir() {
        return Ok(Some(folder));
    }
    let scratch = tempfile::tempdir_in(workshop.scratch()?).map_err(&write)?;
    let lock_name = Path::new(lock.path.file_name().unwrap_or_default());
    copy_settings(project, lock_name, scratch.path()).map_err(&write)?;
    if !install_in(scratch.path(), manager, arguments, workshop)? {
        return Ok(None);
    }
    fs::rename(scratch.path(), &folder).map_err(&write)?;
    Ok(Some(folder))
}

/// Whether installing there worked.
fn install_in(
    folder: &Path,
    manager: &ChosenPackageManager,
    arguments: &[&str],
    workshop: &mut Workshop<'_>,
) -> Result<bool, BuildError> {
    let invocation = install::invocation(manager, arguments, folder, workshop.search_path.to_owned())?;
    workshop
        .progress
        .step(&format!("installing production dependencies with `{invocation}`"));
    let has_worked = invocation.install().is_ok() && folder.join("node_modules").is_dir();
    // It may hold credentials, and is not needed any more.
    fs::remove_file(folder.join(".npmrc")).ok();
    Ok(has_worked)
}

/// Copies what a package manager reads, without the scripts of `package.json`, which expect the whole
/// project.
fn copy_settings(project: &Project, lock: &Path, folder: &Path) -> std::io::Result<()> {
    for name in [
        lock,
        ".npmrc".as_ref(),
        ".yarnrc.yml".as_ref(),
        "pnpm-workspace.yaml".as_ref(),
    ] {
        let source = project.root.join(name);
        if source.is_file() {
            fs::copy(source, folder.join(name))?;
        }
    }
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(project.root.join("package.json"))?)?;
    if let Some(fields) = manifest.as_object_mut() {
        fields.remove("scripts");
    }
    fs::write(folder.join("package.json"), serde_json::to_vec(&manifest)?)
}
