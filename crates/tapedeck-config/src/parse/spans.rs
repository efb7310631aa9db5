//! Where a value ends: the parser reads on past it, over spaces and comments.

use saphyr_parser::ScalarStyle;
use tapedeck_diagnostic::Span;

/// The span of a scalar: to the closing quote, or to the last letter.
pub(super) fn of_scalar(source: &str, span: Span, style: ScalarStyle) -> Span {
    let text = source.get(span.start..span.end).unwrap_or_default();
    let length = match style {
        ScalarStyle::DoubleQuoted => quoted_length(text, '"', Some('\\')),
        ScalarStyle::SingleQuoted => quoted_length(text, '\'', None),
        _ => None,
    };
    match length {
        Some(length) => span.part(span.start, span.start + length),
        None => trimmed(source, span),
    }
}

/// A span without the blank lines and spaces at its end.
pub(super) fn trimmed(source: &str, span: Span) -> Span {
    let text = source.get(span.start..span.end).unwrap_or_default();
    span.part(span.start, span.start + text.trim_end().len())
}

/// The length in bytes of the quoted text that `text` begins with, quotes included. A quote within it stands after the
/// escape character, or is doubled if there is none. `None` when `text` begins with something else, such as a tag.
fn quoted_length(text: &str, quote: char, escape: Option<char>) -> Option<usize> {
    let inner = text.strip_prefix(quote)?;
    let mut letters = inner.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next_is_quote = letters.peek().is_some_and(|(_, next)| *next == quote);
        if Some(letter) == escape || (letter == quote && escape.is_none() && next_is_quote) {
            letters.next();
        } else if letter == quote {
            return Some(at + 2 * quote.len_utf8());
        }
    }
    None
}
