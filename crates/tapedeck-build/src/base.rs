//! What images are built on: bases that the person names, one for each kind, and what to do when there is none.

use tapedeck_image::base::{self, BaseRequest, NamedBase, Runtime};
use tapedeck_image::{ConfigChange, Image};

use crate::request::{Subject, Workshop};
use crate::{APP_USER, BuildError};

pub use tapedeck_image::base::RuntimeKind;

/// How many kinds of runtimes there are.
const KINDS: usize = 4;

/// Base images that are wanted by name, at most one of each kind. For the others a base is assembled on this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct NamedBases<'a>([Option<NamedBase<'a>>; KINDS]);

impl<'a> NamedBases<'a> {
    /// The same with `base` for a kind.
    #[must_use]
    pub fn with(mut self, kind: RuntimeKind, base: NamedBase<'a>) -> Self {
        self.0[kind as usize] = Some(base);
        self
    }

    /// The base that is wanted for a kind.
    #[must_use]
    pub fn get(&self, kind: RuntimeKind) -> Option<&NamedBase<'a>> {
        self.0[kind as usize].as_ref()
    }
}

/// A base image that was named has another runtime than the project wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot package `{service}`: the base image {reference} has {runtime} {found}, but {asked_by} asks for {runtime} \
     {wanted}: name a base image with that version, or none"
)]
pub struct BaseMismatch {
    /// The service.
    pub service: String,
    /// The name of the base image.
    pub reference: String,
    /// The runtime.
    pub runtime: RuntimeKind,
    /// The version in the image.
    pub found: String,
    /// The version that was chosen.
    pub wanted: String,
    /// Who asked for it, such as `engines.node of package.json`.
    pub asked_by: String,
}

/// A base image that is in the store.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    pub(crate) image: Image,
    /// The name by which it was pulled. None for one that was assembled.
    pub(crate) reference: Option<String>,
}

/// The base of the name that was given for a kind, unless none was or its registry does not answer.
pub(crate) fn named(
    kind: RuntimeKind,
    subject: Subject<'_>,
    workshop: &mut Workshop<'_>,
) -> Result<Option<Base>, BuildError> {
    let Some(&wanted) = workshop.bases.get(kind) else {
        return Ok(None);
    };
    let image = base::ensure_named_base(
        workshop.store,
        &wanted,
        kind,
        workshop.platform,
        workshop.progress,
    )
    .map_err(|error| BuildError::NamedBase {
        service: subject.service.to_string(),
        reference: wanted.reference.to_string(),
        source: Box::new(error),
    })?;
    Ok(image.map(|image| Base {
        image,
        reference: Some(wanted.reference.to_string()),
    }))
}

/// The base with a runtime, assembled on this machine.
pub(crate) fn assembled(
    runtime: Runtime,
    subject: Subject<'_>,
    workshop: &mut Workshop<'_>,
) -> Result<Base, BuildError> {
    let packages = match workshop.has_commands {
        true => base::packages_for_commands(),
        false => Vec::new(),
    };
    let request = BaseRequest {
        runtime,
        platform: workshop.platform,
        extra_packages: &packages,
    };
    match base::ensure_base(workshop.store, &request, workshop.progress) {
        Ok(base) => Ok(Base {
            image: base.image,
            reference: None,
        }),
        Err(error) => Err(BuildError::Base {
            service: subject.service.to_string(),
            runtime: runtime.kind().to_string(),
            source: Box::new(error),
        }),
    }
}

/// How an application in `/app` is started: by `command`, as the user without rights.
pub(crate) fn started_by<const N: usize>(command: [&str; N]) -> ConfigChange {
    ConfigChange {
        entrypoint: Some(command.map(str::to_owned).to_vec()),
        working_dir: Some("/app".to_owned()),
        user: Some(format!("{APP_USER}:{APP_USER}")),
        stop_signal: Some("SIGTERM".to_owned()),
        ..ConfigChange::default()
    }
}
