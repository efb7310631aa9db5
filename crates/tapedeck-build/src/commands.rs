//! `customDockerBuildCommands`: what they change in the base becomes a layer of its own, below everything of the project's.
//!
//! They are run when they, the base or the platform have changed, and at no other time.

use std::path::{Path, PathBuf};

use tapedeck_image::{ImportError, Layer, Platform};

use crate::BuildError;
use crate::base::Base;
use crate::guard::Guard;
use crate::image::{Assembly, Composition, Content, Draft, LayerName, stored_layer};
use crate::record::stored_key;
use crate::request::{Source, Workshop};
use crate::sandbox::{SandboxError, SandboxWork, run_shown};
use crate::stamp::hash;

/// Of every container, not of what is done in it.
const NOT_CHANGES: [&str; 6] = [
    "dev",
    "proc",
    "sys",
    "etc/hosts",
    "etc/hostname",
    "etc/resolv.conf",
];

/// What a shell says of a program that it does not find.
const NOT_FOUND: i32 = 127;

/// The commands of a service could not be run. The message is complete but for its sources.
#[derive(Debug, thiserror::Error)]
pub enum CommandsError {
    /// One failed.
    #[error(
        "cannot package `{service}`: command {number} of {total} in customDockerBuildCommands, `{command}`, ended with \
         {ending}: {advice}\n{output}"
    )]
    Failed {
        /// The service.
        service: String,
        /// Which of them, from 1.
        number: u32,
        /// How many there are.
        total: u32,
        /// The command.
        command: String,
        /// How it ended, such as `exit code 1`.
        ending: String,
        /// What to do.
        advice: &'static str,
        /// Its last lines.
        output: String,
    },
    /// The base has no shell.
    #[error(
        "cannot package `{service}`: customDockerBuildCommands are run by /bin/sh, and the base image {base} has none: name \
         a base image with a shell, such as `{example}` by {variable}, or none"
    )]
    NoShell {
        /// The service.
        service: String,
        /// The base image.
        base: String,
        /// A base image that has one.
        example: &'static str,
        /// The variable that names a base image.
        variable: &'static str,
    },
    /// The programs of the base are for another processor.
    #[error(
        "cannot package `{service}` for linux/{platform}: customDockerBuildCommands run programs of the base image, which \
         this machine, linux/{host}, cannot: package on a machine of that kind"
    )]
    Foreign {
        /// The service.
        service: String,
        /// The processor that the image is for.
        platform: &'static str,
        /// That of this machine.
        host: &'static str,
    },
    /// There is nobody to run them.
    #[error("cannot package `{service}`: nothing that could run customDockerBuildCommands was given")]
    NoSandbox {
        /// The service.
        service: String,
    },
    /// They could not be run.
    #[error("cannot package `{service}`: customDockerBuildCommands could not be run")]
    Sandbox {
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: SandboxError,
    },
    /// What they changed could not be kept.
    #[error("cannot store what customDockerBuildCommands of `{service}` have changed")]
    Store {
        /// The service.
        service: String,
        /// Why.
        #[source]
        source: Box<ImportError>,
    },
}

impl CommandsError {
    /// Whether something around the project is at fault, and not what the person wrote.
    pub(crate) fn is_of_surroundings(&self) -> bool {
        matches!(
            self,
            Self::Foreign { .. } | Self::NoSandbox { .. } | Self::Sandbox { .. } | Self::Store { .. }
        )
    }
}

/// Adds the layer of the commands, if there are any.
pub(crate) fn insert(
    mut assembly: Assembly,
    source: &Source<'_>,
    workshop: &mut Workshop<'_>,
) -> Result<Assembly, BuildError> {
    if source.packaging.custom_docker_build_commands.is_empty() {
        return Ok(assembly);
    }
    if let Composition::Layers(stack) = &mut assembly.composition {
        let draft = draft(&stack.base, source, workshop)?;
        let is_own = |draft: &Draft| draft.name != LayerName::SystemPackages;
        let place = stack.layers.iter().position(is_own).unwrap_or(stack.layers.len());
        stack.layers.insert(place, draft);
    }
    Ok(assembly)
}

