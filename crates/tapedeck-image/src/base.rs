//! Base images: pulled by name from a registry, or assembled on this machine from packages of its distribution.
//!
//! A base that is assembled has these layers, of packages that the machine's own apt fetches and verifies:
//!
//! ```text
//! extra packages    what an application asks for
//! runtime           Node (from npm), Python or Java
//! system            C library, shell, usual commands, curl: shared by all runtimes
//! foundation        certificates, time zones, users, init: alone the base of static programs
//! ```
//!
//! What was assembled is noted in `bases/`, so that it is done once per machine; the notes hold the exact versions.

mod alternatives;
mod apt;
mod command;
mod deb;
mod distribution;
mod documents;
mod error;
mod extra;
mod installable;
mod java;
pub mod keystore;
mod layers;
mod named;
mod node;
mod python;
mod record;
mod rootfs;
mod runtime;
#[cfg(test)]
mod tests;
mod unmet;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use tapedeck_model::ImageDigest;

use crate::store::ignore_missing;
use crate::{ConfigChange, Description, Image, Platform, Progress, ReadImageError, Store, StoreError};
use error::ROOM_MIB;
use extra::Extra;
use layers::{Assembler, Part};

pub use documents::components_of_base;
pub use error::BaseError;
pub use installable::{PRETENDED, packages_for_commands};
pub use named::{NamedBase, ensure_named_base, ensure_named_image, fresh_named_base, init_of};
pub use node::{InvalidNodeVersion, NodeVersion};
pub use record::PackageRecord;
pub use runtime::{InvalidPythonVersion, PythonVersion, Runtime, RuntimeKind};

/// The init of every assembled base. As first process it passes signals on to the program that follows `--` and
/// reaps what that leaves behind.
pub const INIT: &str = "/usr/bin/tini";

/// Where every base looks for programs.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The user of every base, without any right. The name in `/etc/passwd` is `nonroot`.
const NONROOT: u32 = 65532;

/// A base image that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct BaseRequest<'a> {
    /// What it is to run.
    pub runtime: Runtime,
    /// For which processor. It need not be this machine's: nothing of an image is run while it is assembled.
    pub platform: Platform,
    /// System packages beside those that the runtime needs, by the names this machine's distribution has for them.
    pub extra_packages: &'a [String],
}

/// A base image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The image. It has no entrypoint; its user is 65532 without any rights.
    pub image: Image,
    /// A name for people, such as `tapedeck/node:24.11.1`. It is in no registry.
    pub name: String,
    /// The exact version of its runtime, such as `24.11.1`; empty for static programs.
    pub version: String,
    /// What it was made of.
    pub packages: Vec<PackageRecord>,
}

/// The base image for a runtime: certificates, time zones and an init, and unless it is for static programs a C library,
/// a shell with the usual commands, curl and the runtime.
///
/// Assembled from packages at the first call, which needs the network, apt and for Node npm; later calls only look
/// into the store, until [`forget_bases`] is called.
///
/// # Errors
/// [`BaseError`] when packages do not exist or cannot be fetched or the store fails.
pub fn ensure_base(
    store: &Store,
    request: &BaseRequest<'_>,
    progress: &mut dyn Progress,
) -> Result<Base, BaseError> {
    let name = request.record_name()?;
    if let Some(base) = recorded(store, &name, request.runtime)? {
        return Ok(base);
    }
    let _shared = store.share()?;
    let _turn = store.lock_bases()?;
    // Somebody else may have assembled it while this process waited for its turn.
    if let Some(base) = recorded(store, &name, request.runtime)? {
        return Ok(base);
    }
    ensure_room(store.root())?;
    let assembled = thread::scope(|scope| {
        let (steps, shown) = channel();
        let assembling = scope.spawn(|| assemble(store, request, steps));
        for text in shown {
            progress.step(&text);
        }
        joined(assembling)
    });
    let assembled =
        assembled.map_err(|error| layers::judged(error, request.platform, request.runtime.kind()))?;
    progress.step("writing the base image");
    let base = Base {
        image: put_base_image(store, &assembled, request)?,
        name: request.runtime.kind().base_name(&assembled.version),
        packages: assembled.packages(),
        version: assembled.version,
    };
    documents::put(store, request, &base)?;
    store.settle()?;
    store.record_image(&name, &base)?;
    Ok(base)
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
    // Package lists are only kept to be quick.
    let lists = ignore_missing(fs_err::remove_dir_all(store.path("apt")));
    lists.map_err(store.failed("remove package lists"))?;
    store.remove_records(|_| true)
}

