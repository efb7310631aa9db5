//! Text to a tree in which every key and value knows its place.
//!
//! The tree keeps scalars as they were written: whether `0.10` is a number matters to `cpu`, not to an environment
//! variable. Aliases and merge keys are resolved here, within the limits below, so that nothing after this module
//! can be made to loop or to eat memory by a file.

mod builder;
mod frame;
mod limits;
mod offsets;
mod scalar;
mod spans;
mod value;

use saphyr_parser::{Event, Parser};
use tapedeck_diagnostic::{Diagnostics, Source, SourceId, Span, Spanned};

use builder::Builder;
use offsets::Offsets;

pub(crate) use limits::Size;
pub use limits::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_TEXT};
pub(crate) use scalar::kind_of_plain;
pub use value::{Entry, Mapping, Scalar, ScalarKind, Value};

/// A reason not to read on. It has been reported.
#[derive(Debug)]
pub(crate) struct Stop;

/// Reads the one document of a source. `None` after a finding that made it pointless to read on; a tree that comes
/// along with findings (a duplicate key, an unknown tag) is whole otherwise.
#[must_use]
pub fn parse(source: &Source, diagnostics: &mut Diagnostics) -> Option<Spanned<Value>> {
    parse_part(source, SourceId::MAIN, diagnostics)
}

/// As [`parse`], of a file that another one names.
#[must_use]
pub(crate) fn parse_part(
    source: &Source,
    id: SourceId,
    diagnostics: &mut Diagnostics,
) -> Option<Spanned<Value>> {
    let tree = read(source, id, diagnostics).ok()?;
    if tree.is_none() {
        diagnostics.empty_file(Span::point(0).of(id));
    }
    tree
}

fn read(
    source: &Source,
    id: SourceId,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Spanned<Value>>, Stop> {
    refuse_unreadable(source, id, diagnostics)?;
    let text = source.text();
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offsets = Offsets::of(body, text.len() - body.len());
    let mut parser = Parser::new_from_str(body);
    let mut builder = Builder::new(text, diagnostics);
    let mut documents = 0;
    while let Some(next) = parser.next_event() {
        let (event, marks) = match next {
            Ok(event) => event,
            Err(error) => {
                let at = offsets.byte(error.marker().index());
                return Err(builder.refuse(
                    Span::point(at).of(id),
                    &lower_first(error.info()),
                    advice(text, at),
                ));
            }
        };
        let span = Span::new(offsets.byte(marks.start.index()), offsets.byte(marks.end.index())).of(id);
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                let help = "keep one document, and move the other to a file of its own";
                return Err(builder.refuse(span, "a second document begins here", help));
            }
        }
        builder.event(event, span)?;
    }
    Ok(builder.finish())
}

/// Refuses what YAML does not allow anywhere, and what is too long to be a config file.
fn refuse_unreadable(source: &Source, id: SourceId, diagnostics: &mut Diagnostics) -> Result<(), Stop> {
    let text = source.text();
    if text.len() > MAX_BYTES {
        let excess = format!(
            "the file has {} bytes, more than the {MAX_BYTES} that are read",
            text.len()
        );
        diagnostics.too_large(Span::point(0).of(id), &excess);
        return Err(Stop);
    }
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{85}');
    if let Some((at, letter)) = text.char_indices().find(|(_, letter)| odd(*letter)) {
        let problem = format!(
            "the control character U+{:04X} is not allowed in YAML",
            u32::from(letter)
        );
        let help = "in a text between double quotes, write it as an escape such as \\x1b";
        diagnostics.yaml_syntax(Span::new(at, at + letter.len_utf8()).of(id), &problem, Some(help));
        return Err(Stop);
    }
    Ok(())
}

/// What to look at when the text is not YAML from `at` on.
fn advice(text: &str, at: usize) -> &'static str {
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let indent = &line[..line.len() - line.trim_start().len()];
    if indent.contains('\t') {
        "YAML is indented with spaces: replace the tab"
    } else if text[at..].trim().is_empty() {
        "the file ends before a quote, bracket or brace is closed, or a key has its value"
    } else if crate::directive::called_within(line).next().is_some() {
        "between braces or brackets, put a call of a directive into double quotes: \"$Format('{}-a', $Stage())\""
    } else {
        "look at this line and the one above: indentation, quotes, brackets, or a missing colon"
    }
}

/// The parser's own words as our messages begin.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
