//! What a value in a line is compared with.

use std::borrow::Cow;

use regex::Regex;

use super::InvalidLogFilter;
use super::cursor::Cursor;

/// A value that stands in a line.
pub(super) struct Seen<'a> {
    pub(super) text: Cow<'a, str>,
    /// It, as a number, where it is one.
    pub(super) number: Option<f64>,
    /// Whether it can be equal to a text in quotes.
    pub(super) is_text: bool,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A comparison with a value of the pattern.
#[derive(Debug, Clone)]
pub(super) struct Comparing {
    comparison: Comparison,
    with: Literal,
}

#[derive(Debug, Clone)]
enum Literal {
    /// In quotes: a text, with `*` for anything.
    Phrase(String),
    /// As it stands: a number or a text, with `*` for anything.
    Bare(String, Option<f64>),
    Expression(Regex),
}

/// Longer ones first, as some begin like others.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::More),
];

impl Comparing {
    /// Reads `= value` and its kind; none when no comparison stands here.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Option<Self>, InvalidLogFilter> {
        let found = COMPARISONS.iter().find(|(token, _)| cursor.eat(token));
        let Some(&(token, comparison)) = found else {
            return Ok(None);
        };
        cursor.skip_space();
        let place = cursor.place();
        let with = Literal::parse(cursor)?;
        let by_order = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if by_order && with.number().is_none() {
            cursor.go_back(place);
            return Err(cursor.error(&format!("`{token}` compares with a number")));
        }
        Ok(Some(Self { comparison, with }))
    }

    pub(super) fn holds(&self, seen: &Seen<'_>) -> bool {
        let numbers = seen.number.zip(self.with.number());
        let ordered = |holds: fn(f64, f64) -> bool| numbers.is_some_and(|(left, right)| holds(left, right));
        match self.comparison {
            Comparison::Equal => self.with.is(seen),
            Comparison::NotEqual => !self.with.is(seen),
            Comparison::Less => ordered(|left, right| left < right),
            Comparison::AtMost => ordered(|left, right| left <= right),
            Comparison::More => ordered(|left, right| left > right),
            Comparison::AtLeast => ordered(|left, right| left >= right),
        }
    }
}

impl Literal {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, InvalidLogFilter> {
        match cursor.rest().chars().next() {
            Some('"') => return cursor.take_phrase().map(Self::Phrase),
            Some('%') => return cursor.take_expression().map(Self::Expression),
            _ => {}
        }
        let place = cursor.place();
        let text = cursor.take_value();
        if text.is_empty() {
            cursor.go_back(place);
            return Err(cursor.error("a value is missing"));
        }
        Ok(Self::Bare(text.to_owned(), number(text)))
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Bare(_, number) => *number,
            Self::Phrase(_) | Self::Expression(_) => None,
        }
    }

    fn is(&self, seen: &Seen<'_>) -> bool {
        match self {
            Self::Phrase(text) => seen.is_text && fits(text, &seen.text),
            Self::Bare(text, number) => {
                fits(text, &seen.text) || (number.is_some() && *number == seen.number)
            }
            Self::Expression(expression) => expression.is_match(&seen.text),
        }
    }
}

/// A text as a finite number, if it is one in decimal digits.
pub(super) fn number(text: &str) -> Option<f64> {
    let begins = text
        .trim_start_matches(['-', '+', '.'])
        .starts_with(|letter: char| letter.is_ascii_digit());
    let number: f64 = text.parse().ok().filter(|_| begins)?;
    number.is_finite().then_some(number)
}

/// Whether a text is as a pattern says in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(begin) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match text.split_once(part) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(end)
}
