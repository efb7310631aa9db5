//! The JSON Schema and `load` agree: what the one accepts the other does too, as far as one key alone can tell.

use jsonschema::Validator;
use serde_json::Value;
use tapedeck_config::explain::explain;
use tapedeck_config::parse::parse;
use tapedeck_config::schema::json_schema;
use tapedeck_diagnostic::{Diagnostics, Rule, Source};

use super::specs::{Section, sections, spec_files, stage};
use crate::CATALOGUE;

/// The greatest size that an editor loads without anybody waiting.
const MOST_BYTES: usize = 400_000;

/// Specs of the shape of files and of single values. In others, rules that relate several keys tell the same.
const ABOUT_ONE_KEY: [&str; 2] = ["shape.md", "values.md"];

/// What editors tell of these, too.
const TOLD_BY_EDITORS: [Rule; 6] = [
    Rule::UnknownKey,
    Rule::MissingKey,
    Rule::WrongType,
    Rule::OutOfRange,
    Rule::InvalidValue,
    Rule::NotSupportedYet,
];

#[test]
fn every_accepted_spec_is_valid() {
    let validator = validator();
    let mut judged = 0;
    for (title, section) in specs() {
        if stage(&section).load(input(&section)).diagnostics.has_errors() {
            continue;
        }
        let Some(file) = read(&section) else { continue };
        judged += 1;
        let found: Vec<String> = validator
            .iter_errors(&file)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(found.is_empty(), "{title}: {}", found.join("\n"));
    }
    assert!(judged >= 30, "only {judged} specs are accepted");
}

#[test]
fn what_one_key_alone_can_tell_is_invalid() {
    let validator = validator();
    let mut accepted = Vec::new();
    let mut judged = 0;
    for (title, section) in specs() {
        // What a directive gives, an editor does not know.
        let is_about_one = ABOUT_ONE_KEY.iter().any(|name| title.starts_with(name));
        if !is_about_one || input(&section).contains('$') {
            continue;
        }
        let found = stage(&section).load(input(&section)).diagnostics;
        if !found.iter().any(|one| TOLD_BY_EDITORS.contains(&one.rule)) {
            continue;
        }
        let Some(file) = read(&section) else { continue };
        judged += 1;
        if validator.is_valid(&file) {
            accepted.push(title);
        }
    }
    assert!(judged >= 20, "only {judged} specs have such an error");
    assert!(accepted.is_empty(), "editors see nothing wrong in {accepted:#?}");
}

#[test]
fn an_editor_can_load_it() {
    let schema = json_schema(&CATALOGUE);
    jsonschema::draft7::meta::validate(&schema).expect("it is a schema");
    let size = schema.to_string().len();
    assert!(size < MOST_BYTES, "{size} bytes");
}

#[test]
fn the_example_of_every_type_is_valid() {
    let validator = validator();
    for kind in CATALOGUE.types.iter().filter(|kind| kind.properties.is_some()) {
        let explained = explain(&CATALOGUE, kind.name).unwrap();
        let example = explained.example.unwrap();
        let mut found = Diagnostics::new();
        let tree = parse(&Source::new("stacktape.yml", example.as_str()), &mut found);
        let tree =
            tree.unwrap_or_else(|| panic!("the example of {} is no YAML: {found:?}\n{example}", kind.name));
        let errors: Vec<String> = validator
            .iter_errors(&tree.value.to_json().unwrap())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?} of\n{example}");
    }
}

fn validator() -> Validator {
    jsonschema::draft7::new(&json_schema(&CATALOGUE)).expect("it is a schema")
}

/// Every section of the specs, with its title.
#[expect(clippy::disallowed_methods, reason = "the specs are files")]
fn specs() -> Vec<(String, Section)> {
    let mut all = Vec::new();
    for path in spec_files() {
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        all.extend(
            sections(&text)
                .into_iter()
                .map(|section| (format!("{name}, {}", section.title), section)),
        );
    }
    all
}

/// The text of the file of a section.
fn input(section: &Section) -> &str {
    let mut blocks = section.blocks.iter();
    let block = blocks.find(|block| matches!(block.language.as_str(), "yaml" | "json"));
    block.map_or("", |block| block.text.as_str())
}

/// The file of a section, as an editor reads it; none when it is no YAML.
fn read(section: &Section) -> Option<Value> {
    let mut found = Diagnostics::new();
    let tree = parse(&Source::new("stacktape.yml", input(section)), &mut found)?;
    (!found.has_errors()).then(|| tree.value.to_json())?
}
