//! What the bundler says, and what is made of it.

use crate::go::pure as go;
use crate::javascript::BundleError;
use crate::javascript::pure::parse_errors;
use crate::source_error::SourceError;

const SAID: &str = "▲ [WARNING] Something minor [odd]\n\n    src/main.ts:1:1:\n      1 │ x\n        ╵ ^\n\n\
    ✘ [ERROR] Expected \";\" but found \"x\"\n\n    src/main.ts:3:10:\n      3 │ let a = 1 x\n        │           ^\n\
    \x20       ╵           ;\n\n  A note that belongs to it.\n\n✘ [ERROR] Something without a place\n\n2 errors\n";

#[test]
fn errors_keep_their_place_and_their_line() {
    let errors = parse_errors(SAID);
    assert_eq!(errors.len(), 2, "warnings are no errors");
    assert_eq!(errors[0].place.as_deref(), Some("src/main.ts:3:10"));
    assert_eq!(errors[0].message, "Expected \";\" but found \"x\"");
    assert!(errors[0].excerpt.starts_with("      3 │ let a = 1 x\n"));
    assert_eq!(
        errors[1],
        SourceError {
            message: "Something without a place".into(),
            place: None,
            excerpt: String::new()
        }
    );
}

#[test]
fn the_message_begins_with_the_place() {
    let error = BundleError::Source {
        entry: "src/main.ts".into(),
        errors: parse_errors(SAID),
    };
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "cannot bundle src/main.ts: 2 errors in the source");
    assert_eq!(lines[1], "src/main.ts:3:10: Expected \";\" but found \"x\"");
}

/// What Go says of two packages: a mistake, and a package of somebody else's that is missing.
const GO_SAID: &str = "# example.com/shop/cmd/w\ncmd/w/main.go:6:36: undefined: nowhere\n\
    main.go:4:2: missing go.sum entry for module providing package example.com/b; to add:\n\tgo get example.com/b\n\
    go.mod:3: unknown directive: nothing\ngo: some other remark\n";

#[test]
fn errors_of_go_keep_their_place_and_what_to_do() {
    let errors = go::parse_errors(GO_SAID);
    let places: Vec<&str> = errors.iter().filter_map(|error| error.place.as_deref()).collect();
    assert_eq!(places, ["cmd/w/main.go:6:36", "main.go:4:2", "go.mod:3"]);
    assert_eq!(errors[0].message, "undefined: nowhere");
    assert_eq!(errors[1].excerpt, "\tgo get example.com/b");
}
