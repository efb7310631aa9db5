//! The tree: values whose keys and leaves know where they were written.

use tapedeck_diagnostic::{Found, Spanned};
use tapedeck_model::{Data, Expression, Number};

use super::scalar;

/// A value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A leaf.
    Scalar(Scalar),
    /// A list.
    List(Vec<Spanned<Value>>),
    /// A mapping.
    Mapping(Mapping),
    /// What only the deployment knows: a directive that was evaluated as far as it can be.
    Later(Expression),
    /// Something was found about it, or is still to be found out: nothing more is to be said.
    Unknown,
}

/// A leaf as it was written, and what the core schema of YAML 1.2 takes it for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text: of a number or boolean as written, of anything else with quotes and escapes undone.
    pub text: String,
    /// What it is.
    pub kind: ScalarKind,
}

/// What a leaf is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// An integer or a decimal number.
    Number,
    /// Anything else.
    Text,
}

/// A mapping in the order of the file. No key is in it twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key. Keys are never read as numbers or booleans.
    pub key: Spanned<String>,
    /// The value.
    pub value: Spanned<Value>,
}

impl Mapping {
    /// The entry of a key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.value == key)
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Spanned<Value>> {
        self.entry(key).map(|entry| &entry.value)
    }
}

impl Value {
    /// The mapping, if it is one.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match self {
            Self::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The leaf, if it is one that says something.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) if scalar.kind != ScalarKind::Null => Some(scalar),
            _ => None,
        }
    }

    /// The text, if it is one; not that of a number or boolean.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        let scalar = self.as_scalar()?;
        (scalar.kind == ScalarKind::Text).then_some(scalar.text.as_str())
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn as_boolean(&self) -> Option<bool> {
        let scalar = self.as_scalar()?;
        (scalar.kind == ScalarKind::Boolean).then(|| scalar.text.eq_ignore_ascii_case("true"))
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        let scalar = self.as_scalar()?;
        (scalar.kind == ScalarKind::Number).then(|| scalar::number(&scalar.text))?
    }

    /// The whole number, if it is one; `2.0` and `2e3` are.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        whole(self.as_number()?)
    }

    /// The list, if it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Spanned<Self>]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The expression, if it is one.
    #[must_use]
    pub fn as_expression(&self) -> Option<&Expression> {
        match self {
            Self::Later(expression) => Some(expression),
            _ => None,
        }
    }

    /// Whether nothing can be said about it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    /// The value without its places.
    #[must_use]
    pub fn to_data(&self) -> Data {
        match self {
            Self::Scalar(scalar) => match scalar.kind {
                ScalarKind::Null => Data::Null,
                ScalarKind::Boolean => Data::Boolean(scalar.text.eq_ignore_ascii_case("true")),
                ScalarKind::Number => Data::Number(Number(scalar.text.clone())),
                ScalarKind::Text => Data::Text(scalar.text.clone()),
            },
            Self::List(items) => Data::List(items.iter().map(|item| item.value.to_data()).collect()),
            Self::Mapping(mapping) => Data::Mapping(
                mapping
                    .entries
                    .iter()
                    .map(|entry| (entry.key.value.clone(), entry.value.value.to_data()))
                    .collect(),
            ),
            Self::Later(expression) => Data::Later(expression.clone()),
            Self::Unknown => Data::Null,
        }
    }

    /// The value as JSON. `None` when something in it is not known yet.
    #[must_use]
    pub fn to_json(&self) -> Option<serde_json::Value> {
        if self.has_unknown() {
            return None;
        }
        serde_json::to_value(self.to_data()).ok()
    }

    fn has_unknown(&self) -> bool {
        match self {
            Self::Scalar(_) => false,
            Self::List(items) => items.iter().any(|item| item.value.has_unknown()),
            Self::Mapping(mapping) => mapping
                .entries
                .iter()
                .any(|entry| entry.value.value.has_unknown()),
            Self::Later(_) | Self::Unknown => true,
        }
    }

    /// What it is, for messages.
    #[must_use]
    pub fn found(&self) -> Found<'_> {
        match self {
            Self::List(_) => Found::List,
            Self::Mapping(_) => Found::Mapping,
            Self::Later(expression) => Found::Later(expression.directive()),
            Self::Unknown => Found::Empty,
            Self::Scalar(scalar) => match scalar.kind {
                ScalarKind::Null => Found::Empty,
                ScalarKind::Boolean => Found::Boolean(&scalar.text),
                ScalarKind::Number => Found::Number(&scalar.text),
                ScalarKind::Text => Found::Text(&scalar.text),
            },
        }
    }
}

/// A number without a fraction that every computer agrees on.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}
