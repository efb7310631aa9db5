//! How a command ends: the kinds of failure, their exit codes, and how an error is told.

use std::process::ExitCode;

/// Whose turn it is after a failure. The exit codes are a promise to scripts (`tapedeck --help` lists them).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitKind {
    /// The operation failed: the code does not build, the tasks do not stay up, there is no such stack.
    Operation,
    /// The command line or the config is wrong. Nothing was changed.
    Usage,
    /// Something around tapedeck is missing: a privilege, a program, the engine, disk space.
    Environment,
    /// A mistake of tapedeck itself.
    Internal,
}

impl ExitKind {
    /// The exit code of this kind.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Operation => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Internal => 70,
        }
    }
}

/// A failed command: what failed, and what the person can do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Whose turn it is.
    pub(crate) kind: ExitKind,
    /// What failed and why.
    pub(crate) error: anyhow::Error,
    /// What to do next.
    pub(crate) help: Option<String>,
}

impl Failure {
    /// A failure of some kind.
    pub(crate) fn new(kind: ExitKind, error: impl Into<anyhow::Error>) -> Self {
        Self {
            kind,
            error: error.into(),
            help: None,
        }
    }

    /// A wrong command line or config, in one sentence.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitKind::Usage, anyhow::Error::msg(message.into()))
    }

    /// A failed operation, in one sentence.
    pub(crate) fn operation(message: impl Into<String>) -> Self {
        Self::new(ExitKind::Operation, anyhow::Error::msg(message.into()))
    }

    /// Says what to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What a command comes to.
pub(crate) type Outcome = Result<ExitCode, Failure>;

/// Turns an error into a [`Failure`] of a kind: `.or_fail(ExitKind::Environment)?`.
pub(crate) trait OrFail<T> {
    /// The value, or a failure of that kind.
    fn or_fail(self, kind: ExitKind) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrFail<T> for Result<T, E> {
    fn or_fail(self, kind: ExitKind) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(kind, error))
    }
}
