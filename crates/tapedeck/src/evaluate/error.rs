//! What can go wrong while code of the user's is run.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tapedeck_build::BuildError;

use crate::exit::ExitKind;
use crate::text::span;

/// A place in a file of the user's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Place {
    /// The file, which need not be the one that was evaluated; relative to the folder of the config where it is below.
    pub(crate) file: PathBuf,
    /// The line, from 1.
    pub(crate) line: u32,
    /// The column, from 1.
    pub(crate) column: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.file.display(), self.line)?;
        self.column.map_or(Ok(()), |column| write!(out, ":{column}"))
    }
}

/// A mistake that a bundler found in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceMistake {
    /// What is wrong.
    pub(crate) message: String,
    /// Where.
    pub(crate) place: Option<Place>,
}

/// What was evaluated: a file, and what of it if not its default export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The file as it was given.
    pub(crate) file: PathBuf,
    /// The export that was asked for by name.
    pub(crate) handler: Option<String>,
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.handler {
            Some(handler) => write!(out, "`{handler}` of {}", self.file.display()),
            None => write!(out, "{}", self.file.display()),
        }
    }
}

/// Code of the user's gave no value. Each variant but those about programs and files of ours has its [`Subject`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvaluateError {
    /// No file of that name.
    #[error("there is no file {}", subject.file.display())]
    NoFile {
        /// What was asked for.
        subject: Subject,
    },
    /// A file in a language that is not known here.
    #[error("could not run {}: code has to end in {known}", subject.file.display())]
    UnknownLanguage {
        /// What was asked for.
        subject: Subject,
        /// The extensions that are known.
        known: &'static str,
    },
    /// A program that has to be on this machine is not.
    #[error("could not run {}: there is no `{program}` in PATH", subject.file.display())]
    NoProgram {
        /// What was asked for.
        subject: Subject,
        /// The program.
        program: &'static str,
        /// How to install it.
        install: &'static str,
    },
    /// A program could not be started, or not be talked to.
    #[error("could not run {subject}: {} did not start", program.display())]
    Start {
        /// What was asked for.
        subject: Subject,
        /// The program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is no bundler, or it failed without saying that the source is wrong.
    #[error("could not make one program of {}", subject.file.display())]
    Bundler {
        /// What was asked for.
        subject: Subject,
        /// Why.
        #[source]
        source: Box<BuildError>,
    },
    /// The source has mistakes.
    #[error("could not read {}{}", subject.file.display(), Listed(mistakes))]
    Source {
        /// What was asked for.
        subject: Subject,
        /// At least one.
        mistakes: Vec<SourceMistake>,
    },
    /// The runtime cannot load the file, and there is no bundler that might have helped.
    #[error("could not load {}{}: {message}", subject.file.display(), At(place.as_ref()))]
    Unloadable {
        /// What was asked for.
        subject: Subject,
        /// What the runtime said.
        message: String,
        /// Where in the user's own files, if that is known.
        place: Option<Place>,
    },
    /// What was asked for is not in the file.
    #[error("{} exports no {}", subject.file.display(), Wanted(subject, *is_config))]
    NotExported {
        /// What was asked for.
        subject: Subject,
        /// Whether a config was wanted, which may have either of two names.
        is_config: bool,
        /// What the file exports.
        exports: Vec<String>,
    },
    /// The code threw.
    #[error("{subject} failed{}: {message}", At(place.as_ref()))]
    Thrown {
        /// What was asked for.
        subject: Subject,
        /// Name and message of what was thrown, and the messages of its causes.
        message: String,
        /// The innermost place in the user's own files.
        place: Option<Place>,
    },
    /// The value holds what JSON cannot express.
    #[error("the result of {subject} cannot be used: {} {problem}", Inside(path))]
    Value {
        /// What was asked for.
        subject: Subject,
        /// Where inside of the value, such as `resources.worker.properties`; empty for all of it.
        path: String,
        /// What is wrong there, such as `is a function`.
        problem: String,
    },
    /// The value is too large.
    #[error("the result of {subject} has more than {} MiB", limit >> 20)]
    TooLarge {
        /// What was asked for.
        subject: Subject,
        /// The most bytes there may be.
        limit: u64,
    },
    /// The code took too long.
    #[error("{subject} was stopped: it took longer than {}", span(*limit))]
    TimedOut {
        /// What was asked for.
        subject: Subject,
        /// How long it may take.
        limit: Duration,
    },
    /// A promise was waited for that nothing could settle any more.
    #[error("{subject} gave no result: it waits for a promise that nothing will settle")]
    Unsettled {
        /// What was asked for.
        subject: Subject,
    },
    /// The process ended before there was a result.
    #[error("{subject} gave no result: its process ended with {status}")]
    Ended {
        /// What was asked for.
        subject: Subject,
        /// How it ended.
        status: String,
    },
    /// A call before this one took the process along.
    #[error("{subject} was not run: {before} was to be run first and took too long or ended its process")]
    NotReached {
        /// What was asked for.
        subject: Subject,
        /// What was to be run first.
        before: Subject,
    },
}

