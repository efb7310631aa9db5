//! Patterns for lines of fields with spaces between them: `[ip, user, ..., status=4*]`.

use std::borrow::Cow;

use super::InvalidLogFilter;
use super::condition::{Condition, Test};
use super::cursor::Cursor;
use super::value::{Seen, number};

/// What the fields of a line must be.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    first: Vec<Column>,
    /// After a `...`, which stands for any number of fields; without it there are exactly the first ones.
    last: Option<Vec<Column>>,
}

/// A field, and what must be true of it.
type Column = Option<Condition<()>>;

impl Columns {
    /// Reads what follows the `[`.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, InvalidLogFilter> {
        let mut columns = Self {
            first: Vec::new(),
            last: None,
        };
        loop {
            cursor.skip_space();
            let place = cursor.place();
            if cursor.eat("...") || cursor.eat("…") {
                if columns.last.replace(Vec::new()).is_some() {
                    cursor.go_back(place);
                    return Err(cursor.error("`...` may stand once"));
                }
            } else {
                let column = column(cursor)?;
                columns.last.as_mut().unwrap_or(&mut columns.first).push(column);
            }
            if cursor.eat("]") {
                return Ok(columns);
            }
            if !cursor.eat(",") {
                return Err(cursor.error("`,` or `]` is missing"));
            }
        }
    }

    pub(super) fn matches(&self, line: &str) -> bool {
        let fields = fields(line);
        let last: &[Column] = self.last.as_deref().unwrap_or_default();
        let named = self.first.len() + last.len();
        if fields.len() < named || (self.last.is_none() && fields.len() > named) {
            return false;
        }
        let end = fields.len() - last.len();
        let first = self.first.iter().zip(&fields);
        first
            .chain(last.iter().zip(&fields[end..]))
            .all(|(column, field)| {
                column
                    .as_ref()
                    .is_none_or(|condition| condition.holds(&|(), test| holds(test, field)))
            })
    }
}

/// Reads `name` or a condition in which each comparison is of that name.
fn column(cursor: &mut Cursor<'_>) -> Result<Column, InvalidLogFilter> {
    let place = cursor.place();
    cursor.eat("(");
    let own = name(cursor)?;
    if cursor.eat(",") || cursor.eat("]") {
        cursor.go_back(place);
        name(cursor)?;
        return Ok(None);
    }
    cursor.go_back(place);
    let condition = Condition::parse(cursor, &|cursor| {
        cursor.skip_space();
        let place = cursor.place();
        if name(cursor)? == own {
            return Ok(());
        }
        cursor.go_back(place);
        Err(cursor.error(&format!("conditions of the field `{own}` are about itself")))
    })?;
    if !condition.only_compares() {
        return Err(cursor.error("fields are only compared (= != < <= > >=)"));
    }
    Ok(Some(condition))
}

fn name<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, InvalidLogFilter> {
    cursor.skip_space();
    match cursor.take_while(|letter| letter.is_alphanumeric() || "_-.".contains(letter)) {
        "" => Err(cursor.error("the name of a field is missing")),
        name => Ok(name),
    }
}

fn holds(test: &Test, field: &str) -> bool {
    match test {
        Test::Compares(comparing) => comparing.holds(&Seen {
            text: Cow::Borrowed(field),
            number: number(field),
            is_text: true,
        }),
        // Refused when the pattern is read.
        Test::IsNull | Test::IsMissing | Test::IsTrue | Test::IsFalse => false,
    }
}

/// The fields of a line. What stands in quotes or brackets is one field, without them.
fn fields(line: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let closing = match first {
            '"' => Some('"'),
            '[' => Some(']'),
            _ => None,
        };
        let enclosed = closing.and_then(|closing| rest[1..].split_once(closing));
        let (field, after) =
            enclosed.unwrap_or_else(|| rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())));
        fields.push(field);
        rest = after.trim_start();
    }
    fields
}
