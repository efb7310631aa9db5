//! Base images: pulled by name from a registry, or assembled on this machine from packages of its distribution.
//!
//! A base that is assembled has two layers: the system (from packages that the machine's own apt fetches and verifies) and the
//! runtime. The first is shared by all runtimes. What was assembled is noted in `bases/`, so that it is done
//! once per machine; the notes hold the exact versions.

mod apt;
mod command;
mod deb;
mod named;
mod node;
mod record;
mod rootfs;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::{io, thread};

use tapedeck_model::ImageDigest;

use crate::registry::{CredentialsError, PullError};
use crate::{
    ConfigChange, Image, Layer, Platform, Progress, PutImageError, PutLayerError, ReadImageError, Store,
    StoreError,
};

pub use named::{NamedBase, ensure_named_base, fresh_named_base};
pub use node::{InvalidNodeVersion, NodeVersion};
pub use record::PackageRecord;

/// Where every base looks for programs.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The user of every base, without any right. The name in `/etc/passwd` is `nonroot`.
const NONROOT: u32 = 65532;

/// Room that assembling a base needs, in MiB: archives, package lists, and the files twice, packed and unpacked.
const ROOM_MIB: u64 = 600;

/// A base image could not be assembled.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// There is not enough room for it.
    #[error(
        "assembling a base image needs {ROOM_MIB} MiB, and {} has {free} MiB left: free some space on its disk",
        folder.display()
    )]
    NoRoom {
        /// The store.
        folder: PathBuf,
        /// What is left, in MiB.
        free: u64,
    },
    /// A program that does the fetching is not installed.
    #[error(
        "`{program}` is not installed on this machine, and a base image cannot be assembled without it: {way_out}"
    )]
    NoProgram {
        /// Its name.
        program: &'static str,
        /// What to do.
        way_out: &'static str,
    },
    /// A program that does the fetching failed.
    #[error("`{command}` failed ({status}): {output}; {way_out}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// Its last lines.
        output: String,
        /// What to do.
        way_out: &'static str,
    },
    /// A program could not be started.
    #[error("cannot start `{command}`")]
    Start {
        /// The command line.
        command: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A package is damaged or of an unknown form.
    #[error("cannot read the package {}", file.display())]
    Package {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// Npm does not serve this Node.
    #[error("npm serves no Node {version} for {platform}: choose another major version, 16 to 26")]
    NoSuchNode {
        /// What was asked for.
        version: NodeVersion,
        /// For which processor.
        platform: &'static str,
    },
    /// Npm answered something that is not understood.
    #[error("the answer of `{command}` is not understood: {answer}")]
    Answer {
        /// The command line.
        command: String,
        /// The beginning of the answer.
        answer: String,
    },
    /// What npm fetched is not what its registry announced.
    #[error(
        "the archive of Node {version} has another hash than announced: it was damaged on the way, try again"
    )]
    Integrity {
        /// The exact version.
        version: String,
    },
    /// A layer could not be written.
    #[error("cannot write a layer of the base image")]
    Layer(#[from] PutLayerError),
    /// The image could not be written.
    #[error("cannot write the base image")]
    Image(#[from] PutImageError),
    /// The recorded image could not be used.
    #[error("cannot use the recorded base image")]
    Recorded(#[from] ReadImageError),
    /// Credentials for the registry could not be read.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The base could not be pulled.
    #[error(transparent)]
    Pull(#[from] PullError),
    /// The base that was pulled has no Node.
    #[error(
        "{reference} has no `node` on its PATH ({search_path}): name an image that brings Node, such as node:22"
    )]
    NoNode {
        /// The name of the base.
        reference: String,
        /// Where was looked.
        search_path: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The base image for Node: C library, certificates, time zones, a shell with the usual commands, curl, Node.
///
/// Assembled from packages at the first call, which needs the network, apt and npm; later calls only look into
/// the store, until [`forget_bases`] is called. It has no entrypoint; its user is 65532 without any rights.
///
/// # Errors
/// [`BaseError`] when packages cannot be fetched or the store fails.
pub fn ensure_node_base(
    store: &Store,
    version: NodeVersion,
    platform: Platform,
    progress: &mut dyn Progress,
) -> Result<Image, BaseError> {
    let name = format!("node-{version}-{}", platform.as_str());
    if let Some(image) = recorded(store, &name)? {
        return Ok(image);
    }
    let _shared = store.share()?;
    let _turn = store.lock_bases()?;
    // Somebody else may have assembled it while this process waited for its turn.
    if let Some(image) = recorded(store, &name)? {
        return Ok(image);
    }
    ensure_room(store.root())?;
    let (system, node) = thread::scope(|scope| {
        let (steps, shown) = channel();
        let more_steps = steps.clone();
        let system = scope.spawn(|| ensure_system(store, platform, steps));
        let node = scope.spawn(move || node::fetch_layer(store, version, platform, &more_steps));
        for text in shown {
            progress.step(&text);
        }
        (joined(system), joined(node))
    });
    let (system, node) = (system?, node?);
    progress.step("writing the base image");
    let image = put_node_image(store, &system, &node, platform)?;
    let mut packages = system.packages;
    packages.push(node.package);
    store.settle()?;
    store.record_image(&name, &image.digest, packages)?;
    Ok(image)
}

/// Looks for room before anything is fetched: apt does not always end when the disk is full.
fn ensure_room(root: &Path) -> Result<(), BaseError> {
    // A file system that cannot tell is given the benefit of the doubt.
    let Ok(system) = rustix::fs::statvfs(root) else {
        return Ok(());
    };
    let free = system.f_bavail.saturating_mul(system.f_frsize) / (1024 * 1024);
    if free >= ROOM_MIB {
        return Ok(());
    }
    Err(BaseError::NoRoom {
        folder: root.to_owned(),
        free,
    })
}

/// What the recorded base image was made of, or nothing when `image` is no recorded base.
///
/// # Errors
/// [`StoreError`] when the records cannot be read.
pub fn packages_of_base(
    store: &Store,
    image: &ImageDigest,
) -> Result<Option<Vec<PackageRecord>>, StoreError> {
    let records = store.image_records()?;
    Ok(records
        .into_iter()
        .find(|(_, record)| record.image == *image)
        .map(|(_, record)| record.packages))
}

/// Forgets which base images were assembled, so that the next deploy fetches current packages.
/// Images that are already deployed are not touched.
///
/// # Errors
/// [`StoreError`] when the records cannot be removed.
pub fn forget_bases(store: &Store) -> Result<(), StoreError> {
    let _turn = store.lock_bases()?;
    store.remove_records(|_| true)
}

/// The layer that all base images of a platform share.
struct System {
    layer: Layer,
    packages: Vec<PackageRecord>,
}

/// The result of a thread; its panic goes on in this one.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn recorded(store: &Store, name: &str) -> Result<Option<Image>, BaseError> {
    let Some(record) = store.image_record(name)? else {
        return Ok(None);
    };
    match store.image(&record.image) {
        Ok(image) => Ok(Some(image)),
        Err(ReadImageError::Store(error)) => Err(error.into()),
        // Gone or damaged: it is assembled again.
        Err(_) => Ok(None),
    }
}

fn ensure_system(store: &Store, platform: Platform, steps: Sender<String>) -> Result<System, BaseError> {
    let name = format!("system-{}", platform.as_str());
    if let Some(record) = store.layer_record(&name)?
        && store.has_layer(&record.layer)
    {
        return Ok(System {
            layer: record.layer,
            packages: record.packages,
        });
    }
    let work = store.workspace().map_err(store.failed("fetch packages"))?;
    let files = apt::download(&work, platform, &steps)?;
    // Nobody may be listening any more; that changes nothing here.
    let _ = steps.send(format!("unpacking {} packages", files.len()));
    let packages = deb::read_packages(files)?;
    let records = packages
        .iter()
        .map(|package| package.record.clone())
        .collect::<Vec<_>>();
    let layer = store.put_layer(rootfs::assemble(packages))?;
    store.record_layer(&name, &layer, records.clone())?;
    Ok(System {
        layer,
        packages: records,
    })
}

fn put_node_image(
    store: &Store,
    system: &System,
    node: &node::NodeLayer,
    platform: Platform,
) -> Result<Image, BaseError> {
    let version = node.package.version.clone();
    let inventory = system.packages.iter().chain([&node.package]);
    let inventory: Vec<String> = inventory.map(PackageRecord::to_string).collect();
    let change = ConfigChange {
        env: BTreeMap::from([
            ("PATH".to_owned(), SEARCH_PATH.to_owned()),
            ("NODE_VERSION".to_owned(), version.clone()),
        ]),
        working_dir: Some("/".to_owned()),
        user: Some(format!("{NONROOT}:{NONROOT}")),
        stop_signal: Some("SIGTERM".to_owned()),
        annotations: BTreeMap::from([("dev.tapedeck.base.packages".to_owned(), inventory.join("\n"))]),
        platform: Some(platform),
        ..ConfigChange::default()
    };
    let by_system = format!("{} packages of the distribution", system.packages.len());
    let by_node = format!("node {version}");
    let layers = [
        (system.layer.clone(), by_system.as_str()),
        (node.layer.clone(), by_node.as_str()),
    ];
    Ok(store.put_image(None, &layers, &change)?)
}
