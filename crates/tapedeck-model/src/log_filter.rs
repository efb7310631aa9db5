//! Which log lines are wanted: the filter patterns of CloudWatch Logs.
//!
//! A pattern is one of three things, told apart by how it begins: words of a text, `{ … }` for lines that are JSON, and
//! `[ … ]` for lines of fields with spaces between them. It is read once and then asked about each line.

mod columns;
mod condition;
mod cursor;
mod json;
mod value;
mod words;

#[cfg(test)]
mod tests;

use columns::Columns;
use condition::Condition;
use cursor::Cursor;
use json::Selector;
use words::Words;

/// A filter pattern. The empty one, which is the default, takes every line.
#[derive(Debug, Clone, Default)]
pub struct LogFilter(Pattern);

#[derive(Debug, Clone)]
enum Pattern {
    Words(Words),
    Json(Condition<Selector>),
    Columns(Columns),
}

impl Default for Pattern {
    fn default() -> Self {
        Self::Words(Words::default())
    }
}

/// A text that is not a filter pattern, and where it stops to be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a filter: {problem}, at column {column}")]
pub struct InvalidLogFilter {
    /// What was given.
    pub pattern: String,
    /// The character at which it goes wrong, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
}

impl LogFilter {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`InvalidLogFilter`] when a phrase, an expression or a bracket is not closed, or what stands in it is not understood.
    pub fn parse(pattern: &str) -> Result<Self, InvalidLogFilter> {
        let mut cursor = Cursor::new(pattern);
        let read = if cursor.eat("{") {
            Pattern::Json(json::parse(&mut cursor)?)
        } else if cursor.eat("[") {
            Pattern::Columns(Columns::parse(&mut cursor)?)
        } else {
            Pattern::Words(Words::parse(&mut cursor)?)
        };
        if cursor.is_done() {
            Ok(Self(read))
        } else {
            Err(cursor.error("nothing may follow the closing bracket"))
        }
    }

    /// Whether a line is wanted.
    #[must_use]
    pub fn matches(&self, line: &str) -> bool {
        match &self.0 {
            Pattern::Words(words) => words.matches(line),
            Pattern::Json(condition) => json::matches(condition, line),
            Pattern::Columns(columns) => columns.matches(line),
        }
    }
}
