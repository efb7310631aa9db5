//! The grammar of a call: `$Name(arguments)` and perhaps a path: `$File('a.json').list.0`.
//!
//! ```text
//! call     = "$" name "(" [ argument { "," argument } ] ")" { "." key | "[" index or quoted key "]" }
//! argument = quoted text | number | true | false | word | call
//! ```
//! Between quotes, `\'`, `\"` and `\\` stand for the second character; every other backslash stays.

use std::ops::Range;

use crate::parse::MAX_DEPTH;

/// How deep calls may stand within calls.
const MAX_NESTING: usize = 32;

/// How many steps the path after a call may have. No value lies deeper.
const MAX_STEPS: usize = MAX_DEPTH;

/// A call of a directive, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The name, without the `$`.
    pub(crate) name: String,
    /// What stands between the parentheses.
    pub(crate) arguments: Vec<Argument>,
    /// What is wanted of the result.
    pub(crate) path: Vec<Segment>,
    /// Bytes of the text that the call takes up, without the path.
    pub(crate) range: Range<usize>,
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A text between quotes.
    Text(String),
    /// A word without quotes: a number, a boolean or a text.
    Word(String),
    /// A call.
    Call(Call),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The key or index.
    pub(crate) key: String,
    /// Bytes of the text that it takes up.
    pub(crate) range: Range<usize>,
}

/// What a text is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A text.
    Plain,
    /// A call, the whole text of it.
    Call(Call),
    /// A call, and after it more text that belongs to nothing: what comes after.
    Trailing(Call, String),
    /// It begins like a call and is none. With the name, and what is wrong.
    Broken {
        /// The name that it begins with.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Reads a text that may be a call.
pub(crate) fn read(text: &str) -> Reading {
    let Some(name) = name_of(text) else {
        return Reading::Plain;
    };
    let mut reader = Reader {
        text,
        at: 0,
        nesting: 0,
    };
    let call = reader.call();
    let call = match call.and_then(|call| reader.path(call)) {
        Ok(call) => call,
        Err(problem) => {
            return Reading::Broken {
                name: name.to_string(),
                problem,
            };
        }
    };
    match &text[reader.at..] {
        "" => Reading::Call(call),
        rest if rest.trim().is_empty() => Reading::Call(call),
        rest => Reading::Trailing(call, rest.to_string()),
    }
}

/// The name of a directive that a text begins to call.
fn name_of(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('$')?;
    let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')?;
    let name = &rest[..end];
    let starts_well = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    (starts_well && rest[end..].starts_with('(')).then_some(name)
}

/// The names of directives that are called somewhere within a text that is no call itself, each with the bytes from its
/// `$` to its parenthesis.
pub(crate) fn called_within(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let last = text.rfind(')').unwrap_or_default();
    text[..last].match_indices('$').filter_map(|(at, _)| {
        let name = name_of(&text[at..])?;
        Some((name, at..at + name.len() + 1))
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    nesting: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn call(&mut self) -> Result<Call, &'static str> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err("calls are nested too deep");
        }
        let start = self.at;
        let name = name_of(self.rest()).ok_or("a `$` stands without a name and a parenthesis after it")?;
        self.at += 1 + name.len() + 1;
        let arguments = self.arguments()?;
        self.nesting -= 1;
        Ok(Call {
            name: name.to_string(),
            arguments,
            path: Vec::new(),
            range: start..self.at,
        })
    }

    /// From behind the opening parenthesis to behind the closing one.
    fn arguments(&mut self) -> Result<Vec<Argument>, &'static str> {
        let mut arguments = Vec::new();
        self.skip_spaces();
        if self.take(')') {
            return Ok(arguments);
        }
        loop {
            self.skip_spaces();
            arguments.push(self.argument()?);
            self.skip_spaces();
            if self.take(')') {
                return Ok(arguments);
            }
            if !self.take(',') {
                return Err(if self.rest().is_empty() {
                    "its parenthesis is never closed"
                } else {
                    "a comma or the closing parenthesis is missing after an argument"
                });
            }
        }
    }

    fn argument(&mut self) -> Result<Argument, &'static str> {
        match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote).map(Argument::Text),
            Some('$') if name_of(self.rest()).is_some() => {
                let call = self.call()?;
                self.path(call).map(Argument::Call)
            }
            _ => self.word().map(Argument::Word),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, &'static str> {
        self.at += 1;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().peekable();
        while let Some((offset, letter)) = letters.next() {
            if letter == quote {
                self.at += offset + 1;
                return Ok(text);
            }
            let escaped = letters.peek().map(|(_, next)| *next);
            match (letter, escaped) {
                ('\\', Some(next @ ('\'' | '"' | '\\'))) => {
                    text.push(next);
                    letters.next();
                }
                _ => text.push(letter),
            }
        }
        Err("a quote is never closed")
    }

    fn word(&mut self) -> Result<String, &'static str> {
        let rest = self.rest();
        let end = rest.find([',', ')', '(', '\'', '"']).unwrap_or(rest.len());
        let word = rest[..end].trim_end();
        if word.is_empty() {
            return Err("an argument is missing");
        }
        self.at += end;
        Ok(word.to_string())
    }

    /// What follows a call: `.key`, `.0`, `[0]`, `['key with.dots']`.
    fn path(&mut self, mut call: Call) -> Result<Call, &'static str> {
        loop {
            let start = self.at;
            let key = if self.take('.') {
                let rest = self.rest();
                let stops =
                    |letter: char| matches!(letter, '.' | '[' | ',' | ')' | ' ' | '/' | '\'' | '"' | '$');
                let end = rest.find(stops).unwrap_or(rest.len());
                self.at += end;
                rest[..end].to_string()
            } else if self.rest().starts_with('[') {
                self.at += 1;
                let key = match self.rest().chars().next() {
                    Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
                    _ => {
                        let rest = self.rest();
                        let end = rest.find(']').ok_or("a bracket is never closed")?;
                        self.at += end;
                        rest[..end].to_string()
                    }
                };
                if !self.take(']') {
                    return Err("a bracket is never closed");
                }
                key
            } else {
                return Ok(call);
            };
            if key.is_empty() {
                return Err("a key is missing in the path after it");
            }
            if call.path.len() == MAX_STEPS {
                return Err("the path after it is longer than values are deep");
            }
            call.path.push(Segment {
                key,
                range: start..self.at,
            });
        }
    }
}
