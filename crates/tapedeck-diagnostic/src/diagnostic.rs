//! One finding, and the findings about one source.

use crate::{Rule, Severity, Span};

/// One finding about a source. The message is lower-case, without a full stop, and complete without the source line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which rule.
    pub rule: Rule,
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Another place that matters.
    pub related: Option<Related>,
}

/// A second place of a finding, such as where a key was given first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// What is there, such as `it is first given here`.
    pub message: String,
}

/// All findings about one source. They are made by the methods in `factory`, one per [`Rule`].
///
/// Of very many only the first are kept, so that a file of nothing but mistakes takes no time to be told about; whether
/// there are errors is known of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    /// How many were found, kept or not.
    made: usize,
    /// Whether one of them, kept or not, is an error.
    errors: bool,
}

/// How many findings are kept.
const MOST: usize = 500;

impl Diagnostics {
    /// No findings yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the source cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors
    }

    /// Whether some findings are left out because there are so many.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.made > self.found.len()
    }

    /// Whether nothing was found at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many times something was found so far. Compare before and after a check to see whether it found anything.
    #[must_use]
    pub fn made(&self) -> usize {
        self.made
    }

    /// How many distinct findings have this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.iter().filter(|one| one.severity == severity).count()
    }

    /// The findings by their place in the source. One that was made several times, as happens to a node that aliases
    /// repeat, comes once.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = self.found.iter().collect();
        sorted.sort_by_key(|one| (one.span.start, one.rule, &one.message, one.span.end));
        sorted.dedup();
        sorted.into_iter()
    }

    /// Adds a finding. The severity is the rule's.
    pub(crate) fn push(&mut self, rule: Rule, span: Span, message: String, help: Option<String>) {
        self.errors |= rule.severity() == Severity::Error;
        self.made += 1;
        if self.made > MOST {
            return;
        }
        self.found.push(Diagnostic {
            rule,
            severity: rule.severity(),
            span,
            message,
            help,
            related: None,
        });
    }

    /// Gives the finding that was added last a second place.
    pub(crate) fn relate(&mut self, span: Span, message: &str) {
        if !self.has_more()
            && let Some(last) = self.found.last_mut()
        {
            last.related = Some(Related {
                span,
                message: message.to_string(),
            });
        }
    }
}
