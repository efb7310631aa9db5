//! What a rule has to say about a place.

use std::fmt;

/// A broken rule: where, what, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Path from the root of the repository.
    pub(crate) file: String,
    /// Line, counted from 1.
    pub(crate) line: usize,
    /// Name of the rule: a word.
    pub(crate) rule: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            rule,
            message,
            help,
        } = self;
        write!(out, "{file}:{line}: {rule}: {message}\n  help: {help}")
    }
}
