//! What can go wrong while packaging.

use std::io;
use std::path::PathBuf;

use tapedeck_image::base::BaseError;
use tapedeck_image::{PutImageError, PutLayerError, ReadImageError, StoreError};
use tapedeck_model::ResourceName;

use crate::base::BaseMismatch;
use crate::buildpacks::BuildpacksError;
use crate::commands::CommandsError;
use crate::dockerfile::DockerfileError;
use crate::go::GoError;
use crate::java::JavaError;
use crate::javascript::{BundleError, InvalidNodeVersion, PrismaError, UnknownPackageManager};
use crate::nixpacks::NixpacksError;
use crate::prebuilt::PrebuiltError;
use crate::python::PythonError;

/// A service could not be packaged. The message is complete but for its sources.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No packager knows the extension of the entry file.
    #[error(
        "cannot package `{service}`: no packager is known for `{entry}`: the entry file has to end in {known}"
    )]
    UnknownLanguage {
        /// The service.
        service: String,
        /// The entry file as written.
        entry: String,
        /// The extensions that are known.
        known: String,
    },
    /// There is no entry file.
    #[error(
        "cannot package `{service}`: its entry file {} does not exist: entryfilePath is `{written}`, and paths start \
         at the folder of the config file, {}", resolved.display(), root.display()
    )]
    MissingEntry {
        /// The service.
        service: String,
        /// The path as written.
        written: String,
        /// Where that leads.
        resolved: PathBuf,
        /// The folder of the config file.
        root: PathBuf,
    },
    /// The folder of the source does not exist.
    #[error(
        "cannot package `{service}`: sourceDirectoryPath is `{written}`, but there is no folder {}: paths start at the \
         folder of the config file", resolved.display()
    )]
    NoSourceFolder {
        /// The service.
        service: String,
        /// The path as written.
        written: String,
        /// Where that leads.
        resolved: PathBuf,
    },
    /// A file that a setting names does not exist.
    #[error("{setting} is `{written}`, but {} does not exist: paths start at the folder of the config file", resolved.display())]
    MissingFile {
        /// The setting, such as `tsConfigPath`.
        setting: &'static str,
        /// The path as written.
        written: String,
        /// Where that leads.
        resolved: PathBuf,
    },
    /// The entry file belongs to no package.
    #[error(
        "cannot package `{service}`: there is no package.json in {} or above it: run `npm init` in the folder of the \
         project", folder.display()
    )]
    NoPackageJson {
        /// The service.
        service: String,
        /// The folder of the entry file.
        folder: PathBuf,
    },
    /// A file of the project is not what it should be.
    #[error("cannot read {} as {expected}: correct it or run the package manager again", path.display())]
    InvalidFile {
        /// The file.
        path: PathBuf,
        /// What it should be, such as `a package.json`.
        expected: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A version of Node that there is not.
    #[error(transparent)]
    NodeVersion(#[from] InvalidNodeVersion),
    /// A package manager that is not known.
    #[error(transparent)]
    PackageManager(#[from] UnknownPackageManager),
    /// The client of Prisma cannot be packaged.
    #[error(transparent)]
    Prisma(#[from] PrismaError),
    /// A program in Go could not be made.
    #[error(transparent)]
    Go(#[from] GoError),
    /// A program in Python could not be packaged.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// A program in Java could not be made.
    #[error(transparent)]
    Java(#[from] JavaError),
    /// A program that is needed on this machine is not there.
    #[error(
        "`{program}` is needed to {purpose} but is not in PATH: install it, on Debian with `apt install {package}`"
    )]
    MissingProgram {
        /// The program.
        program: &'static str,
        /// What for.
        purpose: &'static str,
        /// The packages of Debian that bring it.
        package: &'static str,
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
    /// The package manager failed.
    #[error(
        "cannot install the dependencies: `{command}` ended with {status} in {}: run it there by hand once it is \
         corrected\n{output}", folder.display()
    )]
    Install {
        /// The command line.
        command: String,
        /// Where it ran.
        folder: PathBuf,
        /// How it ended, such as `exit status: 1`.
        status: String,
        /// The first and last lines it wrote.
        output: String,
    },
    /// The package manager succeeded without making `node_modules`.
    #[error(
        "`{command}` made no node_modules in {}: Plug'n'Play is not supported, set `nodeLinker: node-modules` in \
         .yarnrc.yml", folder.display()
    )]
    NoNodeModules {
        /// The command line.
        command: String,
        /// Where it ran.
        folder: PathBuf,
    },
    /// The bundler failed.
    #[error(transparent)]
    Bundle(BundleError),
    /// The pinned bundler could not be fetched.
    #[error(
        "cannot fetch the bundler: `{command}` ended with {status}: check the network, or add esbuild to the project\n{output}"
    )]
    FetchBundler {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The first and last lines it wrote.
        output: String,
    },
    /// The bundler that came is not the one that was asked for.
    #[error(
        "the bundler {package} that the package registry served has the SHA-512 {found}, not {expected}: it was not used"
    )]
    BundlerIntegrity {
        /// Package and version.
        package: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A glob of `includeFiles` or `excludeFiles` that cannot be used.
    #[error("`{glob}` in {setting} cannot be used: {rule}")]
    Glob {
        /// The setting.
        setting: &'static str,
        /// The glob.
        glob: String,
        /// The rule it breaks.
        rule: String,
    },
    /// A pattern of `includeFiles` that matches nothing, so that a file would silently be missing.
    #[error("`{glob}` in includeFiles matches no file: patterns start at the folder of the config file, {}", root.display())]
    NothingIncluded {
        /// The glob.
        glob: String,
        /// The folder of the config file.
        root: PathBuf,
    },
    /// Something that was installed here holds machine code for another processor than the image is for.
    #[error(
        "{} is machine code for another processor than linux/{platform}, which the image is for: build the image on a \
         machine of that kind, or leave the package out", path.display()
    )]
    ForeignCode {
        /// The file.
        path: PathBuf,
        /// The processor of the image.
        platform: &'static str,
    },
    /// No space is left.
    #[error("cannot {action}: the disk is full: free some space and deploy again")]
    DiskFull {
        /// What was tried.
        action: &'static str,
        /// What the system said, with the path.
        #[source]
        source: io::Error,
    },
    /// A file could not be read or written.
    #[error("cannot {action}")]
    File {
        /// What was tried.
        action: &'static str,
        /// What the system said, with the path.
        #[source]
        source: io::Error,
    },
    /// A layer could not be stored.
    #[error("cannot store the {layer} layer of `{service}`")]
    Layer {
        /// The layer.
        layer: &'static str,
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: Box<PutLayerError>,
    },
    /// The image could not be stored.
    #[error("cannot store the image of `{service}`")]
    Image {
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: Box<PutImageError>,
    },
    /// The base image that was named cannot be had.
    #[error("cannot package `{service}` on the base image {reference}")]
    NamedBase {
        /// The service.
        service: String,
        /// The name of the base image.
        reference: String,
        /// Why.
        #[source]
        source: Box<BaseError>,
    },
    /// The base image that was named has another runtime than the project wants.
    #[error(transparent)]
    NamedBaseVersion(Box<BaseMismatch>),
    /// There is no base image.
    #[error("cannot package `{service}`: no base image with {runtime}")]
    Base {
        /// The service.
        service: String,
        /// What it should have brought, such as `Node 24`.
        runtime: String,
        /// Why.
        #[source]
        source: Box<BaseError>,
    },
    /// An image from a registry cannot be used.
    #[error(transparent)]
    Prebuilt(#[from] PrebuiltError),
    /// An image cannot be built from a Dockerfile.
    #[error(transparent)]
    Dockerfile(#[from] DockerfileError),
    /// An image cannot be made by buildpacks.
    #[error(transparent)]
    Buildpacks(Box<BuildpacksError>),
    /// The commands of the person's cannot be run.
    #[error(transparent)]
    Commands(Box<CommandsError>),
    /// The documents beside an image cannot be written.
    #[error("cannot say what is in the image of `{service}` and how it was made")]
    Documents {
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// An image cannot be built by Nixpacks.
    #[error(transparent)]
    Nixpacks(#[from] NixpacksError),
    /// An image that came from elsewhere is not in the store as it should be.
    #[error("cannot use the image of `{service}`")]
    ReadImage {
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: Box<ReadImageError>,
    },
}

impl BuildError {
    /// Whether something around the project is at fault, such as a program that is missing, and not what the
    /// person wrote.
    #[must_use]
    pub fn is_of_surroundings(&self) -> bool {
        match self {
            Self::MissingProgram { .. }
            | Self::FetchBundler { .. }
            | Self::DiskFull { .. }
            | Self::Base { .. } => true,
            Self::Go(error) => error.is_of_surroundings(),
            Self::Python(error) => error.is_of_surroundings(),
            Self::Java(error) => error.is_of_surroundings(),
            Self::Dockerfile(error) => error.is_of_surroundings(),
            Self::Buildpacks(error) => error.is_of_surroundings(),
            Self::Commands(error) => error.is_of_surroundings(),
            Self::Nixpacks(error) => error.is_of_surroundings(),
            Self::Prebuilt(error) => error.is_of_surroundings(),
            _ => false,
        }
    }

    /// For `map_err` on what reads and writes the documents beside an image.
    pub(crate) fn documents(service: &ResourceName) -> impl Fn(StoreError) -> Self {
        move |source| Self::Documents {
            service: service.to_string(),
            source,
        }
    }

    /// For `map_err` on anything that reads or writes: tells a full disk apart.
    pub(crate) fn file(action: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { action, source },
            _ => Self::File { action, source },
        }
    }
}

impl From<BuildpacksError> for BuildError {
    fn from(error: BuildpacksError) -> Self {
        Self::Buildpacks(Box::new(error))
    }
}

impl From<CommandsError> for BuildError {
    fn from(error: CommandsError) -> Self {
        Self::Commands(Box::new(error))
    }
}

impl From<BundleError> for BuildError {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::Output(source) => Self::file("write the bundle")(source),
            other => Self::Bundle(other),
        }
    }
}
