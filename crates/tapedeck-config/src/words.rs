//! The tables in words: what a key takes, whether it must be there, how far it is supported.
//!
//! One wording for the JSON Schema, the reference and `explain`. Texts hold backticks around code and nothing else of
//! Markdown; [`plain`] takes them out.

use tapedeck_model::ValueType;

use crate::schema::{Key, Kind, Language, Need, Object, Support};

/// What a kind of value is called.
pub(crate) fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Any => "anything".to_string(),
        Kind::AnyMapping => "mapping of anything".to_string(),
        Kind::Text => "text".to_string(),
        Kind::Pattern(pattern) => without_article(pattern.name).to_string(),
        Kind::TextOneOf(words) => format!("one of {}", listed(words)),
        Kind::Scalar => "text, number or boolean".to_string(),
        Kind::Boolean => "boolean".to_string(),
        Kind::Integer(range) => format!("whole number{}", bounds(range.min, range.max)),
        Kind::IntegerOrText(range) => {
            format!("whole number{}, quoted or not", bounds(range.min, range.max))
        }
        Kind::Decimal(range) => format!("number, {} to {}", range.min, range.max),
        Kind::NumberOneOf(numbers) => format!("one of {}", listed(numbers)),
        Kind::Texts => "list of texts, or one text".to_string(),
        Kind::Patterns(pattern) => format!("list, or one: each {}", pattern.name),
        Kind::TextsOneOf(words) => format!("list, or one: each one of {}", listed(words)),
        Kind::Path => "relative path of a file".to_string(),
        Kind::Folder => "relative path of a folder".to_string(),
        Kind::Globs => "list of globs, or one glob".to_string(),
        Kind::EntryFile(_) => "relative path of a source file".to_string(),
        Kind::ResourceName(types) => format!("name of a resource of type {}", any_of(types)),
        Kind::Type(types) => {
            let usable = types.iter().filter(|one| one.support != Support::NotYet);
            format!(
                "one of {}",
                listed(&usable.map(|one| one.name).collect::<Vec<_>>())
            )
        }
        Kind::Object(_) | Kind::Branch(_) => "mapping".to_string(),
        Kind::ListOf(object) => format!("list, each item {}", object.name),
        Kind::MapOf(object) => format!("mapping of names, each to {}", object.name),
        Kind::MapOfScalars => "mapping of names to texts, numbers or booleans".to_string(),
        Kind::Environment(_) => "list of `name` and `value`, or mapping of names to values".to_string(),
        Kind::Resources => "mapping of names to resources".to_string(),
    }
}

/// Where a whole number may go, with a comma before it; nothing when it may go anywhere.
fn bounds(min: i64, max: i64) -> String {
    match (min, max) {
        (i64::MIN, i64::MAX) => String::new(),
        (min, i64::MAX) => format!(", {min} or more"),
        (i64::MIN, max) => format!(", {max} or less"),
        (min, max) => format!(", {min} to {max}"),
    }
}

/// How far something is supported; nothing when fully.
pub(crate) fn support(support: Support) -> Option<String> {
    Some(match support {
        Support::Full => return None,
        Support::Only(value) => format!("only `{value}` is supported yet"),
        Support::NoEffect(reason) => format!("without effect on this machine: {reason}"),
        Support::Partly(part) => format!("supported in part: {part}"),
        Support::NotHere(reason) => format!("this machine cannot run it yet: {reason}"),
        Support::Deprecated(instead) => format!("deprecated: use `{instead}` instead"),
        Support::NotYet => "not supported yet".to_string(),
    })
}

/// Whether a key must be there; nothing when it may be left out.
pub(crate) fn need(need: Need) -> Option<String> {
    match need {
        Need::Optional => None,
        Need::Required => Some("required".to_string()),
        Need::Unless(other) => Some(format!("required without `{other}`")),
    }
}

/// What the value of a parameter will be.
pub(crate) fn value_type(value: ValueType) -> &'static str {
    match value {
        ValueType::Text => "text",
        ValueType::Number => "number",
        ValueType::Texts => "list of texts",
    }
}

/// Words in backticks, with commas between.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

fn any_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(" or ")
}

/// The values that a key may have, each with what is said of it: of those kinds that list their values.
pub(crate) fn allowed(kind: &Kind) -> Vec<(String, Option<String>)> {
    match kind {
        Kind::TextOneOf(words) | Kind::NumberOneOf(words) | Kind::TextsOneOf(words) => {
            words.iter().map(|word| ((*word).to_string(), None)).collect()
        }
        Kind::Type(types) => types
            .iter()
            .map(|one| (one.name.to_string(), support(one.support)))
            .collect(),
        Kind::EntryFile(languages) => languages.iter().flat_map(extensions).collect(),
        _ => Vec::new(),
    }
}

fn extensions(language: &Language) -> impl Iterator<Item = (String, Option<String>)> {
    let words = match support(language.support) {
        None => language.name.to_string(),
        Some(support) => format!("{}; {support}", language.name),
    };
    let extensions = language.extensions.iter();
    extensions.map(move |extension| (format!("*.{extension}"), Some(words.clone())))
}

/// What a key means: its own text and, where that adds something, that of the mapping that it takes.
pub(crate) fn meaning(key: &Key) -> Vec<String> {
    let own = sentence(key.doc);
    let Kind::Object(object) = key.kind else {
        return vec![own];
    };
    let of_object = sentence(object.doc);
    match (bare(&own), bare(&of_object)) {
        (own, more) if more.starts_with(&own) => vec![of_object],
        (more, other) if more.starts_with(&other) => vec![own],
        _ => vec![own, of_object],
    }
}

/// The words of a text that carry its meaning: no articles, capitals and stops.
fn bare(text: &str) -> Vec<String> {
    let words = text
        .split_whitespace()
        .map(|word| word.trim_end_matches(['.', ',', ';']).to_lowercase());
    words
        .filter(|word| !matches!(word.as_str(), "a" | "an" | "the"))
        .collect()
}

/// Half a sentence as a whole one.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut whole: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    whole.push_str(letters.as_str());
    if !whole.is_empty() && !whole.ends_with(['.', '!', '?', ':']) {
        whole.push('.');
    }
    whole
}

/// A text without its backticks.
pub(crate) fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// What messages call an object, as a title: without an article and backticks.
pub(crate) fn title(object: &Object) -> String {
    plain(without_article(object.name))
}

fn without_article(name: &str) -> &str {
    ["a ", "an ", "the "]
        .iter()
        .find_map(|article| name.strip_prefix(article))
        .unwrap_or(name)
}
