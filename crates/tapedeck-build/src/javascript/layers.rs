//! The layers above the base, each with a key of everything in it.

use std::time::SystemTime;

use tapedeck_image::{Entry, Platform};

use super::bundler::Bundle;
use super::dependencies::{self, DependencyMemory};
use super::plan::Plan;
use super::prisma::{self, Companions};
use super::project::Project;
use crate::BuildError;
use crate::image::{Draft, LayerName};
use crate::layers::{self, MadeFile, content_key, draft, owned, with_folders};
use crate::record::Memory;
use crate::request::Workshop;

/// The name under which a build remembers its dependencies.
const MEMORY: &str = "javascript";

/// What the next build is to know about dependencies.
pub(super) fn memory(dependencies: Option<&DependencyMemory>) -> Option<Memory> {
    dependencies.map(|dependencies| Memory::of(MEMORY, dependencies))
}

/// The layer of dependencies, and what to remember about it. None where there can be no dependencies.
///
/// What is remembered from the last build is used as long as nothing was installed since.
pub(super) fn dependencies(
    project: &Project,
    plan: &Plan,
    workshop: &mut Workshop<'_>,
) -> Result<(Option<DependencyMemory>, Option<Draft>), BuildError> {
    if !plan.has_dependencies {
        return Ok((None, None));
    }
    let quick = dependencies::quick_key(project, &plan.dependency_salt)?;
    if let Some((memory, draft)) = remembered_dependencies(&quick, workshop) {
        return Ok((Some(memory), draft));
    }
    let hashed_at = SystemTime::now();
    let found = dependencies::collect(project, &plan.manager, &plan.excluded, workshop)?;
    let mut memory = DependencyMemory {
        quick,
        external: found.external,
        layer_key: None,
    };
    if found.entries.is_empty() {
        return Ok((Some(memory), None));
    }
    if workshop.platform != Platform::host() {
        layers::require_platform(&found.entries, workshop.platform)?;
    }
    let entries = with_folders(found.entries);
    let key = content_key(&entries)?;
    memory.layer_key = Some(key.clone());
    let draft = draft(LayerName::Dependencies, key, entries, hashed_at, workshop);
    Ok((Some(memory), Some(draft)))
}

/// What the last build knew, if that is still good and its layer is still there.
fn remembered_dependencies(
    quick: &str,
    workshop: &Workshop<'_>,
) -> Option<(DependencyMemory, Option<Draft>)> {
    let memory: DependencyMemory = workshop.remembered(MEMORY)?;
    if memory.quick != quick {
        return None;
    }
    let Some(key) = memory.layer_key.clone() else {
        return Some((memory, None));
    };
    let draft = layers::stored(LayerName::Dependencies, key, workshop)?;
    Some((memory, Some(draft)))
}

/// The layer of what generated code in the bundle reads at run time. None where it reads nothing.
pub(super) fn read_at_run_time(
    bundle: &Bundle,
    workshop: &Workshop<'_>,
) -> Result<Option<Draft>, BuildError> {
    let companions: Companions = prisma::companions(&bundle.inputs);
    let mut companions: Vec<_> = companions.into_iter().collect();
    prisma::keep_engines(&mut companions, |(_, source)| source, workshop.platform)?;
    if companions.is_empty() {
        return Ok(None);
    }
    let hashed_at = SystemTime::now();
    let entries = companions
        .into_iter()
        .map(|(path, source)| owned(Entry::copy(format!("app/{path}"), source)));
    let mut entries = with_folders(entries.collect());
    layers::sort(&mut entries);
    let key = content_key(&entries)?;
    Ok(Some(draft(
        LayerName::Resources,
        key,
        entries,
        hashed_at,
        workshop,
    )))
}

/// The layer of the program itself.
pub(super) fn application(plan: &Plan, bundle: Bundle, workshop: &Workshop<'_>) -> Draft {
    let manifest = ("package.json".to_owned(), plan.app_manifest.clone());
    let files = bundle.files.into_iter().chain([manifest]);
    let files = files.map(|(path, bytes)| MadeFile {
        path,
        bytes,
        is_executable: false,
    });
    layers::of_made_files(LayerName::Application, files.collect(), workshop)
}
