//! Files of settings with oddities.

use tapedeck_diagnostic::{Diagnostics, Rule, Source, SourceId};

use crate::expand::parse_settings;

/// The settings as JSON, or the rules that were broken.
fn read(text: &str) -> Result<String, Vec<Rule>> {
    let mut diagnostics = Diagnostics::new();
    let tree = parse_settings(&Source::new(".env", text), SourceId::MAIN, &mut diagnostics);
    tree.map(|tree| {
        let mapping = tree.value.as_mapping().unwrap();
        let mut keys: Vec<&str> = mapping
            .entries
            .iter()
            .map(|entry| entry.key.value.as_str())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), mapping.entries.len(), "no key is there twice");
        serde_json::to_string(&tree.value.to_data()).unwrap()
    })
    .ok_or_else(|| diagnostics.iter().map(|one| one.rule).collect())
}

#[test]
fn the_last_of_a_name_counts_and_stands_last() {
    assert_eq!(read("A=1\nB=2\nA=3\n"), Ok(r#"{"B":"2","A":"3"}"#.into()));
}

#[test]
fn a_section_that_comes_again_goes_on() {
    let text = "[a]\nx=1\n[b]\n[a]\ny=2\n";
    assert_eq!(read(text), Ok(r#"{"a":{"x":"1","y":"2"},"b":{}}"#.into()));
    assert_eq!(read("a=1\n[a]\nx=2\n"), Ok(r#"{"a":{"x":"2"}}"#.into()));
}

#[test]
fn a_byte_order_mark_and_any_line_ends_are_no_part_of_it() {
    assert_eq!(
        read("\u{feff}A=1\r\nB=2\rC=3\n"),
        Ok(r#"{"A":"1","B":"2","C":"3"}"#.into())
    );
}

#[test]
fn a_setting_has_a_name() {
    assert_eq!(read("A=1\n=2\n"), Err(vec![Rule::SettingsSyntax]));
}

#[test]
fn settings_are_bounded() {
    assert_eq!(read(&"A=b\n".repeat(1 << 19)), Err(vec![Rule::TooLarge]));
    let lines: String = (0..100_001).map(|number| format!("A{number}=\n")).collect();
    assert_eq!(read(&lines), Err(vec![Rule::TooLarge]));
    let lines: String = (0..90_000).map(|number| format!("A{number}=\n")).collect();
    assert!(read(&lines).is_ok());
}
