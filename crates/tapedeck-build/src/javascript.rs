//! JavaScript and TypeScript: the application is bundled, its dependencies stay outside in a layer of their
//! own.
//!
//! `survey` looks at the disk, [`plan`] decides (pure), [`assemble`] acts:
//!
//! ```text
//! survey ─▶ Facts ─▶ plan ─▶ Plan ─▶ install? ─▶ survey and plan again
//!                                  └▶ base · dependencies · included files · bundle ─▶ Assembly
//! ```
//!
//! In the image: `/app/index.js` with its source map and a `package.json` that says how to read it,
//! dependencies in `/app/node_modules` (those of a workspace above in `/node_modules`), included files below
//! `/app`.

mod bundler;
mod dependencies;
mod esbuild;
mod install;
mod layers;
mod lock;
mod manifest;
mod node_version;
mod package_manager;
mod plan;
mod project;
mod script;
mod toolchain;
mod watch;

pub use bundler::{BundleError, SourceError};
pub use node_version::{InvalidNodeVersion, NodeVersion};
pub use package_manager::UnknownPackageManager;
pub use script::{Script, ScriptRequest, bundle_script};

pub(crate) use dependencies::DependencyMemory;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tapedeck_image::{Image, Platform, base};

use crate::BuildError;
use crate::image::Assembly;
use crate::included;
use crate::request::{Source, Workshop};
use crate::stamp::Observations;
use bundler::{Bundle, BundleRequest, Bundler};
use plan::{Facts, Plan, plan};
use project::Project;
use toolchain::Toolchain;

/// Makes everything that goes on top of the base.
pub(crate) fn assemble(source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Assembly, BuildError> {
    let named = named_base(source, workshop)?;
    let base_node = named.as_ref().and_then(node_of_base);
    let (facts, plan, seen_since) = prepare(source, base_node, workshop)?;
    let is_named_base = named.is_some();
    let base = match named {
        Some(image) => {
            require_same_node(source, base_node, &plan, workshop)?;
            image.digest
        }
        None => assembled_base(source, &plan, workshop)?,
    };
    let project = &facts.project;
    let (memory, dependencies) = layers::dependencies(project, &plan, workshop)?;
    let included = included::find(source)?;
    let external = memory
        .iter()
        .flat_map(|memory| memory.external.clone())
        .collect::<Vec<_>>();
    let bundle = bundle(source, project, &plan, &external, workshop)?;
    let earlier = workshop
        .previous
        .map(|record| record.inputs.clone())
        .unwrap_or_default();
    let mut observations = Observations::since(seen_since, earlier);
    for path in watch::paths(source, project, &bundle, &included) {
        observations
            .observe(&path)
            .map_err(BuildError::file("look at the source"))?;
    }
    let included = layers::included(source, &included, &mut observations, workshop)?;
    let source_files = own_files(&bundle);
    let application = layers::application(&plan, bundle, workshop);
    Ok(Assembly {
        base,
        is_named_base,
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

/// Surveys and plans, and installs in between where the plan says so. Gives the moment before it looked at
/// anything that still counts, too.
fn prepare(
    source: &Source<'_>,
    base_node: Option<u16>,
    workshop: &mut Workshop<'_>,
) -> Result<(Facts, Plan, SystemTime), BuildError> {
    let seen_since = SystemTime::now();
    let facts = survey(source, base_node, workshop)?;
    let first = plan(&facts, source.packaging)?;
    if first.install.is_none() {
        return Ok((facts, first, seen_since));
    }
    install::install(&facts.project, &first.manager, workshop)?;
    // Installing may have written a lock file.
    let seen_since = SystemTime::now();
    let facts = survey(source, base_node, workshop)?;
    let plan = plan(&facts, source.packaging)?;
    Ok((facts, plan, seen_since))
}

fn survey(source: &Source<'_>, base_node: Option<u16>, workshop: &Workshop<'_>) -> Result<Facts, BuildError> {
    let project = Project::survey(source)?;
    let install = install::survey(&project, workshop.cache)?;
    Ok(Facts {
        project,
        install,
        base_node,
    })
}

/// The base image of the name that was given, unless none was or its registry does not answer.
fn named_base(source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Option<Image>, BuildError> {
    let Some(wanted) = workshop.node_base else {
        return Ok(None);
    };
    let runtime = base::RuntimeKind::Node;
    base::ensure_named_base(
        workshop.store,
        &wanted,
        runtime,
        Platform::host(),
        workshop.progress,
    )
    .map_err(|error| BuildError::NamedBase {
        service: source.service.to_string(),
        reference: wanted.reference.to_string(),
        source: Box::new(error),
    })
}

/// The major version of Node as the official images and those that are assembled here say it.
fn node_of_base(image: &Image) -> Option<u16> {
    let version = image.config.env.get("NODE_VERSION")?;
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Refuses a base with another Node than the project asks for. A base that does not say what it has is trusted.
fn require_same_node(
    source: &Source<'_>,
    base_node: Option<u16>,
    plan: &Plan,
    workshop: &Workshop<'_>,
) -> Result<(), BuildError> {
    match (base_node, &workshop.node_base) {
        (Some(found), Some(named)) if found != plan.node.major => Err(BuildError::NamedBaseVersion {
            service: source.service.to_string(),
            reference: named.reference.to_string(),
            found,
            wanted: plan.node.major,
            source_name: plan.node.source.clone(),
        }),
        _ => Ok(()),
    }
}

fn assembled_base(
    source: &Source<'_>,
    plan: &Plan,
    workshop: &mut Workshop<'_>,
) -> Result<tapedeck_model::ImageDigest, BuildError> {
    let request = base::BaseRequest {
        runtime: base::Runtime::Node(base::NodeVersion::Major(plan.node.major)),
        platform: Platform::host(),
        extra_packages: &[],
    };
    base::ensure_base(workshop.store, &request, workshop.progress)
        .map(|base| base.image.digest)
        .map_err(|error| BuildError::Base {
            service: source.service.to_string(),
            major: plan.node.major,
            source: Box::new(error),
        })
}

fn bundle(
    source: &Source<'_>,
    project: &Project,
    plan: &Plan,
    external: &[String],
    workshop: &mut Workshop<'_>,
) -> Result<Bundle, BuildError> {
    let bundler = toolchain::bundler(&[&project.root, &project.workspace], &mut Toolchain::of(workshop))?;
    let scratch = workshop.scratch()?;
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
        defines: &[],
        aliases: &[],
        scratch: &scratch,
    })?;
    Ok(bundle)
}

/// The project's own files in a bundle.
fn own_files(bundle: &Bundle) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = bundle.inputs.clone();
    files.retain(|path| !is_of_a_package(path));
    files.sort();
    files
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
    pub(crate) use super::plan::offer;
    pub(crate) use super::script::has_aliases;
}
