//! What can go wrong with an image from a registry.

use tapedeck_image::registry::{CredentialsError, InvalidReference, RegistryError};

/// An image from a registry cannot be used. The message is complete but for its sources.
#[derive(Debug, thiserror::Error)]
pub enum PrebuiltError {
    /// Its name is not known yet.
    #[error(
        "cannot package `{service}`: the name of its image comes from `${directive}`, which is known only while a \
         service starts: write the name itself, or take it from `$Env` or `$CliArgs`"
    )]
    Late {
        /// The service.
        service: String,
        /// The directive that would tell it.
        directive: &'static str,
    },
    /// Its name is none.
    #[error("cannot package `{service}`")]
    Reference {
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: InvalidReference,
    },
    /// The credentials of Docker cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// It cannot be had.
    #[error("cannot package `{service}` as the image {reference}")]
    Pull {
        /// The service.
        service: String,
        /// Its name, in full.
        reference: String,
        /// Why.
        #[source]
        source: Box<RegistryError>,
    },
}

impl PrebuiltError {
    /// Whether something around the project is at fault, and not what the person wrote.
    pub(crate) fn is_of_surroundings(&self) -> bool {
        match self {
            Self::Late { .. } | Self::Reference { .. } => false,
            Self::Credentials(_) => true,
            Self::Pull { source, .. } => matches!(
                **source,
                RegistryError::NoAnswer { .. } | RegistryError::NoStorage { .. } | RegistryError::Store(_)
            ),
        }
    }
}
