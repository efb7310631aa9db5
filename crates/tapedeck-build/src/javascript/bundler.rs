//! What packaging needs of a bundler, whichever it is.

use std::io;
use std::path::{Path, PathBuf};

use tapedeck_model::ModuleFormat;

use crate::source_error::{Errors, SourceError};

/// Makes one program out of an entry file and what it imports.
pub(crate) trait Bundler {
    /// Name and version. Part of what decides whether a bundle is still good.
    fn identity(&self) -> String;

    /// Bundles.
    ///
    /// # Errors
    /// [`BundleError`] when the source has errors or the bundler cannot run.
    fn bundle(&self, request: &BundleRequest<'_>) -> Result<Bundle, BundleError>;
}

/// What to bundle and how.
#[derive(Debug, Clone)]
pub(crate) struct BundleRequest<'a> {
    /// Absolute path of the entry file.
    pub(crate) entry: &'a Path,
    /// Absolute path of the folder that messages and source maps are relative to.
    pub(crate) folder: &'a Path,
    /// A `tsconfig.json` for all files, instead of the nearest one of each.
    pub(crate) tsconfig: Option<&'a Path>,
    /// The bundle has to run on this major version of Node.
    pub(crate) node_major: u16,
    pub(crate) format: ModuleFormat,
    pub(crate) source_map: bool,
    /// Packages that stay outside: their imports are left as they are.
    pub(crate) external: &'a [String],
    /// Expressions such as `import.meta.url`, each with the JSON that takes its place.
    pub(crate) defines: &'a [(&'static str, String)],
    /// Names of packages, each with the absolute path of the file that takes its place.
    pub(crate) aliases: &'a [(&'a str, PathBuf)],
    /// A folder for temporary files.
    pub(crate) scratch: &'a Path,
}

/// A program in one file, perhaps with a source map and assets beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bundle {
    /// Files by name, sorted; the program is `index.js`.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// Absolute paths of every file that was read to make it.
    pub(crate) inputs: Vec<PathBuf>,
}

/// A bundle could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The source has errors.
    #[error("cannot bundle {}: {}", entry.display(), Errors(errors))]
    Source {
        /// The entry file, relative to the folder of the config file.
        entry: PathBuf,
        /// At least one.
        errors: Vec<SourceError>,
    },
    /// The bundler ended without a result and without an error that is understood.
    #[error("cannot bundle: `{command}` ended with {status}\n{output}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The first and last lines it wrote.
        output: String,
    },
    /// The bundler could not be started.
    #[error("cannot start the bundler {}", program.display())]
    Start {
        /// Its program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What the bundler was to write could not be written, or not be read again.
    #[error("cannot write the bundle")]
    Output(#[source] io::Error),
}
