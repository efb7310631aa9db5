//! Going into a value by the path after a call.

use tapedeck_diagnostic::{Span, Spanned};

use super::outside::of_json;
use super::{Expander, unknown};
use crate::directive::{self, Reading, Segment};
use crate::parse::{Stop, Value};

/// How many keys are looked at to tell what a missing one could have been.
const MOST_KNOWN: usize = 1_000;

impl Expander<'_> {
    /// The value at a path within another, results in the places of directives. `subject` names what is gone into.
    pub(super) fn at_path(
        &mut self,
        value: &Spanned<Value>,
        path: &[Segment],
        subject: &str,
        at: Span,
    ) -> Result<Spanned<Value>, Stop> {
        // Not by calling itself for each step: paths are long, and calls within calls each have one.
        let (mut value, mut subject) = (value, subject.to_string());
        let mut steps = path;
        while let Some((first, rest)) = steps.split_first() {
            value = match &value.value {
                Value::Mapping(mapping) => match self.index.find(mapping, &first.key) {
                    Some(inner) => inner,
                    None => {
                        let keys = mapping.entries.iter().map(|entry| entry.key.value.as_str());
                        return Ok(self.no_key(&subject, first, keys, at));
                    }
                },
                Value::List(items) => match item(items, first) {
                    Some(inner) => inner,
                    None => return Ok(self.no_item(&subject, first, items.len(), at)),
                },
                Value::Scalar(_) => {
                    self.grow(&value.value, at)?;
                    return match value.value.as_text().map(directive::read) {
                        // As if the path had been written there: what a call gives is never read for calls again.
                        Some(Reading::Call(mut call)) => {
                            call.path.extend_from_slice(steps);
                            self.call(&call, value.span)
                        }
                        _ => Ok(self.no_key(&subject, first, std::iter::empty(), at)),
                    };
                }
                Value::Later(expression) => {
                    self.diagnostics.late_path(at, expression.directive(), &first.key);
                    return Ok(unknown(at));
                }
                Value::Unknown => return Ok(unknown(at)),
            };
            subject = format!("{subject}.{}", first.key);
            steps = rest;
        }
        self.value(value)
    }

    /// As [`Self::at_path`], of what a function returned. Only the part that is wanted becomes a value.
    pub(super) fn at_path_of_json(
        &mut self,
        json: &serde_json::Value,
        path: &[Segment],
        subject: &str,
        at: Span,
    ) -> Result<Spanned<Value>, Stop> {
        use serde_json::Value as Json;
        let (mut json, mut subject) = (json, subject.to_string());
        let mut steps = path;
        while let Some((first, rest)) = steps.split_first() {
            json = match json {
                Json::Object(entries) => match entries.get(&first.key) {
                    Some(inner) => inner,
                    None => {
                        let keys = entries.keys().map(String::as_str);
                        return Ok(self.no_key(&subject, first, keys, at));
                    }
                },
                Json::Array(items) => match item(items, first) {
                    Some(inner) => inner,
                    None => return Ok(self.no_item(&subject, first, items.len(), at)),
                },
                leaf => return self.at_path(&of_json(leaf, at), steps, &subject, at),
            };
            subject = format!("{subject}.{}", first.key);
            steps = rest;
        }
        self.value(&of_json(json, at))
    }

    fn no_key<'k>(
        &mut self,
        subject: &str,
        segment: &Segment,
        keys: impl Iterator<Item = &'k str>,
        at: Span,
    ) -> Spanned<Value> {
        let is_told = !self.diagnostics.is_full();
        let known: Vec<&str> = keys.take_while(|_| is_told).take(MOST_KNOWN).collect();
        self.diagnostics
            .directive_path(at, subject, &segment.key, "keys", &known);
        unknown(at)
    }

    fn no_item(&mut self, subject: &str, segment: &Segment, count: usize, at: Span) -> Spanned<Value> {
        let last = count.saturating_sub(1).to_string();
        let known: &[&str] = if count == 0 { &[] } else { &["0", &last] };
        self.diagnostics
            .directive_path(at, subject, &segment.key, "items from", known);
        unknown(at)
    }
}

/// The item of a list that a step leads to.
fn item<'i, T>(items: &'i [T], segment: &Segment) -> Option<&'i T> {
    items.get(segment.key.parse::<usize>().ok()?)
}
