//! JavaScript and TypeScript: the application is bundled, its dependencies stay outside in a layer of their own.
//!
//! `survey` looks at the disk, [`plan`] decides (pure), [`assemble`] acts:
//!
//! ```text
//! survey ─▶ Facts ─▶ plan ─▶ Plan ─▶ install? ─▶ survey and plan again
//!                                  └▶ base · dependencies · included files · bundle ─▶ Assembly
//! ```
//!
//! In the image: `/app/index.js` with its source map and a `package.json` that says how to read it, dependencies in
//! `/app/node_modules` (those of a workspace above in `/node_modules`), included files below `/app`.

mod bundler;
mod dependencies;
mod esbuild;
mod install;
mod lock;
mod manifest;
mod node_version;
mod package_manager;
mod plan;
mod project;
mod toolchain;
mod watch;

pub use bundler::{BundleError, SourceError};
pub use node_version::{InvalidNodeVersion, NodeVersion};
pub use package_manager::UnknownPackageManager;

pub(crate) use dependencies::DependencyMemory;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use tapedeck_image::{Entry, Platform, base};

use crate::image::{Assembly, Content, Draft, LayerName, stored_layer};
use crate::included::{self, Included};
use crate::request::{Source, Workshop};
use crate::stamp::{Observations, hash};
use crate::{APP_USER, BuildError};
use bundler::{Bundle, BundleRequest, Bundler};
use plan::{Facts, Plan, plan};
use project::Project;

