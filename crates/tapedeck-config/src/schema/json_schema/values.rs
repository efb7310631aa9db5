//! Each kind of value as a schema.

use serde_json::{Map, Value, json};
use tapedeck_diagnostic::{Diagnostics, Source};
use tapedeck_model::ResourceName;

use super::super::{Kind, Language, Object, Pattern, RESOURCE, Range, Support};
use super::definitions::Definitions;
use super::{RESOURCE_DEFINITION, into_map};
use crate::parse::parse;
use crate::words;

/// What a path or glob begins with that is relative to the folder of the config file.
const RELATIVE: &str = "^(?![/\\\\~]|[A-Za-z]:)";

/// A kind of value. `late`: whether it may be known as late as at the deployment.
pub(super) fn kind(kind: &Kind, late: bool, definitions: &mut Definitions) -> Map<String, Value> {
    match kind {
        Kind::Any => Map::new(),
        Kind::AnyMapping => into_map(json!({ "type": ["object", "string"], "allOf": [directive(late)] })),
        Kind::Text | Kind::ResourceName(_) => into_map(text()),
        Kind::Pattern(pattern) => alternatives(vec![obeying(pattern)], late),
        Kind::TextOneOf(words) => alternatives(vec![one_of(words)], late),
        Kind::Scalar => into_map(scalar()),
        Kind::Boolean => into_map(json!({ "type": ["boolean", "string"], "allOf": [directive(late)] })),
        Kind::Integer(range) => {
            let mut schema = integer(range);
            schema.insert("type".to_string(), json!(["integer", "string"]));
            schema.insert("allOf".to_string(), json!([directive(late)]));
            schema
        }
        Kind::IntegerOrText(range) => {
            let mut schema = integer(range);
            schema.insert("type".to_string(), json!(["integer", "string"]));
            schema.insert("pattern".to_string(), json!("^[+-]?[0-9]+$"));
            schema.insert(
                "patternErrorMessage".to_string(),
                json!(words::plain(range.advice)),
            );
            alternatives(vec![Value::Object(schema)], late)
        }
        Kind::Decimal(range) => {
            let mut schema = into_map(json!({ "type": ["number", "string"], "allOf": [directive(late)] }));
            let bounds = [("minimum", range.min), ("maximum", range.max)];
            let finite = bounds.into_iter().filter(|(_, bound)| bound.is_finite());
            schema.extend(finite.map(|(name, bound)| (name.to_string(), json!(bound))));
            schema
        }
        Kind::NumberOneOf(numbers) => {
            let numbers: Vec<Value> = numbers.iter().filter_map(|number| literal(number)).collect();
            alternatives(vec![json!({ "enum": numbers })], late)
        }
        Kind::Texts => into_map(json!({ "type": ["array", "string"], "minLength": 1, "items": text() })),
        Kind::Patterns(pattern) => list_or_one(obeying(pattern), late),
        Kind::TextsOneOf(words) => list_or_one(one_of(words), late),
        Kind::Path | Kind::Folder => {
            into_map(json!({ "type": "string", "allOf": [reference("relativePath")] }))
        }
        Kind::Globs => into_map(json!({
            "type": ["array", "string"],
            "items": { "type": "string", "allOf": [reference("relativePath")] },
            "allOf": [reference("relativePath")],
        })),
        Kind::EntryFile(languages) => alternatives(vec![entry_file(languages)], late),
        Kind::Type(types) => {
            let described: Vec<(&str, String)> = types
                .iter()
                .map(|one| (one.name, words::support(one.support).unwrap_or_default()))
                .map(|(name, support)| (name, words::sentence(&support)))
                .collect();
            one_of_described(&described, late)
        }
        Kind::Object(object) => mapping(object, late, definitions),
        Kind::ListOf(object) => into_map(json!({
            "type": ["array", "string"],
            "items": item(object, definitions),
            "allOf": [directive(late)],
        })),
        Kind::MapOf(object) => into_map(json!({
            "type": ["object", "string"],
            "additionalProperties": item(object, definitions),
            "allOf": [directive(late)],
        })),
        Kind::MapOfScalars => into_map(json!({
            "type": ["object", "string"],
            "additionalProperties": scalar(),
            "allOf": [directive(late)],
        })),
        // The cases are conditions beside the key: see `Definitions::body`.
        Kind::Branch(_) => into_map(json!({ "type": ["object", "string"], "allOf": [directive(late)] })),
        Kind::Environment(object) => environment(object, late, definitions),
        Kind::Resources => resources(late),
    }
}

/// A mapping with known keys, or a directive that gives one.
pub(super) fn mapping(
    object: &'static Object,
    late: bool,
    definitions: &mut Definitions,
) -> Map<String, Value> {
    into_map(json!({
        "type": ["object", "string"],
        "allOf": [definitions.reference(object), directive(late)],
    }))
}

