//! The tables as a JSON Schema (draft 7), for editors.
//!
//! What an editor accepts and what `load` accepts agree as far as one key alone can tell; rules that relate several keys
//! are told by `load` only. Keywords of JSON Schema look at values of their own type alone: `pattern` at texts,
//! `properties` at mappings. So a mapping that a directive may stand for is one schema of two types, which editors
//! complete and judge better than alternatives.
//!
//! Beside the standard there are keywords that editors know: `markdownDescription`, `enumDescriptions`, `errorMessage`,
//! `patternErrorMessage`, `deprecationMessage`, `doNotSuggest`.

mod definitions;
mod values;

use serde_json::{Map, Value, json};

use super::{Catalogue, Key, RESOURCE, ROOT, ResourceType, Support};
use crate::directive::{BUILTINS, Phase};
use crate::words;
use definitions::Definitions;

/// The name of the definition of any resource.
const RESOURCE_DEFINITION: &str = "resource";

/// The whole config language as a JSON Schema.
#[must_use]
pub fn json_schema(catalogue: &Catalogue) -> Value {
    let mut definitions = Definitions::new();
    definitions.insert("late", call("a directive", &[]));
    let late: Vec<&str> = BUILTINS
        .iter()
        // A text, when all its values are known early.
        .filter(|one| one.phase == Phase::Late && one.name != "CfFormat")
        .map(|one| one.name)
        .collect();
    definitions.insert(
        "early",
        call("a directive that is known when the file is read", &late),
    );
    definitions.insert("relativePath", values::relative_path());
    let resource = resource(catalogue, &mut definitions);
    definitions.insert(RESOURCE_DEFINITION, resource);
    let mut schema = definitions.body(&ROOT);
    schema.insert(
        "$schema".to_string(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    schema.insert("title".to_string(), json!("stacktape.yml"));
    schema.insert("description".to_string(), json!(words::plain(ROOT.doc)));
    schema.insert("type".to_string(), json!("object"));
    schema.insert("definitions".to_string(), Value::Object(definitions.finish()));
    Value::Object(schema)
}

/// A text that is a call of a directive, but for some. It looks at texts only.
fn call(what: &str, others: &[&str]) -> Value {
    let except = if others.is_empty() {
        String::new()
    } else {
        format!("(?!(?:{})\\()", others.join("|"))
    };
    json!({
        "$comment": format!("A text is a call of {what}."),
        "pattern": format!("^\\${except}[A-Za-z_][A-Za-z0-9_]*\\("),
        "patternErrorMessage": format!("Neither of the type that belongs here nor a call of {what}, such as $Var().size"),
    })
}

/// An entry of `resources`: its properties depend on its type.
fn resource(catalogue: &Catalogue, definitions: &mut Definitions) -> Value {
    let mut properties = Map::new();
    for key in RESOURCE.keys {
        let schema = match key.name {
            "type" => described(key, resource_types(catalogue)),
            "properties" => described(key, into_map(json!({ "type": ["object", "string", "null"] }))),
            _ => definitions.key(key),
        };
        properties.insert(key.name.to_string(), Value::Object(schema));
    }
    let cases: Vec<Value> = catalogue
        .types
        .iter()
        .filter_map(|kind| {
            let then = of_type(kind, definitions)?;
            Some(json!({
                "if": { "properties": { "type": { "const": kind.name } }, "required": ["type"] },
                "then": then,
            }))
        })
        .collect();
    json!({
        "title": words::title(&RESOURCE),
        "properties": properties,
        "required": ["type"],
        "additionalProperties": false,
        "allOf": cases,
    })
}

/// What the type of a resource means for its other keys. Nothing of a type that this version has not: it is refused as
/// a whole.
fn of_type(kind: &ResourceType, definitions: &mut Definitions) -> Option<Value> {
    let object = kind.properties?;
    let must_have = object.keys.iter().any(|key| key.need != super::Need::Optional);
    let mut properties = values::mapping(object, false, definitions);
    let mut then = Map::new();
    if must_have {
        then.insert("required".to_string(), json!(["properties"]));
    } else {
        properties.insert("type".to_string(), json!(["object", "string", "null"]));
    }
    let mut keys = Map::from_iter([("properties".to_string(), Value::Object(properties))]);
    if !kind.takes_overrides {
        let advice = "This type of resource takes no overrides: remove them";
        keys.insert("overrides".to_string(), refused(advice));
    }
    then.insert("properties".to_string(), Value::Object(keys));
    Some(Value::Object(then))
}

fn resource_types(catalogue: &Catalogue) -> Map<String, Value> {
    let described: Vec<(&str, String)> = catalogue
        .types
        .iter()
        .map(|kind| {
            let said = [Some(kind.doc.to_string()), words::support(kind.support)];
            let sentences: Vec<String> = said
                .into_iter()
                .flatten()
                .filter(|text| !text.is_empty())
                .map(|text| words::sentence(&text))
                .collect();
            (kind.name, sentences.join(" "))
        })
        .collect();
    values::one_of_described(&described, false)
}

/// A value that is refused, whatever it is but nothing at all.
fn refused(message: &str) -> Value {
    json!({
        "type": "null",
        "description": words::plain(message),
        "errorMessage": words::plain(message),
        "doNotSuggest": true,
    })
}

/// Adds to the schema of a key what the table says beside its kind.
fn described(key: &Key, mut schema: Map<String, Value>) -> Map<String, Value> {
    let mut paragraphs = words::meaning(key);
    if let Some(default) = key.default {
        paragraphs.push(format!("Default: `{default}`"));
    }
    if let Some(support) = words::support(key.support) {
        paragraphs.push(words::sentence(&support));
    }
    values::describe(&mut schema, &paragraphs.join("\n\n"));
    if let Some(default) = key.default.and_then(values::literal) {
        schema.insert("default".to_string(), default);
    }
    if let Some(example) = key.example.and_then(values::literal) {
        schema.insert("examples".to_string(), json!([example]));
    }
    if let Support::Deprecated(instead) = key.support {
        schema.insert("deprecated".to_string(), json!(true));
        let message = format!("{} is an older name: use {instead} instead", key.name);
        schema.insert("deprecationMessage".to_string(), json!(message));
    }
    schema
}

fn into_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
