//! Examples made of the tables: the least that a key, an object or a type of resource needs, as YAML.

use tapedeck_model::naming::{camel_case, pascal_case};

use crate::schema::{Branch, Key, Kind, Need, Object, ResourceType, Support};

/// How deep an example goes: deeper than any table.
const MAX_DEPTH: usize = 12;

/// A value as an example, in the order in which it is to be read.
#[derive(Debug, Clone)]
pub(crate) enum Example {
    /// As it is written.
    Leaf(String),
    /// A list.
    List(Vec<Example>),
    /// A mapping.
    Mapping(Vec<(String, Example)>),
}

impl Example {
    /// A mapping of one key.
    pub(crate) fn of_key(name: &str, value: Self) -> Self {
        Self::Mapping(vec![(name.to_string(), value)])
    }

    /// A resource of some type with these properties, in a whole file.
    pub(crate) fn of_resource(kind: &ResourceType, properties: Self) -> Self {
        let mut resource = vec![("type".to_string(), Self::Leaf(kind.name.to_string()))];
        if !matches!(&properties, Self::Mapping(entries) if entries.is_empty()) {
            resource.push(("properties".to_string(), properties));
        }
        let name = camel_case(&format!("my-{}", kind.name)).unwrap_or_default();
        Self::of_key("resources", Self::of_key(&name, Self::Mapping(resource)))
    }

    /// As YAML.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        self.write(0, &mut text);
        text
    }

    fn write(&self, indent: usize, text: &mut String) {
        let spaces = " ".repeat(indent);
        match self {
            Self::Leaf(leaf) => text.push_str(&format!("{spaces}{leaf}\n")),
            Self::List(items) => {
                for item in items {
                    let mut inner = String::new();
                    item.write(indent + 2, &mut inner);
                    text.push_str(&format!("{spaces}- {}", inner.trim_start()));
                }
            }
            Self::Mapping(entries) => {
                for (key, value) in entries {
                    match value {
                        Self::Leaf(leaf) => text.push_str(&format!("{spaces}{key}: {leaf}\n")),
                        Self::Mapping(inner) if inner.is_empty() => {
                            text.push_str(&format!("{spaces}{key}: {{}}\n"))
                        }
                        value => {
                            text.push_str(&format!("{spaces}{key}:\n"));
                            value.write(indent + 2, text);
                        }
                    }
                }
            }
        }
    }
}

/// The least that the properties of a resource need; often nothing.
pub(crate) fn of_properties(object: &Object) -> Example {
    let is_needed = object.keys.iter().any(|key| key.need != Need::Optional);
    if is_needed {
        of_object(object)
    } else {
        Example::Mapping(Vec::new())
    }
}

/// The least that a mapping with these keys needs.
pub(crate) fn of_object(object: &Object) -> Example {
    object_within(object, 0)
}

fn object_within(object: &Object, depth: usize) -> Example {
    if depth > MAX_DEPTH {
        return Example::Mapping(Vec::new());
    }
    let mut values: Vec<(&str, String)> = Vec::new();
    let mut entries = Vec::new();
    for key in chosen(object) {
        let value = value_within(key, &values, depth);
        if let Example::Leaf(leaf) = &value {
            values.push((key.name, leaf.clone()));
        }
        entries.push((key.name.to_string(), value));
    }
    Example::Mapping(entries)
}

/// The keys that an example shows: those that must be there; without any, those that have an example; without any of
/// these, the first.
fn chosen(object: &Object) -> Vec<&'static Key> {
    let usable = || {
        let keys = object.keys.iter();
        keys.filter(|key| !matches!(key.support, Support::NotYet | Support::Deprecated(_)))
    };
    let required: Vec<&Key> = usable().filter(|key| key.need != Need::Optional).collect();
    if !required.is_empty() {
        return required;
    }
    let shown: Vec<&Key> = usable()
        .filter(|key| key.example.is_some() && key.support == Support::Full)
        .collect();
    if shown.is_empty() {
        usable().take(1).collect()
    } else {
        shown
    }
}

