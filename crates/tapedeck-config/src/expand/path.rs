//! Going into a value by the path after a call.

use tapedeck_diagnostic::{Span, Spanned};

use super::{Expander, unknown};
use crate::directive::{self, Reading, Segment};
use crate::parse::{Stop, Value};

impl Expander<'_> {
    /// The value at a path within another, results in the places of directives. `subject` names what is gone into.
    pub(super) fn at_path(
        &mut self,
        value: &Spanned<Value>,
        path: &[Segment],
        subject: &str,
        at: Span,
    ) -> Result<Spanned<Value>, Stop> {
        let Some((first, rest)) = path.split_first() else {
            return self.value(value);
        };
        match &value.value {
            Value::Mapping(mapping) => match mapping.get(&first.key) {
                Some(inner) => self.at_path(inner, rest, &format!("{subject}.{}", first.key), at),
                None => {
                    let known: Vec<&str> = mapping
                        .entries
                        .iter()
                        .map(|entry| entry.key.value.as_str())
                        .collect();
                    self.diagnostics
                        .directive_path(at, subject, &first.key, "keys", &known);
                    Ok(unknown(at))
                }
            },
            Value::List(items) => {
                let index = first.key.parse::<usize>().ok();
                match index.and_then(|index| items.get(index)) {
                    Some(inner) => self.at_path(inner, rest, &format!("{subject}.{}", first.key), at),
                    None => {
                        let last = items.len().saturating_sub(1);
                        let known = match items.len() {
                            0 => Vec::new(),
                            _ => vec!["0".to_string(), last.to_string()],
                        };
                        let known: Vec<&str> = known.iter().map(String::as_str).collect();
                        self.diagnostics
                            .directive_path(at, subject, &first.key, "items from", &known);
                        Ok(unknown(at))
                    }
                }
            }
            Value::Scalar(_) => match value.value.as_text().map(directive::read) {
                // As if the path had been written there: what a call gives is never read for calls again.
                Some(Reading::Call(mut call)) => {
                    call.path.extend_from_slice(path);
                    self.call(&call, value.span)
                }
                _ => {
                    self.not_a_container(subject, first, at);
                    Ok(unknown(at))
                }
            },
            Value::Later(expression) => {
                self.diagnostics.late_path(at, expression.directive(), &first.key);
                Ok(unknown(at))
            }
            Value::Unknown => Ok(unknown(at)),
        }
    }

    fn not_a_container(&mut self, subject: &str, segment: &Segment, at: Span) {
        self.diagnostics
            .directive_path(at, subject, &segment.key, "keys", &[]);
    }
}
