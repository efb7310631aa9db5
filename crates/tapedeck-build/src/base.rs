//! What images are built on: bases that the person names, one for each kind, and what to do when there is none.

use std::fmt;

use tapedeck_image::base::{self, BaseError, NamedBase};
use tapedeck_image::{ConfigChange, Image};

use crate::request::{Subject, Workshop};
use crate::{APP_USER, BuildError};

/// What a base image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuntimeKind {
    /// Node.
    Node,
    /// Python.
    Python,
    /// A Java runtime.
    Java,
    /// No runtime: certificates, time zones and users, for programs that need nothing else.
    Static,
}

/// How many kinds there are.
const KINDS: usize = 4;

impl RuntimeKind {
    /// As people read it, such as `Node`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Python => "Python",
            Self::Java => "Java",
            Self::Static => "static programs",
        }
    }
}

impl fmt::Display for RuntimeKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

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
    /// It was pulled by name.
    pub(crate) is_named: bool,
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
    let image = base::ensure_named_base(workshop.store, &wanted, workshop.platform, workshop.progress)
        .map_err(|error| BuildError::NamedBase {
            service: subject.service.to_string(),
            reference: wanted.reference.to_string(),
            source: Box::new(error),
        })?;
    Ok(image.map(|image| Base {
        image,
        is_named: true,
    }))
}

/// The base with Node of a major version, assembled on this machine.
pub(crate) fn node(
    major: u16,
    subject: Subject<'_>,
    workshop: &mut Workshop<'_>,
) -> Result<Base, BuildError> {
    let version = base::NodeVersion::Major(major);
    let image = base::ensure_node_base(workshop.store, version, workshop.platform, workshop.progress);
    assembled(image, format!("Node {major}"), subject)
}

/// The base for programs that need no runtime, assembled on this machine.
pub(crate) fn static_base(subject: Subject<'_>, workshop: &mut Workshop<'_>) -> Result<Base, BuildError> {
    // There is no base without a runtime yet: the one for Node has everything that such programs look for, too.
    let version = base::NodeVersion::LTS;
    let image = base::ensure_node_base(workshop.store, version, workshop.platform, workshop.progress);
    assembled(image, "certificates and time zones".to_owned(), subject)
}

/// A base that was assembled, or the error that names what it should have brought, such as `Node 24`.
fn assembled(
    image: Result<Image, BaseError>,
    runtime: String,
    subject: Subject<'_>,
) -> Result<Base, BuildError> {
    match image {
        Ok(image) => Ok(Base {
            image,
            is_named: false,
        }),
        Err(error) => Err(BuildError::Base {
            service: subject.service.to_string(),
            runtime,
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
