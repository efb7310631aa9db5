//! Python: the source as it is, on the Python of the base, with its packages as wheels for the processor of the image.
//!
//! ```text
//! survey ─▶ Project ─▶ base with the Python that is wanted ─▶ packages (if they changed) ─▶ source tree ─▶ Assembly
//! ```
//!
//! In the image: the project in `/app`, from where modules are imported, and its packages in a virtual environment in
//! `/opt/venv`. Nothing of the image is run to make it but the compiler to
//! bytecode, and that is one for this machine, so that images for another processor are made like any others.

mod bytecode;
mod current;
mod dependencies;
mod error;
mod index;
mod interpreter;
mod pin;
mod pipenv;
mod poetry;
mod project;
mod requirements;
mod servers;
mod site;
mod start;
mod uv;
mod version;

pub use error::PythonError;
pub use version::InvalidPythonVersion;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use tapedeck_model::PythonConfig;

use crate::BuildError;
use crate::image::{Assembly, Composition, LayerName, Stack};
use crate::included;
use crate::request::{Source, Workshop};
use crate::runtime::Runtime;
use crate::tree::SourceTree;
use dependencies::Context;
use project::Project;
use start::Facts;

/// Locks in the root of a project, which nobody reads while it runs.
const LOCKS: [&str; 3] = ["uv.lock", "poetry.lock", "Pipfile.lock"];

/// Makes everything that goes on top of the base.
pub(crate) fn assemble(source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Assembly, BuildError> {
    let seen_since = SystemTime::now();
    let none = PythonConfig::default();
    let settings = source.packaging.python().unwrap_or(&none);
    let project = Project::survey(source, settings)?;
    let interpreter = interpreter::ensure(source, &project.wish, workshop)?;
    let context = Context {
        source,
        settings,
        project: &project,
        interpreter: &interpreter,
        platform: workshop.platform,
    };
    let library = bytecode::of_library(source, &interpreter, workshop)?;
    let (packages, dependencies) = dependencies::layer(context, workshop)?;
    let mut tree = SourceTree::find(source, &project.root)?;
    // Observed below like everything that is watched.
    tree.split_off(|file| LOCKS.iter().any(|lock| file == Path::new(lock)));
    let included = included::find(source)?;
    let mut observations = workshop.observations(seen_since);
    tree.observe(&mut observations)?;
    observations.observe_all(project.watched.iter().chain(&packages.files))?;
    observations.observe_all(included.paths(source.root).chain([source.entry()]))?;
    let included = included::layer(source, &included, &mut observations, workshop)?;
    let application = tree.layer(
        LayerName::Application,
        Path::new("app"),
        &mut observations,
        workshop,
    )?;
    let config = config(context, &packages.import_folders, dependencies.is_some())?;
    Ok(Assembly {
        runtime: Some(Runtime {
            name: "python".to_owned(),
            version: interpreter.version.clone(),
            asked_by: project.wish.asked_by.clone(),
        }),
        source_files: tree.absolute().collect(),
        memory: Some(packages.to_memory()),
        composition: Composition::Layers(Box::new(Stack {
            base: interpreter.base,
            layers: library
                .into_iter()
                .chain(dependencies)
                .chain(included)
                .chain(application)
                .collect(),
            config,
        })),
        observations,
    })
}

fn config(
    context: Context<'_>,
    import_folders: &[PathBuf],
    has_site: bool,
) -> Result<tapedeck_image::ConfigChange, BuildError> {
    let entry = context.source.entry();
    let text = fs::read_to_string(&entry).map_err(BuildError::file("read the entry file"))?;
    let is_in_package = entry.with_file_name("__init__.py").is_file();
    let is_main = entry.file_name().is_some_and(|name| name == "__main__.py");
    let below = entry.strip_prefix(&context.project.root).unwrap_or(&entry);
    let is_at_top = below.components().count() == 1;
    Ok(start::config(&Facts {
        entry: below,
        server: context.source.object.zip(context.settings.run_app_as),
        import_folders,
        is_module: !is_at_top && (is_main || (is_in_package && start::has_relative_imports(&text))),
        is_in_package,
        has_site,
        search_path: &context.interpreter.search_path,
    })?)
}

/// The options for indexes beside the usual one, for which people may have set another.
fn indexes<'a>(urls: impl Iterator<Item = &'a str>) -> Vec<String> {
    let is_usual = |url: &str| {
        url.split("://")
            .nth(1)
            .is_some_and(|host| host.starts_with("pypi."))
    };
    urls.filter(|url| !is_usual(url))
        .map(|url| format!("--extra-index-url {url}"))
        .collect()
}

/// The pure functions of this module under names that tell them apart, for tests.
#[cfg(test)]
pub(crate) mod pure {
    pub(crate) use super::error::{Attempt, explain};
    pub(crate) use super::index::of_file as index_settings;
    pub(crate) use super::pipenv::PipfileLock;
    pub(crate) use super::poetry::PoetryLock;
    pub(crate) use super::requirements::Requirements;
    pub(crate) use super::site::{for_image, record};
    pub(crate) use super::start::{Facts, config, has_relative_imports};
    pub(crate) use super::version::{Wanted, Wish, tool_version, version_file};
}
