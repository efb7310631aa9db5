//! What can go wrong while packaging Go.

use std::path::PathBuf;

use crate::source_error::{Errors, SourceError};

/// A program in Go could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GoError {
    /// The entry file belongs to no module.
    #[error(
        "cannot package `{service}`: there is no go.mod in {} or above it: run `go mod init` in the folder of the project",
        folder.display()
    )]
    NoModule {
        /// The service.
        service: String,
        /// The folder of the entry file.
        folder: PathBuf,
    },
    /// The project wants a newer Go than this machine has.
    #[error(
        "cannot compile with the Go of this machine, {found}: {asked_by} asks for Go {wanted}: install that or a newer one"
    )]
    TooOld {
        /// The version that is there.
        found: String,
        /// The version that is wanted.
        wanted: String,
        /// Who asks for it, such as `go.mod`.
        asked_by: String,
    },
    /// A version in the config that is none.
    #[error(
        "languageSpecificConfig.goVersion is `{written}`, which is no version of Go: write it as 1.24 or 1.24.3"
    )]
    Version {
        /// The version as written.
        written: String,
    },
    /// The source has errors.
    #[error("cannot compile {}: {}", entry.display(), Errors(errors))]
    Source {
        /// The entry file, relative to the folder of the config file.
        entry: PathBuf,
        /// At least one.
        errors: Vec<SourceError>,
    },
    /// Go failed without an error in the source.
    #[error("cannot compile: `{command}` ended with {status}\n{output}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The first and last lines it wrote.
        output: String,
    },
    /// What `go list` says is not understood.
    #[error("cannot read what `go list` says of the packages: use a newer Go")]
    List(#[source] serde_json::Error),
    /// The package of the entry file is a library.
    #[error(
        "cannot package {}: it belongs to package {package}, and only `package main` is a program: name a file of the \
         program's package as entryfilePath", entry.display()
    )]
    NoProgram {
        /// The entry file.
        entry: PathBuf,
        /// Its package.
        package: String,
    },
    /// The entry file does not belong to the package of its folder.
    #[error(
        "cannot package {}: it is not compiled for linux/{platform}: its name or its `//go:build` line leaves it out",
        entry.display()
    )]
    LeftOut {
        /// The entry file.
        entry: PathBuf,
        /// The processor.
        platform: &'static str,
    },
}

impl GoError {
    /// Whether something around the project is at fault.
    pub(crate) fn is_of_surroundings(&self) -> bool {
        matches!(self, Self::TooOld { .. })
    }
}