fn draft(base: &Base, source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Draft, BuildError> {
    let key = key(base, source, workshop.platform);
    let stored = |workshop: &Workshop<'_>| stored_layer(&key, workshop);
    let layer = match stored(workshop) {
        Some(layer) => layer,
        None => {
            // Services that share a base and commands wait for each other instead of doing the same twice.
            let turn = workshop
                .cache
                .join("turns")
                .join(format!("commands-{}", &key[..32]));
            let progress = &mut *workshop.progress;
            let _turn = Guard::acquire(&turn, || progress.step("waiting for the same commands elsewhere"))
                .map_err(BuildError::file("wait for the same commands elsewhere"))?;
            match stored(workshop) {
                Some(layer) => layer,
                None => run(base, &key, source, workshop)?,
            }
        }
    };
    Ok(Draft {
        name: LayerName::Commands,
        key,
        content: Content::Stored(layer),
    })
}

/// A hash of everything that the commands see.
fn key(base: &Base, source: &Source<'_>, platform: Platform) -> String {
    let layers: Vec<String> = base
        .image
        .layers
        .iter()
        .map(|layer| {
            layer
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let seen = serde_json::json!([
        "customDockerBuildCommands",
        layers,
        base.image.config.env,
        base.image.config.working_dir,
        source.packaging.custom_docker_build_commands,
        platform.as_str(),
    ]);
    hash(seen.to_string().as_bytes())
}

fn run(
    base: &Base,
    key: &str,
    source: &Source<'_>,
    workshop: &mut Workshop<'_>,
) -> Result<Layer, BuildError> {
    let service = || source.service.to_string();
    let host = Platform::host();
    if workshop.platform != host {
        return Err(CommandsError::Foreign {
            service: service(),
            platform: workshop.platform.as_str(),
            host: host.as_str(),
        }
        .into());
    }
    if !has_shell(&base.image.layers) {
        let kind = source.language.base();
        return Err(CommandsError::NoShell {
            service: service(),
            base: workshop.bases.get(kind).map_or_else(
                || base.image.digest.to_string(),
                |named| named.reference.to_string(),
            ),
            example: kind.example(),
            variable: kind.variable(),
        }
        .into());
    }
    let folder = tempfile::tempdir_in(workshop.scratch()?)
        .map_err(BuildError::file("make a folder for temporary files"))?;
    let changes = run_all(base, folder.path(), source, workshop)?;
    let except = NOT_CHANGES.map(Path::new);
    let layer = workshop
        .store
        .put_changes(&changes, &except)
        .map_err(|error| CommandsError::Store {
            service: service(),
            source: Box::new(error),
        })?;
    workshop
        .store
        .remember_layer(&stored_key(key), &layer)
        .map_err(|error| CommandsError::Store {
            service: service(),
            source: Box::new(error.into()),
        })?;
    Ok(layer)
}

/// Runs one after the other in `folder`. Gives the folder with what they have changed.
fn run_all(
    base: &Base,
    folder: &Path,
    source: &Source<'_>,
    workshop: &mut Workshop<'_>,
) -> Result<PathBuf, CommandsError> {
    let service = || source.service.to_string();
    let sandbox = workshop
        .sandbox
        .ok_or_else(|| CommandsError::NoSandbox { service: service() })?;
    let commands = &source.packaging.custom_docker_build_commands;
    let total = u32::try_from(commands.len()).unwrap_or(u32::MAX);
    let mut environment: Vec<(String, String)> = base.image.config.env.clone().into_iter().collect();
    // Nobody is there to answer.
    environment.push(("DEBIAN_FRONTEND".to_owned(), "noninteractive".to_owned()));
    let mut changes = PathBuf::new();
    for (number, command) in (1..).zip(commands) {
        workshop
            .progress
            .step(&format!("command {number} of {total}: {command}"));
        let work = SandboxWork {
            folder,
            layers: &base.image.layers,
            command: &["/bin/sh".to_owned(), "-c".to_owned(), command.clone()],
            environment: &environment,
            working_directory: &base.image.config.working_dir,
            user: (0, 0),
            mounts: &[],
        };
        let (end, output) =
            run_shown(sandbox, &work, workshop.progress).map_err(|source| CommandsError::Sandbox {
                service: service(),
                source,
            })?;
        if end.code != 0 {
            return Err(CommandsError::Failed {
                service: service(),
                number,
                total,
                command: command.clone(),
                ending: end.in_words(),
                advice: advice(end.code, command),
                output,
            });
        }
        changes = end.changes;
    }
    Ok(changes)
}

/// What to do about a command that failed.
fn advice(code: i32, command: &str) -> &'static str {
    match (code, command.split_whitespace().next()) {
        (NOT_FOUND, Some("apk")) => "the base image is no Alpine; on one of Debian's, install with `apt-get`",
        (NOT_FOUND, Some("apt-get" | "apt")) => {
            "the base image has no apt: name one that has, or use its own way to install packages"
        }
        (NOT_FOUND, _) => "the base image lacks a program: install it with an earlier command",
        _ => {
            "commands run as root on top of the base image, before anything of the project is there; correct it"
        }
    }
}

/// Whether there is `/bin/sh`, for a message in time.
fn has_shell(layers: &[PathBuf]) -> bool {
    // The folders are merged by a link on most distributions.
    let is_there = |path: &str| {
        layers
            .iter()
            .any(|layer| fs_err::symlink_metadata(layer.join(path)).is_ok())
    };
    is_there("bin/sh") || is_there("usr/bin/sh")
}
