//! `prebuilt-image`: an image from a registry, pinned to a digest.
//!
//! A tag is asked for again at each build, since it may have moved; nothing more is fetched when it has not. When the
//! registry does not answer, what the tag stood for last is used. A digest stands for itself and is never asked for
//! again.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tapedeck_image::Digest;
use tapedeck_image::registry::{Credentials, Reference, Registry, RegistryError};
use tapedeck_model::{ImageDigest, Late, PrebuiltImage};

use crate::BuildError;
use crate::image::{Assembly, Composition};
use crate::record::Memory;
use crate::request::{Subject, Workshop};
use crate::start::Start;

mod error;

pub use error::PrebuiltError;

const NAME: &str = "prebuilt-image";

/// What a reference led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pinned {
    /// In full, such as `docker.io/library/nginx:1.27`.
    reference: String,
    platform: String,
    /// Of the index or manifest that the registry has under that name.
    digest: Digest,
    /// The image for the platform, as the registry has it.
    pulled: ImageDigest,
}

/// Whether the name in `packaging` cannot stand for anything else than it did.
pub(crate) fn is_fixed(packaging: &PrebuiltImage) -> bool {
    let written = packaging.image.known();
    written
        .and_then(|written| Reference::parse(written).ok())
        .is_some_and(|reference| reference.digest().is_some())
}

/// Makes sure that the store has the image, and changes how it is started if that is wished.
pub(crate) fn assemble(
    subject: Subject<'_>,
    packaging: &PrebuiltImage,
    workshop: &mut Workshop<'_>,
) -> Result<Assembly, BuildError> {
    let reference = reference(subject, packaging)?;
    let pinned = pin(subject, &reference, workshop)?;
    let start = Start {
        entry_point: &packaging.entry_point,
        command: &packaging.command,
    };
    let image = start.apply(&pinned.pulled, subject, workshop)?;
    Ok(Assembly {
        composition: Composition::Whole {
            image,
            named: Some(pinned.pulled.clone()),
        },
        observations: workshop.observations(SystemTime::now()),
        runtime: None,
        source_files: Vec::new(),
        memory: Some(Memory::of(NAME, &pinned)),
    })
}

fn reference(subject: Subject<'_>, packaging: &PrebuiltImage) -> Result<Reference, PrebuiltError> {
    let service = || subject.service.to_string();
    let written = match &packaging.image {
        Late::Known(written) => written,
        Late::Later(expression) => {
            return Err(PrebuiltError::Late {
                service: service(),
                directive: expression.directive(),
            });
        }
    };
    Reference::parse(written).map_err(|source| PrebuiltError::Reference {
        service: service(),
        source,
    })
}

/// What the reference stands for now, with its image in the store.
fn pin(
    subject: Subject<'_>,
    reference: &Reference,
    workshop: &mut Workshop<'_>,
) -> Result<Pinned, PrebuiltError> {
    let platform = workshop.platform.as_str();
    let remembered = workshop
        .remembered::<Pinned>(NAME)
        .filter(|pinned| pinned.reference == reference.to_string() && pinned.platform == platform)
        .filter(|pinned| workshop.store.image(&pinned.pulled).is_ok());
    let registry = Registry::of(reference, &credentials(reference, workshop)?);
    match pull(&registry, reference, remembered.as_ref(), workshop) {
        Ok(pinned) => Ok(pinned),
        Err(source) => match (source, remembered) {
            (RegistryError::NoAnswer { registry, .. }, Some(pinned)) => {
                workshop.progress.notice(&format!(
                    "registry {registry} does not answer: using {reference} as it was last, {}",
                    pinned.digest
                ));
                Ok(pinned)
            }
            (source, _) => Err(PrebuiltError::Pull {
                service: subject.service.to_string(),
                reference: reference.to_string(),
                source: Box::new(source),
            }),
        },
    }
}

fn pull(
    registry: &Registry,
    reference: &Reference,
    remembered: Option<&Pinned>,
    workshop: &mut Workshop<'_>,
) -> Result<Pinned, RegistryError> {
    if let Some(pinned) = remembered.filter(|_| reference.digest().is_some()) {
        return Ok(pinned.clone());
    }
    workshop
        .progress
        .step(&format!("asking the registry for {reference}"));
    if let Some(pinned) = remembered
        && registry.digest()? == Some(pinned.digest)
    {
        return Ok(pinned.clone());
    }
    let resolved = registry.resolve()?;
    let pulled = registry.pull(workshop.store, &resolved, workshop.platform, workshop.progress)?;
    Ok(Pinned {
        reference: reference.to_string(),
        platform: workshop.platform.as_str().to_owned(),
        digest: resolved.digest,
        pulled,
    })
}

fn credentials(reference: &Reference, workshop: &Workshop<'_>) -> Result<Credentials, PrebuiltError> {
    let registry = reference.registry();
    if let Some(login) = workshop.registry_login {
        return Ok(Credentials::none().with(registry, login.clone()));
    }
    Ok(match workshop.docker_config {
        Some(path) => Credentials::read(path)?.asking(registry, workshop.search_path),
        None => Credentials::none(),
    })
}