impl EvaluateError {
    /// What was evaluated.
    #[cfg(test)]
    pub(crate) fn subject(&self) -> &Subject {
        match self {
            Self::NoFile { subject }
            | Self::UnknownLanguage { subject, .. }
            | Self::NoProgram { subject, .. }
            | Self::Start { subject, .. }
            | Self::Bundler { subject, .. }
            | Self::Source { subject, .. }
            | Self::Unloadable { subject, .. }
            | Self::NotExported { subject, .. }
            | Self::Thrown { subject, .. }
            | Self::Value { subject, .. }
            | Self::TooLarge { subject, .. }
            | Self::TimedOut { subject, .. }
            | Self::Unsettled { subject }
            | Self::Ended { subject, .. }
            | Self::NotReached { subject, .. } => subject,
        }
    }

    /// Where in the user's files, if that can be said; the first of several places.
    #[cfg(test)]
    pub(crate) fn place(&self) -> Option<&Place> {
        match self {
            Self::Thrown { place, .. } | Self::Unloadable { place, .. } => place.as_ref(),
            Self::Source { mistakes, .. } => mistakes.iter().find_map(|mistake| mistake.place.as_ref()),
            _ => None,
        }
    }

    /// Whose turn it is.
    pub(crate) fn kind(&self) -> ExitKind {
        match self {
            Self::NoProgram { .. } | Self::Start { .. } | Self::Bundler { .. } => ExitKind::Environment,
            _ => ExitKind::Usage,
        }
    }

    /// What to do next.
    pub(crate) fn help(&self) -> Option<String> {
        let text = match self {
            Self::NoFile { .. } => "paths start at the folder of the config".to_owned(),
            Self::NoProgram { program, install, .. } => {
                format!("install `{program}`, on Debian with `{install}`")
            }
            Self::Source { mistakes, .. } => return missing_package(mistakes),
            Self::NotExported { exports, .. } if exports.is_empty() => "the file exports nothing".to_owned(),
            Self::NotExported { exports, .. } => format!("the file exports `{}`", exports.join("`, `")),
            Self::Value { problem, .. } if problem == "is a function" => {
                "a config is data: call the function, or leave it out".to_owned()
            }
            Self::Value { problem, .. } if problem == "is an empty object" => {
                "export a config; `defineConfig` makes none of an async function: await at the top of the file instead"
                    .to_owned()
            }
            Self::TooLarge { .. } => {
                "name large files in the config instead of reading them into it".to_owned()
            }
            Self::TimedOut { .. } => {
                "code that a config needs runs at every command: keep what takes long in a file or a script"
                    .to_owned()
            }
            Self::Unsettled { .. } => "look for a promise without `resolve`".to_owned(),
            Self::Ended { .. } => {
                "return a value, and throw an error instead of ending the process".to_owned()
            }
            _ => return None,
        };
        Some(text)
    }
}

/// What to do when an import leads to no package.
fn missing_package(mistakes: &[SourceMistake]) -> Option<String> {
    mistakes.iter().find_map(|mistake| {
        let name = mistake
            .message
            .strip_prefix("Could not resolve \"")?
            .strip_suffix('"')?;
        let is_package = !name.starts_with(['.', '/']);
        is_package.then(|| format!("if `{name}` is a package, install it: `npm install --save-dev {name}`"))
    })
}

/// Each mistake on a line of its own.
struct Listed<'a>(&'a [SourceMistake]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_one = self.0.len() == 1;
        self.0.iter().try_for_each(|mistake| {
            out.write_str(if is_one { ": " } else { "\n" })?;
            match &mistake.place {
                Some(place) => write!(out, "{place}: {}", mistake.message),
                None => out.write_str(&mistake.message),
            }
        })
    }
}

/// What an export should have been.
struct Wanted<'a>(&'a Subject, bool);

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.handler, self.1) {
            (_, true) => out.write_str("config: neither by default nor as `getConfig`"),
            (Some(handler), false) => write!(out, "`{handler}`"),
            (None, false) if is_python(&self.0.file) => out.write_str("`main`"),
            (None, false) => out.write_str("function by default"),
        }
    }
}

/// Whether a file is one of Python's.
pub(super) fn is_python(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "py")
}

/// A place in a sentence.
struct At<'a>(Option<&'a Place>);

impl fmt::Display for At<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |place| write!(out, " at {place}"))
    }
}

/// A path inside of a value.
struct Inside<'a>(&'a str);

impl fmt::Display for Inside<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => out.write_str("it"),
            path => write!(out, "`{path}`"),
        }
    }
}