/// Makes everything that goes on top of the base.
pub(crate) fn assemble(source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Assembly, BuildError> {
    let (facts, plan) = prepare(source, workshop)?;
    let base = ensure_base(source, &plan, workshop)?;
    let earlier = workshop
        .previous
        .map(|record| record.inputs.clone())
        .unwrap_or_default();
    let mut observations = Observations::since(SystemTime::now(), earlier);
    let project = &facts.project;
    let (memory, dependencies) = dependency_layer(project, &plan, workshop)?;
    let included = included::find(source)?;
    let external = memory
        .as_ref()
        .map(|memory| memory.external.as_slice())
        .unwrap_or_default();
    let bundle = bundle(source, project, &plan, external, workshop)?;
    for path in watch::paths(source, project, &bundle, &included) {
        observations
            .observe(&path)
            .map_err(BuildError::file("look at the source"))?;
    }
    let included = included_layer(source, &included, &mut observations, workshop)?;
    let mut source_files: Vec<PathBuf> = bundle
        .inputs
        .iter()
        .filter(|path| !is_of_a_package(path))
        .cloned()
        .collect();
    source_files.sort();
    let application = application_layer(&plan, bundle, workshop);
    Ok(Assembly {
        base,
        layers: dependencies
            .into_iter()
            .chain(included)
            .chain([application])
            .collect(),
        config: plan.config,
        observations,
        node: plan.node,
        source_files,
        dependencies: memory,
    })
}

/// Surveys and plans, and installs in between where the plan says so.
fn prepare(source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<(Facts, Plan), BuildError> {
    let facts = survey(source, workshop)?;
    let first = plan(&facts, source.packaging)?;
    if first.install.is_none() {
        return Ok((facts, first));
    }
    install::install(&facts.project, &first.manager, workshop)?;
    // Installing may have written a lock file.
    let facts = survey(source, workshop)?;
    let plan = plan(&facts, source.packaging)?;
    Ok((facts, plan))
}

fn survey(source: &Source<'_>, workshop: &Workshop<'_>) -> Result<Facts, BuildError> {
    let project = Project::survey(source)?;
    let install = install::survey(&project, workshop.cache)?;
    Ok(Facts { project, install })
}

fn ensure_base(
    source: &Source<'_>,
    plan: &Plan,
    workshop: &mut Workshop<'_>,
) -> Result<tapedeck_model::ImageDigest, BuildError> {
    let version = base::NodeVersion::Major(plan.node.major);
    base::ensure_node_base(workshop.store, version, Platform::host(), workshop.progress)
        .map(|image| image.digest)
        .map_err(|error| BuildError::Base {
            service: source.service.to_string(),
            major: plan.node.major,
            source: error,
        })
}

/// The layer of dependencies, and what to remember about it. What is remembered from the last build is used as long
/// as nothing was installed since.
fn dependency_layer(
    project: &Project,
    plan: &Plan,
    workshop: &mut Workshop<'_>,
) -> Result<(Option<DependencyMemory>, Option<Draft>), BuildError> {
    if !plan.has_dependencies {
        return Ok((None, None));
    }
    let quick = dependencies::quick_key(project, &plan.dependency_salt)?;
    let remembered = workshop.previous.and_then(|record| record.dependencies.clone());
    if let Some(memory) = remembered.filter(|memory| memory.quick == quick) {
        match &memory.layer_key {
            None => return Ok((Some(memory), None)),
            Some(key) => {
                if let Some(layer) = stored_layer(key, workshop) {
                    let content = Content::Stored(layer);
                    let draft = Draft {
                        name: LayerName::Dependencies,
                        key: key.clone(),
                        content,
                    };
                    return Ok((Some(memory), Some(draft)));
                }
            }
        }
    }
    let hashed_at = SystemTime::now();
    let found = dependencies::collect(project, &plan.manager, &plan.excluded, workshop)?;
    if found.entries.is_empty() {
        return Ok((
            Some(DependencyMemory {
                quick,
                external: found.external,
                layer_key: None,
            }),
            None,
        ));
    }
    let key = dependencies::content_key(&found.entries)?;
    let content = stored_or(&key, found.entries, hashed_at, workshop);
    let memory = DependencyMemory {
        quick,
        external: found.external,
        layer_key: Some(key.clone()),
    };
    Ok((
        Some(memory),
        Some(Draft {
            name: LayerName::Dependencies,
            key,
            content,
        }),
    ))
}

fn bundle(
    source: &Source<'_>,
    project: &Project,
    plan: &Plan,
    external: &[String],
    workshop: &mut Workshop<'_>,
) -> Result<Bundle, BuildError> {
    let bundler = toolchain::bundler(project, workshop)?;
    let scratch = workshop.cache.join("scratch");
    fs::create_dir_all(&scratch).map_err(BuildError::file("make a folder for the bundle"))?;
    workshop
        .progress
        .step(&format!("bundling with {}", bundler.identity()));
    let bundle = bundler.bundle(&BundleRequest {
        entry: &source.entry(),
        folder: source.root,
        tsconfig: project.tsconfig.as_deref(),
        node_major: plan.node.major,
        format: plan.format,
        source_map: plan.source_map,
        external,
        scratch: &scratch,
    })?;
    Ok(bundle)
}

fn included_layer(
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
    let content = stored_or(&key, entries, hashed_at, workshop);
    Ok(Some(Draft {
        name: LayerName::IncludedFiles,
        key,
        content,
    }))
}

fn application_layer(plan: &Plan, bundle: Bundle, workshop: &Workshop<'_>) -> Draft {
    let mut files = bundle.files;
    files.push(("package.json".to_owned(), plan.app_manifest.clone()));
    let mut text = String::new();
    let mut entries = Vec::new();
    for (name, bytes) in files {
        text.push_str(&format!("{name}\0{}\n", hash(&bytes)));
        entries.push(Entry::file(format!("app/{name}"), bytes).owned_by(APP_USER, APP_USER));
    }
    let key = hash(text.as_bytes());
    let content = stored_or(&key, with_folders(entries), SystemTime::now(), workshop);
    Draft {
        name: LayerName::Application,
        key,
        content,
    }
}

/// The same with every folder below `/` that the paths need, owned by the application.
fn with_folders(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut folders: Vec<PathBuf> = entries
        .iter()
        .flat_map(|entry| entry.path.ancestors().skip(1).map(Path::to_owned))
        .filter(|folder| folder.starts_with("app"))
        .collect();
    folders.sort();
    folders.dedup();
    entries.extend(
        folders
            .into_iter()
            .map(|folder| Entry::directory(folder).owned_by(APP_USER, APP_USER)),
    );
    entries
}

fn stored_or(key: &str, entries: Vec<Entry>, hashed_at: SystemTime, workshop: &Workshop<'_>) -> Content {
    match stored_layer(key, workshop) {
        Some(layer) => Content::Stored(layer),
        None => Content::Entries { entries, hashed_at },
    }
}

fn is_of_a_package(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "node_modules")
}

/// The pure functions of this module under names that tell them apart, for tests.
#[cfg(test)]
pub(crate) mod pure {
    pub(crate) use super::esbuild::parse_errors;
    pub(crate) use super::install::{InstallFacts, InstallReason, reason_to_install};
    pub(crate) use super::lock::InstalledPackages;
    pub(crate) use super::manifest::Manifest;
    pub(crate) use super::node_version::{
        InvalidNodeVersion, Offer, Wish, WishSource, choose as choose_node,
    };
    pub(crate) use super::package_manager::{PackageManager, choose as choose_manager};
}
