//! Why a stand-in could not be prepared.

use std::io;

use tapedeck_build::BuildError;
use tapedeck_image::base::BaseError;
use tapedeck_image::{PutImageError, PutLayerError, ReadImageError, StoreError};

use super::Kind;

/// Why a stand-in could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum StandInError {
    /// The packages that it consists of cannot be had.
    #[error("could not get the packages of {kind}, which runs here in place of {service}", service = kind.service())]
    Packages {
        /// What was to be prepared.
        kind: Kind,
        /// What went wrong.
        #[source]
        source: BaseError,
    },
    /// The program that it consists of cannot be packaged.
    #[error("could not package {kind}, which runs here in place of {service}", service = kind.service())]
    Package {
        /// What was to be prepared.
        kind: Kind,
        /// What went wrong.
        #[source]
        source: Box<BuildError>,
    },
    /// The source of the program cannot be laid out.
    #[error("could not write what {kind} is packaged from")]
    Project {
        /// What was to be prepared.
        kind: Kind,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// This program, which is what stands in, cannot be read.
    #[error("could not read the program tapedeck, which runs here in place of {service}", service = kind.service())]
    Program {
        /// What was to be prepared.
        kind: Kind,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// The distribution has it under another name.
    #[error("the packages of {kind} do not say which version it is: there is none named {package}")]
    NoVersion {
        /// What was to be prepared.
        kind: Kind,
        /// The package that was looked for.
        package: &'static str,
    },
    /// Its layer cannot be written.
    #[error(transparent)]
    Layer(#[from] PutLayerError),
    /// Its image cannot be written.
    #[error(transparent)]
    Image(#[from] PutImageError),
    /// An image that it is made of cannot be read.
    #[error(transparent)]
    Read(#[from] ReadImageError),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StandInError {
    /// Whether what surrounds the project is the cause: a program that is missing, a registry that is not reached.
    #[must_use]
    pub fn is_of_surroundings(&self) -> bool {
        match self {
            Self::Packages { .. } | Self::NoVersion { .. } => true,
            Self::Package { source, .. } => source.is_of_surroundings(),
            _ => false,
        }
    }
}
