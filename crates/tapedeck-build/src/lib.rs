//! Source tree to build plan to image: one provider per language.
//!
//! [`build`] packages one service. It first asks the record of the last build whether anything changed at
//! all, which takes a look at the metadata of each input and starts no process. Otherwise the provider for
//! the language of the entry file surveys the project, plans (a pure function of what it saw) and runs the
//! plan, which gives layers. Layers are found again by their input keys, so that an edit writes one small
//! layer.
//!
//! [`bundle_script`] makes one program of code that is run on this machine while a config is read.
//!
//! Another language is another module beside `javascript` and another [`Language`].

mod error;
mod guard;
mod image;
mod included;
mod javascript;
mod path;
mod process;
mod record;
mod request;
mod stamp;

pub use error::BuildError;
pub use image::{Built, LayerChange, LayerName, Outcome};
pub use javascript::{
    BundleError, InvalidNodeVersion, NodeVersion, Script, ScriptRequest, SourceError, UnknownPackageManager,
    bundle_script,
};
pub use process::find_executable;
pub use request::{BuildRequest, Language};

use std::time::Instant;

use fs_err as fs;
use tapedeck_image::{Platform, Progress, base};
use tapedeck_model::Packaging;

use record::Record;
use request::{Source, Workshop};

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
    let started = Instant::now();
    let root = fs::canonicalize(request.source_root)
        .map_err(BuildError::file("find the folder of the config file"))?;
    let record_path = record::path_of(request.cache_directory, &root, request.service);
    let previous = Record::load(&record_path).filter(|_| !request.no_cache);
    let settings = serde_json::to_string(request.packaging).expect("packaging settings have text keys only");
    if let Some(record) = previous.as_ref().filter(|record| record.settings == settings)
        && is_base_current(record, request)
        && record
            .is_current()
            .map_err(BuildError::file("look at the source"))?
        && let Ok(image) = request.store.image(&record.image)
    {
        return Ok(image::unchanged(record, &image, started.elapsed()));
    }
    fs::create_dir_all(request.cache_directory).map_err(BuildError::file("make the cache folder"))?;
    let Packaging::StacktapeImageBuildpack(packaging) = request.packaging else {
        return Err(BuildError::UnknownPackaging {
            service: request.service.to_string(),
            kind: request.packaging.kind(),
        });
    };
    let source = Source::find(request.service, &root, packaging)?;
    let mut workshop = Workshop {
        store: request.store,
        cache: request.cache_directory,
        search_path: request.search_path,
        node_base: request.node_base,
        previous: previous.as_ref(),
        progress,
        is_anew: request.no_cache,
    };
    let assembly = match source.language {
        Language::JavaScript => javascript::assemble(&source, &mut workshop)?,
    };
    let (built, mut record) = image::put(assembly, &source, &mut workshop, started)?;
    record.settings = settings;
    record
        .save(&record_path)
        .map_err(BuildError::file("keep the record of this build"))?;
    Ok(built)
}

/// Whether the base of the last build is what would be used now, as far as that is known without asking a registry.
fn is_base_current(record: &Record, request: &BuildRequest<'_>) -> bool {
    let Some(wanted) = &request.node_base else {
        return record.named_base.is_none();
    };
    // Unreadable means that it has to be asked for again, which tells what is wrong if something is.
    let fresh = base::fresh_named_base(request.store, wanted, Platform::host())
        .ok()
        .flatten();
    fresh.is_some() && fresh == record.named_base
}

#[cfg(test)]
mod tests;
