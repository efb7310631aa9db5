//! The one description of the config language: every key, its type, default, meaning and how far it is supported.
//!
//! Checks, suggestions and the reference are made from these tables; a key that is not in them does not exist.
//! One file per object or family of objects. Rules that relate several keys are not here but in `lower`.

mod languages;
mod packaging;
mod resources;
mod root;
mod worker_service;

pub use languages::{LANGUAGES, Language, extension};
pub use resources::RESOURCE_TYPES;
pub use root::ROOT;

/// A mapping with known keys.
#[derive(Debug)]
pub struct Object {
    /// What messages call it, such as `a resource`.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// A key of an [`Object`].
#[derive(Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be there.
    pub need: Need,
    /// What holds when it is not there, as it would be written.
    pub default: Option<&'static str>,
    /// What it means, as half a sentence.
    pub doc: &'static str,
    /// How far this version acts on it.
    pub support: Support,
}

/// Whether a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It may be left out.
    Optional,
    /// It must be there.
    Required,
    /// It must be there unless that other key of the same mapping is.
    Unless(&'static str),
}

/// How far this version acts on a key or type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Fully.
    Full,
    /// With the value that is written here only.
    Only(&'static str),
    /// It is accepted and changes nothing; the text says what happens instead.
    NoEffect(&'static str),
    /// In part; the text says in which.
    Partly(&'static str),
    /// Fully, but there is a newer key.
    Deprecated(&'static str),
    /// Not at all: it is refused.
    NotYet,
}

/// What a key takes.
#[derive(Debug)]
pub enum Kind {
    /// Whatever; only for keys that are not supported.
    Any,
    /// A text that is not empty.
    Text,
    /// One of these texts.
    TextOneOf(&'static [&'static str]),
    /// A text, number or boolean, kept as written.
    Scalar,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer(&'static Range),
    /// A whole number that may be written as a text.
    IntegerOrText(&'static Range),
    /// One of these numbers.
    NumberOneOf(&'static [&'static str]),
    /// A list of texts, or one text.
    Texts,
    /// A path relative to the folder of the config file.
    Path,
    /// A list of globs relative to the folder of the config file, or one.
    Globs,
    /// The path of a file in a programming language.
    EntryFile,
    /// One of the types of something, each with properties of its own.
    Type(&'static [Type]),
    /// A mapping with known keys.
    Object(&'static Object),
    /// A mapping whose keys are names.
    MapOf(&'static Object),
    /// A mapping with known keys that depend on another key of the same mapping.
    Branch(&'static Branch),
    /// Environment variables: a list of this object, or a mapping of names to values.
    Environment(&'static Object),
}

/// From where to where a number may go.
#[derive(Debug)]
pub struct Range {
    /// The least.
    pub min: i64,
    /// The greatest.
    pub max: i64,
    /// What to tell whoever went outside.
    pub advice: &'static str,
}

/// A value of a key `type`.
#[derive(Debug)]
pub struct Type {
    /// The value.
    pub name: &'static str,
    /// How far this version acts on it.
    pub support: Support,
}

/// Properties that depend on another key.
#[derive(Debug)]
pub struct Branch {
    /// That other key.
    pub key: &'static str,
    /// Which part of its value decides.
    pub select: fn(&str) -> &str,
    /// The cases. In none of them the properties are not looked at, because the other key was refused.
    pub cases: &'static [Case],
}

/// A case of a [`Branch`].
#[derive(Debug)]
pub struct Case {
    /// The values that lead here.
    pub values: &'static [&'static str],
    /// The properties.
    pub object: &'static Object,
}

impl Object {
    /// The names of its keys.
    #[must_use]
    pub fn key_names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }

    /// A key by its name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Branch {
    /// The properties for a value of the other key.
    #[must_use]
    pub fn object(&self, value: &str) -> Option<&'static Object> {
        let selected = (self.select)(value);
        let case = self.cases.iter().find(|case| case.values.contains(&selected))?;
        Some(case.object)
    }
}

/// A key that may be left out and is fully supported. The base of table rows, with `..`.
const OPTIONAL: Key = Key {
    name: "",
    kind: Kind::Any,
    need: Need::Optional,
    default: None,
    doc: "",
    support: Support::Full,
};

/// A key that must be there and is fully supported. The base of table rows, with `..`.
const REQUIRED: Key = Key {
    need: Need::Required,
    ..OPTIONAL
};

/// A row for a key that is refused for now.
const fn not_yet(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        doc,
        support: Support::NotYet,
        ..OPTIONAL
    }
}

/// The whole value decides.
fn whole(value: &str) -> &str {
    value
}
