//! Why there is no base image.

use std::io;
use std::path::PathBuf;

use super::{NodeVersion, RuntimeKind};
use crate::registry::{CredentialsError, RegistryError};
use crate::{PutImageError, PutLayerError, ReadImageError, StoreError};

/// Room that assembling a base needs, in MiB: archives, package lists, and the files twice, packed and unpacked.
pub(super) const ROOM_MIB: u64 = 600;

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
    Pull(#[from] RegistryError),
    /// The base that was pulled cannot run what it is for.
    #[error(
        "{reference} has no `{program}` on its PATH ({search_path}): name an image that brings {runtime}, such as {example}",
        program = runtime.program().unwrap_or_default(),
        example = runtime.example(),
    )]
    NoRuntime {
        /// The name of the base.
        reference: String,
        /// What it is for.
        runtime: RuntimeKind,
        /// Where was looked.
        search_path: String,
    },
    /// This machine's distribution has other versions.
    #[error(
        "this machine's distribution has no {runtime} {wanted} for {platform}, {}: {}name a base image that has it by \
         {}, such as {}",
        if offered.is_empty() { "nor any other".to_owned() } else { format!("only {offered}") },
        if offered.is_empty() { "" } else { "choose one of these, or " },
        runtime.variable(),
        runtime.example(),
    )]
    NotOffered {
        /// The language.
        runtime: RuntimeKind,
        /// What was asked for.
        wanted: String,
        /// For which processor.
        platform: &'static str,
        /// What there is, in a list for people.
        offered: String,
    },
    /// This machine's package sources do not serve the other processor.
    #[error(
        "could not get packages for {platform} from this machine's package sources: add a source that serves {platform}, \
         or build on such a machine, or name a base image by {}",
        runtime.variable()
    )]
    NoArchitecture {
        /// The processor.
        platform: &'static str,
        /// What the base is for.
        runtime: RuntimeKind,
        /// How it showed.
        #[source]
        source: Box<BaseError>,
    },
    /// A system package is not there.
    #[error(
        "this machine's distribution has no package `{name}` for {platform}: look for its name with `apt-cache search`"
    )]
    NoPackage {
        /// Its name.
        name: String,
        /// For which processor.
        platform: &'static str,
    },
    /// What was given cannot be a package.
    #[error(
        "`{name}` is not the name of a system package: names have lower-case letters, digits, `+`, `-` and `.`, such as \
         libpq5"
    )]
    PackageName {
        /// What was given.
        name: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
