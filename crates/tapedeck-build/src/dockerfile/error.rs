//! What can go wrong with a Dockerfile.

use std::path::PathBuf;

use tapedeck_image::ImportArchiveError;

/// An image cannot be built from a Dockerfile. The message is complete but for its sources.
#[derive(Debug, thiserror::Error)]
pub enum DockerfileError {
    /// There is no such folder.
    #[error(
        "cannot package `{service}`: buildContextPath is `{written}`, but there is no folder {}: paths start at the folder \
         of the config file", resolved.display()
    )]
    NoContext {
        /// The service.
        service: String,
        /// The path as written.
        written: String,
        /// Where that leads.
        resolved: PathBuf,
    },
    /// There is no such file.
    #[error(
        "cannot package `{service}`: dockerfilePath is `{written}`, but there is no file {}: the path starts at \
         buildContextPath", resolved.display()
    )]
    NoDockerfile {
        /// The service.
        service: String,
        /// The path as written.
        written: String,
        /// Where that leads.
        resolved: PathBuf,
    },
    /// No tool of this machine can build.
    #[error(
        "cannot package `{service}`: nothing on this machine builds Dockerfiles: {seen}; install Docker and start its \
         daemon, or install `buildah` or `podman`, which need none (on Debian: `apt install buildah`)"
    )]
    NoTool {
        /// The service.
        service: String,
        /// What was found.
        seen: &'static str,
    },
    /// The tool failed.
    #[error("{dockerfile} does not build: `{program}` ended with {status}{step}\n{output}")]
    Build {
        /// The Dockerfile and its service.
        dockerfile: String,
        /// The tool.
        program: &'static str,
        /// How it ended, such as `exit status: 1`.
        status: String,
        /// Where, such as ` at STEP 2/3: RUN make`; empty when that is not known.
        step: String,
        /// Its last lines.
        output: String,
    },
    /// The tool built the image, but did not hand it over.
    #[error(
        "cannot take the image of `{service}` over from `{program}`, which ended with {status}\n{output}"
    )]
    Export {
        /// The service.
        service: String,
        /// The tool.
        program: &'static str,
        /// How it ended.
        status: String,
        /// Its last lines.
        output: String,
    },
    /// What the tool handed over cannot be taken in.
    #[error("cannot take the image of `{service}` over from `{program}`")]
    Import {
        /// The service.
        service: String,
        /// The tool.
        program: &'static str,
        /// Why.
        #[source]
        source: Box<ImportArchiveError>,
    },
}

impl DockerfileError {
    /// Whether something around the project is at fault, and not what the person wrote.
    pub(crate) fn is_of_surroundings(&self) -> bool {
        matches!(self, Self::NoTool { .. } | Self::Export { .. })
    }
}
