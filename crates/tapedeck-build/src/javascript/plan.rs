//! What to do with a project: a pure function of what was seen.

use serde_json::json;
use tapedeck_image::{ConfigChange, Platform, base};
use tapedeck_model::{ModuleFormat, StacktapeImageBuildpack};

use super::install::{InstallFacts, InstallReason, reason_to_install};
use super::node_version::{self, NodeVersion, Offer};
use super::package_manager::{self, ChosenPackageManager};
use super::project::Project;
use crate::BuildError;
use crate::base::started_by;

/// The lines of Node that a base image can be made of.
const OFFER: Offer = Offer {
    oldest: 16,
    newest: 26,
    default: DEFAULT_MAJOR,
};

const DEFAULT_MAJOR: u16 = match base::NodeVersion::LTS {
    base::NodeVersion::Major(major) | base::NodeVersion::Exact(major, _, _) => major,
};

/// What was seen.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) project: Project,
    pub(crate) install: InstallFacts,
    /// The major version of Node in the base image, if that was pulled and says so.
    pub(crate) base_node: Option<u16>,
    /// The processor that the image is for.
    pub(crate) platform: Platform,
}

/// What to do.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) manager: ChosenPackageManager,
    pub(crate) install: Option<InstallReason>,
    /// Whether there is a layer of dependencies to think about.
    pub(crate) has_dependencies: bool,
    /// Everything but the installed packages that decides about that layer.
    pub(crate) dependency_salt: String,
    /// Packages that stay out of the image.
    pub(crate) excluded: Vec<String>,
    pub(crate) node: NodeVersion,
    pub(crate) format: ModuleFormat,
    pub(crate) source_map: bool,
    /// Content of `/app/package.json`.
    pub(crate) app_manifest: Vec<u8>,
    /// How the image is started.
    pub(crate) config: ConfigChange,
}

/// Decides.
pub(crate) fn plan(facts: &Facts, packaging: &StacktapeImageBuildpack) -> Result<Plan, BuildError> {
    let project = &facts.project;
    let field = project.manifest.package_manager.as_deref();
    let field = field.or(project.workspace_manifest.package_manager.as_deref());
    let lock = project
        .lock
        .as_ref()
        .map(|lock| (lock.manager, lock.head.as_str()));
    let manager = package_manager::choose(field, lock)?;
    let node = node_version::choose(&project.wishes, offer(facts.base_node))?;
    let format = module_format(project, packaging);
    let source_map = !packaging
        .javascript()
        .is_some_and(|settings| settings.disable_source_maps);
    let has_dependencies = project.has_dependencies();
    Ok(Plan {
        dependency_salt: format!(
            "{manager:?} node{} {} {:?}",
            node.major,
            facts.platform.as_str(),
            packaging.exclude_dependencies
        ),
        install: has_dependencies
            .then(|| reason_to_install(&facts.install))
            .flatten(),
        manager,
        has_dependencies,
        excluded: packaging.exclude_dependencies.clone(),
        node,
        format,
        source_map,
        app_manifest: app_manifest(project, format),
        config: config(source_map),
    })
}

/// A base that was named decides where the project leaves a choice.
pub(crate) fn offer(base_node: Option<u16>) -> Offer {
    let Some(major) = base_node else {
        return OFFER;
    };
    Offer {
        oldest: OFFER.oldest.min(major),
        newest: OFFER.newest.max(major),
        default: major,
    }
}

/// As configured, else as the extension of the entry file demands, else as `package.json` says.
fn module_format(project: &Project, packaging: &StacktapeImageBuildpack) -> ModuleFormat {
    let entry = packaging.entryfile_path.as_str();
    if let Some(format) = packaging
        .javascript()
        .and_then(|settings| settings.output_module_format)
    {
        return format;
    }
    if entry.ends_with(".mts") || entry.ends_with(".mjs") {
        return ModuleFormat::Esm;
    }
    if entry.ends_with(".cts") || entry.ends_with(".cjs") {
        return ModuleFormat::Cjs;
    }
    if project.manifest.module_type.as_deref() == Some("module") {
        ModuleFormat::Esm
    } else {
        ModuleFormat::Cjs
    }
}

fn app_manifest(project: &Project, format: ModuleFormat) -> Vec<u8> {
    let module_type = match format {
        ModuleFormat::Cjs => "commonjs",
        ModuleFormat::Esm => "module",
    };
    let mut manifest = json!({ "type": module_type });
    for (key, value) in [
        ("name", &project.manifest.name),
        ("version", &project.manifest.version),
    ] {
        if let Some(value) = value {
            manifest[key] = json!(value);
        }
    }
    manifest.to_string().into_bytes()
}

fn config(source_map: bool) -> ConfigChange {
    let mut config = started_by(["node", "/app/index.js"]);
    config.env.insert("NODE_ENV".to_owned(), "production".to_owned());
    if source_map {
        config
            .env
            .insert("NODE_OPTIONS".to_owned(), "--enable-source-maps".to_owned());
    }
    config
}
