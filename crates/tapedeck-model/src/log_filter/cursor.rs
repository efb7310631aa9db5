//! A place in a pattern that is being read.

use regex::Regex;

use super::InvalidLogFilter;

pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Whether nothing but spaces is left.
    pub(super) fn is_done(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty()
    }

    pub(super) fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Goes past a token, and spaces before it, if it stands here.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Goes past words in capitals with spaces between them, if they stand here.
    pub(super) fn eat_words(&mut self, words: &[&str]) -> bool {
        let before = self.at;
        for word in words {
            self.skip_space();
            if self.take_while(|letter| letter.is_ascii_alphanumeric()) != *word {
                self.at = before;
                return false;
            }
        }
        true
    }

    /// Goes past characters as long as they are wanted.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|letter| !wanted(letter)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Goes past a word that ends at a space, a comma, a bracket, `&&` or `||`.
    pub(super) fn take_value(&mut self) -> &'a str {
        let rest = self.rest();
        let is_end = |letter: char| letter.is_whitespace() || "(){}[],".contains(letter);
        let ends = [rest.find(is_end), rest.find("&&"), rest.find("||")];
        let length = ends.into_iter().flatten().min().unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The text up to the same mark that the cursor stands at, which is `"`, `'` or `%`. A backslash before the mark
    /// makes it a part of the text.
    pub(super) fn take_enclosed(&mut self) -> Result<String, InvalidLogFilter> {
        let mut letters = self.rest().char_indices();
        let Some((_, mark)) = letters.next() else {
            return Err(self.error("a text is missing"));
        };
        let mut inner = String::new();
        while let Some((place, letter)) = letters.next() {
            if letter == mark {
                self.at += place + mark.len_utf8();
                return Ok(inner);
            }
            match (letter, letters.clone().next()) {
                ('\\', Some((_, next))) if next == mark => {
                    inner.push(mark);
                    letters.next();
                }
                // Two together, so that the second one does not protect a mark.
                ('\\', Some((_, '\\'))) => {
                    inner.push_str("\\\\");
                    letters.next();
                }
                _ => inner.push(letter),
            }
        }
        Err(self.error(&format!("the `{mark}` is not closed")))
    }

    /// The phrase in quotes that begins here.
    pub(super) fn take_phrase(&mut self) -> Result<String, InvalidLogFilter> {
        Ok(self.take_enclosed()?.replace("\\\\", "\\"))
    }

    /// The regular expression between `%` that begins here.
    pub(super) fn take_expression(&mut self) -> Result<Regex, InvalidLogFilter> {
        let begin = self.at;
        let text = self.take_enclosed()?;
        Regex::new(&text).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ");
            Self {
                text: self.text,
                at: begin,
            }
            .error(&format!("the expression cannot be used ({reason})"))
        })
    }

    /// Goes back to a place that [`Self::place`] told.
    pub(super) fn go_back(&mut self, place: usize) {
        self.at = place;
    }

    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// What is wrong at this place.
    pub(super) fn error(&self, problem: &str) -> InvalidLogFilter {
        InvalidLogFilter {
            pattern: self.text.to_owned(),
            column: self.text[..self.at].chars().count() + 1,
            problem: problem.to_owned(),
        }
    }
}
