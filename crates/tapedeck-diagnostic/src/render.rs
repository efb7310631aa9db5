//! Findings as text for people and as JSON for programs. No colour: whoever owns a terminal adds it.

use serde::Serialize;

use crate::{Diagnostic, Diagnostics, Position, Rule, Severity, Source, Span};

/// The most characters of a source line that are shown.
const WIDEST_EXCERPT: usize = 110;

/// How many characters before the finding are kept when a line is cut.
const EXCERPT_LEAD: usize = 40;

/// The findings as text, one paragraph each, by their place in the source. Empty when there are none.
#[must_use]
pub fn render_text(diagnostics: &Diagnostics, source: &Source) -> String {
    let mut paragraphs: Vec<String> = diagnostics.iter().map(|one| paragraph(one, source)).collect();
    if diagnostics.has_more() {
        paragraphs.push("there are more findings than are shown\n".to_string());
    }
    paragraphs.join("\n")
}

fn paragraph(found: &Diagnostic, source: &Source) -> String {
    let (word, rule, name) = (found.severity.word(), found.rule.name(), source.name());
    let Position { line, column } = source.position(found.span.start);
    let mut text = format!("{word}[{rule}]: {}\n --> {name}:{line}:{column}\n", found.message);
    let excerpt = Excerpt::of(found.span, source);
    if !excerpt.line.is_empty() {
        let gutter = " ".repeat(line.to_string().len());
        let carets = format!("{}{}", " ".repeat(excerpt.before), "^".repeat(excerpt.marked));
        text.push_str(&format!(
            "{gutter} |\n{line} | {}\n{gutter} | {carets}\n",
            excerpt.line
        ));
    }
    if let Some(related) = &found.related {
        let Position { line, column } = source.position(related.span.start);
        text.push_str(&format!("note: {}: {name}:{line}:{column}\n", related.message));
    }
    if let Some(help) = &found.help {
        text.push_str(&format!("help: {help}\n"));
    }
    text
}

/// The source line of a finding, made fit to be shown, and where the carets go under it.
struct Excerpt {
    line: String,
    before: usize,
    marked: usize,
}

impl Excerpt {
    /// Cuts the first line of the span out of the source. A span of several lines is marked up to the end of the first.
    fn of(span: Span, source: &Source) -> Self {
        let start = source.position(span.start);
        let end = source.position(span.end.max(span.start));
        let text = source.line(start.line).trim_end();
        let before = start.column - 1;
        let last = if end.line == start.line {
            end.column - 1
        } else {
            usize::MAX
        };
        let is_wide = text.chars().nth(WIDEST_EXCERPT).is_some();
        let cut = if is_wide {
            before.saturating_sub(EXCERPT_LEAD)
        } else {
            0
        };
        let mut rest = text.chars().skip(cut);
        let window: String = rest.by_ref().take(WIDEST_EXCERPT).map(visible).collect();
        let (opening, closing) = (
            if cut > 0 { "…" } else { "" },
            if rest.next().is_some() { "…" } else { "" },
        );
        let room = window.chars().count().saturating_sub(before - cut);
        Self {
            line: format!("{opening}{window}{closing}"),
            before: before - cut + opening.chars().count(),
            marked: last.saturating_sub(before).min(room).max(1),
        }
    }
}

/// A character that takes one column and does nothing to a terminal.
fn visible(letter: char) -> char {
    match letter {
        '\t' => ' ',
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    }
}

/// One finding as JSON. Lines and columns as in [`Position`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    rule: Rule,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// The findings as a JSON array of `{rule, severity, message, help, file, line, column, endLine, endColumn}`, by their
/// place in the source. `help` may be null; the end lies after the last character.
#[must_use]
pub fn render_json(diagnostics: &Diagnostics, source: &Source) -> String {
    let records: Vec<Record<'_>> = diagnostics.iter().map(|found| record(found, source)).collect();
    serde_json::to_string_pretty(&records).expect("texts and numbers always become JSON")
}

fn record<'a>(found: &'a Diagnostic, source: &'a Source) -> Record<'a> {
    let start = source.position(found.span.start);
    let end = source.position(found.span.end);
    Record {
        rule: found.rule,
        severity: found.severity,
        message: &found.message,
        help: found.help.as_deref(),
        file: source.name(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}
