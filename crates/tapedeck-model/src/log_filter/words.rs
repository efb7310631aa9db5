//! Patterns of words: `error -timeout`, `?warning ?error`, `"exact phrase"`, `%expression%`.

use regex::Regex;

use super::InvalidLogFilter;
use super::cursor::Cursor;

/// All plain terms, none of the `-` terms and, where there are `?` terms, one of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    all: Vec<Term>,
    any: Vec<Term>,
    none: Vec<Term>,
}

#[derive(Debug, Clone)]
enum Term {
    Text(String),
    Expression(Regex),
}

impl Words {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, InvalidLogFilter> {
        let mut words = Self::default();
        while !cursor.is_done() {
            let signed = cursor
                .rest()
                .chars()
                .nth(1)
                .is_some_and(|next| !next.is_whitespace());
            let terms = if signed && cursor.eat("-") {
                &mut words.none
            } else if signed && cursor.eat("?") {
                &mut words.any
            } else {
                &mut words.all
            };
            terms.push(Term::parse(cursor)?);
        }
        Ok(words)
    }

    pub(super) fn matches(&self, line: &str) -> bool {
        self.all.iter().all(|term| term.is_in(line))
            && !self.none.iter().any(|term| term.is_in(line))
            && (self.any.is_empty() || self.any.iter().any(|term| term.is_in(line)))
    }
}

impl Term {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, InvalidLogFilter> {
        match cursor.rest().chars().next() {
            Some('"') => cursor.take_phrase().map(Self::Text),
            Some('%') => cursor.take_expression().map(Self::Expression),
            _ => Ok(Self::Text(
                cursor.take_while(|letter| !letter.is_whitespace()).to_owned(),
            )),
        }
    }

    fn is_in(&self, line: &str) -> bool {
        match self {
            Self::Text(text) => line.contains(text.as_str()),
            Self::Expression(expression) => expression.is_match(line),
        }
    }
}
