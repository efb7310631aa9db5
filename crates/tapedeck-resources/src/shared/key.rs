//! Rows of tables in one line each, for types with many keys.

use tapedeck_config::schema::{Kind, Need, OPTIONAL, Object, Pattern, Range};

pub(crate) use tapedeck_config::schema::Key;

/// A key that may be left out.
pub(crate) const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        doc,
        ..OPTIONAL
    }
}

/// A text.
pub(crate) const fn text(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Text, doc)
}

/// A text that may be known as late as at the deployment.
pub(crate) const fn late_text(name: &'static str, doc: &'static str) -> Key {
    late(text(name, doc))
}

/// A list of texts, or one.
pub(crate) const fn texts(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Texts, doc)
}

/// A boolean that is false when it is left out.
pub(crate) const fn flag(name: &'static str, doc: &'static str) -> Key {
    defaulting("false", key(name, Kind::Boolean, doc))
}

/// A whole number.
pub(crate) const fn number(name: &'static str, range: &'static Range, doc: &'static str) -> Key {
    key(name, Kind::Integer(range), doc)
}

/// One of some words.
pub(crate) const fn word(name: &'static str, words: &'static [&'static str], doc: &'static str) -> Key {
    key(name, Kind::TextOneOf(words), doc)
}

/// A text that obeys a rule.
pub(crate) const fn pattern(name: &'static str, pattern: &'static Pattern, doc: &'static str) -> Key {
    key(name, Kind::Pattern(pattern), doc)
}

/// A mapping with known keys.
pub(crate) const fn section(name: &'static str, object: &'static Object, doc: &'static str) -> Key {
    key(name, Kind::Object(object), doc)
}

/// A list of mappings with known keys.
pub(crate) const fn list(name: &'static str, object: &'static Object, doc: &'static str) -> Key {
    key(name, Kind::ListOf(object), doc)
}

/// The name of another resource of one of some types.
pub(crate) const fn resource(name: &'static str, types: &'static [&'static str], doc: &'static str) -> Key {
    key(name, Kind::ResourceName(types), doc)
}

/// The same key, and it must be there.
pub(crate) const fn required(key: Key) -> Key {
    Key {
        need: Need::Required,
        ..key
    }
}

/// The same key, and what holds when it is left out.
pub(crate) const fn defaulting(default: &'static str, key: Key) -> Key {
    Key {
        default: Some(default),
        ..key
    }
}

/// The same key, and its value may be known as late as at the deployment.
pub(crate) const fn late(key: Key) -> Key {
    Key { late: true, ..key }
}

/// The same key, with a value as an example.
pub(crate) const fn such_as(example: &'static str, key: Key) -> Key {
    Key {
        example: Some(example),
        ..key
    }
}
