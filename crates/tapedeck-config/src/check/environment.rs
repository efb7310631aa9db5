//! Environment variables, in the form of a list and in that of a mapping.

use std::collections::HashMap;

use tapedeck_diagnostic::{Span, Spanned, quoted};

use super::{Checker, Place};
use crate::parse::Value;
use crate::schema::Object;

/// What the kernel and every C library demand of the name of a variable.
const NAME_RULE: &str = "use at least one character and no `=`";

impl Checker<'_> {
    /// Checks `environment`. `variable` describes an item of the list form.
    pub(super) fn environment(&mut self, place: Place<'_>, variable: &'static Object) {
        match &place.value.value {
            Value::List(items) => self.variables(items, variable),
            Value::Mapping(mapping) => {
                for entry in &mapping.entries {
                    self.variable_name(&entry.key);
                    let subject = quoted(&entry.key.value);
                    let place = Place {
                        subject: &subject,
                        at: entry.key.span,
                        value: &entry.value,
                    };
                    if !self.directive(place) {
                        self.scalar(place);
                    }
                }
            }
            Value::Scalar(_) => {
                self.wrong_type(
                    place,
                    "a list of `name` and `value`, or a mapping of names to values",
                );
            }
        }
    }

    fn variables(&mut self, items: &[Spanned<Value>], variable: &'static Object) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for item in items {
            let start = Span::new(item.span.start, item.span.start + 1);
            self.object(
                Place {
                    subject: variable.name,
                    at: start,
                    value: item,
                },
                variable,
            );
            let name = item.value.as_mapping().and_then(|mapping| mapping.get("name"));
            let Some((name, text)) = name.and_then(|name| Some((name, name.value.as_text()?))) else {
                continue;
            };
            if text.is_empty() || super::directive::name(text).is_some() {
                continue;
            }
            let given = Spanned::new(text.to_string(), name.span);
            self.variable_name(&given);
            match seen.get(text) {
                Some(first) => self.diagnostics.duplicate_variable(&given, *first),
                None => drop(seen.insert(text, name.span)),
            }
        }
    }

    fn variable_name(&mut self, name: &Spanned<String>) {
        if name.value.is_empty() || name.value.contains('=') {
            self.diagnostics
                .invalid_name(name, "name of an environment variable", NAME_RULE, None);
        }
    }
}
