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
mod prisma;
mod project;
mod script;
mod service;
mod toolchain;
mod watch;

pub use bundler::BundleError;
pub use node_version::InvalidNodeVersion;
pub(crate) use node_version::allows_node;
pub use package_manager::UnknownPackageManager;
pub use prisma::PrismaError;
pub use script::{Script, ScriptRequest, bundle_script};

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tapedeck_image::Image;

use crate::BuildError;
use crate::base::{self, Base, BaseMismatch, RuntimeKind};
use crate::image::{Assembly, Composition, Stack};
use crate::included;
use crate::request::{Source, Workshop};
use crate::runtime::Runtime;
pub(crate) use bundler::{Bundle, BundleRequest, Bundler};
pub(crate) use esbuild::Esbuild;
pub(crate) use service::BundlerService;

use plan::{Facts, Plan, plan};
use project::Project;
use toolchain::Toolchain;

/// The variable in which bases say which Node they have.
const VERSION_OF_BASE: &str = "NODE_VERSION";

/// Makes everything that goes on top of the base.
pub(crate) fn assemble(source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Assembly, BuildError> {
    let named = base::named(RuntimeKind::Node, source.subject(), workshop)?;
    let base_node = named.as_ref().and_then(|base| node_of_base(&base.image));
    let (facts, plan, seen_since) = prepare(source, base_node, workshop)?;
    let base = match named {
        Some(base) => {
            require_same_node(source, base_node, &plan, workshop)?;
            base
        }
        None => {
            let node = tapedeck_image::base::NodeVersion::Major(plan.node.major);
            base::assembled(
                tapedeck_image::base::Runtime::Node(node),
                source.subject(),
                workshop,
            )?
        }
    };
    let project = &facts.project;
    prisma::generate_if_needed(project, workshop)?;
    let (memory, dependencies) = layers::dependencies(project, &plan, workshop)?;
    let included = included::find(source)?;
    let external = memory
        .iter()
        .flat_map(|memory| memory.external.clone())
        .collect::<Vec<_>>();
    let bundle = bundle(source, project, &plan, &external, workshop)?;
    let mut observations = workshop.observations(seen_since);
    observations.observe_all(watch::paths(source, project, &bundle, &included))?;
    let included = included::layer(source, &included, &mut observations, workshop)?;
    let source_files = own_files(&bundle);
    let read = layers::read_at_run_time(&bundle, workshop)?;
    let application = layers::application(&plan, bundle, workshop);
    let runtime = runtime(&base, &plan);
    Ok(Assembly {
        composition: Composition::Layers(Box::new(Stack {
            base,
            layers: dependencies
                .into_iter()
                .chain(read)
                .chain(included)
                .chain([application])
                .collect(),
            config: plan.config,
        })),
        observations,
        runtime: Some(runtime),
        source_files,
        memory: layers::memory(memory.as_ref()),
    })
}

/// The Node in the image, exactly if the base says it.
fn runtime(base: &Base, plan: &Plan) -> Runtime {
    let exact = base.image.config.env.get(VERSION_OF_BASE);
    let version = match exact {
        Some(exact) => exact.trim_start_matches('v').to_owned(),
        None => plan.node.major.to_string(),
    };
    Runtime {
        name: "node".to_owned(),
        version,
        asked_by: plan.node.source.clone(),
    }
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
        platform: workshop.platform,
    })
}

/// The major version of Node as the official images and those that are assembled here say it.
fn node_of_base(image: &Image) -> Option<u16> {
    let version = image.config.env.get(VERSION_OF_BASE)?;
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Refuses a base with another Node than the project asks for. A base that does not say what it has is trusted.
fn require_same_node(
    source: &Source<'_>,
    base_node: Option<u16>,
    plan: &Plan,
    workshop: &Workshop<'_>,
) -> Result<(), BuildError> {
    match (base_node, workshop.bases.get(RuntimeKind::Node)) {
        (Some(found), Some(named)) if found != plan.node.major => {
            Err(BuildError::NamedBaseVersion(Box::new(BaseMismatch {
                service: source.service.to_string(),
                reference: named.reference.to_string(),
                runtime: RuntimeKind::Node,
                found: found.to_string(),
                wanted: plan.node.major.to_string(),
                asked_by: plan.node.source.clone(),
            })))
        }
        _ => Ok(()),
    }
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
    let request = BundleRequest {
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
    };
    Ok(match workshop.resident {
        Some(resident) => resident.bundle(&bundler, &request)?,
        None => bundler.bundle(&request)?,
    })
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
    pub(crate) use super::service::Value;
}
