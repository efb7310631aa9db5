//! Findings as text for people and as JSON for programs. No colour: whoever owns a terminal adds it.

use serde::Serialize;

use crate::quote::is_visible;
use crate::{Diagnostic, Diagnostics, Position, Related, Rule, Severity, Source, Sources, Span};

/// The most characters of a source line that are shown.
const WIDEST_EXCERPT: usize = 110;

/// How many characters before the finding are kept when a line is cut.
const EXCERPT_LEAD: usize = 40;

/// The findings as text, one paragraph each, by their place in the source. Empty when there are none.
#[must_use]
pub fn render_text(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let mut paragraphs: Vec<String> = diagnostics
        .iter()
        .map(|one| paragraph(one, &diagnostics.related(one), sources))
        .collect();
    if diagnostics.has_more() {
        paragraphs.push("there are more findings than are shown\n".to_string());
    }
    paragraphs.join("\n")
}

fn paragraph(found: &Diagnostic, related: &[Related], sources: &Sources) -> String {
    let source = sources.get(found.span.source);
    let (word, rule, name) = (found.severity.word(), found.rule.name(), shown_name(source));
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
    for Related { span, message } in related {
        let source = sources.get(span.source);
        let Position { line, column } = source.position(span.start);
        let name = shown_name(source);
        text.push_str(&format!("note: {message}: {name}:{line}:{column}\n"));
    }
    if let Some(help) = &found.help {
        text.push_str(&format!("help: {help}\n"));
    }
    text
}

/// The name of a source, made fit to be shown: files can have any.
fn shown_name(source: &Source) -> String {
    source.name().chars().map(visible).collect()
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
        letter if is_visible(letter) => letter,
        _ => '\u{fffd}',
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
    #[serde(flatten)]
    place: Place<'a>,
    related: Vec<RelatedRecord<'a>>,
}

/// A place of a finding as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct RelatedRecord<'a> {
    message: String,
    #[serde(flatten)]
    place: Place<'a>,
}

/// The findings as a JSON array of `{rule, severity, message, help, file, line, column, endLine, endColumn, related}`,
/// by their place in the source. `help` may be null; the end lies after the last character; `related` is a list of
/// `{message, file, line, column, endLine, endColumn}`.
#[must_use]
pub fn render_json(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let records: Vec<Record<'_>> = diagnostics
        .iter()
        .map(|found| record(diagnostics, found, sources))
        .collect();
    serde_json::to_string_pretty(&records).expect("texts and numbers always become JSON")
}

fn record<'a>(diagnostics: &Diagnostics, found: &'a Diagnostic, sources: &'a Sources) -> Record<'a> {
    let related = diagnostics.related(found).into_iter().map(|one| RelatedRecord {
        message: one.message,
        place: place(one.span, sources),
    });
    Record {
        rule: found.rule,
        severity: found.severity,
        message: &found.message,
        help: found.help.as_deref(),
        place: place(found.span, sources),
        related: related.collect(),
    }
}

fn place(span: Span, sources: &Sources) -> Place<'_> {
    let source = sources.get(span.source);
    let (start, end) = (source.position(span.start), source.position(span.end));
    Place {
        file: source.name(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}
