//! What compilers of Java say about the source, as Maven, Gradle and `javac` itself print it.

use std::path::{Path, PathBuf};

use crate::source_error::{SourceError, excerpt};

/// An error as it was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    /// From 1; 0 when it was not said.
    pub(crate) column: usize,
    pub(crate) message: String,
    /// What it said beyond the first line, such as where it looked for a symbol.
    pub(crate) details: Vec<String>,
}

impl Said {
    /// As people read it: with the line in question, and a path as `shown` makes it.
    pub(crate) fn to_source_error(&self, shown: impl Fn(&Path) -> PathBuf) -> SourceError {
        let mut text = excerpt(&self.file, self.line, self.column.max(1));
        for detail in &self.details {
            text.push_str(&format!("\n    {}", detail.trim()));
        }
        let mut place = format!("{}:{}", shown(&self.file).display(), self.line);
        if self.column > 0 {
            place.push_str(&format!(":{}", self.column));
        }
        SourceError {
            message: self.message.clone(),
            place: Some(place),
            excerpt: text,
        }
    }
}

/// Reads the errors in the source, each once.
pub(crate) fn parse(text: &str) -> Vec<Said> {
    let mut errors: Vec<Said> = Vec::new();
    // What follows an error that was said already is not said again either.
    let mut is_open = false;
    for line in text.lines() {
        let bare = line.strip_prefix("[ERROR] ").unwrap_or(line);
        if let Some(said) = of_maven(bare).or_else(|| of_javac(bare)) {
            let is_known = |known: &Said| {
                (&known.file, known.line, &known.message) == (&said.file, said.line, &said.message)
            };
            is_open = !errors.iter().any(is_known);
            if is_open {
                errors.push(said);
            }
        } else if let Some(error) = errors.last_mut().filter(|_| is_open) {
            is_open = add_detail(error, bare);
        }
    }
    errors
}

/// `/app/src/Main.java:[5,9] cannot find symbol`
fn of_maven(line: &str) -> Option<Said> {
    let (file, after) = line.split_once(":[")?;
    let (place, message) = after.split_once("] ")?;
    let (line, column) = place.split_once(',')?;
    let message = message.trim_start_matches("error: ");
    said(file, line, column, message)
}

/// `/app/src/Main.java:5: error: cannot find symbol`
fn of_javac(line: &str) -> Option<Said> {
    let (place, message) = line.split_once(": error: ")?;
    let (file, line) = place.rsplit_once(':')?;
    said(file, line, "0", message)
}

fn said(file: &str, line: &str, column: &str, message: &str) -> Option<Said> {
    Path::new(file).is_absolute().then_some(())?;
    Some(Said {
        file: file.into(),
        line: line.parse().ok()?,
        column: column.trim().parse().ok()?,
        message: message.trim().to_owned(),
        details: Vec::new(),
    })
}

/// Adds a line that follows an error. Tells whether more may follow.
fn add_detail(error: &mut Said, line: &str) -> bool {
    let trimmed = line.trim();
    if trimmed == "^" {
        // The line above it repeats the source, which is shown from the file.
        error.column = line.chars().take_while(|letter| *letter != '^').count() + 1;
        error.details.pop();
        return true;
    }
    let is_detail = line.starts_with([' ', '\t']) || (error.column == 0 && error.details.is_empty());
    if is_detail && !trimmed.is_empty() {
        error.details.push(trimmed.to_owned());
    }
    is_detail && !trimmed.is_empty()
}

/// The version of Java that a compiler says it cannot compile for.
pub(crate) fn unsupported_release(text: &str) -> Option<u16> {
    [
        "release version ",
        "invalid target release: ",
        "invalid source release: ",
    ]
    .iter()
    .find_map(|begin| {
        let (_, after) = text.split_once(begin)?;
        let word = after.split_whitespace().next()?;
        super::version::major_of(word)
    })
}
