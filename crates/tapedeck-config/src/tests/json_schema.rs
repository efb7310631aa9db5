//! What tables become in the JSON Schema.

use serde_json::{Value, json};

use super::tables::CATALOGUE;
use crate::schema::json_schema;

#[test]
fn a_key_has_its_range_default_and_support() {
    let size = &definition("queue")["properties"]["size"];
    assert_eq!(size["type"], json!(["integer", "string"]));
    assert_eq!(size["minimum"], 1);
    assert_eq!(size.get("maximum"), None, "there is no greatest");
    assert_eq!(size["default"], 3);
    let description =
        "How many messages it holds.\n\nDefault: 3\n\nWithout effect on this machine: it holds all of them.";
    assert_eq!(size["description"], description);
}

#[test]
fn directives_may_stand_where_their_values_are_known_in_time() {
    let properties = &definition("queue")["properties"];
    assert_eq!(
        properties["size"]["allOf"],
        json!([{ "$ref": "#/definitions/early" }])
    );
    assert_eq!(
        properties["letters"]["allOf"],
        json!([{ "$ref": "#/definitions/late" }])
    );
    let early = definition("early")["pattern"].to_string();
    assert!(
        early.contains("Secret") && !early.contains("Stage") && !early.contains("CfFormat"),
        "{early}"
    );
}

#[test]
fn what_is_missing_old_or_elsewhere_is_told() {
    let properties = &definition("queue")["properties"];
    assert_eq!(
        properties["colour"]["errorMessage"],
        "colour is not supported yet: its colour"
    );
    assert_eq!(properties["port"]["errorMessage"], "A queue has no port.");
    assert_eq!(properties["length"]["deprecated"], true);
    assert_eq!(
        properties["length"]["deprecationMessage"],
        "length is an older name: use size instead"
    );
}

#[test]
fn keys_that_need_others_are_conditions() {
    let one_of_both = json!({ "anyOf": [{ "required": ["size"] }, { "required": ["letters"] }] });
    assert_eq!(definition("queue")["allOf"], json!([one_of_both]));
    let letter = definition("letter");
    assert_eq!(letter["required"], json!(["type", "properties"]));
    let paper = json!({
        "if": { "properties": { "type": { "const": "paper" } }, "required": ["type"] },
        "then": { "properties": { "properties": {
            "type": ["object", "string"],
            "allOf": [{ "$ref": "#/definitions/paper" }, { "$ref": "#/definitions/early" }],
        } } },
    });
    assert_eq!(letter["allOf"], json!([paper]));
}

#[test]
fn types_that_this_version_has_not_are_named_as_such() {
    let resource = definition("resource");
    let types = &resource["properties"]["type"]["anyOf"][0];
    assert_eq!(types["enum"], json!(["queue", "game"]));
    assert_eq!(
        types["enumDescriptions"],
        json!([
            "Messages that wait. This machine cannot run it yet: queues are not made here yet.",
            "Not supported yet."
        ])
    );
    let cases = resource["allOf"].as_array().expect("it has cases");
    assert_eq!(cases.len(), 1, "nothing is said about the properties of a game");
    let queue = &cases[0]["then"];
    assert_eq!(queue["required"], json!(["properties"]));
    assert_eq!(
        queue["properties"]["overrides"]["errorMessage"],
        "This type of resource takes no overrides: remove them"
    );
}

fn definition(name: &str) -> Value {
    let schema = json_schema(&CATALOGUE);
    let found = schema["definitions"].get(name).cloned();
    found.unwrap_or_else(|| panic!("there is no {name} in {schema:#}"))
}
