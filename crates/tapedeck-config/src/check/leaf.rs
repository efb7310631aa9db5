//! Values that hold no other keys: texts, numbers, booleans, paths and lists of texts.

use tapedeck_diagnostic::{Allowed, Spanned, quoted};

use super::{Checker, Place};
use crate::parse::{Scalar, Value};
use crate::schema::{Kind, LANGUAGES, Language, Range, Support, Type, extension};

impl Checker<'_> {
    /// Checks a value of one of the kinds without keys.
    pub(super) fn leaf(&mut self, place: Place<'_>, kind: &Kind) {
        match kind {
            Kind::Text => {
                self.text(place);
            }
            Kind::TextOneOf(words) => self.text_one_of(place, words),
            Kind::Scalar => self.scalar(place),
            Kind::Boolean => self.boolean(place),
            Kind::Integer(range) => self.integer(place, range),
            Kind::IntegerOrText(range) => self.integer_or_text(place, range),
            Kind::NumberOneOf(numbers) => self.number_one_of(place, numbers),
            Kind::Texts => self.texts(place, |_, _| ()),
            Kind::Path => self.glob(place),
            Kind::Globs => self.texts(place, Self::glob),
            Kind::EntryFile => self.entry_file(place),
            Kind::Type(types) => self.type_name(place, types),
            // Kinds with keys never come here.
            Kind::Any | Kind::Object(_) | Kind::MapOf(_) | Kind::Branch(_) | Kind::Environment(_) => {}
        }
    }

    fn text<'a>(&mut self, place: Place<'a>) -> Option<&'a str> {
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

    fn text_one_of(&mut self, place: Place<'_>, words: &[&str]) {
        if let Some(text) = self.text(place)
            && !words.contains(&text)
        {
            self.invalid(
                place,
                text,
                Allowed::OneOf {
                    supported: words,
                    known: words,
                },
            );
        }
    }

    fn type_name(&mut self, place: Place<'_>, types: &[Type]) {
        let Some(text) = self.text(place) else { return };
        let known: Vec<&str> = types.iter().map(|one| one.name).collect();
        let supported: Vec<&str> = types
            .iter()
            .filter(|one| one.support == Support::Full)
            .map(|one| one.name)
            .collect();
        if !known.contains(&text) {
            self.invalid(
                place,
                text,
                Allowed::OneOf {
                    supported: &supported,
                    known: &known,
                },
            );
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

    fn integer(&mut self, place: Place<'_>, range: &Range) {
        let value = &place.value.value;
        match (value.as_integer(), value.as_number()) {
            (Some(number), _) if (range.min..=range.max).contains(&number) => {}
            (_, Some(_)) => self.out_of_range(place, range),
            (_, None) => self.not_a_number(place, "a whole number"),
        }
    }

    fn integer_or_text(&mut self, place: Place<'_>, range: &Range) {
        let Some(text) = place.value.value.as_text() else {
            return self.integer(place, range);
        };
        match text.parse::<i64>() {
            Ok(number) if (range.min..=range.max).contains(&number) => {}
            Ok(_) => self.out_of_range(place, range),
            Err(_) => self.invalid(place, text, Allowed::Advice(range.advice)),
        }
    }

    fn number_one_of(&mut self, place: Place<'_>, numbers: &[&str]) {
        let Some(given) = place.value.value.as_number() else {
            return self.not_a_number(place, "a number");
        };
        if !numbers.iter().any(|number| number.parse() == Ok(given)) {
            let allowed = format!("use one of {}", numbers.join(", "));
            let value = written(place);
            self.diagnostics
                .invalid_value(&value, place.subject, Allowed::Advice(&allowed));
        }
    }

    fn not_a_number(&mut self, place: Place<'_>, expected: &str) {
        let quoted_number = place
            .value
            .value
            .as_text()
            .is_some_and(|text| text.parse::<f64>().is_ok());
        let expected = if quoted_number {
            format!("{expected} without quotes")
        } else {
            expected.to_string()
        };
        self.wrong_type(place, &expected);
    }

    /// A list of texts, or one text, each of which `check` looks at too.
    fn texts(&mut self, place: Place<'_>, check: fn(&mut Self, Place<'_>)) {
        let subject = format!("an item of {}", place.subject);
        let mut item = |value: &Spanned<Value>, subject: &str| {
            let place = Place {
                subject,
                at: value.span,
                value,
            };
            if !self.directive(place) && self.text(place).is_some() {
                check(self, place);
            }
        };
        match &place.value.value {
            Value::List(items) => items.iter().for_each(|value| item(value, &subject)),
            Value::Scalar(_) if place.value.value.as_text().is_some() => item(place.value, place.subject),
            _ => self.wrong_type(place, "a list of texts"),
        }
    }

    /// A path that starts in the folder of the config file; it may lead out of it through `..`.
    fn path<'a>(&mut self, place: Place<'a>) -> Option<&'a str> {
        let text = self.text(place)?;
        let drive = text.as_bytes().get(1) == Some(&b':') && text.as_bytes()[0].is_ascii_alphabetic();
        if text.starts_with(['/', '\\', '~']) || drive {
            self.invalid(
                place,
                text,
                Allowed::Advice("use a path relative to the folder of the config file"),
            );
            return None;
        }
        Some(text)
    }

    /// A path or a pattern of paths.
    fn glob(&mut self, place: Place<'_>) {
        self.path(place);
    }

    fn entry_file(&mut self, place: Place<'_>) {
        let Some(path) = self.path(place) else { return };
        let extension = extension(path);
        match LANGUAGES
            .iter()
            .find(|language| language.extensions.contains(&extension))
        {
            Some(Language {
                support: Support::NotYet,
                name,
                ..
            }) => {
                let subject = format!("an entry file in {name}, {},", quoted(path));
                self.diagnostics.not_supported_yet(place.value.span, &subject);
            }
            Some(_) => {}
            None => {
                let advice = format!("use a file whose name ends in {}", supported_extensions());
                self.invalid(place, path, Allowed::Advice(&advice));
            }
        }
    }

    fn out_of_range(&mut self, place: Place<'_>, range: &Range) {
        self.diagnostics
            .out_of_range(&written(place), place.subject, range.advice);
    }

    fn invalid(&mut self, place: Place<'_>, text: &str, allowed: Allowed<'_>) {
        let value = Spanned::new(text.to_string(), place.value.span);
        self.diagnostics.invalid_value(&value, place.subject, allowed);
    }
}

/// A leaf as it was written.
fn written(place: Place<'_>) -> Spanned<String> {
    let text = place
        .value
        .value
        .as_scalar()
        .map(|Scalar { text, .. }| text.clone());
    Spanned::new(text.unwrap_or_default(), place.value.span)
}

fn supported_extensions() -> String {
    let supported = LANGUAGES
        .iter()
        .filter(|language| language.support == Support::Full);
    let extensions: Vec<String> = supported
        .flat_map(|language| language.extensions)
        .map(|extension| format!(".{extension}"))
        .collect();
    extensions.join(", ")
}