/// A value of a key.
pub(crate) fn of_value(key: &Key) -> Example {
    value_within(key, &[], 0)
}

/// A value of a key, beside others that have values already.
fn value_within(key: &Key, beside: &[(&str, String)], depth: usize) -> Example {
    if let Some(example) = key.example {
        return Example::Leaf(example.to_string());
    }
    match &key.kind {
        Kind::Object(object) => object_within(object, depth + 1),
        Kind::ListOf(object) | Kind::Environment(object) => {
            Example::List(vec![object_within(object, depth + 1)])
        }
        Kind::MapOf(object) => Example::of_key("myName", object_within(object, depth + 1)),
        Kind::AnyMapping | Kind::MapOfScalars => {
            Example::of_key("myName", Example::Leaf("myValue".to_string()))
        }
        Kind::Branch(branch) => {
            let decided = beside.iter().find(|(name, _)| *name == branch.key);
            let object = decided.and_then(|(_, value)| branch.object(value));
            let object = object.or_else(|| branch.cases.first().map(|case| case.object));
            object.map_or(Example::Mapping(Vec::new()), |object| {
                object_within(object, depth + 1)
            })
        }
        Kind::Resources => Example::of_key(
            "myName",
            Example::of_key("type", Example::Leaf("worker-service".to_string())),
        ),
        Kind::Texts | Kind::Patterns(_) | Kind::TextsOneOf(_) | Kind::Globs => match key.default {
            Some(default) if default != "[]" => Example::Leaf(default.to_string()),
            _ => Example::List(vec![Example::Leaf(leaf(key))]),
        },
        _ => Example::Leaf(leaf(key)),
    }
}

/// A value that holds no other.
fn leaf(key: &Key) -> String {
    let of_list = |words: &[&str]| words.first().copied().unwrap_or_default().to_string();
    let default = key.default.filter(|default| *default != "[]").map(str::to_string);
    match &key.kind {
        Kind::Boolean if key.default == Some("true") => "false".to_string(),
        Kind::Boolean => "true".to_string(),
        Kind::Type(types) => {
            let usable = types.iter().find(|one| one.support != Support::NotYet);
            usable.map(|one| one.name).unwrap_or_default().to_string()
        }
        _ if default.is_some() => default.unwrap_or_default(),
        Kind::TextOneOf(words) | Kind::NumberOneOf(words) | Kind::TextsOneOf(words) => of_list(words),
        Kind::Integer(range) | Kind::IntegerOrText(range) => 1.clamp(range.min, range.max).to_string(),
        Kind::Decimal(range) => 1.0_f64.clamp(range.min, range.max).to_string(),
        Kind::Pattern(pattern) | Kind::Patterns(pattern) => {
            let guesses = [
                named(key),
                "/data".to_string(),
                "https://example.com/".to_string(),
                "1".to_string(),
            ];
            let fitting = guesses.iter().find(|guess| (pattern.holds)(guess));
            fitting.unwrap_or(&guesses[0]).clone()
        }
        Kind::Path => "path/to/file".to_string(),
        Kind::Folder => "path/to/folder".to_string(),
        Kind::Globs => "'src/**'".to_string(),
        Kind::EntryFile(languages) => {
            let extension = languages.first().and_then(|language| language.extensions.first());
            format!("src/main.{}", extension.copied().unwrap_or("ts"))
        }
        Kind::ResourceName(types) => camel_case(&format!("my-{}", of_list(types))).unwrap_or_default(),
        _ => named(key),
    }
}

/// A name made up for a key.
fn named(key: &Key) -> String {
    format!("my{}", pascal_case(key.name))
}

/// A text of the deciding key that leads to a case of a branch.
pub(crate) fn deciding(branch: &Branch, value: &str) -> String {
    if branch.is_by_extension() {
        format!("src/main.{value}")
    } else {
        value.to_string()
    }
}
