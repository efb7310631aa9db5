//! Values that hold no other keys: texts, booleans, types, names of resources and lists of texts.

use tapedeck_diagnostic::{Allowed, Spanned};

use super::{Checker, Place};
use crate::parse::{Scalar, Value};
use crate::schema::{Kind, Pattern, Support, Type};

impl Checker<'_> {
    /// Checks a value of one of the kinds without keys.
    pub(super) fn leaf(&mut self, place: Place<'_>, kind: &Kind) {
        match kind {
            Kind::Text => {
                self.text(place);
            }
            Kind::Pattern(pattern) => self.pattern(place, pattern),
            Kind::TextOneOf(words) => self.text_one_of(place, words),
            Kind::Scalar => self.scalar(place),
            Kind::Boolean => self.boolean(place),
            Kind::Integer(range) => self.integer(place, range),
            Kind::IntegerOrText(range) => self.integer_or_text(place, range),
            Kind::Decimal(range) => self.decimal(place, range),
            Kind::NumberOneOf(numbers) => self.number_one_of(place, numbers),
            Kind::Texts => self.texts(place, |_, _| ()),
            Kind::Patterns(pattern) => self.texts(place, |checker, item| checker.pattern(item, pattern)),
            Kind::TextsOneOf(words) => self.texts(place, |checker, item| checker.text_one_of(item, words)),
            Kind::Path => self.file_path(place),
            Kind::Folder => self.folder_path(place),
            Kind::Globs => self.texts(place, |checker, item| {
                checker.path(item);
            }),
            Kind::EntryFile(languages) => self.entry_file(place, languages),
            Kind::ResourceName(types) => self.resource_name(place, types),
            Kind::Type(types) => self.type_name(place, types),
            // Kinds with keys never come here.
            Kind::Any
            | Kind::AnyMapping
            | Kind::Object(_)
            | Kind::ListOf(_)
            | Kind::MapOf(_)
            | Kind::MapOfScalars
            | Kind::Branch(_)
            | Kind::Environment(_)
            | Kind::Resources => {}
        }
    }

    /// The text of a value that has to be one.
    pub(super) fn text<'a>(&mut self, place: Place<'a>) -> Option<&'a str> {
        let Some(text) = place.value.value.as_text() else {
            self.wrong_type(place, "a text");
            return None;
        };
        if text.is_empty() {
            self.invalid(place, text, Allowed::Advice("give it a value, or remove the key"));
            return None;
        }
        Some(text)
    }

    fn pattern(&mut self, place: Place<'_>, pattern: &Pattern) {
        if place.value.value.as_text().is_none() {
            return self.wrong_type(place, pattern.name);
        }
        if let Some(text) = self.text(place)
            && !(pattern.holds)(text)
        {
            self.invalid(place, text, Allowed::Advice(pattern.advice));
        }
    }

    fn text_one_of(&mut self, place: Place<'_>, words: &[&str]) {
        if let Some(text) = self.text(place)
            && !words.contains(&text)
        {
            let allowed = Allowed::OneOf {
                supported: words,
                known: words,
            };
            self.invalid(place, text, allowed);
        }
    }

    fn type_name(&mut self, place: Place<'_>, types: &[Type]) {
        let Some(text) = self.text(place) else { return };
        let known: Vec<&str> = types.iter().map(|one| one.name).collect();
        let supported: Vec<&str> = types
            .iter()
            .filter(|one| one.support != Support::NotYet)
            .map(|one| one.name)
            .collect();
        if !known.contains(&text) {
            let allowed = Allowed::OneOf {
                supported: &supported,
                known: &known,
            };
            self.invalid(place, text, allowed);
        }
    }

    fn resource_name(&mut self, place: Place<'_>, types: &[&str]) {
        let Some(text) = self.text(place) else { return };
        let name = Spanned::new(text.to_string(), place.value.span);
        match self.resources.kind(text) {
            // One whose type is wrong has been told about.
            None if self.resources.is_written(text) => {}
            None if self.diagnostics.is_full() => self.diagnostics.unknown_resource(&name, &[]),
            None => {
                let known = self.resources.of_types(types);
                self.diagnostics.unknown_resource(&name, &known);
            }
            Some(kind) if !types.contains(&kind) => {
                let problem = format!("is a resource of type `{kind}`");
                let advice = format!("name one of type `{}`", types.join("` or `"));
                self.diagnostics.wrong_resource_type(&name, &problem, &advice);
            }
            Some(_) => {}
        }
    }

    /// A value that a process can be given in its environment.
    pub(super) fn scalar(&mut self, place: Place<'_>) {
        if place.value.value.as_scalar().is_none() {
            self.wrong_type(place, "a text (\"\" for the empty one), a number or a boolean");
        }
    }

    fn boolean(&mut self, place: Place<'_>) {
        if place.value.value.as_boolean().is_none() {
            self.wrong_type(place, "`true` or `false`");
        }
    }

    /// A list of texts, or one text, each of which `check` looks at too.
    fn texts(&mut self, place: Place<'_>, check: impl Fn(&mut Self, Place<'_>)) {
        let subject = format!("an item of {}", place.subject);
        let mut item = |value: &Spanned<Value>, subject: &str| {
            let place = Place {
                subject,
                at: value.span,
                value,
                late: place.late,
            };
            match &value.value {
                Value::Unknown => {}
                Value::Later(expression) => self.late(place, expression, &Kind::Text),
                _ if self.text(place).is_some() => check(self, place),
                _ => {}
            }
        };
        match &place.value.value {
            Value::List(items) => items.iter().for_each(|value| item(value, &subject)),
            Value::Scalar(_) if place.value.value.as_text().is_some() => item(place.value, place.subject),
            value if matches!(value.found(), tapedeck_diagnostic::Found::Empty) => self.empty(place, &[]),
            _ => self.wrong_type(place, "a list of texts"),
        }
    }

    /// Reports a text that is not allowed.
    pub(super) fn invalid(&mut self, place: Place<'_>, text: &str, allowed: Allowed<'_>) {
        let value = Spanned::new(text.to_string(), place.value.span);
        self.diagnostics.invalid_value(&value, place.subject, allowed);
    }
}

/// A leaf as it was written.
pub(super) fn written(place: Place<'_>) -> Spanned<String> {
    let text = place
        .value
        .value
        .as_scalar()
        .map(|Scalar { text, .. }| text.clone());
    Spanned::new(text.unwrap_or_default(), place.value.span)
}
