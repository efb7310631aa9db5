//! Source tree to build plan to image: one module per language and per kind of packaging.
//!
//! [`build`] packages one service. It first asks the record of the last build whether anything changed at
//! all, which takes a look at the metadata of each input and starts no process. Otherwise whoever is responsible
//! for the kind of packaging, and for source the language of its entry file, surveys the project, plans (a pure
//! function of what it saw) and runs the plan, which gives layers, or an image that came from elsewhere as a whole.
//! Layers are found again by their input keys, so that an edit writes one small layer.
//!
//! [`Artifact`] is the code of a function: what such an image has above its base, as the zip that Lambda takes.
//!
//! [`bundle_script`] makes one program of code that is run on this machine while a config is read.
//!
//! Another language is a module like `go` with `assemble`, an arm of each `match` in `language` and an entry of its
//! list, and an enum of what can go wrong in it, which becomes one transparent variant of [`BuildError`]. What it wants
//! to know again at the next build it gives as a `Memory` under its name. It shares with the others: `base` (what it
//! runs on), `layers` (layers and their keys), `tree` (source that goes into the image as it is), `included`,
//! `process`, `guard`, and `Observations` of everything that could change the image.
//!
//! Another kind of packaging is a module with `assemble`, an arm in `kind`, and an enum of errors likewise.

mod artifact;
mod base;
mod buildpacks;
mod commands;
mod components;
mod dockerfile;
mod documents;
mod error;
mod go;
mod guard;
mod image;
mod included;
mod java;
mod javascript;
mod kind;
mod language;
mod layers;
mod nixpacks;
mod observed;
mod path;
mod prebuilt;
mod process;
mod python;
mod record;
mod request;
mod resident;
mod runtime;
mod sandbox;
mod source_error;
mod stamp;
mod start;
mod tree;

pub use artifact::{Artifact, ArtifactError, Code};
pub use base::{BaseMismatch, NamedBases, RuntimeKind};
pub use buildpacks::BuildpacksError;
pub use commands::CommandsError;
pub use dockerfile::DockerfileError;
pub use error::BuildError;
pub use go::GoError;
pub use image::{Built, LayerChange, LayerName, Outcome};
pub use java::{InvalidJavaVersion, JavaError};
pub use javascript::{
    BundleError, InvalidNodeVersion, PrismaError, Script, ScriptRequest, UnknownPackageManager, bundle_script,
};
pub use language::Language;
pub use nixpacks::NixpacksError;
pub use observed::{Observed, observed};
pub use prebuilt::PrebuiltError;
pub use process::find_executable;
pub use python::{InvalidPythonVersion, PythonError};
pub use request::BuildRequest;
pub use resident::Resident;
pub use runtime::Runtime;
pub use sandbox::{Sandbox, SandboxEnd, SandboxError, SandboxWork};
pub use source_error::SourceError;

use std::time::Instant;

use fs_err as fs;
use tapedeck_image::Progress;

use record::Record;
use request::{Subject, Workshop};

/// Owner of everything in `/app`, and the user and group that the process runs as.
pub(crate) const APP_USER: u32 = 65_532;

/// Packages one service: makes sure that the store holds an image of the source as it is now.
///
/// Blocks while it works. Calls for several services may run at the same time, in threads or processes. Hold
/// [`tapedeck_image::Store::share`] across this call and until the image is recorded as deployed.
///
/// # Errors
/// [`BuildError`]; the store and the project are then as usable as before.
pub fn build(request: &BuildRequest<'_>, progress: &mut dyn Progress) -> Result<Built, BuildError> {
    build_with(request, None, progress)
}

/// The same for a process that builds again and again: what it keeps between builds makes the next one quicker.
///
/// # Errors
/// Those of [`build`].
pub fn build_again(
    request: &BuildRequest<'_>,
    resident: &Resident,
    progress: &mut dyn Progress,
) -> Result<Built, BuildError> {
    build_with(request, Some(resident), progress)
}

fn build_with(
    request: &BuildRequest<'_>,
    resident: Option<&Resident>,
    progress: &mut dyn Progress,
) -> Result<Built, BuildError> {
    let started = Instant::now();
    let root = fs::canonicalize(request.source_root)
        .map_err(BuildError::file("find the folder of the config file"))?;
    let record_path = record::path_of(request.cache_directory, &root, request.service);
    let previous = Record::load(&record_path).filter(|_| !request.no_cache);
    let settings = settings(request);
    if let Some(record) = previous.as_ref().filter(|record| record.settings == settings)
        && kind::is_current(record, request)
        && record
            .is_current()
            .map_err(BuildError::file("look at the source"))?
        && let Ok(image) = request.store.image(&record.image)
    {
        return Ok(image::unchanged(record, &image, started.elapsed()));
    }
    fs::create_dir_all(request.cache_directory).map_err(BuildError::file("make the cache folder"))?;
    let mut workshop = Workshop {
        store: request.store,
        cache: request.cache_directory,
        search_path: request.search_path,
        platform: request.platform,
        bases: request.bases,
        docker_config: request.docker_config,
        registry_login: request.registry_login,
        sandbox: request.sandbox,
        previous: previous.as_ref(),
        progress,
        resident,
        created: request.created,
        is_anew: request.no_cache,
        has_commands: kind::has_commands(request.packaging),
    };
    let subject = Subject {
        service: request.service,
        root: &root,
    };
    let assembly = kind::assemble(subject, request.packaging, &mut workshop)?;
    let mut finished = image::put(assembly, subject, &mut workshop, started)?;
    documents::put(request, subject, &finished)?;
    finished.record.settings = settings;
    finished
        .record
        .save(&record_path)
        .map_err(BuildError::file("keep the record of this build"))?;
    finished.built.took = started.elapsed();
    Ok(finished.built)
}

/// What was asked for, as text that is equal when the same is asked for.
fn settings(request: &BuildRequest<'_>) -> String {
    let packaging = serde_json::to_string(request.packaging).expect("packaging settings have text keys only");
    format!("{} {} {packaging}", request.platform.as_str(), request.created)
}

#[cfg(test)]
mod tests;
