//! What can go wrong with Nixpacks.

use std::path::PathBuf;

/// An image cannot be built by Nixpacks. The message is complete but for its sources.
#[derive(Debug, thiserror::Error)]
pub enum NixpacksError {
    /// The program is missing.
    #[error(
        "cannot package `{service}`: the program `nixpacks` is not in PATH: install it with \
         `curl -sSL https://nixpacks.com/install.sh | bash`, or `cargo install nixpacks`"
    )]
    NoProgram {
        /// The service.
        service: String,
    },
    /// The program refuses to plan.
    #[error("cannot package `{service}`: nixpacks makes no plan for {}\n{output}", folder.display())]
    Plan {
        /// The service.
        service: String,
        /// The folder of the source.
        folder: PathBuf,
        /// What it said.
        output: String,
    },
    /// The program answers something else than a plan.
    #[error("cannot package `{service}`: what nixpacks answers is no plan: a newer version of it may help")]
    Answer {
        /// The service.
        service: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The program knows no language of the source.
    #[error(
        "cannot package `{service}`: nixpacks finds no language that it knows in {}: name one in `providers`, or set \
         `phases` and `startCmd`", folder.display()
    )]
    Nothing {
        /// The service.
        service: String,
        /// The folder of the source.
        folder: PathBuf,
    },
    /// The program does not know how to start what it builds.
    #[error(
        "cannot package `{service}`: nixpacks finds no command that starts what is in {}: set `startCmd`", folder.display()
    )]
    NoStart {
        /// The service.
        service: String,
        /// The folder of the source.
        folder: PathBuf,
    },
    /// The program would silently take another version of a language than the source asks for.
    #[error(
        "cannot package `{service}`: {place} asks for {language} {asked}, but nixpacks has no such version and would take \
         {taken}: ask for one that it has, name the package in `nixPkgs` of the phase `setup`, or use \
         `stacktape-image-buildpack`"
    )]
    OtherVersion {
        /// The service.
        service: String,
        /// Where it is asked for, such as `package.json:4`.
        place: String,
        /// The language.
        language: &'static str,
        /// What is asked for.
        asked: String,
        /// The package of Nix.
        taken: String,
    },
}

impl NixpacksError {
    /// Whether something around the project is at fault, and not what the person wrote.
    pub(crate) fn is_of_surroundings(&self) -> bool {
        matches!(self, Self::NoProgram { .. } | Self::Answer { .. })
    }
}
