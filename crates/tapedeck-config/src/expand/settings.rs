//! Files of settings, line by line: `.env` (`NAME=value`) and `.ini` (the same, with sections in brackets).

use std::collections::HashMap;

use tapedeck_diagnostic::{Diagnostics, Source, SourceId, Span, Spanned};

use crate::parse::{Entry, MAX_BYTES, Mapping, Scalar, ScalarKind, Size, Value};

/// Reads a file of settings. Values are texts; of several with one name, the last counts, as in a shell. `None` after a
/// finding.
pub(crate) fn parse(source: &Source, id: SourceId, diagnostics: &mut Diagnostics) -> Option<Spanned<Value>> {
    let text = source.text();
    let whole = Span::new(0, text.len()).of(id);
    if text.len() > MAX_BYTES {
        let excess = format!(
            "the file has {} bytes, more than the {MAX_BYTES} that are read",
            text.len()
        );
        diagnostics.too_large(whole.start_point(), &excess);
        return None;
    }
    let mut reader = Reader::default();
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut start = text.len() - body.len();
    for line in body.split_inclusive(['\n', '\r']) {
        let inner = line.trim();
        let at = start + (line.len() - line.trim_start().len());
        start += line.len();
        let span = whole.part(at, at + inner.len());
        if inner.is_empty() || inner.starts_with(['#', ';']) {
            continue;
        }
        if let Err(excess) = reader.size.add(Size {
            nodes: 1,
            text: inner.len(),
        }) {
            diagnostics.too_large(span, &excess);
            return None;
        }
        if reader.line(inner, span).is_none() {
            diagnostics.settings_syntax(span);
            return None;
        }
    }
    Some(Spanned::new(Value::Mapping(reader.finish()), whole))
}

#[derive(Default)]
struct Reader {
    root: Section,
    /// The sections in brackets, each once.
    sections: Vec<(Spanned<String>, Section)>,
    /// Which section each name is.
    places: HashMap<String, usize>,
    /// The section that lines belong to now.
    current: Option<usize>,
    size: Size,
}

impl Reader {
    /// Takes a line that says something. `None` when it is neither a section nor a setting.
    fn line(&mut self, text: &str, span: Span) -> Option<()> {
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = name.trim().to_string();
            let next = self.sections.len();
            let place = *self.places.entry(name.clone()).or_insert(next);
            if place == next {
                self.sections.push((Spanned::new(name, span), Section::default()));
            }
            self.current = Some(place);
            return Some(());
        }
        let (name, value) = text.split_once('=')?;
        let name = name.trim_start().trim_start_matches("export ").trim();
        if name.is_empty() {
            return None;
        }
        let value_at = span.end - value.trim_start().len();
        let value = Value::Scalar(Scalar {
            text: unquoted(value.trim()).to_string(),
            kind: ScalarKind::Text,
        });
        let entry = Entry {
            key: Spanned::new(name.to_string(), span),
            value: Spanned::new(value, span.part(value_at, span.end)),
        };
        let current = self.current.and_then(|place| self.sections.get_mut(place));
        current.map_or(&mut self.root, |(_, section)| section).put(entry);
        Some(())
    }

    fn finish(mut self) -> Mapping {
        for (key, section) in self.sections {
            let value = Spanned::new(Value::Mapping(section.finish()), key.span);
            self.root.put(Entry { key, value });
        }
        self.root.finish()
    }
}

/// Settings in the order in which each was given last.
#[derive(Default)]
struct Section {
    entries: Vec<Option<Entry>>,
    places: HashMap<String, usize>,
}

impl Section {
    fn put(&mut self, entry: Entry) {
        let before = self.places.insert(entry.key.value.clone(), self.entries.len());
        if let Some(before) = before {
            self.entries[before] = None;
        }
        self.entries.push(Some(entry));
    }

    fn finish(self) -> Mapping {
        Mapping {
            entries: self.entries.into_iter().flatten().collect(),
        }
    }
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
