//! One run of a builder's lifecycle: what it is given, and what becomes of it.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_image::registry::Reference;
use tapedeck_image::{Image, ImportArchiveError, Platform};
use tapedeck_model::ImageDigest;

use super::builder::{Builder, Buildpack};
use super::source::{Sent, give};
use super::{BuildpacksError, Descriptor};
use crate::BuildError;
use crate::guard::Guard;
use crate::request::{Subject, Workshop};
use crate::sandbox::{SandboxEnd, SandboxWork, run_shown};
use crate::stamp::hash;

/// All phases in one program.
const CREATOR: &str = "/cnb/lifecycle/creator";

/// Where a container has what it is given. Those of the lifecycle's own defaults that there are.
const WORKSPACE: &str = "/workspace";
const LAYERS: &str = "/layers";
const PLATFORM: &str = "/platform";
const CACHE: &str = "/cache";
const LAYOUTS: &str = "/layout-repo";

/// The names of the images that are made, which nobody else sees.
const OUTPUT: &str = "tapedeck.local/image:built";
const PREVIOUS: &str = "tapedeck.local/image:previous";

/// Exit codes of a lifecycle. Source: the platform specification of Cloud Native Buildpacks.
const NOTHING_DETECTED: i32 = 20;
const DETECTION_FAILED: i32 = 21;
const BUILD_FAILED: i32 = 51;

/// What is to be built.
pub(super) struct Order<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) sent: &'a Sent,
    pub(super) descriptor: &'a Descriptor,
    pub(super) builder: &'a Builder,
    pub(super) builder_image: &'a Image,
    pub(super) run_image: &'a str,
    pub(super) run_digest: &'a ImageDigest,
    pub(super) buildpacks: &'a [Buildpack],
}

/// The folders that last from build to build.
struct Kept {
    /// What buildpacks keep.
    cache: PathBuf,
    /// The last image, from which layers are taken that do not change.
    previous: PathBuf,
    /// Held while they are used.
    _turn: Guard,
}

/// Runs the lifecycle and takes in what it makes.
pub(super) fn run(order: &Order<'_>, workshop: &mut Workshop<'_>) -> Result<ImageDigest, BuildError> {
    let service = || order.subject.service.to_string();
    let host = Platform::host();
    if workshop.platform != host {
        return Err(BuildpacksError::Foreign {
            service: service(),
            platform: workshop.platform.as_str(),
            host: host.as_str(),
        }
        .into());
    }
    let kept = keep(order, workshop)?;
    let folder = tempfile::tempdir_in(workshop.scratch()?)
        .map_err(BuildError::file("make a folder for temporary files"))?;
    let folder = folder.path();
    workshop.progress.step("handing the source over to the builder");
    prepare(order, folder, &kept).map_err(BuildError::file("hand the source over to the builder"))?;
    let layouts = folder.join("layouts");
    let run_path = layouts.join(layout_path(order.run_image));
    workshop
        .store
        .write_sparse_layout(order.run_digest, &run_path)
        .map_err(|source| BuildpacksError::RunImage {
            service: service(),
            source: Box::new(source),
        })?;
    let (user, group) = order.builder.user;
    give(&layouts, user, group).map_err(BuildError::file("hand the run image over to the builder"))?;
    let ran = create(order, folder, &kept, workshop);
    let taken = ran.and_then(|()| take_over(order, &layouts, workshop));
    let last = if taken.is_ok() { OUTPUT } else { PREVIOUS };
    // Without it the next build takes longer, no more.
    let _ = replace(&layouts.join(layout_path(last)), &kept.previous);
    Ok(taken?)
}

fn take_over(
    order: &Order<'_>,
    layouts: &Path,
    workshop: &mut Workshop<'_>,
) -> Result<ImageDigest, BuildpacksError> {
    workshop.progress.step("taking the image over from the builder");
    // Whoever ran could have made a link of a folder on the way.
    let below = layout_path(OUTPUT);
    let is_plain = |part: &&Path| !layouts.join(part).is_symlink();
    let imported = match below.ancestors().all(|part| is_plain(&part)) {
        true => workshop.store.import_layout(&layouts.join(&below)),
        false => Err(ImportArchiveError::NoImage),
    };
    imported.map_err(|source| BuildpacksError::Import {
        service: order.subject.service.to_string(),
        source: Box::new(source),
    })
}

/// The folders that last, for nobody else until they are dropped.
fn keep(order: &Order<'_>, workshop: &mut Workshop<'_>) -> Result<Kept, BuildError> {
    let owner = format!(
        "{}\0{}\0{}",
        order.subject.root.display(),
        order.subject.service,
        workshop.platform.as_str()
    );
    let folder = workshop
        .cache
        .join("buildpacks")
        .join(&hash(owner.as_bytes())[..32]);
    let failed = BuildError::file("make the folder that buildpacks keep things in");
    let cache = folder.join("cache");
    let progress = &mut *workshop.progress;
    let turn = Guard::acquire(&folder.join("turn"), || {
        progress.step("waiting for another build of the same service");
    })
    .map_err(&failed)?;
    let previous = folder.join("previous");
    if workshop.is_anew {
        for folder in [&cache, &previous] {
            remove(folder).map_err(&failed)?;
        }
    }
    fs::create_dir_all(&cache).map_err(&failed)?;
    Ok(Kept {
        cache,
        previous,
        _turn: turn,
    })
}

