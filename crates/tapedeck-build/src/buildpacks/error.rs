//! What can go wrong with buildpacks.

use std::path::PathBuf;

use tapedeck_image::base::BaseError;
use tapedeck_image::registry::{InvalidReference, RegistryError};
use tapedeck_image::{ImportArchiveError, ReadImageError};

use crate::sandbox::SandboxError;

/// An image cannot be made by a builder. The message is complete but for its sources.
#[derive(Debug, thiserror::Error)]
pub enum BuildpacksError {
    /// `project.toml` is not understood.
    #[error("cannot use {}: {why}", path.display())]
    Descriptor {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The name of an image is none.
    #[error("cannot package `{service}`: the name of its {role} cannot be used")]
    Reference {
        /// The service.
        service: String,
        /// `builder` or `run image`.
        role: &'static str,
        /// Why.
        #[source]
        source: InvalidReference,
    },
    /// An image cannot be had.
    #[error("cannot package `{service}` with the {role} {reference}")]
    Pull {
        /// The service.
        service: String,
        /// `builder` or `run image`.
        role: &'static str,
        /// Its name, in full.
        reference: String,
        /// Why.
        #[source]
        source: Box<BaseError>,
    },
    /// The image is no builder.
    #[error(
        "cannot package `{service}`: the image {builder} is no builder of Cloud Native Buildpacks: it lacks {lack}; name \
         one such as `paketobuildpacks/builder-jammy-base`"
    )]
    NoBuilder {
        /// The service.
        service: String,
        /// The builder.
        builder: String,
        /// What it lacks.
        lack: &'static str,
    },
    /// The lifecycle of the builder cannot write a layout.
    #[error(
        "cannot package `{service}`: the builder {builder} has the lifecycle {version}, which hands images over to daemons \
         and registries alone: use a builder with a lifecycle from 0.17 on, or push what `pack build --publish` makes and \
         name it in `prebuilt-image`"
    )]
    OldLifecycle {
        /// The service.
        service: String,
        /// The builder.
        builder: String,
        /// The version of its lifecycle.
        version: String,
    },
    /// A buildpack is not in the builder.
    #[error("cannot package `{service}`: the buildpack `{name}` is not in the builder {builder}: {why}")]
    Unknown {
        /// The service.
        service: String,
        /// The name as written.
        name: String,
        /// The builder.
        builder: String,
        /// What there is.
        why: String,
    },
    /// The programs of the builder are for another processor.
    #[error(
        "cannot package `{service}` for linux/{platform}: buildpacks are programs for that processor, which this machine, \
         linux/{host}, cannot run: package on a machine of that kind"
    )]
    Foreign {
        /// The service.
        service: String,
        /// The processor that the image is for.
        platform: &'static str,
        /// That of this machine.
        host: &'static str,
    },
    /// There is nobody to run the builder.
    #[error("cannot package `{service}`: nothing that could run buildpacks was given")]
    NoSandbox {
        /// The service.
        service: String,
    },
    /// The builder could not be run.
    #[error("cannot package `{service}`: the builder could not be run")]
    Sandbox {
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: SandboxError,
    },
    /// The builder failed.
    #[error("cannot package `{service}`: {what} ({ending}): {advice}\n{output}")]
    Build {
        /// The service.
        service: String,
        /// What failed.
        what: &'static str,
        /// How it ended, such as `exit code 51`.
        ending: String,
        /// What to do.
        advice: &'static str,
        /// The last lines.
        output: String,
    },
    /// The run image cannot be handed to the builder.
    #[error("cannot package `{service}`: the run image cannot be used")]
    RunImage {
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: Box<ReadImageError>,
    },
    /// What the builder made cannot be taken in.
    #[error("cannot take the image of `{service}` over from the builder")]
    Import {
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: Box<ImportArchiveError>,
    },
}

impl BuildpacksError {
    /// Whether something around the project is at fault, and not what the person wrote.
    pub(crate) fn is_of_surroundings(&self) -> bool {
        match self {
            Self::Foreign { .. } | Self::NoSandbox { .. } | Self::Sandbox { .. } => true,
            Self::Pull { source, .. } => matches!(
                **source,
                BaseError::Pull(RegistryError::NoAnswer { .. }) | BaseError::Store(_)
            ),
            _ => false,
        }
    }
}
