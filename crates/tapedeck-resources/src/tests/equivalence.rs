//! Properties of configs that are right: they give a stack, in whatever form they are written, and one mistake is told
//! where it is.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tapedeck_config::Answers;
use tapedeck_diagnostic::{Rule, Severity, Source, render_text};

use super::generated::{configs, full, leaves, yaml};
use super::{Stage, options};
use crate::{TYPES, load};

/// Surroundings with what generated configs ask for.
fn stage() -> Stage {
    let mut stage = Stage::default();
    stage.secrets.insert("token".to_string(), None);
    stage
}

/// The model of a config as JSON; a finding that is an error ends the test.
fn model(stage: &Stage, text: &str) -> String {
    let loaded = stage.load(text);
    let findings = render_text(&loaded.diagnostics, &loaded.sources);
    let stack = loaded.stack.unwrap_or_else(|| panic!("{findings}\nin\n{text}"));
    serde_json::to_string_pretty(&stack).unwrap()
}

/// Each of some leaves as a call, and what the calls are of.
fn with_calls(
    config: &Value,
    chosen: &BTreeSet<usize>,
    call: impl Fn(usize) -> String,
) -> (Value, Map<String, Value>) {
    let mut config = config.clone();
    let mut moved = Map::new();
    for (index, place) in leaves(&config).iter().enumerate() {
        let leaf = config.pointer_mut(place).unwrap();
        if chosen.contains(&index) {
            moved.insert(format!("v{index}"), leaf.clone());
            *leaf = json!(call(index));
        }
    }
    (config, moved)
}

#[test]
fn generated_configs_have_every_key_of_a_worker_service() {
    let config = full();
    let kind = TYPES.iter().find(|kind| kind.name == "worker-service").unwrap();
    let written = &config["resources"]["mailer"]["properties"];
    let missing: Vec<&str> = kind
        .properties
        .unwrap()
        .key_names()
        .into_iter()
        .filter(|name| written.get(name).is_none())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn one_misspelt_key_of_a_full_config_is_told_alone_and_where_it_is() {
    let text = yaml(&full());
    let mut wrong = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((head, rest)) = line.split_once(':') else {
            continue;
        };
        let key = head.trim_start_matches([' ', '-']);
        if !is_of_a_table(key) {
            continue;
        }
        let mut lines: Vec<&str> = text.lines().collect();
        let misspelt = format!("{head}q:{rest}");
        lines[number] = &misspelt;
        let loaded = stage().load(&format!("{}\n", lines.join("\n")));
        let told: Vec<_> = loaded
            .diagnostics
            .iter()
            .filter(|one| one.severity == Severity::Error)
            .map(|one| {
                let span = one.span;
                let written = &loaded.sources.main().text()[span.start..span.end];
                (one.rule, written, loaded.sources.main().position(span.start).line)
            })
            .collect();
        if told != [(Rule::UnknownKey, format!("{key}q").as_str(), number + 1)] {
            wrong.push(format!("{misspelt}: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a key of a full config is one of a table, not a name that people choose.
fn is_of_a_table(key: &str) -> bool {
    const CHOSEN: [&str; 12] = [
        "mailer",
        "reader",
        "files",
        "otherA",
        "A",
        "B_C",
        "lower",
        "Z9",
        "a",
        "Bool",
        "aws",
        "aws:SecureTransport",
    ];
    !CHOSEN.contains(&key) && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn yaml_and_json_are_the_same_config(config in configs()) {
        prop_assert_eq!(model(&stage(), &yaml(&config)), model(&stage(), &config.to_string()));
    }

    #[test]
    fn loading_again_gives_the_same(config in configs()) {
        let text = yaml(&config);
        prop_assert_eq!(model(&stage(), &text), model(&stage(), &text));
        let [first, second] = [(); 2].map(|()| stage().load(&text));
        prop_assert_eq!(&first.diagnostics, &second.diagnostics);
        prop_assert_eq!(&first.sources, &second.sources);
    }

    #[test]
    fn a_literal_may_stand_among_the_variables(config in configs(), chosen in proptest::collection::btree_set(0_usize..60, 0..30)) {
        let (mut moved, variables) = with_calls(&config, &chosen, |index| format!("$Var().v{index}"));
        moved["variables"] = json!(variables);
        prop_assert_eq!(model(&stage(), &yaml(&config)), model(&stage(), &yaml(&moved)));
    }

    #[test]
    fn a_literal_may_stand_in_a_file(config in configs(), chosen in proptest::collection::btree_set(0_usize..60, 0..30)) {
        let (moved, values) = with_calls(&config, &chosen, |index| format!("$File('values/all.yml').list[0].v{index}"));
        let mut stage = stage();
        stage.files.insert("values/all.yml".to_string(), yaml(&json!({ "list": [values] })));
        prop_assert_eq!(model(&stage, &yaml(&config)), model(&stage, &yaml(&moved)));
    }

    #[test]
    fn a_literal_may_be_the_result_of_a_function(config in configs(), chosen in proptest::collection::btree_set(0_usize..60, 0..30)) {
        let (mut moved, values) = with_calls(&config, &chosen, |index| format!("$values().v{index}"));
        moved["directives"] = json!([{ "name": "values", "filePath": "values.js" }]);
        let mut stage = stage();
        stage.functions.insert("values.js".to_string(), json!(values).to_string());
        prop_assert_eq!(model(&stage, &yaml(&config)), model(&stage, &yaml(&moved)));
    }

    #[test]
    fn nothing_is_asked_twice_and_asking_ends(config in configs(), chosen in proptest::collection::btree_set(0_usize..60, 0..30)) {
        let (mut moved, mut variables) = with_calls(&config, &chosen, |index| format!("$Var().v{index}"));
        variables.insert("inner".to_string(), json!("$File('a.yml').b"));
        moved["variables"] = json!(variables);
        let mut stage = stage();
        stage.files.insert("a.yml".to_string(), "b: $File('b.yml')\n".to_string());
        stage.files.insert("b.yml".to_string(), "c: $Env('A', 'x')\n".to_string());
        let source = Source::new("stacktape.yml", yaml(&moved));
        let mut answers = Answers::new();
        let mut rounds = 0;
        loop {
            let loaded = load(&source, &options(), &answers);
            if loaded.questions.is_empty() {
                prop_assert!(loaded.stack.is_some());
                break;
            }
            rounds += 1;
            prop_assert!(rounds <= 5, "{:?}", loaded.questions);
            for question in loaded.questions {
                prop_assert!(answers.get(&question).is_none(), "asked again: {:?}", question);
                let answer = stage.answer(&question);
                answers.insert(question, answer);
            }
        }
    }
}
