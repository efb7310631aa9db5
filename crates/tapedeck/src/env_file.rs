//! Files of lines `KEY=VALUE`, as `.env` files are. Pure.

use std::collections::BTreeMap;

/// A line that cannot be read. It is not shown: it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {what}")]
pub(crate) struct UnreadableLine {
    /// Its number, from 1.
    pub(crate) line: usize,
    /// What is wrong with it, after its number.
    pub(crate) what: String,
}

/// Reads the variables of a file: lines `KEY=VALUE`, with or without `export` before them. Empty lines and lines that
/// begin with `#` mean nothing. A value in quotes has them taken off; in double quotes `\n`, `\r`, `\t`, `\"`, `\\` and
/// `\$` are what they stand for. Nothing else in a value has a meaning, `#` and `$` neither.
///
/// # Errors
/// The first line that is none of that.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, String>, UnreadableLine> {
    let mut variables = BTreeMap::new();
    let mut lines_of: BTreeMap<&str, usize> = BTreeMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let wrong = |what: &str| UnreadableLine {
            line: index + 1,
            what: what.to_owned(),
        };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (key, value) = line.split_once('=').ok_or_else(|| wrong("is not KEY=VALUE"))?;
        let key = key.trim();
        if !is_key(key) {
            return Err(wrong(
                "has no key in front of its `=`: use letters, digits and underscores, no digit first",
            ));
        }
        if let Some(before) = lines_of.insert(key, index + 1) {
            return Err(wrong(&format!("gives {key} another value than line {before}")));
        }
        let value = unquoted(value.trim()).ok_or_else(|| wrong("has a quote that does not end"))?;
        variables.insert(key.to_owned(), value);
    }
    Ok(variables)
}

/// Whether this names a variable. Keys with dots could not be used: the dot separates keys.
fn is_key(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A value without its quotes; none when they do not end where the value does.
fn unquoted(value: &str) -> Option<String> {
    if let Some(rest) = value.strip_prefix('\'') {
        let inner = rest.strip_suffix('\'')?;
        return (!inner.contains('\'')).then(|| inner.to_owned());
    }
    let Some(rest) = value.strip_prefix('"') else {
        return Some(value.to_owned());
    };
    let mut inner = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '"' => return letters.as_str().is_empty().then_some(inner),
            '\\' => match letters.next()? {
                'n' => inner.push('\n'),
                'r' => inner.push('\r'),
                't' => inner.push('\t'),
                literal @ ('"' | '\\' | '$') => inner.push(literal),
                other => inner.extend(['\\', other]),
            },
            letter => inner.push(letter),
        }
    }
}
