//! No text makes the parser loop, recurse without bound or fill the memory.

use tapedeck_config::parse::MAX_BYTES;
use tapedeck_diagnostic::Rule;

use super::loaded;

fn rules(text: &str) -> Vec<Rule> {
    loaded(text).1.iter().map(|one| one.rule).collect()
}

#[test]
fn aliases_of_aliases_are_cut_off() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let alias = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", ")));
    }
    assert_eq!(rules(&text), [Rule::TooLarge]);
}

#[test]
fn long_texts_cannot_be_multiplied() {
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), "*a, ".repeat(10_000));
    assert_eq!(rules(&text), [Rule::TooLarge]);
}

#[test]
fn merge_keys_cannot_multiply_either() {
    let mut text = String::from("a0: &a0 {k: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n");
    for level in 1..60 {
        let before = level - 1;
        text.push_str(&format!(
            "a{level}: &a{level} {{<<: [*a{before}, *a{before}], p: *a{before}, q: *a{before}}}\n"
        ));
    }
    assert_eq!(rules(&text), [Rule::TooLarge]);
}

#[test]
fn nested_anchors_count_once_for_each_copy() {
    let open: String = (0..20).map(|level| format!("&a{level} [")).collect();
    let (_, diagnostics, _) = loaded(&format!("x: {open}1{}", "]".repeat(20)));
    assert!(diagnostics.iter().all(|one| one.rule != Rule::TooLarge));
}

#[test]
fn an_alias_within_its_own_value_is_refused() {
    assert_eq!(rules("a: &a [*a]\n"), [Rule::YamlSyntax]);
}

#[test]
fn depth_is_bounded_in_every_style() {
    assert_eq!(
        rules(&format!("{}{}", "[".repeat(100), "]".repeat(100))),
        [Rule::TooLarge]
    );
    assert_eq!(
        rules(&format!("{}1{}", "{a: ".repeat(100), "}".repeat(100))),
        [Rule::TooLarge]
    );
    for piece in ["[", "{a: ", "- ", "? ", "!!map ", "a: &a "] {
        let found = rules(&piece.repeat(100_000));
        assert!(
            matches!(found[..], [Rule::TooLarge | Rule::YamlSyntax]),
            "{piece}: {found:?}"
        );
    }
    let ladder: String = (0..100)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    assert_eq!(rules(&ladder), [Rule::TooLarge]);
}

#[test]
fn depth_through_aliases_is_bounded_too() {
    let mut text = String::from("a0: &a0 [1]\n");
    for level in 1..100 {
        text.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert_eq!(rules(&text), [Rule::TooLarge]);
}

#[test]
fn long_files_and_many_values_are_refused() {
    assert_eq!(rules(&"#".repeat(MAX_BYTES + 1)), [Rule::TooLarge]);
    assert_eq!(rules(&format!("a: [{}]", "1,".repeat(200_000))), [Rule::TooLarge]);
}

#[test]
fn a_large_but_honest_file_is_read() {
    let mut text = String::from("resources:\n");
    for number in 0..2_000 {
        text.push_str(&format!(
            "  worker{number}:\n    type: worker-service\n    properties:\n      packaging: {{ type: \
             stacktape-image-buildpack, properties: {{ entryfilePath: src/main.ts }} }}\n      resources: {{ cpu: \
             0.25, memory: 512 }}\n"
        ));
    }
    let (stack, diagnostics, _) = loaded(&text);
    assert!(diagnostics.is_empty());
    assert_eq!(stack.unwrap().services.len(), 2_000);
}
