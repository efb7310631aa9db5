//! Environment variables, in the form of a list and in that of a mapping.

use std::collections::HashMap;

use tapedeck_diagnostic::{Found, Span, Spanned, quoted};

use super::{Checker, Place};
use crate::parse::Value;
use crate::schema::{Kind, Object};

/// What ECS, the kernel and every C library demand of the name of a variable.
const NAME_RULE: &str = "use at least one character, and neither `=` nor a NUL";

impl Checker<'_> {
    /// Checks `environment`. `variable` describes an item of the list form.
    pub(super) fn environment(&mut self, place: Place<'_>, variable: &'static Object) {
        match &place.value.value {
            Value::List(items) => self.variables(items, variable),
            Value::Mapping(mapping) => {
                for entry in &mapping.entries {
                    self.variable_name(&entry.key);
                    let subject = quoted(&entry.key.value);
                    let place = Place::entry(entry, &subject, true);
                    self.kind(place, &Kind::Scalar, mapping);
                }
            }
            value if matches!(value.found(), Found::Empty) => self.empty(place, &[]),
            _ => self.wrong_type(
                place,
                "a list of `name` and `value`, or a mapping of names to values",
            ),
        }
    }

    fn variables(&mut self, items: &[Spanned<Value>], variable: &'static Object) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for item in items.iter().filter(|item| !item.value.is_unknown()) {
            self.object(Place::item(item, variable.name), variable);
            let name = item.value.as_mapping().and_then(|mapping| mapping.get("name"));
            let Some((name, text)) = name.and_then(|name| Some((name, name.value.as_text()?))) else {
                continue;
            };
            if text.is_empty() {
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
        if name.value.is_empty() || name.value.contains(['=', '\0']) {
            self.diagnostics
                .invalid_name(name, "name of an environment variable", NAME_RULE, None);
        }
    }
}