/// The layer with a runtime.
#[derive(Debug)]
struct LanguageLayer {
    part: Part,
    version: String,
    env: BTreeMap<String, String>,
}

/// The layers of a base, bottom first, and how they are to be run.
#[derive(Debug)]
struct Assembled {
    parts: Vec<Part>,
    version: String,
    env: BTreeMap<String, String>,
}

impl Assembled {
    fn packages(&self) -> Vec<PackageRecord> {
        self.parts.iter().flat_map(|part| part.packages.clone()).collect()
    }
}

impl BaseRequest<'_> {
    /// The name of what is recorded. Requests for the same have the same name.
    fn record_name(&self) -> Result<String, BaseError> {
        let extra = Extra::of(self.extra_packages)?;
        Ok(format!(
            "{}{}-{}",
            self.runtime,
            extra.suffix(),
            self.platform.as_str()
        ))
    }
}

/// The result of a thread; its panic goes on in this one.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn recorded(store: &Store, name: &str, runtime: Runtime) -> Result<Option<Base>, BaseError> {
    let Some(record) = store.image_record(name)? else {
        return Ok(None);
    };
    match store.image(&record.image) {
        Ok(image) => Ok(Some(Base {
            image,
            name: runtime.kind().base_name(&record.version),
            version: record.version,
            packages: record.packages,
        })),
        Err(ReadImageError::Store(error)) => Err(error.into()),
        // Gone or damaged: it is assembled again.
        Err(_) => Ok(None),
    }
}

fn assemble(store: &Store, request: &BaseRequest<'_>, steps: Sender<String>) -> Result<Assembled, BaseError> {
    let BaseRequest {
        runtime, platform, ..
    } = *request;
    let mut assembler = Assembler::new(store, platform, steps.clone());
    let (mut parts, language) = match runtime {
        Runtime::Static => (vec![assembler.foundation()?], None),
        Runtime::Node(version) => {
            let (system, node) = thread::scope(|scope| {
                let node = scope.spawn(move || node::layer(store, version, platform, &steps));
                (assembler.system(), joined(node))
            });
            (system?.to_vec(), Some(node?))
        }
        Runtime::Python(version) => {
            let line = python::choose(&mut assembler, version)?;
            let below = assembler.system()?.to_vec();
            let language = python::layer(&mut assembler, &below, line)?;
            (below, Some(language))
        }
        Runtime::Java(major) => {
            java::require(&mut assembler, major)?;
            let below = assembler.system()?.to_vec();
            let language = java::layer(&mut assembler, &below, major)?;
            (below, Some(language))
        }
    };
    let (mut version, mut env) = (String::new(), BTreeMap::new());
    if let Some(language) = language {
        parts.push(language.part);
        (version, env) = (language.version, language.env);
    }
    let extra = Extra::of(request.extra_packages)?;
    parts.extend(extra.layer(&mut assembler, &parts, &request.record_name()?)?);
    env.insert("PATH".to_owned(), SEARCH_PATH.to_owned());
    Ok(Assembled { parts, version, env })
}

fn put_base_image(
    store: &Store,
    assembled: &Assembled,
    request: &BaseRequest<'_>,
) -> Result<Image, BaseError> {
    let inventory: Vec<String> = assembled
        .packages()
        .iter()
        .map(PackageRecord::to_string)
        .collect();
    let change = ConfigChange {
        env: assembled.env.clone(),
        working_dir: Some("/".to_owned()),
        user: Some(format!("{NONROOT}:{NONROOT}")),
        stop_signal: Some("SIGTERM".to_owned()),
        annotations: BTreeMap::from([("dev.tapedeck.base.packages".to_owned(), inventory.join("\n"))]),
        description: Description {
            title: Some(request.runtime.kind().base_name("")),
            version: Some(assembled.version.clone()).filter(|version| !version.is_empty()),
            ..Description::default()
        },
        platform: Some(request.platform),
        ..ConfigChange::default()
    };
    let layers: Vec<(crate::Layer, &str)> = assembled
        .parts
        .iter()
        .map(|part| (part.layer.clone(), part.created_by.as_str()))
        .collect();
    Ok(store.put_image(None, &layers, &change)?)
}
