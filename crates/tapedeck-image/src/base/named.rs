//! Base images by name: what a reference stands for is asked at most once a day, and remembered.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tapedeck_model::ImageDigest;

use super::record::{ImageRecord, PulledRecord};
use super::{BaseError, INIT, RuntimeKind, SEARCH_PATH};
use crate::registry::{Credentials, Reference, Registry, RegistryError};
use crate::{Digest, Image, ImageConfig, Platform, Progress, ReadImageError, Store, StoreError};

/// How long it is believed that a tag has not moved.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A base image that is wanted by name.
#[derive(Debug, Clone, Copy)]
pub struct NamedBase<'a> {
    /// Its name.
    pub reference: &'a Reference,
    /// Docker's `config.json`, for credentials. It need not exist.
    pub docker_config: Option<&'a Path>,
    /// Where programs are looked for that keep credentials, in the form of `PATH`.
    pub search_path: &'a OsStr,
    /// The time.
    pub now: SystemTime,
    /// Ask what the name stands for, however lately that was asked.
    pub resolve_anew: bool,
}

/// What to do instead when a registry does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Substitute {
    /// Take what the name stood for when it was asked last.
    Remembered,
    /// Do without that name.
    Assembled,
}

/// The base image of this name, with `runtime` in it; none when its registry does not answer and nothing of that
/// name was ever pulled, which `progress` is told.
///
/// # Errors
/// [`BaseError`]. Whatever a registry answers that is not this image is an error and not worked around.
pub fn ensure_named_base(
    store: &Store,
    wanted: &NamedBase<'_>,
    runtime: RuntimeKind,
    platform: Platform,
    progress: &mut dyn Progress,
) -> Result<Option<Image>, BaseError> {
    match fresh_or_pulled(store, wanted, platform, progress) {
        Ok(image) => {
            require(runtime, &image, &wanted.reference.to_string())?;
            Ok(Some(image))
        }
        Err(BaseError::Pull(error)) if substitute(&error, false).is_some() => {
            progress.notice(&notice(wanted.reference, Substitute::Assembled));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The image of this name, for which nothing can stand in.
///
/// # Errors
/// [`BaseError`], also when its registry does not answer and nothing of that name was ever pulled.
pub fn ensure_named_image(
    store: &Store,
    wanted: &NamedBase<'_>,
    platform: Platform,
    progress: &mut dyn Progress,
) -> Result<Image, BaseError> {
    fresh_or_pulled(store, wanted, platform, progress)
}

fn fresh_or_pulled(
    store: &Store,
    wanted: &NamedBase<'_>,
    platform: Platform,
    progress: &mut dyn Progress,
) -> Result<Image, BaseError> {
    let _shared = store.share()?;
    let _turn = store.lock_bases()?;
    let name = record_name(wanted.reference, platform);
    let remembered = remembered(store, &name, wanted.reference)?;
    if let Some((image, record)) = &remembered
        && is_fresh(record, wanted)
    {
        return Ok(image.clone());
    }
    match pull(store, wanted, platform, remembered.as_ref(), progress) {
        Ok((image, pulled)) => {
            store.settle()?;
            store.record_pulled(&name, &image.digest, pulled)?;
            Ok(image)
        }
        Err(BaseError::Pull(error)) => match (substitute(&error, remembered.is_some()), remembered) {
            (Some(substitute), Some((image, _))) => {
                progress.notice(&notice(wanted.reference, substitute));
                Ok(image)
            }
            _ => Err(error.into()),
        },
        Err(error) => Err(error),
    }
}

/// The image that a name stands for, if that need not be asked. Sends nothing.
///
/// # Errors
/// [`StoreError`] when the records cannot be read.
pub fn fresh_named_base(
    store: &Store,
    wanted: &NamedBase<'_>,
    platform: Platform,
) -> Result<Option<ImageDigest>, StoreError> {
    let record = store.image_record(&record_name(wanted.reference, platform))?;
    Ok(record.and_then(|ImageRecord { image, pulled, .. }| {
        pulled
            .filter(|pulled| pulled.reference == wanted.reference.to_string() && is_fresh(pulled, wanted))
            .map(|_| image)
    }))
}

/// Whether a failure may be got around, and how.
pub(super) fn substitute(error: &RegistryError, is_remembered: bool) -> Option<Substitute> {
    match (error, is_remembered) {
        (RegistryError::NoAnswer { .. }, true) => Some(Substitute::Remembered),
        (RegistryError::NoAnswer { .. }, false) => Some(Substitute::Assembled),
        _ => None,
    }
}

/// Whether what is remembered need not be asked again.
pub(super) fn is_fresh(record: &PulledRecord, wanted: &NamedBase<'_>) -> bool {
    if wanted.reference.digest().is_some() {
        // It cannot stand for anything else.
        return true;
    }
    let resolved_at = UNIX_EPOCH + Duration::from_secs(record.resolved_at);
    // A time to come means that somebody has set the clock back.
    let age = wanted.now.duration_since(resolved_at).ok();
    !wanted.resolve_anew && age.is_some_and(|age| age < A_DAY)
}

fn notice(reference: &Reference, substitute: Substitute) -> String {
    let registry = reference.registry();
    match substitute {
        Substitute::Remembered => {
            format!("registry {registry} does not answer: using {reference} as it was pulled last")
        }
        Substitute::Assembled => format!(
            "registry {registry} does not answer: using a base image assembled on this machine instead of {reference}"
        ),
    }
}

fn pull(
    store: &Store,
    wanted: &NamedBase<'_>,
    platform: Platform,
    remembered: Option<&(Image, PulledRecord)>,
    progress: &mut dyn Progress,
) -> Result<(Image, PulledRecord), BaseError> {
    let credentials = match wanted.docker_config {
        Some(path) => Credentials::read(path)?.asking(wanted.reference.registry(), wanted.search_path),
        None => Credentials::none(),
    };
    let reference = wanted.reference.to_string();
    progress.step(&format!("asking the registry for {reference}"));
    let registry = Registry::of(wanted.reference, &credentials);
    let resolved = registry.resolve()?;
    let since_epoch = wanted.now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let pulled = PulledRecord {
        digest: resolved.digest,
        resolved_at: since_epoch.as_secs(),
        reference,
    };
    if let Some((image, before)) = remembered
        && before.digest == resolved.digest
    {
        return Ok((image.clone(), pulled));
    }
    let digest = registry.pull(store, &resolved, platform, progress)?;
    let image = store.image(&digest)?;
    Ok((image, pulled))
}

/// What is recorded under this name, if its image is still whole.
fn remembered(
    store: &Store,
    name: &str,
    reference: &Reference,
) -> Result<Option<(Image, PulledRecord)>, BaseError> {
    let Some(ImageRecord {
        image,
        pulled: Some(pulled),
        ..
    }) = store.image_record(name)?
    else {
        return Ok(None);
    };
    if pulled.reference != reference.to_string() {
        return Ok(None);
    }
    match store.image(&image) {
        Ok(image) => Ok(Some((image, pulled))),
        Err(ReadImageError::Store(error)) => Err(error.into()),
        // Gone or damaged: it is pulled again.
        Err(_) => Ok(None),
    }
}

/// The images of a name and a platform are recorded under its hash: names hold slashes and colons.
fn record_name(reference: &Reference, platform: Platform) -> String {
    let hash = Digest::of(reference.to_string().as_bytes()).hex();
    format!("named-{}-{}", &hash[..32], platform.as_str())
}

/// Applications are started by the name of a program, which has to be where the image looks for programs.
fn require(runtime: RuntimeKind, image: &Image, reference: &str) -> Result<(), BaseError> {
    let Some(program) = runtime.program() else {
        return Ok(());
    };
    let search_path = search_path(&image.config);
    let is_there = search_path
        .split(':')
        .filter_map(|folder| folder.strip_prefix('/'))
        .any(|folder| exists(&image.layers, &Path::new(folder).join(program)));
    if is_there {
        return Ok(());
    }
    Err(BaseError::NoRuntime {
        reference: reference.to_owned(),
        runtime,
        search_path: search_path.to_owned(),
    })
}

/// The init of an image, to be put in front of its command line with `--`: every base that is assembled has it, one
/// that was pulled may not.
#[must_use]
pub fn init_of(image: &Image) -> Option<&'static str> {
    let path = Path::new(INIT).strip_prefix("/").ok()?;
    exists(&image.layers, path).then_some(INIT)
}

fn search_path(config: &ImageConfig) -> &str {
    config.env.get("PATH").map_or(SEARCH_PATH, String::as_str)
}

/// Whether a path, relative to the root, is in one of the layers. Links are not followed, and what a later layer
/// removed counts: this is for a message in time, not for safety.
fn exists(layers: &[PathBuf], path: &Path) -> bool {
    layers
        .iter()
        .any(|layer| fs_err::symlink_metadata(layer.join(path)).is_ok())
}
