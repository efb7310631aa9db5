//! What must hold, whatever the input.

use std::collections::HashSet;

use tapedeck_config::parse::{MAX_DEPTH, MAX_NODES, Value};
use tapedeck_config::{Answers, Loaded};
use tapedeck_diagnostic::{Diagnostics, Source, Sources, Span, Spanned, render_json, render_text};

use crate::surroundings::Surroundings;

/// How often a config may ask. Its answers are always the same ones here, so it asks as often as they lead to others,
/// and they cannot stand deeper within each other than this.
const MOST_ROUNDS: usize = 200;

/// Loads a config with all that it asks for, and judges what comes of it.
pub(crate) fn config(text: &str, surroundings: &Surroundings) {
    let source = Source::new("stacktape.yml", text);
    let options = surroundings.load_options();
    let mut answers = Answers::new();
    for _ in 0..MOST_ROUNDS {
        let loaded = tapedeck_resources::load(&source, &options, &answers);
        if loaded.questions.is_empty() {
            return result(&loaded);
        }
        assert!(loaded.stack.is_none(), "a stack while questions are open");
        for question in loaded.questions {
            assert!(answers.get(&question).is_none(), "asked again: {question:?}");
            let answer = surroundings.answer(&question);
            answers.insert(question, answer);
        }
    }
    panic!("the config asks for ever");
}

fn result(loaded: &Loaded) {
    assert_eq!(
        loaded.stack.is_some(),
        !loaded.diagnostics.has_errors(),
        "a stack or errors, never both or none"
    );
    if let Some(stack) = &loaded.stack {
        let json = serde_json::to_string(stack).expect("a stack is data");
        assert!(
            !json.contains("\\u0000"),
            "no process can be given a NUL character"
        );
    }
    findings(&loaded.diagnostics, &loaded.sources);
}

/// Places lie in their sources, and what is rendered is fit for a terminal.
pub(crate) fn findings(diagnostics: &Diagnostics, sources: &Sources) {
    for found in diagnostics.iter() {
        place(found.span, sources.get(found.span.source).text());
        for related in diagnostics.related(found) {
            place(related.span, sources.get(related.span.source).text());
        }
    }
    rendering(diagnostics, sources);
}

fn place(span: Span, text: &str) {
    assert!(
        text.get(span.start..span.end).is_some(),
        "{span:?} is no part of {} bytes",
        text.len()
    );
}

/// Findings rendered both ways, whatever their places.
pub(crate) fn rendering(diagnostics: &Diagnostics, sources: &Sources) {
    for found in diagnostics.iter() {
        let texts = std::iter::once(&found.message).chain(&found.help);
        for text in texts {
            assert!(
                !text.chars().any(char::is_control),
                "a control character in {text:?}"
            );
        }
    }
    let text = render_text(diagnostics, sources);
    let odd = text.chars().find(|letter| *letter != '\n' && letter.is_control());
    assert_eq!(odd, None, "a control character in the rendered text");
    let json = render_json(diagnostics, sources);
    let records: Vec<serde_json::Value> = serde_json::from_str(&json).expect("findings are a list in JSON");
    assert_eq!(records.len(), diagnostics.iter().count());
}

/// A tree is within its limits, no key is in a mapping twice, and every place is one of its source.
pub(crate) fn tree(root: &Spanned<Value>, text: &str) {
    let mut open = vec![(root, 0)];
    let mut nodes = 0;
    while let Some((node, depth)) = open.pop() {
        nodes += 1;
        place(node.span, text);
        assert!(depth <= MAX_DEPTH && nodes <= MAX_NODES);
        match &node.value {
            Value::List(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Mapping(mapping) => {
                let mut seen = HashSet::new();
                for entry in &mapping.entries {
                    place(entry.key.span, text);
                    assert!(
                        seen.insert(&entry.key.value),
                        "{:?} is there twice",
                        entry.key.value
                    );
                    open.push((&entry.value, depth + 1));
                }
            }
            Value::Scalar(_) => {}
            Value::Later(_) | Value::Unknown => panic!("the parser makes none"),
        }
    }
}
