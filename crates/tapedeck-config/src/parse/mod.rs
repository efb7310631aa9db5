//! Text to a tree in which every key and value knows its place.
//!
//! The tree keeps scalars as they were written: whether `0.10` is a number matters to `cpu`, not to an environment
//! variable. Aliases and merge keys are resolved here, within [`Limits`](limits), so that nothing after this module
//! can be made to loop or to eat memory by a file.

mod builder;
mod limits;
mod offsets;
mod scalar;
mod value;

use saphyr_parser::{Event, Parser};
use tapedeck_diagnostic::{Diagnostics, Source, Span, Spanned};

use builder::Builder;
use offsets::Offsets;

pub use limits::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_TEXT};
pub use value::{Entry, Mapping, Scalar, ScalarKind, Value};

/// A reason not to read on. It has been reported.
#[derive(Debug)]
pub(crate) struct Stop;

/// Reads the one document of a source. `None` after a finding that made it pointless to read on; a tree that comes
/// along with findings (a duplicate key, an unknown tag) is whole otherwise.
#[must_use]
pub fn parse(source: &Source, diagnostics: &mut Diagnostics) -> Option<Spanned<Value>> {
    let tree = read(source, diagnostics).ok()?;
    if tree.is_none() {
        diagnostics.empty_file(Span::point(0));
    }
    tree
}

fn read(source: &Source, diagnostics: &mut Diagnostics) -> Result<Option<Spanned<Value>>, Stop> {
    refuse_unreadable(source, diagnostics)?;
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
                let at = Span::point(offsets.byte(error.marker().index()));
                builder.syntax(at, error.info());
                return Err(Stop);
            }
        };
        let span = Span::new(offsets.byte(marks.start.index()), offsets.byte(marks.end.index()));
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                builder.syntax(
                    span,
                    "a second document begins here, but a config file is one document",
                );
                return Err(Stop);
            }
        }
        builder.event(event, span)?;
    }
    Ok(builder.finish())
}

/// Refuses what YAML does not allow anywhere, and what is too long to be a config file.
fn refuse_unreadable(source: &Source, diagnostics: &mut Diagnostics) -> Result<(), Stop> {
    let text = source.text();
    if text.len() > MAX_BYTES {
        let excess = format!(
            "the file has {} bytes, more than the {MAX_BYTES} that are read",
            text.len()
        );
        diagnostics.too_large(Span::point(0), &excess);
        return Err(Stop);
    }
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{85}');
    if let Some((at, letter)) = text.char_indices().find(|(_, letter)| odd(*letter)) {
        let problem = format!(
            "the control character U+{:04X} is not allowed in YAML",
            u32::from(letter)
        );
        let help = "in a text between double quotes, write it as an escape such as \\x1b";
        diagnostics.yaml_syntax(Span::new(at, at + letter.len_utf8()), &problem, Some(help));
        return Err(Stop);
    }
    Ok(())
}
