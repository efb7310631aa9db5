//! Errors that a bundler or compiler finds in the person's code, each with its place.

use std::fmt;
use std::path::Path;

/// One error in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// What is wrong, such as `Expected ";" but found "x"`.
    pub message: String,
    /// File, line from 1 and column as the tool counts it, such as `src/main.ts:3:10`, when it can be said.
    pub place: Option<String>,
    /// The line in question with a mark below it, possibly empty.
    pub excerpt: String,
}

/// Such as `2 errors in the source`, then each error on lines of its own.
pub(crate) struct Errors<'a>(pub(crate) &'a [SourceError]);

impl fmt::Display for Errors<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => out.write_str("1 error in the source")?,
            count => write!(out, "{count} errors in the source")?,
        }
        for error in self.0 {
            match &error.place {
                Some(place) => write!(out, "\n{place}: {}", error.message)?,
                None => write!(out, "\n{}", error.message)?,
            }
            if !error.excerpt.is_empty() {
                write!(out, "\n{}", error.excerpt)?;
            }
        }
        Ok(())
    }
}

/// A line of a file with a mark below a column, both counted from 1. Empty when the file has no such line.
pub(crate) fn excerpt(file: &Path, line: usize, column: usize) -> String {
    let Ok(text) = fs_err::read_to_string(file) else {
        return String::new();
    };
    let Some(content) = line.checked_sub(1).and_then(|before| text.lines().nth(before)) else {
        return String::new();
    };
    // Tabs stay, so that the mark stands below what it means however wide they are shown.
    let before = content.chars().take(column.saturating_sub(1));
    let indent: String = before
        .map(|letter| if letter == '\t' { '\t' } else { ' ' })
        .collect();
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    format!("    {number} │ {content}\n    {margin} ╵ {indent}^")
}
