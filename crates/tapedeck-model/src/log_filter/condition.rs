//! Conditions that are joined by `&&`, `||` and parentheses.

use super::InvalidLogFilter;
use super::cursor::Cursor;
use super::value::Comparing;

/// How deep parentheses may be nested.
const DEPTH: usize = 32;

/// What must be true of values that are named by `Of`.
#[derive(Debug, Clone)]
pub(super) enum Condition<Of> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Is(Of, Test),
}

/// What must be true of one value.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Compares(Comparing),
    IsNull,
    IsTrue,
    IsFalse,
    IsMissing,
}

/// Reads how a value is named.
pub(super) type Name<'a, Of> = &'a dyn Fn(&mut Cursor<'_>) -> Result<Of, InvalidLogFilter>;

impl<Of> Condition<Of> {
    pub(super) fn parse(cursor: &mut Cursor<'_>, name: Name<'_, Of>) -> Result<Self, InvalidLogFilter> {
        Self::any(cursor, name, 0)
    }

    /// Whether it holds, where `test` tells whether a test of one value does.
    pub(super) fn holds(&self, test: &impl Fn(&Of, &Test) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(test)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(test)),
            Self::Is(of, wanted) => test(of, wanted),
        }
    }

    /// Whether there is no other test than comparisons in it.
    pub(super) fn only_compares(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().all(Self::only_compares),
            Self::Is(_, test) => matches!(test, Test::Compares(_)),
        }
    }

    fn any(cursor: &mut Cursor<'_>, name: Name<'_, Of>, depth: usize) -> Result<Self, InvalidLogFilter> {
        let mut parts = vec![Self::all(cursor, name, depth)?];
        while cursor.eat("||") {
            parts.push(Self::all(cursor, name, depth)?);
        }
        Ok(Self::Any(parts))
    }

    fn all(cursor: &mut Cursor<'_>, name: Name<'_, Of>, depth: usize) -> Result<Self, InvalidLogFilter> {
        let mut parts = vec![Self::one(cursor, name, depth)?];
        while cursor.eat("&&") {
            parts.push(Self::one(cursor, name, depth)?);
        }
        Ok(Self::All(parts))
    }

    fn one(cursor: &mut Cursor<'_>, name: Name<'_, Of>, depth: usize) -> Result<Self, InvalidLogFilter> {
        if cursor.eat("(") {
            if depth == DEPTH {
                return Err(cursor.error("parentheses are nested too deep"));
            }
            let inner = Self::any(cursor, name, depth + 1)?;
            if !cursor.eat(")") {
                return Err(cursor.error("`)`, `&&` or `||` is missing"));
            }
            return Ok(inner);
        }
        let of = name(cursor)?;
        Ok(Self::Is(of, Test::parse(cursor)?))
    }
}

impl Test {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, InvalidLogFilter> {
        if let Some(comparing) = Comparing::parse(cursor)? {
            return Ok(Self::Compares(comparing));
        }
        let known = [
            (["IS", "NULL"], Self::IsNull),
            (["IS", "TRUE"], Self::IsTrue),
            (["IS", "FALSE"], Self::IsFalse),
            (["NOT", "EXISTS"], Self::IsMissing),
        ];
        for (words, test) in known {
            if cursor.eat_words(&words) {
                return Ok(test);
            }
        }
        Err(cursor
            .error("a comparison (= != < <= > >=), IS NULL, IS TRUE, IS FALSE or NOT EXISTS is missing"))
    }
}
