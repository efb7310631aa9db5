//! Whatever is listed in an explanation can be explained itself.

use std::collections::HashSet;

use tapedeck_config::explain::{Explained, Part, explain, render};
use tapedeck_config::parse::parse;
use tapedeck_diagnostic::{Diagnostics, Source};

use crate::CATALOGUE;

#[test]
fn every_part_is_explained() {
    let mut open = vec![String::new()];
    let mut seen = HashSet::new();
    while let Some(path) = open.pop() {
        let explained = explain(&CATALOGUE, &path).unwrap_or_else(|error| panic!("{path}: {error}"));
        judge(&explained);
        if explained.kind == Part::Directive || !seen.insert(explained.path.clone()) {
            continue;
        }
        let inside = explained.keys.iter().chain(&explained.parameters);
        let below = inside.map(|entry| match explained.path.as_str() {
            "" | "resources" => entry.name.clone(),
            path => format!("{path}.{}", entry.name),
        });
        open.extend(below);
        let lists = explained.lists.iter().flat_map(|list| &list.entries);
        open.extend(lists.map(|entry| entry.name.clone()));
    }
    assert!(seen.len() > 300, "only {} parts", seen.len());
}

/// Its text has no hole, and its example is YAML.
fn judge(explained: &Explained) {
    let text = render(explained);
    assert!(text.ends_with('\n') && !text.contains("\n\n\n"), "{text}");
    let is_documented =
        !explained.doc.is_empty() || explained.support.as_deref() == Some("not supported yet");
    assert!(is_documented, "{} says nothing", explained.path);
    if let Some(example) = &explained.example {
        let mut found = Diagnostics::new();
        let tree = parse(&Source::new("example", example.as_str()), &mut found);
        assert!(
            tree.is_some() && !found.has_errors(),
            "{}: {found:?}\n{example}",
            explained.path
        );
    }
}
