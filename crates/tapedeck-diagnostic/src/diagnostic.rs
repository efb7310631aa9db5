//! One finding, and the findings about one source.

use std::collections::BTreeSet;

use crate::quote::sentence;
use crate::{Rule, Severity, Span, nearest};

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
    /// Other places that matter.
    pub related: Vec<Related>,
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
    /// What was taken from one place to another.
    taken: BTreeSet<Taken>,
    /// How many words were compared to guess what was meant.
    compared: usize,
    /// Rules whose findings are errors though they are warnings by themselves.
    escalated: Vec<Rule>,
}

/// A value that is written in one place and used in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Taken {
    written: Span,
    used: Span,
}

/// How many findings are kept.
const MOST: usize = 500;

/// How many words are compared to guess what was meant. A file of very many misspelt names gets guesses for the first.
const MOST_COMPARED: usize = 100_000;

/// How many uses of values elsewhere are kept.
const MOST_TAKEN: usize = 10_000;

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

    /// Whether something within a range is wrong. Of very many findings only those that are kept are known here.
    #[must_use]
    pub fn has_errors_in(&self, span: Span) -> bool {
        (self.has_more() && self.errors)
            || self
                .found
                .iter()
                .any(|one| one.severity == Severity::Error && span.contains(one.span))
    }

    /// Whether some findings are left out because there are so many.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.made > self.found.len()
    }

    /// Whether further findings are counted only: what makes their words costly can be left out.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.made >= MOST
    }

    /// The known word that was probably meant, see [`nearest`]. Of very many guesses only the first are made.
    pub fn guess<'a>(&mut self, word: &str, known: &[&'a str]) -> Option<&'a str> {
        self.compared = self.compared.saturating_add(known.len());
        if self.is_full() || self.compared > MOST_COMPARED {
            return None;
        }
        nearest(word, known)
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
        sorted.sort_by_key(|one| {
            (
                one.span.source,
                one.span.start,
                one.rule,
                &one.message,
                one.span.end,
            )
        });
        sorted.dedup();
        sorted.into_iter()
    }

    /// Notes that the value written at one place is used at another, so that a finding about the value can name both.
    pub fn note_use(&mut self, written: Span, used: Span) {
        if self.taken.len() < MOST_TAKEN {
            self.taken.insert(Taken { written, used });
        }
    }

    /// From now on, findings of this rule are errors.
    pub fn escalate(&mut self, rule: Rule) {
        self.escalated.push(rule);
    }

    /// The other places of a finding: its own, and where a value that it is about is used.
    #[must_use]
    pub fn related(&self, found: &Diagnostic) -> Vec<Related> {
        let uses = self
            .taken
            .iter()
            .filter(|taken| taken.written.contains(found.span) && !taken.used.contains(found.span));
        let uses = uses.take(1).map(|taken| Related {
            span: taken.used,
            message: "it is used here".to_string(),
        });
        found.related.iter().cloned().chain(uses).collect()
    }

    /// Adds a finding. The severity is the rule's.
    pub(crate) fn push(&mut self, rule: Rule, span: Span, message: String, help: Option<String>) {
        let severity = if self.escalated.contains(&rule) {
            Severity::Error
        } else {
            rule.severity()
        };
        self.errors |= severity == Severity::Error;
        self.made += 1;
        if self.made > MOST {
            return;
        }
        self.found.push(Diagnostic {
            rule,
            severity,
            span,
            message: sentence(message),
            help: help.map(sentence),
            related: Vec::new(),
        });
    }

    /// Gives the finding that was added last another place.
    pub(crate) fn relate(&mut self, span: Span, message: &str) {
        if !self.has_more()
            && let Some(last) = self.found.last_mut()
        {
            last.related.push(Related {
                span,
                message: message.to_string(),
            });
        }
    }
}
