//! Numbers: whole ones and others, in a range or from a list.

use tapedeck_diagnostic::Allowed;

use super::leaf::written;
use super::{Checker, Place};
use crate::schema::{DecimalRange, Range};

impl Checker<'_> {
    pub(super) fn integer(&mut self, place: Place<'_>, range: &Range) {
        let value = &place.value.value;
        match (value.as_integer(), value.as_number()) {
            (Some(number), _) if (range.min..=range.max).contains(&number) => {}
            (_, Some(_)) => self.out_of_range(place, range.advice),
            (_, None) => self.not_a_number(place, "a whole number"),
        }
    }

    pub(super) fn integer_or_text(&mut self, place: Place<'_>, range: &Range) {
        let Some(text) = place.value.value.as_text() else {
            return self.integer(place, range);
        };
        match text.parse::<i64>() {
            Ok(number) if (range.min..=range.max).contains(&number) => {}
            Ok(_) => self.out_of_range(place, range.advice),
            Err(_) => self.invalid(place, text, Allowed::Advice(range.advice)),
        }
    }

    pub(super) fn decimal(&mut self, place: Place<'_>, range: &DecimalRange) {
        match place.value.value.as_number() {
            Some(number) if (range.min..=range.max).contains(&number) => {}
            Some(_) => self.out_of_range(place, range.advice),
            None => self.not_a_number(place, "a number"),
        }
    }

    pub(super) fn number_one_of(&mut self, place: Place<'_>, numbers: &[&str]) {
        let Some(given) = place.value.value.as_number() else {
            return self.not_a_number(place, "a number");
        };
        if numbers.iter().any(|number| number.parse() == Ok(given)) {
            return;
        }
        let value = |number: &&&str| {
            number
                .parse::<f64>()
                .map_or(f64::INFINITY, |number| (number - given).abs())
        };
        let nearest = numbers
            .iter()
            .min_by(|left, right| value(left).total_cmp(&value(right)));
        let allowed = match nearest {
            Some(nearest) if given.is_finite() => {
                format!("use one of {}; the nearest is {nearest}", numbers.join(", "))
            }
            _ => format!("use one of {}", numbers.join(", ")),
        };
        self.diagnostics
            .invalid_value(&written(place), place.subject, Allowed::Advice(&allowed));
    }

    fn not_a_number(&mut self, place: Place<'_>, expected: &str) {
        let value = &place.value.value;
        let quoted_number = value.as_text().is_some_and(|text| text.parse::<f64>().is_ok());
        if quoted_number {
            return self.wrong_type(place, &format!("{expected} without quotes"));
        }
        self.wrong_type(place, expected);
    }

    fn out_of_range(&mut self, place: Place<'_>, advice: &str) {
        self.diagnostics
            .out_of_range(&written(place), place.subject, advice);
    }
}
