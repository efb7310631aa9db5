//! Patterns for lines that are JSON: `{ $.level = "error" && $.items[0].count > 3 }`.

use std::borrow::Cow;

use serde_json::Value;

use super::InvalidLogFilter;
use super::condition::{Condition, Test};
use super::cursor::Cursor;
use super::value::Seen;

/// The way to a value within the line, outermost step first.
#[derive(Debug, Clone)]
pub(super) struct Selector(Vec<Step>);

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
    /// Every value of an object or of a list.
    Each,
}

/// Reads what follows the `{`.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Condition<Selector>, InvalidLogFilter> {
    let condition = Condition::parse(cursor, &Selector::parse)?;
    if cursor.eat("}") {
        Ok(condition)
    } else {
        Err(cursor.error("`}`, `&&` or `||` is missing"))
    }
}

/// Whether a line is JSON of which the condition is true.
pub(super) fn matches(condition: &Condition<Selector>, line: &str) -> bool {
    let is_json = line.trim_start().starts_with(['{', '[']);
    let value: Option<Value> = is_json.then(|| serde_json::from_str(line).ok()).flatten();
    value.is_some_and(|value| condition.holds(&|selector, test| holds(test, &selector.find(&value))))
}

/// Whether a test holds for one of the values that were found.
fn holds(test: &Test, found: &[&Value]) -> bool {
    match test {
        Test::IsMissing => found.is_empty(),
        Test::IsNull => found.iter().any(|value| value.is_null()),
        Test::IsTrue => found.contains(&&Value::Bool(true)),
        Test::IsFalse => found.contains(&&Value::Bool(false)),
        Test::Compares(comparing) => found
            .iter()
            .filter_map(|value| seen(value))
            .any(|value| comparing.holds(&value)),
    }
}

/// A value that can be compared: lists, objects and null cannot.
fn seen(value: &Value) -> Option<Seen<'_>> {
    let (text, number) = match value {
        Value::String(text) => (Cow::Borrowed(text.as_str()), None),
        Value::Number(number) => (Cow::Owned(number.to_string()), number.as_f64()),
        Value::Bool(flag) => (Cow::Owned(flag.to_string()), None),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let is_text = value.is_string();
    Some(Seen {
        text,
        number,
        is_text,
    })
}

impl Selector {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, InvalidLogFilter> {
        if !cursor.eat("$") {
            return Err(cursor.error("a selector such as `$.level` is missing"));
        }
        let mut steps = Vec::new();
        loop {
            let step = match cursor.rest().as_bytes() {
                [b'.', b'[', ..] | [b'[', ..] => Self::bracket(cursor)?,
                [b'.', ..] => Self::key(cursor)?,
                _ => break,
            };
            steps.push(step);
        }
        if steps.is_empty() {
            return Err(cursor.error("`$` is followed by `.` and a key, as in `$.level`"));
        }
        Ok(Self(steps))
    }

    fn key(cursor: &mut Cursor<'_>) -> Result<Step, InvalidLogFilter> {
        cursor.eat(".");
        let is_part = |letter: char| letter.is_alphanumeric() || "_-@:/*".contains(letter);
        match cursor.take_while(is_part) {
            "" => Err(cursor.error("a key is missing; one with other characters is written `$.['a key']`")),
            "*" => Ok(Step::Each),
            key => Ok(Step::Key(key.to_owned())),
        }
    }

    fn bracket(cursor: &mut Cursor<'_>) -> Result<Step, InvalidLogFilter> {
        cursor.eat(".");
        cursor.eat("[");
        cursor.skip_space();
        let step = if cursor.rest().starts_with(['"', '\'']) {
            Step::Key(cursor.take_phrase()?)
        } else if cursor.eat("*") {
            Step::Each
        } else {
            let place = cursor.place();
            let digits = cursor.take_while(|letter| letter.is_ascii_digit());
            let Ok(index) = digits.parse() else {
                cursor.go_back(place);
                return Err(cursor.error("the number of an item, `*` or a key in quotes is missing"));
            };
            Step::Index(index)
        };
        if cursor.eat("]") {
            Ok(step)
        } else {
            Err(cursor.error("`]` is missing"))
        }
    }

    fn find<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![value];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.of(value)).collect();
        }
        found
    }
}

impl Step {
    fn of<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match (self, value) {
            (Self::Key(key), Value::Object(object)) => object.get(key).into_iter().collect(),
            (Self::Index(index), Value::Array(items)) => items.get(*index).into_iter().collect(),
            (Self::Each, Value::Object(object)) => object.values().collect(),
            (Self::Each, Value::Array(items)) => items.iter().collect(),
            _ => Vec::new(),
        }
    }
}
