//! Files of settings, line by line: `.env` (`NAME=value`) and `.ini` (the same, with sections in brackets).

use tapedeck_diagnostic::{Diagnostics, Source, SourceId, Span, Spanned};

use crate::parse::{Entry, Mapping, Scalar, ScalarKind, Value};

/// Reads a file of settings. Values are texts. `None` after a finding.
pub(super) fn parse(source: &Source, id: SourceId, diagnostics: &mut Diagnostics) -> Option<Spanned<Value>> {
    let whole = Span::new(0, source.text().len()).of(id);
    let mut root = Mapping::default();
    let mut section: Option<Entry> = None;
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        let at = start;
        start += line.len();
        let text = line.trim();
        let offset = at + (line.len() - line.trim_start().len());
        let span = Span::new(offset, offset + text.len()).of(id);
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            root.entries.extend(section.take());
            section = Some(Entry {
                key: Spanned::new(name.trim().to_string(), span),
                value: Spanned::new(Value::Mapping(Mapping::default()), span),
            });
            continue;
        }
        let Some((name, value)) = text.split_once('=') else {
            diagnostics.settings_syntax(span);
            return None;
        };
        let name = name.trim_start().trim_start_matches("export ").trim();
        let value_at = offset + text.len() - value.trim_start().len();
        let entry = Entry {
            key: Spanned::new(name.to_string(), span),
            value: Spanned::new(
                Value::Scalar(Scalar {
                    text: unquoted(value.trim()).to_string(),
                    kind: ScalarKind::Text,
                }),
                span.part(value_at, span.end),
            ),
        };
        let target = match section.as_mut().map(|section| &mut section.value.value) {
            Some(Value::Mapping(mapping)) => mapping,
            _ => &mut root,
        };
        // The last one counts, as in a shell.
        target.entries.retain(|other| other.key.value != entry.key.value);
        target.entries.push(entry);
    }
    root.entries.extend(section);
    Some(Spanned::new(Value::Mapping(root), whole))
}

/// A value without the quotes around it.
fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    value
}
