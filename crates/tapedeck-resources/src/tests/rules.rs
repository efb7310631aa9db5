//! Every rule has a spec that shows it, so that none is there in name only.

use tapedeck_diagnostic::Rule;

use super::specs::spec_files;

#[test]
#[expect(clippy::disallowed_methods, reason = "the specs are files")]
fn every_rule_is_shown_by_a_spec() {
    let specs: String = spec_files()
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    // Code is run by the binary, and shown by its tests.
    let missing: Vec<&str> = Rule::ALL
        .iter()
        .filter(|rule| **rule != Rule::CodeFailed)
        .map(|rule| rule.name())
        .filter(|name| !specs.contains(&format!("[{name}]:")))
        .collect();
    assert!(missing.is_empty(), "no spec shows {missing:?}");
}
