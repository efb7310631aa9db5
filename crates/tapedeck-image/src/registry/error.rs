//! Why an image could not be had from a registry, or given to it.

use std::io;

use crate::{Digest, ImportError, StoreError};

/// A registry did not do what it was asked. Never holds credentials.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Nobody answers: the host is unknown, refuses connections or stays silent. The only kind of failure that
    /// says nothing about the image.
    #[error("the registry {registry} does not answer: check the network and the name")]
    NoAnswer {
        /// The host that was asked.
        registry: String,
        /// What was noticed.
        #[source]
        source: Box<ureq::Error>,
    },
    /// Somebody answers in a way that is not HTTP, or is not to be trusted.
    #[error(
        "cannot talk to {host} about {reference}: a registry needs HTTPS with a certificate that this machine trusts \
         (plain HTTP is used for loopback addresses only)"
    )]
    Connection {
        /// The name of the image.
        reference: String,
        /// Who was asked.
        host: String,
        /// What was noticed.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The registry redirects to a host that does not answer.
    #[error(
        "the registry sends to {host} for {what} of {reference}, which does not answer: let this machine reach it, or \
         try again"
    )]
    NoStorage {
        /// The name of the image.
        reference: String,
        /// What was asked for.
        what: &'static str,
        /// The host that was asked.
        host: String,
        /// What was noticed.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The registry refuses.
    #[error("the registry refuses {what} of {reference}: {status}{said}; {way_out}")]
    Refused {
        /// The name of the image.
        reference: String,
        /// What was asked for, such as `the manifest`.
        what: &'static str,
        /// The status code with its name.
        status: String,
        /// Its words, after a comma, if it has any.
        said: String,
        /// What to do.
        way_out: Box<str>,
        /// After how many seconds it wants to be asked again, if it says so.
        again_after: Option<u32>,
    },
    /// The registry wants to know who asks, in a way that is not supported or not safe.
    #[error("cannot log in for {reference}: {reason}")]
    Login {
        /// The name of the image.
        reference: String,
        /// What is in the way.
        reason: &'static str,
    },
    /// The registry sends on and on, or from HTTPS to HTTP.
    #[error(
        "the registry redirects {what} of {reference} to where it must not lead: {reason}; ask who runs the registry"
    )]
    Redirect {
        /// The name of the image.
        reference: String,
        /// What was asked for.
        what: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The connection ended too early.
    #[error("the connection broke off in the middle of {what} of {reference}: try again")]
    Interrupted {
        /// The name of the image.
        reference: String,
        /// What was on its way.
        what: &'static str,
        /// What was noticed.
        #[source]
        source: io::Error,
    },
    /// A document of unreasonable size.
    #[error(
        "{what} of {reference} is longer than {limit} bytes and was not read: it is no image that could be used"
    )]
    TooLong {
        /// The name of the image.
        reference: String,
        /// What was asked for.
        what: &'static str,
        /// Most bytes that are read.
        limit: u64,
    },
    /// The bytes are not those that were asked for.
    #[error(
        "{what} of {reference} was to have the digest {expected} but has {found}: it was damaged or replaced in the \
         registry or on the way; try again, and if that does not help push the image anew"
    )]
    Digest {
        /// The name of the image.
        reference: String,
        /// What was asked for.
        what: &'static str,
        /// What was announced.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// A document that is not understood.
    #[error("{what} of {reference} is not understood: push the image anew with a current tool")]
    Document {
        /// The name of the image.
        reference: String,
        /// Which document.
        what: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// Not an image.
    #[error(
        "{reference} is of the type `{media_type}`, which is not an image: push it in the format of OCI or of Docker, schema 2"
    )]
    NotAnImage {
        /// The name of the image.
        reference: String,
        /// What it is.
        media_type: String,
    },
    /// An image for other machines.
    #[error("{reference} is not for linux/{platform} but for {offered}: choose an image for this machine")]
    Platform {
        /// The name of the image.
        reference: String,
        /// The processor that is needed.
        platform: &'static str,
        /// What there is.
        offered: String,
    },
    /// A layer could not be taken in.
    #[error("cannot take in the layer {layer} of {reference}")]
    Layer {
        /// The name of the image.
        reference: String,
        /// The layer.
        layer: Digest,
        /// Why.
        #[source]
        source: Box<ImportError>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RegistryError {
    /// Whether the same may work in a moment: nobody answered, the connection broke off, or the registry has too much to do.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Connection { .. } | Self::Interrupted { .. } => true,
            Self::Refused { status, .. } => status.starts_with("429") || status.starts_with('5'),
            _ => false,
        }
    }

    /// After how many seconds the registry wants to be asked again, if it says so.
    pub(super) fn again_after(&self) -> Option<u32> {
        match self {
            Self::Refused { again_after, .. } => *again_after,
            _ => None,
        }
    }
}
