//! The layers above the base, each with a key of everything in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tapedeck_image::Entry;

use super::bundler::Bundle;
use super::dependencies::{self, DependencyMemory};
use super::plan::Plan;
use super::project::Project;
use crate::image::{Content, Draft, LayerName, stored_layer};
use crate::included::Included;
use crate::request::{Source, Workshop};
use crate::stamp::{Observations, hash};
use crate::{APP_USER, BuildError};

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
    let entries = with_folders(found.entries);
    let key = dependencies::content_key(&entries)?;
    memory.layer_key = Some(key.clone());
    let draft = draft(LayerName::Dependencies, key, entries, hashed_at, workshop);
    Ok((Some(memory), Some(draft)))
}

/// What the last build knew, if that is still good and its layer is still there.
fn remembered_dependencies(
    quick: &str,
    workshop: &Workshop<'_>,
) -> Option<(DependencyMemory, Option<Draft>)> {
    let memory = workshop.previous?.dependencies.clone()?;
    if memory.quick != quick {
        return None;
    }
    let Some(key) = memory.layer_key.clone() else {
        return Some((memory, None));
    };
    let content = Content::Stored(stored_layer(&key, workshop)?);
    Some((
        memory,
        Some(Draft {
            name: LayerName::Dependencies,
            key,
            content,
        }),
    ))
}

/// The layer of included files. None where none are.
pub(super) fn included(
    source: &Source<'_>,
    included: &Included,
    observations: &mut Observations,
    workshop: &Workshop<'_>,
) -> Result<Option<Draft>, BuildError> {
    if included.files.is_empty() {
        return Ok(None);
    }
    let hashed_at = SystemTime::now();
    let mut text = String::new();
    let mut entries = Vec::new();
    for file in &included.files {
        let path = source.root.join(file);
        let input = observations
            .observe(&path)
            .map_err(BuildError::file("read an included file"))?;
        text.push_str(&format!(
            "{}\0{}\0{}\n",
            file.display(),
            input.is_executable(),
            input.contents
        ));
        let entry = Entry::copy(Path::new("app").join(file), &path).owned_by(APP_USER, APP_USER);
        entries.push(if input.is_executable() {
            entry.executable()
        } else {
            entry
        });
    }
    let entries = with_folders(entries);
    let key = hash(text.as_bytes());
    Ok(Some(draft(
        LayerName::IncludedFiles,
        key,
        entries,
        hashed_at,
        workshop,
    )))
}

/// The layer of the program itself.
pub(super) fn application(plan: &Plan, bundle: Bundle, workshop: &Workshop<'_>) -> Draft {
    let mut files = bundle.files;
    files.push(("package.json".to_owned(), plan.app_manifest.clone()));
    let mut text = String::new();
    let mut entries = Vec::new();
    for (name, bytes) in files {
        text.push_str(&format!("{name}\0{}\n", hash(&bytes)));
        entries.push(Entry::file(format!("app/{name}"), bytes).owned_by(APP_USER, APP_USER));
    }
    let key = hash(text.as_bytes());
    draft(
        LayerName::Application,
        key,
        with_folders(entries),
        SystemTime::now(),
        workshop,
    )
}

/// The same with every folder in `/app` that the paths need and that is not among them, owned by the
/// application.
fn with_folders(mut entries: Vec<Entry>) -> Vec<Entry> {
    let given: BTreeSet<&Path> = entries.iter().map(|entry| entry.path.as_path()).collect();
    let needed: BTreeSet<PathBuf> = given
        .iter()
        .flat_map(|path| path.ancestors().skip(1))
        .filter(|folder| folder.starts_with("app") && !given.contains(folder))
        .map(Path::to_owned)
        .collect();
    entries.extend(
        needed
            .into_iter()
            .map(|folder| Entry::directory(folder).owned_by(APP_USER, APP_USER)),
    );
    entries
}

/// A layer that is taken from the store if it is there.
fn draft(
    name: LayerName,
    key: String,
    entries: Vec<Entry>,
    hashed_at: SystemTime,
    workshop: &Workshop<'_>,
) -> Draft {
    let content = match stored_layer(&key, workshop) {
        Some(layer) => Content::Stored(layer),
        None => Content::Entries { entries, hashed_at },
    };
    Draft { name, key, content }
}
