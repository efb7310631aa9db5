//! Spans point at what they name, whatever stands before them.

use tapedeck_diagnostic::{Diagnostics, Source, Spanned};

use crate::parse::{Value, parse};

/// Every key, and every scalar that was written without quotes, stands in the source where its span says.
fn check(text: &str) {
    let source = Source::new("a", text);
    let mut diagnostics = Diagnostics::new();
    let tree = parse(&source, &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics:?}"));
    assert_eq!(walk(&tree, text), 6, "{tree:?}");
}

fn walk(node: &Spanned<Value>, text: &str) -> usize {
    let written = &text[node.span.start..node.span.end];
    match &node.value {
        Value::Scalar(scalar) => {
            assert_eq!(written.trim_matches(['"', '\'']), scalar.text);
            1
        }
        Value::List(items) => items.iter().map(|item| walk(item, text)).sum(),
        Value::Mapping(mapping) => {
            let first = mapping
                .entries
                .first()
                .map(|entry| entry.key.value.as_str())
                .unwrap_or_default();
            assert!(
                written.trim_start_matches(['{', ' ', '"']).starts_with(first),
                "{written}"
            );
            let keys = mapping.entries.iter().map(|entry| {
                let key = &text[entry.key.span.start..entry.key.span.end];
                assert_eq!(key.trim_matches('"'), entry.key.value);
                walk(&entry.value, text)
            });
            keys.sum()
        }
        Value::Later(_) | Value::Unknown => panic!("the parser makes none"),
    }
}

#[test]
fn in_block_style() {
    check("a: 1\nb:\n  c: two\n  d:\n    - three  # said\n    - 'four'\ne: \"five\"\nf: {g: 6}\n");
}

#[test]
fn in_flow_style_and_json() {
    check(r#"{"a": 1, "b": {"c": "two", "d": ["three", "four"]}, "e": "five", "f": {"g": 6}}"#);
}

#[test]
fn after_letters_of_several_bytes_and_a_byte_order_mark() {
    check("\u{feff}a: ä\nb:\n  c: 日本語\n  d: [ö, 'é']\nñ: \"ü\" # …\nf: {g: 6}\n");
}

#[test]
fn with_line_ends_of_other_systems() {
    check("a: 1\r\nb:\r\n  c: two\r\n  d:\r\n    - three\r\n    - four\r\ne: five\r\nf: {g: 6}\r\n");
}
