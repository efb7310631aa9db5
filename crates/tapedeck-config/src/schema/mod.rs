//! The one description of the config language: every key, its type, default, meaning and how far it is supported.
//!
//! Checks, suggestions, the JSON Schema, the reference and `explain` are made from these tables; a key that is not in
//! them does not exist. Here are the words that tables are written in, and the table of the root; those of resources
//! are in `tapedeck-resources`, one file per type. Rules that relate several keys are functions beside the tables.

mod json_schema;
mod resource;
mod root;

pub use json_schema::json_schema;
pub use resource::{AttributeCheck, Catalogue, Connectable, Parameter, ResourceType, UNSUPPORTED, When};
pub use root::{RESOURCE, ROOT};

/// A mapping with known keys.
#[derive(Debug)]
pub struct Object {
    /// What messages call it, such as `a resource`.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Keys that people look for in it and that are not there, each with what to do instead.
    pub absent: &'static [(&'static str, &'static str)],
}

/// The base of tables, with `..`: an object without keys.
pub const OBJECT: Object = Object {
    name: "",
    doc: "",
    keys: &[],
    absent: &[],
};

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
    /// Whether its value, or the items of it, may be known as late as at the deployment.
    pub late: bool,
    /// A value as an example, as it would be written after the colon.
    pub example: Option<&'static str>,
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
    /// Fully in a config, but region `local` cannot run it yet; the text says what is missing.
    NotHere(&'static str),
    /// Fully, but there is a newer key.
    Deprecated(&'static str),
    /// Not at all: it is refused.
    NotYet,
}

/// What a key takes.
#[derive(Debug)]
pub enum Kind {
    /// Whatever, with expressions anywhere in it.
    Any,
    /// A mapping of whatever, with expressions anywhere in it.
    AnyMapping,
    /// A text that is not empty.
    Text,
    /// A text that obeys a rule.
    Pattern(&'static Pattern),
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
    /// A number with a fraction.
    Decimal(&'static DecimalRange),
    /// One of these numbers.
    NumberOneOf(&'static [&'static str]),
    /// A list of texts, or one text.
    Texts,
    /// A list of texts that each obey a rule, or one.
    Patterns(&'static Pattern),
    /// A list of texts, each one of these.
    TextsOneOf(&'static [&'static str]),
    /// A path of a file relative to the folder of the config file.
    Path,
    /// A path of a folder relative to the folder of the config file.
    Folder,
    /// A list of globs relative to the folder of the config file, or one.
    Globs,
    /// The path of a file in a programming language.
    EntryFile(&'static [Language]),
    /// The name of another resource that is of one of these types.
    ResourceName(&'static [&'static str]),
    /// One of the types of something, each with properties of its own.
    Type(&'static [Type]),
    /// A mapping with known keys.
    Object(&'static Object),
    /// A list of mappings with known keys.
    ListOf(&'static Object),
    /// A mapping whose keys are names.
    MapOf(&'static Object),
    /// A mapping of names to texts, numbers or booleans.
    MapOfScalars,
    /// A mapping with known keys that depend on another key of the same mapping.
    Branch(&'static Branch),
    /// Environment variables: a list of this object, or a mapping of names to values.
    Environment(&'static Object),
    /// The resources of the file.
    Resources,
}

/// A rule for texts.
#[derive(Debug)]
pub struct Pattern {
    /// What such a text is called, such as `an absolute path`.
    pub name: &'static str,
    /// Whether a text obeys it.
    pub holds: fn(&str) -> bool,
    /// What to tell whoever broke it.
    pub advice: &'static str,
    /// The rule as a regular expression of JavaScript, for editors. It may let more pass than `holds`.
    pub regex: &'static str,
}

/// From where to where a whole number may go.
#[derive(Debug)]
pub struct Range {
    /// The least.
    pub min: i64,
    /// The greatest.
    pub max: i64,
    /// What to tell whoever went outside.
    pub advice: &'static str,
}

/// From where to where a number with a fraction may go.
#[derive(Debug)]
pub struct DecimalRange {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// What to tell whoever went outside.
    pub advice: &'static str,
}

/// A programming language that sources can be in.
#[derive(Debug)]
pub struct Language {
    /// Its name.
    pub name: &'static str,
    /// The extensions of its files, without the dot.
    pub extensions: &'static [&'static str],
    /// How far this version packages it.
    pub support: Support,
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

    /// What to tell whoever looks for a key that is not there, if it is one of those that people look for.
    #[must_use]
    pub fn advice(&self, name: &str) -> Option<&'static str> {
        self.absent
            .iter()
            .find(|(absent, _)| *absent == name)
            .map(|(_, advice)| *advice)
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

    /// Whether the extension of a path decides, and not the whole value.
    #[must_use]
    pub fn is_by_extension(&self) -> bool {
        (self.select)("name.extension") == "extension"
    }
}

/// A key that may be left out and is fully supported. The base of table rows, with `..`.
pub const OPTIONAL: Key = Key {
    name: "",
    kind: Kind::Any,
    need: Need::Optional,
    default: None,
    doc: "",
    support: Support::Full,
    late: false,
    example: None,
};

/// A key that must be there and is fully supported. The base of table rows, with `..`.
pub const REQUIRED: Key = Key {
    need: Need::Required,
    ..OPTIONAL
};

/// A row for a key that is refused for now.
#[must_use]
pub const fn not_yet(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        doc,
        support: Support::NotYet,
        ..OPTIONAL
    }
}

/// A value of a key `type` that is fully supported.
#[must_use]
pub const fn one_type(name: &'static str) -> Type {
    Type {
        name,
        support: Support::Full,
    }
}

/// The whole value decides.
#[must_use]
pub fn whole(value: &str) -> &str {
    value
}

/// The extension of an entry file, without the dot; empty when it has none. What follows a colon (`main.py:app`) is
/// not part of the path.
#[must_use]
pub fn entry_extension(entry_file: &str) -> &str {
    let path = entry_file.split(':').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension,
        _ => "",
    }
}