/// A mapping in a list, or one of several with names.
fn item(object: &'static Object, definitions: &mut Definitions) -> Value {
    let mut schema = mapping(object, false, definitions);
    describe(&mut schema, object.doc);
    Value::Object(schema)
}

/// Adds what a value means, in plain text and, where that differs, in Markdown.
pub(super) fn describe(schema: &mut Map<String, Value>, text: &str) {
    schema.insert("description".to_string(), json!(words::plain(text)));
    if text.contains('`') {
        schema.insert("markdownDescription".to_string(), json!(text));
    }
}

/// What a text has to be that stands for another value.
fn directive(late: bool) -> Value {
    reference(if late { "late" } else { "early" })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

/// Some schemas, or a directive.
fn alternatives(mut schemas: Vec<Value>, late: bool) -> Map<String, Value> {
    // The title tells the alternatives apart, for editors that would otherwise show what is said of each.
    schemas.push(json!({ "title": "a directive", "type": "string", "allOf": [directive(late)] }));
    into_map(json!({ "anyOf": schemas }))
}

/// A list of something, or one of it.
fn list_or_one(item: Value, late: bool) -> Map<String, Value> {
    let items = Value::Object(alternatives(vec![item.clone()], late));
    alternatives(vec![json!({ "type": "array", "items": items }), item], late)
}

fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// One of some texts, each with what is said of it.
pub(super) fn one_of_described(words: &[(&str, String)], late: bool) -> Map<String, Value> {
    let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
    let mut schema = into_map(one_of(&names));
    if words.iter().any(|(_, said)| !said.is_empty()) {
        let plain: Vec<String> = words.iter().map(|(_, said)| words::plain(said)).collect();
        let markdown: Vec<&str> = words.iter().map(|(_, said)| said.as_str()).collect();
        schema.insert("enumDescriptions".to_string(), json!(plain));
        schema.insert("markdownEnumDescriptions".to_string(), json!(markdown));
    }
    alternatives(vec![Value::Object(schema)], late)
}

fn obeying(pattern: &Pattern) -> Value {
    json!({
        "type": "string",
        "pattern": pattern.regex,
        "patternErrorMessage": words::plain(&format!("It is not {}: {}", pattern.name, pattern.advice)),
    })
}

fn integer(range: &Range) -> Map<String, Value> {
    let bounds = [("minimum", range.min, i64::MIN), ("maximum", range.max, i64::MAX)];
    let real = bounds.into_iter().filter(|(_, bound, none)| bound != none);
    real.map(|(name, bound, _)| (name.to_string(), json!(bound)))
        .collect()
}

/// A path or glob that does not begin at the root or in somebody's home. It looks at texts only.
pub(super) fn relative_path() -> Value {
    json!({
        "minLength": 1,
        "pattern": RELATIVE,
        "patternErrorMessage": "Use a path relative to the folder of the config file",
    })
}

fn entry_file(languages: &[Language]) -> Value {
    let known: Vec<&str> = languages
        .iter()
        .filter(|language| language.support != Support::NotYet)
        .flat_map(|language| language.extensions)
        .copied()
        .collect();
    let pattern = with_extension(&known);
    let advice = format!(
        "Use a path relative to the folder of the config file whose name ends in .{}",
        known.join(", .")
    );
    json!({
        "type": "string",
        "pattern": format!("{RELATIVE}{}", &pattern[1..]),
        "patternErrorMessage": advice,
    })
}

/// Paths whose extension is one of these, perhaps with more after a colon. See [`super::super::entry_extension`].
pub(super) fn with_extension(extensions: &[&str]) -> String {
    format!("^[^:]*[^:/]\\.(?:{})(?::.*)?$", extensions.join("|"))
}

fn environment(object: &'static Object, late: bool, definitions: &mut Definitions) -> Map<String, Value> {
    into_map(json!({
        "type": ["array", "object", "string"],
        "items": item(object, definitions),
        "additionalProperties": scalar(),
        "propertyNames": {
            "pattern": "^[^=]+$",
            "patternErrorMessage": "The name of an environment variable has at least one character, and no =",
        },
        "allOf": [directive(late)],
    }))
}

fn resources(late: bool) -> Map<String, Value> {
    let mut each = into_map(json!({
        "type": ["object", "string"],
        "allOf": [reference(RESOURCE_DEFINITION), directive(false)],
    }));
    describe(&mut each, RESOURCE.doc);
    into_map(json!({
        "type": ["object", "string"],
        "propertyNames": {
            "pattern": "^[A-Za-z0-9]{1,64}$",
            "patternErrorMessage": format!("It is not a name of a resource: {}", ResourceName::RULE),
        },
        "additionalProperties": each,
        "allOf": [directive(late)],
    }))
}

/// A value as it would be written in a config file, as JSON.
pub(super) fn literal(text: &str) -> Option<Value> {
    let mut unread = Diagnostics::new();
    let tree = parse(&Source::new("table", text), &mut unread)?;
    tree.value.to_json()
}