/// Fills the folders that the container gets.
fn prepare(order: &Order<'_>, folder: &Path, kept: &Kept) -> io::Result<()> {
    let (user, group) = order.builder.user;
    for name in ["workspace", "layers", "platform/env", "layouts"] {
        fs::create_dir_all(folder.join(name))?;
    }
    order.sent.copy(&folder.join("workspace"), (user, group))?;
    for (name, value) in &order.descriptor.environment {
        fs::write(folder.join("platform/env").join(name), value)?;
    }
    if !order.buildpacks.is_empty() {
        fs::write(folder.join("layers/order.toml"), order_text(order.buildpacks))?;
    }
    let previous = folder.join("layouts").join(layout_path(PREVIOUS));
    match replace(&kept.previous, &previous) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn create(
    order: &Order<'_>,
    folder: &Path,
    kept: &Kept,
    workshop: &mut Workshop<'_>,
) -> Result<(), BuildpacksError> {
    let service = || order.subject.service.to_string();
    let sandbox = workshop
        .sandbox
        .ok_or_else(|| BuildpacksError::NoSandbox { service: service() })?;
    let mut environment = order.builder_image.config.env.clone();
    let own = [
        ("CNB_PLATFORM_API", order.builder.platform_api),
        ("CNB_USE_LAYOUT", "true"),
        ("CNB_LAYOUT_DIR", LAYOUTS),
        // The layout is an experiment of theirs; without this it is refused.
        ("CNB_EXPERIMENTAL_MODE", "warn"),
        ("CNB_NO_COLOR", "true"),
    ];
    environment.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let mounts = [
        (folder.join("workspace"), WORKSPACE),
        (folder.join("layers"), LAYERS),
        (folder.join("platform"), PLATFORM),
        (folder.join("layouts"), LAYOUTS),
        (kept.cache.clone(), CACHE),
    ];
    let command = [
        CREATOR,
        "-app",
        WORKSPACE,
        "-layers",
        LAYERS,
        "-platform",
        PLATFORM,
        "-cache-dir",
        CACHE,
        "-run-image",
        order.run_image,
        "-previous-image",
        PREVIOUS,
        OUTPUT,
    ];
    let work = SandboxWork {
        folder,
        layers: &order.builder_image.layers,
        command: &command.map(str::to_owned),
        environment: &Vec::from_iter(environment),
        working_directory: Path::new(LAYERS),
        // The lifecycle prepares what it is given, and then gives up all rights.
        user: (0, 0),
        mounts: &mounts.map(|(source, target)| (source, target.into())),
    };
    let (end, output) =
        run_shown(sandbox, &work, workshop.progress).map_err(|source| BuildpacksError::Sandbox {
            service: service(),
            source,
        })?;
    match end.code {
        0 => Ok(()),
        _ => Err(failed(order, &end, output)),
    }
}

fn failed(order: &Order<'_>, end: &SandboxEnd, output: String) -> BuildpacksError {
    let (what, advice) = match end.code {
        NOTHING_DETECTED => (
            "none of the buildpacks knows what to do with its source",
            "check sourceDirectoryPath, or name a builder or buildpacks that do",
        ),
        DETECTION_FAILED => (
            "a buildpack failed while it looked at its source",
            "see what it says",
        ),
        BUILD_FAILED => (
            "a buildpack failed while it built",
            "see what it says; a project.toml can set variables for buildpacks",
        ),
        _ => ("the builder failed", "see what it says"),
    };
    BuildpacksError::Build {
        service: order.subject.service.to_string(),
        what,
        ending: end.in_words(),
        advice,
        output,
    }
}

/// Moves a folder to where perhaps another one is.
fn replace(from: &Path, to: &Path) -> io::Result<()> {
    fs::symlink_metadata(from)?;
    remove(to)?;
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(from, to)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where a lifecycle looks for an image below the folder of its layouts. Source: the platform specification.
pub(crate) fn layout_path(name: &str) -> PathBuf {
    let Ok(reference) = Reference::parse(name) else {
        return name.into();
    };
    let registry = match reference.registry() {
        "docker.io" => "index.docker.io",
        // Without a port it is no registry to a lifecycle.
        "localhost" => "index.docker.io/localhost",
        other => other,
    };
    let path = Path::new(registry).join(reference.repository());
    match (reference.digest(), reference.tag()) {
        (Some(digest), _) => path.join("sha256").join(digest.hex()),
        (None, tag) => path.join(tag.unwrap_or("latest")),
    }
}

/// `order.toml` of one group.
pub(crate) fn order_text(buildpacks: &[Buildpack]) -> String {
    let mut text = "[[order]]\n".to_owned();
    for Buildpack { id, version } in buildpacks {
        // A text of JSON is one of TOML, too.
        let (id, version) = (serde_json::json!(id), serde_json::json!(version));
        text.push_str(&format!("\n[[order.group]]\nid = {id}\nversion = {version}\n"));
    }
    text
}
